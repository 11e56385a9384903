"""Wait Until Written: quiet for long enough, complete by its structure, and nobody holds it open."""

from dataclasses import dataclass, replace

from app.domain.dossier import Change
from app.domain.scan import ScanSet
from app.domain.slide import SlideFacts
from app.pipeline.case import Ask, Case, Done, Outcome

_TWO_LOOKS_SECONDS = 2.0
_PATIENCE = 10.0
_LEAST_PATIENCE_SECONDS = 60.0
"""A scan that stands still this many quiet times and is still not complete is a person's to look at."""


@dataclass(slots=True)
class Stillness:
    """For how long nothing changed: by looks of our own, or by the file system's times where they are older."""

    settle_seconds: float
    fingerprint: str = ""
    since: float = 0.0
    age_at_first_look: float = 0.0

    def see(self, files: ScanSet, monotonic: float, wall_seconds: float) -> None:
        """Take a look; any change of any member starts again."""
        fingerprint = files.fingerprint()
        if fingerprint != self.fingerprint:
            self.fingerprint = fingerprint
            self.since = monotonic
            newest = max((member.mtime_ns for member in files.members), default=0) / 1e9
            self.age_at_first_look = wall_seconds - newest

    def seconds(self, monotonic: float) -> float:
        """Return for how long nothing changed, in seconds."""
        watched = monotonic - self.since
        already_old = self.age_at_first_look > self.settle_seconds
        if already_old and watched >= min(_TWO_LOOKS_SECONDS, self.settle_seconds):
            return watched + self.age_at_first_look
        return watched


async def settle(case: Case) -> Outcome:
    """Wait until the scanner has finished; ask a person when it stands still unfinished."""
    kit, settings = case.kit, case.kit.settings.scanner
    stillness = Stillness(settings.settle_seconds)
    judged: tuple[str, SlideFacts] | None = None
    while True:
        files = await kit.threads.disk(kit.finder.look, case.dossier.scan.files)
        if files is None:
            return Ask("The scan is gone", f"{case.dossier.scan.files.main} is not in the watch folder any more", _GONE)
        if files != case.dossier.scan.files:
            await _update(case, files)
        stillness.see(files, kit.clock.monotonic(), kit.clock.now().timestamp())
        quiet = stillness.seconds(kit.clock.monotonic())
        if quiet < settings.settle_seconds:
            kit.progress.note(case.id, f"quiet for {quiet:.0f} of {settings.settle_seconds:.0f} s")
        elif not await kit.threads.disk(kit.finder.can_open_exclusively, files):
            kit.progress.note(case.id, "the scanner still holds the file open")
        else:
            if judged is None or judged[0] != stillness.fingerprint:
                judged = (stillness.fingerprint, await kit.images.inspect(files))
                continue
            outcome = _outcome(case, judged[1], quiet)
            if outcome is not None:
                return outcome
        await case.pause(min(1.0, kit.settings.pipeline.poll_seconds, max(0.05, settings.settle_seconds / 4)))


def _outcome(case: Case, facts: SlideFacts, quiet: float) -> Outcome | None:
    if facts.complete:
        return Done("complete", Change(facts=facts))
    problem = facts.problem
    title = problem.title if problem else "Not complete"
    message = problem.message if problem else f"{case.dossier.scan.files.main} is not complete"
    patience = max(case.kit.settings.scanner.settle_seconds * _PATIENCE, _LEAST_PATIENCE_SECONDS)
    if not facts.structure_known:
        if quiet > patience:
            return Done(f"stood still for {quiet / 60:.0f} min; {_ONLY_STILL}", Change(facts=facts))
        case.kit.progress.note(case.id, f"quiet for {quiet:.0f} of {patience:.0f} s: {_ONLY_STILL}")
        return None
    if case.kit.once or quiet > patience:
        hint = problem.hint if problem and problem.hint else _STANDS_STILL
        return Ask(title, message, hint, Change(facts=facts))
    case.kit.progress.note(case.id, f"quiet, but not complete: {message}")
    return None


async def _update(case: Case, files: ScanSet) -> None:
    await case.kit.ledger.apply(case.id, lambda now: Change(scan=replace(now.scan, files=files)))


_ONLY_STILL = "whether it is complete cannot be told, its format has no open reader"
_GONE = "If it was moved, put it back and restart; if it is not wanted, cancel it"
_STANDS_STILL = "If the scanner is still at work, wait; else scan the slide again. Restart looks once more"
