"""The one who talks to the slide sheet: readings that serve several scans at once, and the outbox."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.domain.errors import RetryableError, SlideferryError, SurroundingsError
from app.domain.journal import PendingWrite, Store
from app.domain.ports import Clock, SheetGateway
from app.domain.settings import SheetSettings
from app.domain.sheet import SlideSheet, WriteResult
from app.pipeline.threads import Threads

_FRESH_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 300.0

Settled = Callable[[tuple[PendingWrite, ...], WriteResult], Awaitable[None]]


class SheetDesk:
    """Reads at most every two seconds, however many ask; writes in batches, and keeps what cannot be written yet."""

    def __init__(
        self, gateway: SheetGateway, store: Store, threads: Threads, clock: Clock, settings: SheetSettings
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._threads = threads
        self._clock = clock
        self._settings = settings
        self._last: SlideSheet | None = None
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._failures = 0
        self._reading_trouble: SlideferryError | None = None
        self._writing_trouble: SlideferryError | None = None
        self.next_try: float | None = None
        self.pending = 0

    @property
    def trouble(self) -> SlideferryError | None:
        """What keeps the sheet from being written or read, None while all is well."""
        return self._writing_trouble or self._reading_trouble

    @property
    def last(self) -> SlideSheet | None:
        """The newest reading, however old."""
        return self._last

    async def fresh(self) -> SlideSheet:
        """Return a reading no older than two seconds, or, while the sheet is away, the last good one.

        Raises RetryableError when the sheet is away and no reading is young enough (`[sheet] max_age_hours`).
        """
        async with self._lock:
            if self._last is not None and self._clock.monotonic() - self._read_at < _FRESH_SECONDS:
                return self._last
            try:
                sheet = await self._threads.sheet(self._gateway.read)
            except SurroundingsError as error:
                self._reading_trouble = error
                return await self._older(error)
            self._reading_trouble = None
            self._last = sheet
            self._read_at = self._clock.monotonic()
            await self._store.work(lambda journal: journal.put_sheet(sheet))
            return sheet

    async def _older(self, error: SurroundingsError) -> SlideSheet:
        kept = self._last or await self._store.work(lambda journal: journal.sheet())
        oldest = self._clock.now() - timedelta(hours=self._settings.max_age_hours)
        if kept is None or kept.read_at < oldest:
            raise RetryableError(error.title, error.message, error.hint) from error
        self._last = kept
        return kept

    def seconds_to_next_try(self) -> float | None:
        """Return the wait before the outbox is tried again, None while nothing is amiss."""
        return None if self.next_try is None else max(0.0, self.next_try - self._clock.monotonic())

    def wake(self) -> None:
        """Say that something was put into the outbox."""
        self._wake.set()

    async def flush(self, settled: Settled) -> bool:
        """Write what waits; return whether the outbox is empty or holds only what a person must look at.

        `settled` is told what was tried and what became of it, before written cells leave the outbox: a program that
        stops between the two writes the same cells once more, which changes nothing.
        """
        waiting = await self._store.work(lambda journal: journal.pending_writes())
        self.pending = len({each.scan for each in waiting})
        if not waiting:
            self._writing_trouble = None
            return True
        try:
            result = await self._threads.sheet(self._gateway.write, [each.write for each in waiting])
        except SlideferryError as error:
            self._writing_trouble = error
            return False
        self._writing_trouble = None
        gone = (*result.written, *(refused.write for refused in result.refused))
        await settled(waiting, result)
        await self._store.work(lambda journal: journal.settle_writes(gone))
        self.pending = len({each.scan for each in waiting if each.write not in gone})
        return self.pending == 0

    async def serve(self, settled: Settled) -> None:
        """Write whenever something waits, with growing pauses while the sheet is away; ends by cancelling."""
        while True:
            if await self.flush(settled):
                self._failures = 0
                self.next_try = None
                await self._wait(30.0)
            else:
                self._failures += 1
                pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (self._failures - 1))
                self.next_try = self._clock.monotonic() + pause
                await asyncio.sleep(pause)

    async def _wait(self, seconds: float) -> None:
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancelling that comes together with the waking.
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
        # Slides that finish together share one write.
        await asyncio.sleep(0.3)
