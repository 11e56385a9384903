"""What a step works with: one scan, the ports, and the ways to end."""

import asyncio
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.dossier import Change, Dossier
from app.domain.errors import StoppedError
from app.domain.journal import Store
from app.domain.ports import Clock, Destination, ScanFinder, SlideImages, SourceDisk
from app.domain.scan import ScanId
from app.domain.settings import Settings
from app.domain.transfer import TransferProgress, TransferWatch
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate
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
        return TransferWatch(self._progress, self._stop.is_set)

    def _progress(self, progress: TransferProgress) -> None:
        self.kit.progress.put(self.id, progress)

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
        raise StoppedError("Stopped", "the scan was paused, cancelled, or the program is closing")
