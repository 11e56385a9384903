"""The one place where a scan changes: checks the move, writes it to the journal, then shows it to the program."""

import asyncio
import gc
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import UseError
from app.domain.journal import Journal, Store
from app.domain.ports import Clock
from app.domain.scan import RunId, ScanId
from app.domain.step import StepId, StepMove, StepRecord, StepState, check_move
from app.pipeline.threads import ended

Listener = Callable[[ScanId], None]


class Ledger:
    """All scans of the present run in memory, equal to the journal; memory follows only what is safely written."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._dossiers: dict[ScanId, Dossier] = {}
        self._places: dict[ScanId, int] = {}
        self._unfinished: set[ScanId] = set()
        self._by_run: dict[RunId | None, set[ScanId]] = {}
        self._by_barcode: dict[str, set[ScanId]] = {}
        self._began: dict[tuple[ScanId, StepId], float] = {}
        self._lock = asyncio.Lock()
        self._listeners: list[Listener] = []

    async def load(self, run: RunId | None = None) -> None:
        """Read the scans of a run, or all, from the journal."""
        gc.disable()
        try:
            dossiers, unfinished = await self._store.work(lambda j: (j.dossiers(run), j.unfinished()))
            for index in (self._dossiers, self._places, self._unfinished, self._by_run, self._by_barcode):
                index.clear()
            for dossier in dossiers:
                self._keep(dossier, finished=dossier.id not in unfinished)
        finally:
            # All of this stays as long as the program runs: whoever looks for garbage passes it by from now on.
            gc.freeze()
            gc.enable()

    def _keep(self, dossier: Dossier, *, finished: bool) -> None:
        """Show a scan as it is now, wherever one looks for it."""
        scan, before = dossier.id, self._dossiers.get(dossier.id)
        if before is not None:
            self._by_run[before.scan.run].discard(scan)
            if before.scan.barcode is not None:
                self._by_barcode[before.scan.barcode].discard(scan)
        self._dossiers[scan] = dossier
        self._places.setdefault(scan, len(self._places))
        self._by_run.setdefault(dossier.scan.run, set()).add(scan)
        if dossier.scan.barcode is not None:
            self._by_barcode.setdefault(dossier.scan.barcode, set()).add(scan)
        if finished:
            self._unfinished.discard(scan)
        else:
            self._unfinished.add(scan)

    def all(self) -> tuple[Dossier, ...]:
        """Return every scan, oldest first."""
        return tuple(self._dossiers.values())

    def unfinished(self) -> tuple[Dossier, ...]:
        """Return the scans of which anything may still go on, oldest first; of ten thousand these are few."""
        return self._some(self._unfinished)

    def of_run(self, run: RunId | None) -> tuple[Dossier, ...]:
        """Return the scans of a run, or those that were never taken into one, oldest first."""
        return self._some(self._by_run.get(run, ()))

    def of_barcode(self, barcode: str) -> tuple[Dossier, ...]:
        """Return the scans of a slide, oldest first."""
        return self._some(self._by_barcode.get(barcode, ()))

    def under_way(self, run: RunId | None) -> tuple[Dossier, ...]:
        """Return the scans of a run, and the unfinished ones of all others, oldest first."""
        return self._some({*self._unfinished, *self._by_run.get(run, ())})

    def _some(self, scans: Collection[ScanId]) -> tuple[Dossier, ...]:
        return tuple(self._dossiers[scan] for scan in sorted(scans, key=self._places.__getitem__))

    def get(self, scan: ScanId) -> Dossier:
        """Return one scan; raise UseError when there is none of that id."""
        try:
            return self._dossiers[scan]
        except KeyError:
            raise UseError("No such scan", scan, "`status` lists the scans of the run") from None

    def find(self, scan: ScanId) -> Dossier | None:
        """Return one scan, None when there is none of that id."""
        return self._dossiers.get(scan)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with each changed scan, in the loop's thread; return how to end it."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def tell(self, scan: ScanId) -> None:
        """Tell the listeners that something of a scan is to be shown anew.

        They are called soon, not now: an error in one of them is its own, never that of the step that told it.
        """
        for listener in self._listeners:
            asyncio.get_running_loop().call_soon(listener, scan)

    async def add(self, *dossiers: Dossier) -> None:
        """Add scans, in one transaction."""

        def write(journal: Journal) -> None:
            for dossier in dossiers:
                journal.add(dossier)

        async with self._lock:
            await self._commit(write, dossiers)
        for dossier in dossiers:
            self.tell(dossier.id)

    async def apply(self, scan: ScanId, change: Change | Callable[[Dossier], Change]) -> Dossier:
        """Make a change; a callable decides under the lock, from the scan as it is then.

        Raises UseError for a move that the table of moves does not hold; nothing is changed then.
        """
        async with self._lock:
            before = self.get(scan)
            wanted = change(before) if callable(change) else change
            after, moves = self._changed(before, wanted)
            if after == before and not moves and not _leaves_more(wanted):
                return before
            await self._commit(partial(_write, before=before, after=after, moves=moves, change=wanted), (after,))
        self.tell(scan)
        return after

    async def apply_to_all(
        self, change: Callable[[Dossier], Change], scans: Collection[ScanId] | None = None
    ) -> tuple[Dossier, ...]:
        """Make a change to these scans, or to every one of which anything may still go on, in one transaction.

        Returns those that were changed; see `apply`.
        """
        async with self._lock:
            written: list[Callable[[Journal], None]] = []
            changed: list[Dossier] = []
            for before in self.unfinished() if scans is None else self._some(scans):
                wanted = change(before)
                after, moves = self._changed(before, wanted)
                if after != before or moves or _leaves_more(wanted):
                    written.append(partial(_write, before=before, after=after, moves=moves, change=wanted))
                    changed.append(after)

            def write(journal: Journal) -> None:
                for each in written:
                    each(journal)

            if written:
                await self._commit(write, tuple(changed))
        for after in changed:
            self.tell(after.id)
        return tuple(changed)

    async def _commit(self, write: Callable[[Journal], None], dossiers: tuple[Dossier, ...]) -> None:
        """Write, then let memory follow, even for a caller who is cancelled meanwhile: the two stay equal."""
        writing = asyncio.ensure_future(self._store.work(write))
        try:
            await ended(writing)
        finally:
            if not writing.cancelled() and writing.exception() is None:
                for dossier in dossiers:
                    self._keep(dossier, finished=dossier.finished)
        writing.result()

    def _changed(self, before: Dossier, change: Change) -> tuple[Dossier, tuple[StepMove, ...]]:
        steps = dict(before.steps)
        moves = []
        for wanted in change.steps:
            old = steps[wanted.step]
            check_move(wanted.step, old.state, wanted.new)
            steps[wanted.step] = self._moved(before.id, old, wanted)
            attempt = steps[wanted.step].attempts
            moves.append(StepMove(wanted.step, old.state, wanted.new, wanted.cause, attempt, self._clock.now()))
        after = replace(
            before,
            scan=change.scan or before.scan,
            steps=steps,
            facts=change.facts or before.facts,
            quality=change.quality or before.quality,
            row=before.row if change.row is None else change.row,
            files=before.files if change.files is None else change.files,
            published=before.published if change.published is None else change.published,
            publishing=before.publishing if change.publishing is None else change.publishing,
            left=before.left if change.left is None else change.left,
        )
        return after, tuple(moves)

    def _moved(self, scan: ScanId, old: StepRecord, wanted: StepChange) -> StepRecord:
        key = (scan, wanted.step)
        now = self._clock.now()
        record = replace(
            old,
            state=wanted.new,
            message=wanted.message,
            title=wanted.title,
            hint=wanted.hint,
            retry_at=wanted.retry_at,
        )
        if wanted.new is StepState.RUNNING:
            self._began[key] = self._clock.monotonic()
            return replace(record, attempts=old.attempts + 1, started_at=now, ended_at=None, seconds=0.0)
        began = self._began.pop(key, None)
        worked = old.seconds if began is None else self._clock.monotonic() - began
        seconds = worked if wanted.seconds is None else wanted.seconds
        return replace(record, seconds=seconds, ended_at=None if wanted.new is StepState.PENDING else now)

    def seconds_running(self, scan: ScanId, step: StepId) -> float:
        """Return how long a running step has worked, 0 when it does not run."""
        began = self._began.get((scan, step))
        return 0.0 if began is None else self._clock.monotonic() - began


def _leaves_more(change: Change) -> bool:
    """Whether a change writes something beside the scan itself."""
    return bool(change.pictures or change.writes or change.ends_alarm) or any(
        each is not None for each in (change.audit, change.link, change.alarm)
    )


def _write(journal: Journal, *, before: Dossier, after: Dossier, moves: tuple[StepMove, ...], change: Change) -> None:
    journal.save(after, moves, before)
    for kind, png in change.pictures.items():
        journal.put_picture(after.id, kind, png)
    if change.writes:
        journal.put_writes(after.id, change.writes)
    if change.link is not None:
        journal.link(change.link)
    if change.alarm is not None:
        journal.raise_alarm(after.id, change.alarm)
    if change.ends_alarm:
        journal.end_alarm(after.id)
    if change.audit is not None:
        journal.audit(change.audit)
