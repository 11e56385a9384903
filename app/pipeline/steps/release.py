"""Remove File From Queue: frees the scanner's disk, only if the settings say so and both ends were read again."""

from datetime import datetime, timedelta
from pathlib import Path

from app.domain.dossier import Dossier
from app.domain.errors import CorruptionError, RetryableError
from app.domain.scan import ScanSet, VerifiedFile
from app.domain.settings import ReleaseSettings
from app.domain.step import StepState
from app.domain.transfer import CheckGrade, weakest
from app.pipeline.case import Ask, Case, Done, Outcome, Skip, Wait
from app.pipeline.journey import JOURNEY, RELEASE, VERIFY
from app.pipeline.ledger import Ledger

NOT_RELEASED = "Not released"
ROOM_ENOUGH = "kept while there is room on the scanner's disk"


async def release(case: Case) -> Outcome:
    """Remove the scanner's copy when policy, age, room, both checksums and every other step allow it."""
    settings, dossier = case.kit.settings.release, case.dossier
    if settings.policy == "never":
        return Skip("The scanner's copy stays: [release] policy is never")
    if not dossier.published:
        return Skip("The scanner's copy stays: there is no image of this scan on the share any more")
    if any(not dossier.steps[step.id].state.done for step in JOURNEY if step.id != RELEASE):
        return Ask(NOT_RELEASED, "An earlier step has not succeeded", "See the steps above")
    if dossier.undecided_rescan:
        return Wait("kept until somebody decided about the rescan", case.kit.clock.now() + timedelta(minutes=1))
    due = due_at(dossier, settings)
    if case.kit.clock.now() < due:
        return Wait(f"kept until {due.astimezone():%Y-%m-%d %H:%M}", due)
    if settings.free_below_gb and not await _needs_room(case):
        # No time: whoever watches the room moves it on (`services/room.py`).
        return Wait(ROOM_ENOUGH)
    async with case.after_copies():
        return await _remove(case)


def due_at(dossier: Dossier, settings: ReleaseSettings) -> datetime:
    """Return when a verified scan may go at the earliest: so long it was promised to stay."""
    verified = dossier.steps[VERIFY].ended_at or dossier.scan.found_at
    return verified + timedelta(days=settings.keep_days)


def waits_for_need(dossier: Dossier) -> bool:
    """Whether a scan may go, and stays only while there is room."""
    record = dossier.steps[RELEASE]
    return record.state is StepState.WAITING_TO_RETRY and record.retry_at is None and dossier.published


def next_to_go(ledger: Ledger, settings: ReleaseSettings) -> Dossier | None:
    """Return the oldest verified scan that stays only while there is room, None where there is none."""
    waiting = [dossier for dossier in ledger.unfinished() if waits_for_need(dossier)]
    return min(waiting, key=lambda each: (due_at(each, settings), each.id), default=None)


async def _needs_room(case: Case) -> bool:
    """Whether less is free than should be, and no scan that was verified earlier can go first."""
    settings, watch = case.kit.settings.release, Path(case.kit.settings.scanner.watch)
    free = await case.kit.threads.disk(case.kit.source.free_bytes, watch)
    if free >= settings.free_below_gb * 1e9:
        return False
    first = next_to_go(case.kit.ledger, settings)
    return first is None or (due_at(case.dossier, settings), case.id) <= (due_at(first, settings), first.id)


async def _remove(case: Case) -> Outcome:
    files = case.dossier.scan.files
    now = await case.kit.threads.disk(case.kit.finder.look, files)
    if now is None:
        return Done("The scanner's copy is gone already")
    changed = set(now.members) - set(files.members)
    if changed and _is_another_scan(case):
        return Skip("The scanner wrote another scan under this name; nothing was removed")
    if changed:
        named = ", ".join(sorted(member.path for member in changed))
        return _differs(case, f"{named}: changed, or added, after the scan was verified")
    return await _remove_verified(case, now)


async def _remove_verified(case: Case, now: ScanSet) -> Outcome:
    """Read both ends of every member; of one that an interrupted removal took already, the share's alone."""
    present = {now.root / member.path for member in now.members}
    sources = _sources(case.dossier)
    for file in case.dossier.files:
        source = sources[file.source]
        if source in present and await _sha256(case, source) != file.sha256:
            return _differs(case, f"{source} is not what was verified")
    grades = [CheckGrade.READ_BACK]
    for file in case.dossier.files:
        grade = await case.kit.threads.copy(case.kit.destination.check_file, file)
        if grade is None:
            await _require_unmoved(case, file)
            raise CorruptionError(
                "Not released: the two ends differ",
                f"The share's copy of {file.destination} is not what was verified",
                "Nothing was removed. Compare both files by hand before you go on",
            )
        grades.append(grade)
    await case.kit.threads.disk(case.kit.source.remove, case.dossier.scan.files)
    lower = weakest(grades)
    how = "" if lower is CheckGrade.READ_BACK else f" (the share: {lower.value})"
    return Done(f"both ends were read again{how}; the scanner's copy was removed")


def _sources(dossier: Dossier) -> dict[str, Path]:
    root = dossier.scan.files.root
    return {file.source: root / file.source for file in dossier.files}


async def _require_unmoved(case: Case, file: VerifiedFile) -> None:
    """Raise RetryableError where the image moved on the share while it was read: a rescan took its name."""
    async with case.kit.publishing:
        if file not in case.dossier.files:
            raise RetryableError("The image moved on the share meanwhile", file.destination, "It is read again")


def _is_another_scan(case: Case) -> bool:
    """Whether the scanner used the name again: a newer scan of the journal has it."""
    files = case.dossier.scan.files
    paths = {(files.root, member.path) for member in files.members}
    return any(
        other.id != case.id
        and other.scan.found_at > case.dossier.scan.found_at
        and any((other.scan.files.root, member.path) in paths for member in other.scan.files.members)
        for other in case.kit.ledger.all()
    )


def _differs(case: Case, message: str) -> Ask:
    return Ask(
        "Not released: the scanner's copy changed",
        f"{message}. Nothing was removed",
        "Look at it on the scanner. Mark this step as skipped to leave it there, or restart to compare again",
    )


async def _sha256(case: Case, source: Path) -> str:
    return await case.kit.threads.copy(case.kit.source.sha256, source, case.watch())
