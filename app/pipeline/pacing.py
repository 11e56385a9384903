"""What a transfer asks before each chunk: the bandwidth all copies share, and the rests a good guest takes."""

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 10.0
"""Over any so many seconds no more than the limit is let through, however large the chunks."""
SLICE_SECONDS = 0.1
"""Nobody sleeps longer without looking whether to stop."""
REST_PER_WORK = 1.0
"""How long a braked copy rests for each second of its work; see docs/decisions/0007."""
LONGEST_REST_SECONDS = 2.0

Time = Callable[[], float]
Sleep = Callable[[float], None]
Stopped = Callable[[], bool]


class Bandwidth:
    """Lets all copies of a station together have so many bytes a second, in the order in which they ask.

    Safe to use from any thread. Bytes are let through when their time is over, so the limit is never run ahead of;
    time in which nobody copied is not saved up.
    """

    def __init__(self, bytes_per_second: float, monotonic: Time, sleep: Sleep = time.sleep) -> None:
        self._rate = bytes_per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._taken: deque[tuple[float, int]] = deque()
        self._in_window = 0
        self._paid_until = 0.0

    def take(self, size_bytes: int, stopped: Stopped) -> None:
        """Return when these bytes may move, at once where there is no limit or the transfer is to stop."""
        if self._rate <= 0:
            return
        moment = self._reserve(size_bytes)
        nap(moment - self._monotonic(), stopped, self._monotonic, self._sleep)

    def _reserve(self, size_bytes: int) -> float:
        """Return the moment from which these bytes may move, and keep it from the others."""
        with self._lock:
            moment = max(self._paid_until, self._monotonic()) + size_bytes / self._rate
            most = self._rate * WINDOW_SECONDS
            while self._taken and (self._taken[0][0] <= moment - WINDOW_SECONDS or self._in_window + size_bytes > most):
                earlier, count = self._taken.popleft()
                self._in_window -= count
                moment = max(moment, earlier + WINDOW_SECONDS)
            self._taken.append((moment, size_bytes))
            self._in_window += size_bytes
            self._paid_until = moment
            return moment


class Brake:
    """While it is on, every copy rests between its chunks, so that another program's requests find the disk free."""

    def __init__(self, monotonic: Time, sleep: Sleep = time.sleep) -> None:
        self.on = False
        self._monotonic = monotonic
        self._sleep = sleep

    def now(self) -> float:
        """Return the clock's seconds."""
        return self._monotonic()

    def rest(self, worked_seconds: float, stopped: Stopped) -> None:
        """Rest in proportion to the work; not at all while the brake is off."""
        if self.on:
            seconds = min(LONGEST_REST_SECONDS, worked_seconds * REST_PER_WORK)
            nap(seconds, lambda: stopped() or not self.on, self._monotonic, self._sleep)


class Pacing:
    """How fast the copies of a station may go; one for all of them."""

    def __init__(self, bandwidth: Bandwidth, brake: Brake) -> None:
        self.bandwidth = bandwidth
        self.brake = brake

    def of(self, stopped: Stopped) -> Callable[[int], None]:
        """Return what one transfer is to call with the bytes of each chunk before it reads them.

        Each of its threads rests for what it has worked itself since it called before.
        """
        thread = threading.local()

        def pace(size_bytes: int) -> None:
            now = self.brake.now()
            self.brake.rest(now - getattr(thread, "woke", now), stopped)
            self.bandwidth.take(size_bytes, stopped)
            thread.woke = self.brake.now()

        return pace

    def is_braked(self) -> bool:
        """Whether copies are to leave the disks alone while they rest."""
        return self.brake.on


def make_pacing(bandwidth_mb: float, monotonic: Time = time.monotonic, sleep: Sleep = time.sleep) -> Pacing:
    """Return the pacing for `[pipeline] bandwidth_mb`, in MB (10**6 bytes) a second; 0: no limit."""
    return Pacing(Bandwidth(bandwidth_mb * 1e6, monotonic, sleep), Brake(monotonic, sleep))


def nap(seconds: float, stopped: Stopped, monotonic: Time, sleep: Sleep) -> None:
    """Sleep in short slices; return early once `stopped` says so."""
    end = monotonic() + seconds
    while not stopped() and (left := end - monotonic()) > 0:
        sleep(min(left, SLICE_SECONDS))
