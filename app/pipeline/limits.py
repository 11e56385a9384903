"""How many may work at once: places handed out by priority, and the gate before the destination."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.domain.errors import CorruptionError, SlideferryError
from app.domain.ports import Clock, Destination
from app.domain.scan import ScanId
from app.pipeline.breadth import FIRST_LEVEL

Order = tuple[Any, ...]
"""Of a copy: minus its priority, when it was found, its id."""
_PATIENCE_SECONDS = 600.0


class Places:
    """A number of places; a free one goes to the waiter whose order is lowest at that moment."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._taken = 0
        self._waiting: list[tuple[Callable[[], Order], asyncio.Future[None]]] = []

    @property
    def number(self) -> int:
        """How many may work at once now."""
        return self._number

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not turn.done() for _, turn in self._waiting)

    def resize(self, number: int) -> None:
        """Let so many work at once; who holds a place already keeps it, so fewer come into force by and by."""
        self._number = number
        self._hand_out()

    @asynccontextmanager
    async def place(self, order: Callable[[], Order]) -> AsyncIterator[None]:
        """Wait for a place and hold it. `order` is asked again whenever a place becomes free."""
        await self._take(order)
        try:
            yield
        finally:
            self._give()

    async def _take(self, order: Callable[[], Order]) -> None:
        if self._taken < self._number:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        entry = (order, turn)
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give()
            elif entry in self._waiting:
                self._waiting.remove(entry)
            raise

    def _give(self) -> None:
        self._taken -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        self._waiting = [entry for entry in self._waiting if not entry[1].done()]
        while self._waiting and self._taken < self._number:
            first = min(self._waiting, key=lambda entry: entry[0]())
            self._waiting.remove(first)
            self._taken += 1
            first[1].set_result(None)


def after_copies(clock: Clock) -> Callable[[], Order]:
    """Return the order of who only reads again: behind all copies, but not for ever.

    After ten minutes it comes before the copies that nobody put first: a scanner's disk that is never freed fills up.
    """
    since = clock.monotonic()
    return lambda: (1, since) if clock.monotonic() - since < _PATIENCE_SECONDS else (0,)


def copying_places(copies: int) -> Places:
    """Return the places for copies at the start; how many pay is learned later, never more than `copies`."""
    return Places(min(FIRST_LEVEL, copies))


class DestinationGate:
    """Closed while the destination cannot take anything, so that each slide does not fail in turn.

    An alarm keeps it closed until a person restarts the scan that raised it; the journal holds the alarms, too.
    """

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._trouble: SlideferryError | None = None
        self._alarms: dict[ScanId, CorruptionError] = {}

    @property
    def is_open(self) -> bool:
        """Whether transfers may start."""
        return self._open.is_set()

    @property
    def alarm(self) -> bool:
        """Whether only a person's restart opens it."""
        return bool(self._alarms)

    @property
    def trouble(self) -> SlideferryError | None:
        """What keeps it closed: the oldest alarm, else what the destination lacks."""
        return next(iter(self._alarms.values()), self._trouble)

    def close(self, trouble: SlideferryError) -> None:
        """Stop the queue until the destination is well again."""
        self._trouble = trouble
        self._open.clear()

    def raise_alarm(self, scan: ScanId, trouble: CorruptionError) -> None:
        """Stop the queue until a person restarts this scan."""
        self._alarms[scan] = trouble
        self._open.clear()

    def has_alarm_of(self, scan: ScanId) -> bool:
        """Whether a scan raised an alarm that stands."""
        return scan in self._alarms

    def end_alarm(self, scan: ScanId) -> None:
        """Take back the alarm of a scan, and let transfers start again if nothing else is in their way."""
        if self._alarms.pop(scan, None) is not None:
            self._reopen()

    def _reopen(self) -> None:
        if self._trouble is None and not self._alarms:
            self._open.set()

    async def wait(self) -> None:
        """Return once the gate is open."""
        await self._open.wait()

    async def look(self, destination: Destination, run: Callable[[Callable[[], None]], Any]) -> None:
        """Open the gate if the destination is well again; `run` runs a blocking call in a thread."""
        if self.alarm:
            return
        try:
            await run(destination.check)
        except SlideferryError as error:
            self.close(error)
        else:
            self._trouble = None
            self._reopen()  # but for an alarm that came while the destination was looked at
