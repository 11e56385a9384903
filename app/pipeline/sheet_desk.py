"""The one who talks to the slide sheet: readings that serve several scans at once, and the outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.errors import RetryableError, SlideferryError, SurroundingsError, UseError
from app.domain.journal import PendingWrite, Store
from app.domain.ports import Clock, SheetGateway
from app.domain.scan import ScanId
from app.domain.settings import SheetSettings
from app.domain.sheet import SlideSheet, WriteResult
from app.pipeline.pauses import Pauses
from app.pipeline.threads import Threads

_IDLE_SECONDS = 30.0
_MOST_CELLS = 12_000
"""Of a thousand slides: what waited for days is sent in requests that are answered within their time limit."""

Settled = Callable[[tuple[PendingWrite, ...], WriteResult], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SheetPace:
    """How often a sheet is asked, in seconds.

    A reading serves for `fresh`; where it does not hold what is looked for, for `doubted` only. What finishes within
    `gather` is written together, and one batch follows the other after `apart` at the earliest. While the sheet is away
    it is tried again, to be read and to be written, after `patience` at the latest.
    """

    fresh: float
    doubted: float
    gather: float
    apart: float
    patience: float


PACES = {"workbook": SheetPace(2.0, 2.0, 0.3, 0.0, 15.0), "google": SheetPace(25.0, 4.0, 1.0, 20.0, 300.0)}
"""A workbook is at hand, and somebody who closes it waits for it to be filled in; Google counts calls, which stations
that use one account share."""


class SheetDesk:
    """Reads seldom, however many ask; writes in batches, and keeps what cannot be written yet."""

    def __init__(
        self, gateway: SheetGateway, store: Store, threads: Threads, clock: Clock, settings: SheetSettings
    ) -> None:
        self._pace = PACES[settings.kind]
        self._gateway = gateway
        self._store = store
        self._threads = threads
        self._clock = clock
        self._settings = settings
        self._last: SlideSheet | None = None
        self._read_at = float("-inf")
        self._wrote_at = float("-inf")
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._asked = asyncio.Event()
        self._reading_pause = Pauses(clock, self._pace.patience)
        self._writing_pause = Pauses(clock, self._pace.patience)
        self._reading_trouble: SurroundingsError | UseError | None = None
        self._writing_trouble: SlideferryError | None = None
        self.pending = 0

    @property
    def trouble(self) -> SlideferryError | None:
        """What keeps the sheet from being written or read, None while all is well."""
        return self._writing_trouble or self._reading_trouble

    @property
    def last(self) -> SlideSheet | None:
        """The newest reading, however old."""
        return self._last

    async def fresh(self, *, doubted: bool = False) -> SlideSheet:
        """Return a young reading, or, while the sheet is away, the last good one.

        `doubted`: something was not found in the last one, so that only a very young one will do.
        Raises RetryableError when the sheet is away and no reading is young enough (`[sheet] max_age_hours`), and as
        long as it is there and cannot be understood: people are at work on it, perhaps on purpose.
        """
        async with self._lock:
            if self._reading_trouble is not None and self._reading_pause.seconds_left:
                return await self._instead(self._reading_trouble)
            oldest = self._pace.doubted if doubted else self._pace.fresh
            if self._last is not None and self._clock.monotonic() - self._read_at < oldest:
                return self._last
            try:
                sheet = await self._threads.sheet(self._gateway.read)
            except (SurroundingsError, UseError) as error:
                self._read_in_vain(error)
                return await self._instead(error)
            return await self._keep(sheet)

    def _read_in_vain(self, error: SurroundingsError | UseError) -> None:
        self._reading_trouble = error
        if isinstance(error, UseError):
            # It answers, and whoever puts it right wants to see so: read as often as one that is right.
            self._reading_pause.clear()
            self._reading_pause.rest(self._pace.fresh)
        else:
            self._reading_pause.failed(error)

    async def _keep(self, sheet: SlideSheet) -> SlideSheet:
        self._reads_well()
        self._last = sheet
        self._read_at = self._clock.monotonic()
        await self._store.work(lambda journal: journal.put_sheet(sheet))
        return sheet

    def _reads_well(self) -> None:
        self._reading_trouble = None
        self._reading_pause.clear()

    async def _instead(self, error: SurroundingsError | UseError) -> SlideSheet:
        """Return what serves in the place of a reading that failed; raise RetryableError where nothing does."""
        kept = None if isinstance(error, UseError) else await self._kept()
        if kept is None:
            raise RetryableError(error.title, error.message, error.hint) from error
        self._last = kept
        return kept

    async def _kept(self) -> SlideSheet | None:
        """Return the last good reading, None where there is none or it is too old."""
        kept = self._last or await self._store.work(lambda journal: journal.sheet())
        oldest = self._clock.now() - timedelta(hours=self._settings.max_age_hours)
        return None if kept is None or kept.read_at < oldest else kept

    def seconds_to_next_try(self) -> float | None:
        """Return the wait before the outbox is tried again, None while nothing is amiss."""
        return self._writing_pause.seconds_left

    def wake(self) -> None:
        """Say that something was put into the outbox; a sheet that is away is not tried sooner for it."""
        self._wake.set()

    def try_now(self) -> None:
        """Read and write the sheet without any pause, once: a person wants it, who may have put it right."""
        self._reading_pause.clear()
        self._asked.set()
        self._wake.set()

    async def flush(self, settled: Settled) -> bool:
        """Write what waits; return whether the outbox is empty or holds only what a person must look at.

        `settled` is told what was tried and what became of it, before written cells leave the outbox: a program that
        stops between the two writes the same cells once more, which changes nothing.
        """
        by_scan = await self._store.work(lambda journal: _by_scan(journal.pending_writes()))
        self.pending = len(by_scan)
        if not by_scan:
            self._writing_trouble = None
        for batch in _batches(by_scan):
            left = await self._write(tuple(each for cells in batch for each in cells), settled)
            if left is None:
                return False
            self.pending -= len(batch) - len({each.scan for each in left})
        return not self.pending

    async def _write(self, waiting: tuple[PendingWrite, ...], settled: Settled) -> tuple[PendingWrite, ...] | None:
        """Write a batch; return what of it is still to be written, None where the sheet could not be written to."""
        self._wrote_at = self._clock.monotonic()
        try:
            result = await self._threads.sheet(self._gateway.write, [each.write for each in waiting])
        except SlideferryError as error:
            self._writing_trouble = error
            return None
        self._writing_trouble = None
        self._reads_well()
        if result.sheet is not None:
            await self._keep(result.sheet)
        gone = frozenset((*result.written, *(refused.write for refused in result.refused)))
        await settled(waiting, result)
        await self._store.work(lambda journal: journal.settle_writes(tuple(gone)))
        return tuple(each for each in waiting if each.write not in gone)

    async def serve(self, settled: Settled) -> None:
        """Write whenever something waits, with growing pauses while the sheet is away; ends by cancelling."""
        while True:
            self._asked.clear()
            if await self.flush(settled):
                self._writing_pause.clear()
                pause = _IDLE_SECONDS
            else:
                pause = self._writing_pause.failed(self._writing_trouble)
                if self._writing_trouble is not None:
                    await _set_within(self._asked, pause)
                    continue
            # Also where a row did not hold still: it holds up no other.
            if await _set_within(self._wake, pause):
                self._wake.clear()
                # Slides that finish together share one write.
                since = self._clock.monotonic() - self._wrote_at
                await _set_within(self._asked, max(self._pace.gather, self._pace.apart - since))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but not longer; return whether it is set."""
    try:
        # Not `wait_for`: in Python 3.11 it loses a cancelling that comes together with the waking.
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _by_scan(writes: Iterable[PendingWrite]) -> dict[ScanId, list[PendingWrite]]:
    found: dict[ScanId, list[PendingWrite]] = {}
    for each in writes:
        found.setdefault(each.scan, []).append(each)
    return found


def _batches(by_scan: Mapping[ScanId, list[PendingWrite]]) -> Iterator[list[list[PendingWrite]]]:
    """Yield the cells in parts of about `_MOST_CELLS`, all of a scan in one: they are written or refused together."""
    batch: list[list[PendingWrite]] = []
    cells = 0
    for each in by_scan.values():
        batch.append(each)
        cells += len(each)
        if cells >= _MOST_CELLS:
            yield batch
            batch, cells = [], 0
    if batch:
        yield batch
