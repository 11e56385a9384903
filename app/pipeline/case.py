"""What a step works with: one scan, the ports, and the ways to end."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.dossier import Change, Dossier
from app.domain.errors import StoppedError
from app.domain.journal import Store
from app.domain.ports import Clock, Destination, GoodGuest, ScanFinder, SlideImages, SourceDisk
from app.domain.scan import ScanId
from app.domain.settings import Settings
from app.domain.transfer import TransferProgress, TransferWatch
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate, Places, after_copies
from app.pipeline.pacing import Pacing
from app.pipeline.progress import ProgressBoard
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.threads import Threads


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything the steps need, handed over once. `once` is True when the runner ends with what lies there now."""

    settings: Settings
    clock: Clock
    chance: random.Random
    store: Store
    ledger: Ledger
    progress: ProgressBoard
    threads: Threads
    gate: DestinationGate
    sheet: SheetDesk
    images: SlideImages
    finder: ScanFinder
    destination: Destination
    source: SourceDisk
    program_version: str
    publishing: asyncio.Lock
    """Held while names on the share change hands."""
    guest: GoodGuest
    pacing: Pacing
    """How fast all copies together may go."""
    copying: Places
    """What everything that reads or writes whole scans on the share competes for."""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done; `change` is written together with the move."""

    message: str = ""
    change: Change = field(default_factory=Change)


@dataclass(frozen=True, slots=True)
class Skip:
    """There was nothing to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A person has to decide; `change` is written together with the move."""

    title: str
    message: str
    hint: str
    change: Change = field(default_factory=Change)


@dataclass(frozen=True, slots=True)
class Wait:
    """Later: at `retry_at`, or when another part of the program moves the step on."""

    message: str
    retry_at: datetime | None = None
    change: Change = field(default_factory=Change)


@dataclass(frozen=True, slots=True)
class Moved:
    """The step already wrote its own moves; the runner looks again at what is to be done."""


Outcome = Done | Skip | Ask | Wait | Moved


class Case:
    """One scan at one step: reads its dossier as it is now, and knows when to stop."""

    def __init__(self, kit: Kit, scan: ScanId) -> None:
        self.kit = kit
        self.id = scan
        self._stop = threading.Event()
        self._stopped = asyncio.Event()

    @property
    def dossier(self) -> Dossier:
        """The scan as it is now."""
        return self.kit.ledger.get(self.id)

    def stop(self) -> None:
        """Ask the step to end at the next safe moment."""
        self._stop.set()
        self._stopped.set()

    @property
    def stopping(self) -> bool:
        """Whether the step was asked to end."""
        return self._stop.is_set()

    def watch(self) -> TransferWatch:
        """Return how a transfer in a thread tells its progress and learns that it must stop."""
        stopped, pacing = self._stop.is_set, self.kit.pacing
        return TransferWatch(self._progress, stopped, pacing.of(stopped), pacing.is_braked)

    def _progress(self, progress: TransferProgress) -> None:
        self.kit.progress.put(self.id, progress)

    @asynccontextmanager
    async def after_copies(self) -> AsyncIterator[None]:
        """Hold one of the places of copies, behind all of them; raise StoppedError when asked to end before."""
        async with AsyncExitStack() as held:
            place = self.kit.copying.place(after_copies(self.kit.clock))
            taken = asyncio.create_task(held.enter_async_context(place))
            stopped = asyncio.create_task(self._stopped.wait())
            try:
                await asyncio.wait({taken, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                taken.cancel()
                await asyncio.wait({taken})
            if taken.cancelled():
                raise _stopped()
            yield

    def stop_unless_done(self, work: asyncio.Future[Any]) -> None:
        """Make a thread end that nobody waits for any more."""
        if not work.done():
            self.stop()

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake up and raise StoppedError when the step is asked to end."""
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancelling that comes together with the stop.
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return
        raise _stopped()


def _stopped() -> StoppedError:
    return StoppedError("Stopped", "the scan was paused, cancelled, or the program is closing")
