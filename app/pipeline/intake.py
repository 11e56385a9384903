"""Finds new scans in the watch folder and puts them into the journal."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import RetryableError, SlideferryError
from app.domain.scan import RunId, Scan, ScanId, ScanSet
from app.domain.step import StepRecord, StepState
from app.pipeline.case import Kit
from app.pipeline.journey import JOURNEY, SETTLE, VERIFY

Known = Mapping[tuple[Path, str], Dossier]
"""The newest scan that holds a member, by the member's root and path."""


class Intake:
    """Knows which sets of the watch folder are scans already. `take_existing`: also those of the first start."""

    def __init__(self, kit: Kit, *, take_existing: bool) -> None:
        self._kit = kit
        self._take_existing = take_existing
        self._looked = False
        self.last_write: float | None = None
        """When a member last changed, in the clock's monotonic seconds."""
        self.trouble: SlideferryError | None = None
        """What the last look could not see; the scans there wait."""
        self._seen: dict[str, str] = {}

    async def look(self, run: Callable[[], Awaitable[RunId]]) -> tuple[Dossier, ...]:
        """Add every scan that is new, oldest first, to the run that `run` names or starts; return them.

        Raises SurroundingsError when the watch folder cannot be listed; `trouble` tells what in it could not be seen.
        """
        survey = await self._kit.threads.disk(self._kit.finder.survey, self._root())
        sets, self.trouble = survey.sets, survey.trouble
        self._notice_writing(sets)
        known = _by_member(self._kit.ledger.all())
        begun = None if known or self._take_existing or self._looked else await self._first_run_began()
        if begun is not None and survey.trouble is not None:
            raise survey.trouble  # what is seen only later could not be told from what is new
        self._looked = True
        await self._take_in_earlier(sets, known, run)
        await self._notice_other_bytes(sets, known)
        new = [each for each in sets if await self._is_new(each, _known_as(each, known))]
        if not new:
            return ()
        run_id, now = await run(), self._kit.clock.now()
        dossiers = tuple(
            # Each a microsecond later than the one before: their order decides which scan of a slide is the newer.
            self._dossier(each, run_id, now + timedelta(microseconds=number), earlier=_lay_there(each, begun))
            for number, each in enumerate(sorted(new, key=_written))
        )
        await self._kit.ledger.add(*dossiers)
        return dossiers

    def _root(self) -> Path:
        return Path(self._kit.settings.scanner.watch)

    def _notice_writing(self, sets: tuple[ScanSet, ...]) -> None:
        seen = {each.main: each.fingerprint() for each in sets}
        if self._seen and any(self._seen.get(main) != fingerprint for main, fingerprint in seen.items()):
            self.last_write = self._kit.clock.monotonic()
        self._seen = seen

    async def _first_run_began(self) -> datetime | None:
        """Return when this journal's first run began: what was written before it lay there at the first start."""
        runs = await self._kit.store.work(lambda journal: journal.runs())
        return runs[0].started_at if runs else self._kit.clock.now()

    async def _is_new(self, files: ScanSet, known: Dossier | None) -> bool:
        """Whether a set is a scan of its own: unknown, or its name was used again after that scan was done with."""
        if known is None:
            return True
        before = known.scan.files.image_fingerprint()
        if not _is_done_with(known) or files.image_fingerprint() == before:
            return False
        # A folder's listing may lag behind the files themselves: only they say that another scan lies there.
        now = await self._look_closer(files)
        return now is not None and now.image_fingerprint() != before

    async def _look_closer(self, files: ScanSet) -> ScanSet | None:
        """Return the set as its files themselves say; None when it is gone, or does not answer now, which is told."""
        try:
            return await self._kit.threads.disk(self._kit.finder.look, files)
        except RetryableError as error:
            self.trouble = self.trouble or error
            return None

    async def _take_in_earlier(
        self, sets: Iterable[ScanSet], known: Known, run: Callable[[], Awaitable[RunId]]
    ) -> None:
        """Take in what lay there at the first start: all if told to, else what the scanner still writes."""
        for files in sets:
            dossier = _known_as(files, known)
            if dossier is None or not dossier.scan.earlier:
                continue
            if self._take_existing or files.fingerprint() != dossier.scan.files.fingerprint():
                taken_in = replace(dossier.scan, earlier=False, run=await run())
                await self._kit.ledger.apply(dossier.id, Change(scan=taken_in))

    async def _notice_other_bytes(self, sets: Iterable[ScanSet], known: Known) -> None:
        """Send a scan that waits for a person, or failed, back to its start when the scanner wrote on meanwhile."""
        for files in sets:
            dossier = _known_as(files, known)
            if dossier is None or not _stands_still(dossier) or _same_bytes(files, dossier):
                continue
            # A folder's listing may lag behind the files themselves.
            now = await self._look_closer(files)
            if now is not None and not _same_bytes(now, dossier):
                await self._kit.ledger.apply(dossier.id, partial(_begin_anew, files=now))

    def _dossier(self, files: ScanSet, run: RunId, found_at: datetime, *, earlier: bool) -> Dossier:
        scan = Scan(
            id=ScanId(uuid.uuid4().hex[:10]),
            run=None if earlier else run,
            scanner=self._kit.settings.scanner.name,
            files=files,
            found_at=found_at,
            earlier=earlier,
        )
        return Dossier(scan, {step.id: StepRecord(step.id, StepState.PENDING) for step in JOURNEY})


def _same_bytes(files: ScanSet, dossier: Dossier) -> bool:
    return files.fingerprint() == dossier.scan.files.fingerprint()


def _stands_still(dossier: Dossier) -> bool:
    """Whether nobody would look at this scan's files again: it waits for a person, or failed, before it was safe."""
    scan = dossier.scan
    held = scan.paused or scan.cancelled or scan.earlier or dossier.published or dossier.publishing
    stuck = (StepState.NEEDS_ATTENTION, StepState.FAILED, StepState.BLOCKED)
    return not held and dossier.state in stuck and not _runs(dossier)


def _runs(dossier: Dossier) -> bool:
    return any(record.state is StepState.RUNNING for record in dossier.steps.values())


def _begin_anew(dossier: Dossier, *, files: ScanSet) -> Change:
    """Return the change that forgets what was known of the old bytes; what people said, they said of those."""
    if not _stands_still(dossier):
        return Change()
    moved = [step for step, record in dossier.steps.items() if record.state is not StepState.PENDING]
    back = tuple(StepChange(step, StepState.PENDING, "the source changed") for step in moved)
    scan = replace(dossier.scan, files=files, barcode=None, assigned=None, verdict_by_person=None, keep=None)
    return Change(steps=back, scan=scan, row={}, files=())


def _by_member(dossiers: Iterable[Dossier]) -> Known:
    return {(each.scan.files.root, member.path): each for each in dossiers for member in each.scan.files.members}


def _known_as(files: ScanSet, known: Known) -> Dossier | None:
    """Return the scan that a set is, also where members came since and another of them is now the main one."""
    paths = (files.main, *(member.path for member in files.members))
    return next((known[files.root, path] for path in paths if (files.root, path) in known), None)


def _written(files: ScanSet) -> int:
    return max((member.mtime_ns for member in files.members), default=0)


def _lay_there(files: ScanSet, begun: datetime | None) -> bool:
    return begun is not None and _written(files) < begun.timestamp() * 1e9


def _is_done_with(dossier: Dossier) -> bool:
    # Also where its image was lost from the share afterwards.
    given_up = dossier.scan.cancelled or dossier.steps[VERIFY].state.done
    return given_up and dossier.steps[SETTLE].state.done
