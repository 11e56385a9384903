"""Remove File From Queue: frees the scanner's disk, only if the settings say so and both ends were read again."""

from datetime import timedelta
from pathlib import Path

from app.domain.errors import CorruptionError
from app.domain.scan import ScanSet
from app.pipeline.case import Ask, Case, Done, Outcome, Skip, Wait
from app.pipeline.journey import JOURNEY, RELEASE, VERIFY


async def release(case: Case) -> Outcome:
    """Remove the scanner's copy when policy, age, both checksums and every other step allow it."""
    settings, dossier = case.kit.settings.release, case.dossier
    if settings.policy == "never":
        return Skip("The scanner's copy stays: [release] policy is never")
    if any(not dossier.steps[step.id].state.done for step in JOURNEY if step.id != RELEASE):
        return Ask("Not released", "An earlier step has not succeeded", "See the steps above")
    if dossier.undecided_rescan:
        return Wait("kept until somebody decided about the rescan", case.kit.clock.now() + timedelta(minutes=1))
    verified = dossier.steps[VERIFY].ended_at or case.kit.clock.now()
    due = verified + timedelta(days=settings.keep_days)
    if case.kit.clock.now() < due:
        return Wait(f"kept until {due.astimezone():%Y-%m-%d %H:%M}", due)
    return await _remove(case)


async def _remove(case: Case) -> Outcome:
    files = case.dossier.scan.files
    now = await case.kit.threads.disk(case.kit.finder.look, files)
    if now is None:
        return Done("The scanner's copy is gone already")
    if set(now.members) - set(files.members):
        return Skip("The scanner wrote another scan under this name; nothing was removed")
    await _check_both_ends(case, now)
    await case.kit.threads.disk(case.kit.source.remove, files)
    return Done("both ends were read again; the scanner's copy was removed")


async def _check_both_ends(case: Case, now: ScanSet) -> None:
    """Read both ends of every member; of one that an interrupted removal took already, the share's alone."""
    kit = case.kit
    present = {now.root / member.path for member in now.members}
    for file in case.dossier.files:
        source = case.dossier.scan.files.root / file.source
        here = await _sha256(case, source) if source in present else file.sha256
        there = await kit.threads.copy(kit.destination.check_file, file)
        if here != file.sha256 or not there:
            end = "scanner's" if here != file.sha256 else "share's"
            raise CorruptionError(
                "Not released: the two ends differ",
                f"The {end} copy of {file.destination} is not what was verified",
                "Nothing was removed. Compare both files by hand before you go on",
            )


async def _sha256(case: Case, source: Path) -> str:
    return await case.kit.threads.copy(case.kit.source.sha256, source, case.watch())
