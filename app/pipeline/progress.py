"""How far each transfer is, now: told by worker threads, read by the window. Never journalled.

Only bytes that were read back and found equal count as done, for one scan and for the station.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.ports import Clock
from app.domain.scan import ScanId
from app.domain.transfer import TransferProgress

_WINDOW_SECONDS = 5.0
_PATIENCE = 3.0
"""A transfer has stalled when nothing came for so many of its usual pauses, and for longer than the window."""
_SUSTAINED_SECONDS = 60.0
_LEAST_BUSY_SECONDS = 1.0
_REMEMBERED_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Speed:
    """`rate` in verified bytes of the image a second, `seconds_left` until its last byte is verified, if known."""

    rate: float
    seconds_left: float | None


@dataclass(slots=True)
class _Track:
    """What one transfer told in the last seconds."""

    samples: deque[tuple[float, TransferProgress]] = field(default_factory=lambda: deque(maxlen=200))

    def put(self, now: float, progress: TransferProgress) -> int:
        """Take a sample; return how many bytes were verified since the one before, or since the beginning."""
        before = self.samples[-1][1].verified_bytes if self.samples else 0
        self.samples.append((now, progress))
        while len(self.samples) > 2 and now - self.samples[0][0] > _WINDOW_SECONDS:
            self.samples.popleft()
        return max(0, progress.verified_bytes - before)

    def speed(self, now: float) -> Speed | None:
        """Return how fast it goes; None before two samples, a rate of 0 once it has stalled."""
        if len(self.samples) < 2:
            return None
        (start, first), (end, last) = self.samples[0], self.samples[-1]
        passed = end - start
        if passed <= 0 or now - end > max(_WINDOW_SECONDS, _PATIENCE * passed / (len(self.samples) - 1)):
            return Speed(0.0, None)
        # Where reading back follows only after copying, the first half of the work verifies nothing yet.
        worked = last.copied_bytes - first.copied_bytes + last.verified_bytes - first.verified_bytes
        to_do = 2 * last.total_bytes - last.copied_bytes - last.verified_bytes
        left = to_do * passed / worked if worked > 0 else None
        return Speed(max(0, last.verified_bytes - first.verified_bytes) / passed, left)


class _Station:
    """What all transfers together bring while there are any: the clock of its rate stands still between two slides."""

    def __init__(self) -> None:
        self.verified_bytes = 0
        self._busy_seconds = 0.0
        self._at: float | None = None
        self._last_verified_at = float("-inf")
        self._samples: deque[tuple[float, int]] = deque([(0.0, 0)], maxlen=2000)

    def see(self, now: float, count: int, *, busy: bool) -> None:
        """Take in bytes just verified; `busy` tells whether a transfer went on since the last look."""
        if busy and self._at is not None:
            self._busy_seconds += now - self._at
        elif now - self._last_verified_at > _REMEMBERED_SECONDS:
            self._samples.clear()
            self._samples.append((self._busy_seconds, self.verified_bytes))
        self._at = now
        if not count:
            return
        self.verified_bytes += count
        self._last_verified_at = now
        self._samples.append((self._busy_seconds, self.verified_bytes))
        while len(self._samples) > 2 and self._busy_seconds - self._samples[0][0] > _SUSTAINED_SECONDS:
            self._samples.popleft()

    def rate(self, now: float, *, busy: bool) -> float | None:
        """Return the rate of the last minute of work, for a while also after it; None where none was measured."""
        if now - self._last_verified_at > _REMEMBERED_SECONDS:
            return None
        (start, first), (_, last) = self._samples[0], self._samples[-1]
        # A share that hangs makes the rate fall while it does.
        hanging = now - self._at if busy and self._at is not None else 0.0
        seconds = self._busy_seconds + hanging - start
        return (last - first) / seconds if seconds >= _LEAST_BUSY_SECONDS and last > first else None


class ProgressBoard:
    """The newest progress and note of each scan, with a rate over the last seconds, and the station's own rate."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tracks: dict[ScanId, _Track] = {}
        self._notes: dict[ScanId, str] = {}
        self._station = _Station()
        self.changed: Callable[[ScanId], None] = lambda _scan: None

    def begin(self, scan: ScanId, total_bytes: int) -> None:
        """Say that a scan's transfer begins; `end` says that it is over, well or not."""
        now = self._clock.monotonic()
        with self._lock:
            self._station.see(now, 0, busy=bool(self._tracks))
            self._tracks[scan] = _Track()
            self._tracks[scan].put(now, TransferProgress(0, 0, total_bytes))
        self.changed(scan)

    def put(self, scan: ScanId, progress: TransferProgress) -> None:
        """Take a transfer's progress, called from any thread; that of other readings of a scan is passed over."""
        now = self._clock.monotonic()
        with self._lock:
            if (track := self._tracks.get(scan)) is None:
                return
            self._station.see(now, track.put(now, progress), busy=True)
        self.changed(scan)

    def end(self, scan: ScanId) -> None:
        """Drop the progress of a transfer."""
        with self._lock:
            self._station.see(self._clock.monotonic(), 0, busy=bool(self._tracks))
            self._tracks.pop(scan, None)
        self.forget(scan)

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
        """Drop the note of a step that is over; a transfer that goes on beside it is left alone."""
        with self._lock:
            self._notes.pop(scan, None)
        self.changed(scan)

    def of(self, scan: ScanId) -> TransferProgress | None:
        """Return the newest progress of a scan whose bytes move."""
        with self._lock:
            track = self._tracks.get(scan)
            return track.samples[-1][1] if track else None

    def speed(self, scan: ScanId) -> Speed | None:
        """Return how fast a scan's bytes are verified; None before two samples."""
        now = self._clock.monotonic()
        with self._lock:
            track = self._tracks.get(scan)
            return track.speed(now) if track else None

    def total_rate(self) -> float | None:
        """Return the sum of all rates in verified bytes a second, None while nothing moves."""
        now = self._clock.monotonic()
        with self._lock:
            speeds = [speed.rate for track in self._tracks.values() if (speed := track.speed(now)) is not None]
        return sum(speeds) if speeds else None

    def sustained_rate(self) -> float | None:
        """Return what the station verified a second in its last minute of work; kept for a while between two slides."""
        now = self._clock.monotonic()
        with self._lock:
            return self._station.rate(now, busy=bool(self._tracks))

    def moving(self) -> int:
        """Return how many transfers go on."""
        with self._lock:
            return len(self._tracks)

    def verified_bytes(self) -> int:
        """Return how many bytes were verified since the program began."""
        with self._lock:
            return self._station.verified_bytes
