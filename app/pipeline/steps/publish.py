"""The end of Verify Checksum: the verified parts get their final name, and an earlier scan of the slide makes room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import NameTakenError, SlideferryError, StoppedError
from app.domain.scan import VerifiedFile
from app.domain.step import StepState
from app.domain.transfer import CheckGrade, TransferPlan, weakest
from app.pipeline.case import Ask, Case, Moved, Outcome
from app.pipeline.journey import QUALITY, TRANSFER_STEPS, VERIFY
from app.pipeline.rescans import advises_rescan
from app.pipeline.steps.concluding import carried_plan, conclude_now, conclude_others
from app.pipeline.steps.making_way import OLDER_MISSING, all_make_way, answered, link_of, put
from app.pipeline.steps.missing_image import look_for_missing
from app.pipeline.steps.placing import Placement, Role, in_order, place

WHICH_ONE = "Which scan is kept?"
QUESTIONS = (WHICH_ONE, OLDER_MISSING)
"""What a person answers with old, new or both."""


async def publish(case: Case, plan: TransferPlan, placement: Placement, files: tuple[VerifiedFile, ...]) -> Outcome:
    """Publish without overwriting; an earlier scan under this name is moved away first, in one journalled act."""
    async with _names_in_hand(case) as trouble:
        if trouble is not None:
            return trouble
        now = place(case)
        if now.finals != placement.finals:
            return await start_over(case)
        question = await _clear_the_name(case, now)
        if question is not None:
            return question
        begun = await case.kit.ledger.apply(case.id, _begin_to_publish)
        if not begun.publishing:
            raise StoppedError("Stopped", "the scan was paused or cancelled")
        try:
            await case.kit.threads.copy(case.kit.destination.publish, plan, files)
        except NameTakenError as error:
            with suppress(SlideferryError):  # else it is found out the next time somebody needs to know
                await conclude_now(case.kit, case.id)
            return Ask(error.title, error.message, error.hint)
        await answered(case)
        return await _named(case, f"{_grade(files)}, equal", _published(case, now, files))


async def refile(case: Case) -> Outcome:
    """Move a verified scan to the name it should have, where it has another: its barcode was wrong, or it gives way."""
    async with _names_in_hand(case) as trouble:
        if case.dossier.steps[VERIFY].state.done:
            return Moved()  # another scan of the slide found that it stands where it should
        if trouble is not None:
            return trouble
        there, now = case.dossier.files, place(case)
        question = await _clear_the_name(case, now)
        if question is not None:
            return question
        try:
            files = await put(case.kit, case.dossier, in_order(case.dossier, now.finals))
        except NameTakenError as error:
            return Ask("Another file has this name", error.message, error.hint)
        await answered(case)
        said = "moved to the right name" if files != there else f"{_grade(files)}, equal"
        return await _named(case, said, _published(case, now, files))


@asynccontextmanager
async def _names_in_hand(case: Case) -> AsyncIterator[Ask | None]:
    """Hold `kit.publishing` once all is known that decides which scan is kept; yields the question that came up."""
    while True:
        question = await _prepare(case)
        async with case.kit.publishing:
            question = question or await conclude_others(case)
            # An older scan may have got its name, or have been found to have it, while this one waited for the lock.
            if question is None and _waits_for_quality(case):
                continue
            yield question
            return


async def _prepare(case: Case) -> Ask | None:
    """Wait for what decides which scan is kept, and look for a missing older image, before names change hands."""
    while _waits_for_quality(case):
        case.kit.progress.note(case.id, "waits for its quality: it decides which scan is kept")
        await case.pause(0.2)
    now = place(case)
    return await look_for_missing(case, now.others) if now.role is Role.REPLACES else None


def _waits_for_quality(case: Case) -> bool:
    return place(case).role is Role.REPLACES and case.dossier.steps[QUALITY].state.on_its_way


def _begin_to_publish(now: Dossier) -> Change:
    """Say that the scan is getting its names, unless a person wants it no more."""
    return Change() if now.scan.cancelled or now.scan.paused else Change(publishing=True)


async def _clear_the_name(case: Case, now: Placement) -> Ask | None:
    """Let the other scans make way where this one takes the name; a question where a person has to decide that."""
    if now.role is not Role.REPLACES:
        return None
    # Once one has made way, the name stands empty: asking again could leave it so.
    begun = any(other.scan.superseded_by == case.id for other in now.others)
    if not begun and (_only_old_is_good(case) or _only_a_person_says_so(case)):
        return _which_one(case)
    return await all_make_way(case, now.others)


async def start_over(case: Case) -> Outcome:
    """Carry the scan under another name: its place among the slide's scans changed after its bytes were read back."""
    await case.kit.threads.disk(case.kit.destination.discard, carried_plan(case.dossier))
    again = tuple(
        StepChange(step, StepState.PENDING, "its name changed")
        for step in TRANSFER_STEPS
        if case.dossier.steps[step].state is not StepState.PENDING
    )
    await case.kit.ledger.apply(case.id, Change(steps=again, files=()))
    return Moved()


def _only_old_is_good(case: Case) -> bool:
    others = place(case).others
    return case.dossier.scan.keep is None and advises_rescan(case.dossier) and not advises_rescan(others[-1])


def _only_a_person_says_so(case: Case) -> bool:
    """Whether a good image would make way for a scan whose barcode somebody typed: a slip must not cost it its name."""
    return case.dossier.scan.keep is None and case.dossier.scan.assigned is not None


def _which_one(case: Case) -> Ask:
    barcode = case.dossier.scan.barcode
    if _only_a_person_says_so(case):
        said = (
            f"{barcode} has a verified image already; that {case.dossier.scan.files.name} is {barcode}, a person said"
        )
        return Ask(WHICH_ONE, said, "Keep old, new or both; or assign another barcode if this one was a slip")
    reason = case.dossier.quality.reason if case.dossier.quality else ""
    return Ask(
        WHICH_ONE,
        f"The new scan of {barcode}: {reason}. The older one is good and keeps its name for now",
        "Keep old, new or both; nothing is lost either way",
    )


async def _named(case: Case, message: str, change: Change) -> Moved:
    """Write the result while names are still in our hands: the next scan that gets one must know of this one."""
    superseded_by = change.scan.superseded_by if change.scan is not None else None
    moves = (StepChange(VERIFY, StepState.SUCCEEDED, "the work is done", message),)

    def moved(now: Dossier) -> Change:
        return replace(change, scan=replace(now.scan, superseded_by=superseded_by), steps=moves)

    await case.kit.ledger.apply(case.id, moved)
    case.kit.progress.forget(case.id)
    return Moved()


def _grade(files: tuple[VerifiedFile, ...]) -> str:
    return weakest(CheckGrade(file.check) for file in files).value


def _published(case: Case, placement: Placement, files: tuple[VerifiedFile, ...]) -> Change:
    scan, link = case.dossier.scan, None
    if placement.role in (Role.GIVES_WAY, Role.BESIDE):
        other = placement.others[-1]
        gives_way = placement.role is Role.GIVES_WAY
        scan = replace(scan, superseded_by=other.id if gives_way else None)
        kept = other.id if gives_way else case.id
        link = link_of(case.kit, case.dossier, files[0].destination, other, kept=kept)
    return Change(scan=scan, files=files, published=True, publishing=False, link=link)
