"""The end of Verify Checksum: the verified parts get their final name, and an earlier scan of the slide makes room."""

from dataclasses import replace

from app.domain.dossier import Change, Dossier, RescanLink, StepChange
from app.domain.errors import NameTakenError, SlideError
from app.domain.scan import ScanId, VerifiedFile
from app.domain.step import StepState
from app.domain.transfer import MemberPlan, Relocation, TransferPlan
from app.pipeline.case import Ask, Case, Done, Moved, Outcome
from app.pipeline.journey import CHECKSUM_SHARE, CHECKSUM_SOURCE, COPY, QUALITY, VERIFY
from app.pipeline.rescans import advises_rescan
from app.pipeline.steps.placing import Placement, Role, moved_finals, place

RESCANNED = "scanned again"
WHICH_ONE = "Which scan is kept?"
OLDER_MISSING = "The older image is not there"
QUESTIONS = (WHICH_ONE, OLDER_MISSING)
"""What a person answers with old, new or both."""


async def publish(case: Case, plan: TransferPlan, placement: Placement, files: tuple[VerifiedFile, ...]) -> Outcome:
    """Publish without overwriting; an earlier scan under this name is moved away first, in one journalled act."""
    await _wait_for_verdict(case)
    async with case.kit.publishing:
        if place(case).finals != placement.finals:
            return await start_over(case)
        now = place(case)
        if now.role is Role.REPLACES and (_only_old_is_good(case) or _only_a_person_says_so(case)):
            return _which_one(case)
        if now.role is Role.REPLACES:
            question = await _all_make_way(case, now.others)
            if question is not None:
                return question
        try:
            await case.kit.threads.copy(case.kit.destination.publish, plan, files)
        except NameTakenError as error:
            return Ask(error.title, error.message, error.hint)
        return await _published(case, now, files)


async def _wait_for_verdict(case: Case) -> None:
    """A rescan waits for its quality, which decides which scan of the slide is kept."""
    while place(case).role is Role.REPLACES and case.dossier.steps[QUALITY].state.on_its_way:
        case.kit.progress.note(case.id, "waits for its quality: it decides which scan is kept")
        await case.pause(0.2)


async def start_over(case: Case) -> Outcome:
    """Carry the scan under another name: its place among the slide's scans changed after its bytes were read back."""
    destination, files = case.kit.destination, case.dossier.scan.files
    members = sorted(files.members, key=lambda member: member.path != files.main)
    old = tuple(
        MemberPlan(files.root / member.path, file.destination, member.size_bytes, member.mtime_ns)
        for member, file in zip(members, case.dossier.files, strict=True)
    )
    await case.kit.threads.disk(destination.discard, TransferPlan(files.fingerprint(), old))
    again = tuple(
        StepChange(step, StepState.PENDING, "its name changed")
        for step in _WHOLE_PASS
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


async def _all_make_way(case: Case, others: tuple[Dossier, ...]) -> Ask | None:
    """Move the earlier scans; one that is not there is a question, and the answer `new` goes on without it."""
    for other in others:
        try:
            await make_way(case, other)
        except SlideError as error:
            if case.dossier.scan.keep != "new":
                message = f"Scan {other.id} of {case.dossier.scan.barcode}: {error.message}"
                hint = "Put it back and restart; or keep new, to go on without it, or keep both"
                return Ask(OLDER_MISSING, message, hint)
            await _superseded(case, other.id, other.files)
    return None


def _which_one(case: Case) -> Outcome:
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


async def make_way(case: Case, older: Dossier) -> None:
    """Move an earlier scan to the rescans and link the two. Repeating it changes nothing."""
    if older.scan.superseded_by == case.id:
        return
    new = moved_finals(older, case.kit.settings.destination.rescans)
    await case.kit.threads.copy(case.kit.destination.relocate, Relocation(older.files, new))
    moved = tuple(replace(file, destination=path) for file, path in zip(older.files, new, strict=True))
    await _superseded(case, older.id, moved)


async def _superseded(case: Case, older: ScanId, files: tuple[VerifiedFile, ...]) -> None:
    link = _link(case, older=older, newer=case.id, kept=case.id, where=files[0].destination)

    def change(now: Dossier) -> Change:
        return Change(scan=replace(now.scan, superseded_by=case.id), files=files, link=link)

    await case.kit.ledger.apply(older, change)


async def _published(case: Case, placement: Placement, files: tuple[VerifiedFile, ...]) -> Outcome:
    scan, link = case.dossier.scan, None
    if placement.role is Role.GIVES_WAY:
        kept = placement.others[-1].id
        scan = replace(scan, superseded_by=kept)
        link = _link(case, older=case.id, newer=kept, kept=kept, where=files[0].destination)
    elif placement.role is Role.BESIDE:
        other = placement.others[-1]
        link = _link(case, older=other.id, newer=case.id, kept=case.id, where=other.files[0].destination)
    return Done(f"{files[0].check}, equal", Change(scan=scan, files=files, published=True, link=link))


def _link(case: Case, *, older: ScanId, newer: ScanId, kept: ScanId, where: str) -> RescanLink:
    barcode = case.dossier.scan.barcode or ""
    dossier = case.kit.ledger.get(older)
    reason = dossier.quality.reason if advises_rescan(dossier) and dossier.quality else RESCANNED
    return RescanLink(barcode, older, newer, kept, where, reason, case.kit.clock.now())


_WHOLE_PASS = (CHECKSUM_SOURCE, COPY, CHECKSUM_SHARE, VERIFY)
