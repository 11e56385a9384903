"""Looking for an older image that is not where it was verified, once a person asked for it."""

from dataclasses import replace

from app.domain.dossier import Change, Dossier
from app.domain.scan import VerifiedFile
from app.pipeline.case import Ask, Case
from app.pipeline.rescans import FIND, missing_answer
from app.pipeline.steps.making_way import answered, is_missing
from app.pipeline.steps.placing import apart, in_order


async def look_for_missing(case: Case, others: tuple[Dossier, ...]) -> Ask | None:
    """Find the images of other scans that are not in their place, if a person said so; a question where one is not.

    What is found is written down as the scan's place; from there it is moved as if it had always lain there. One that
    is on its way already, in a program that stopped, is not searched for again.
    """
    rescans = case.kit.settings.destination.rescans
    if missing_answer(case.dossier.scan) != FIND:
        return None
    for other in others:
        if await is_there(case, other.files, in_order(other, apart(other, rescans))):
            continue
        found = await _find(case, other)
        if found is None:
            await answered(case)
            return is_missing(case, other, "the whole share was searched, its bytes are nowhere")
        files = tuple(replace(file, destination=path) for file, path in zip(other.files, found, strict=True))
        await case.kit.ledger.apply(other.id, Change(files=files))
    return None


async def is_there(case: Case, files: tuple[VerifiedFile, ...], bound_for: tuple[str, ...] = ()) -> bool:
    """Whether something of the right size lies at the place of each file, or where it is bound for."""
    for file, place in zip(files, bound_for or (file.destination for file in files), strict=True):
        if not await _lies(case, file, file.destination) and not await _lies(case, file, place):
            return False
    return True


async def _lies(case: Case, file: VerifiedFile, place: str) -> bool:
    there = await case.kit.threads.disk(case.kit.destination.occupant, place)
    return there is not None and there.final == place and there.size_bytes == file.size_bytes


async def _find(case: Case, other: Dossier) -> tuple[str, ...] | None:
    """Search the share; what is known as another scan's image is not this one, even with equal bytes."""
    kit = case.kit
    kit.progress.note(case.id, f"looks for the image of scan {other.id} on the share")
    try:
        found = await kit.threads.copy(kit.destination.locate, other.files, case.watch())
    finally:
        kit.progress.forget(case.id)
    taken = {
        file.destination
        for each in kit.ledger.all()
        if each.id != other.id and each.published
        for file in each.files
    }  # fmt: skip
    return None if found is None or set(found) & taken else found
