"""Finds new scans in the watch folder and puts them into the journal."""

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.domain.dossier import Dossier
from app.domain.scan import RunId, Scan, ScanId, ScanSet
from app.domain.step import StepRecord, StepState
from app.pipeline.case import Kit
from app.pipeline.journey import JOURNEY, SETTLE, VERIFY


class Intake:
    """Knows which sets of the watch folder are scans already."""

    def __init__(self, kit: Kit, *, take_existing: bool) -> None:
        self._kit = kit
        self._take_existing = take_existing
        self.last_write: float | None = None
        """When a member last changed, in the clock's monotonic seconds."""
        self._seen: dict[str, str] = {}

    async def look(self, run: Callable[[], Awaitable[RunId]]) -> tuple[Dossier, ...]:
        """Add every scan that is new, oldest first, to the run that `run` names or starts; return them.

        Raises SurroundingsError when the watch folder cannot be listed.
        """
        sets = await self._kit.threads.disk(self._kit.finder.find, self._root())
        self._notice_writing(sets)
        known = {(dossier.scan.files.root, dossier.scan.files.main): dossier for dossier in self._kit.ledger.all()}
        first_start = not known and not self._take_existing
        new = [each for each in sets if _is_new(each, known.get((each.root, each.main)))]
        self._take_existing = True
        if not new:
            return ()
        run_id = await run()
        dossiers = tuple(self._dossier(each, run_id, earlier=first_start) for each in sorted(new, key=_written))
        await self._kit.ledger.add(*dossiers)
        return dossiers

    def _root(self) -> Path:
        return Path(self._kit.settings.scanner.watch)

    def _notice_writing(self, sets: tuple[ScanSet, ...]) -> None:
        seen = {each.main: each.fingerprint() for each in sets}
        if self._seen and any(self._seen.get(main) != fingerprint for main, fingerprint in seen.items()):
            self.last_write = self._kit.clock.monotonic()
        self._seen = seen

    def _dossier(self, files: ScanSet, run: RunId, *, earlier: bool) -> Dossier:
        scan = Scan(
            id=ScanId(uuid.uuid4().hex[:10]),
            run=None if earlier else run,
            scanner=self._kit.settings.scanner.name,
            files=files,
            found_at=self._kit.clock.now(),
            earlier=earlier,
        )
        return Dossier(scan, {step.id: StepRecord(step.id, StepState.PENDING) for step in JOURNEY})


def _written(files: ScanSet) -> int:
    return max((member.mtime_ns for member in files.members), default=0)


def _is_new(files: ScanSet, known: Dossier | None) -> bool:
    """Whether a set is a scan of its own: its name is unknown, or was used again after that scan was on the share."""
    if known is None:
        return True
    finished = known.published and known.steps[VERIFY].state.done and known.steps[SETTLE].state.done
    return finished and files.fingerprint() != known.scan.files.fingerprint()
