"""How far each transfer is, now: told by worker threads, read by the window. Never journalled."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.ports import Clock
from app.domain.scan import ScanId
from app.domain.transfer import TransferProgress

_WINDOW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Speed:
    """`rate` in bytes of the image a second, `seconds_left` until its last byte is verified."""

    rate: float
    seconds_left: float | None


class ProgressBoard:
    """The newest progress and note of each scan, with a rate over the last seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: dict[ScanId, deque[tuple[float, TransferProgress]]] = {}
        self._notes: dict[ScanId, str] = {}
        self.changed: Callable[[ScanId], None] = lambda _scan: None

    def put(self, scan: ScanId, progress: TransferProgress) -> None:
        """Take a transfer's progress; called from any thread."""
        now = self._clock.monotonic()
        with self._lock:
            samples = self._samples.setdefault(scan, deque(maxlen=200))
            samples.append((now, progress))
            while len(samples) > 2 and now - samples[0][0] > _WINDOW_SECONDS:
                samples.popleft()
        self.changed(scan)

    def note(self, scan: ScanId, text: str) -> None:
        """Say in one line what a running step is doing."""
        with self._lock:
            if self._notes.get(scan) == text:
                return
            self._notes[scan] = text
        self.changed(scan)

    def note_of(self, scan: ScanId) -> str:
        """Return what was said last, empty when nothing was."""
        with self._lock:
            return self._notes.get(scan, "")

    def forget(self, scan: ScanId) -> None:
        """Drop a scan's progress and note."""
        with self._lock:
            self._samples.pop(scan, None)
            self._notes.pop(scan, None)
        self.changed(scan)

    def of(self, scan: ScanId) -> TransferProgress | None:
        """Return the newest progress of a scan whose bytes move."""
        with self._lock:
            samples = self._samples.get(scan)
            return samples[-1][1] if samples else None

    def speed(self, scan: ScanId) -> Speed | None:
        """Return how fast a scan's bytes move; None before two samples.

        A byte is done when it was copied and read back, so both count half.
        """
        with self._lock:
            samples = self._samples.get(scan)
            if not samples or len(samples) < 2:
                return None
            (start, first), (end, last) = samples[0], samples[-1]
        passed = end - start
        done = (last.copied_bytes - first.copied_bytes + last.verified_bytes - first.verified_bytes) / 2
        if passed <= 0 or done <= 0:
            return Speed(0.0, None)
        rate = done / passed
        left = last.total_bytes - (last.copied_bytes + last.verified_bytes) / 2
        return Speed(rate, left / rate)

    def total_rate(self) -> float | None:
        """Return the sum of all rates in bytes a second, None while nothing moves."""
        with self._lock:
            scans = tuple(self._samples)
        speeds = [speed.rate for scan in scans if (speed := self.speed(scan)) is not None]
        return sum(speeds) if speeds else None
