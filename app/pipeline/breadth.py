"""How many slides are copied side by side: learned from what all of them together bring."""

from dataclasses import dataclass

HOLD_SECONDS = 10.0
"""A level is judged once that much busy time was measured at it."""
WORTH = 1.10
"""One more copy at once is worth its place only where all together become so much faster."""
FRESH_SECONDS = 300.0
"""A rate measured longer ago says nothing any more: disks, shares and their other users change."""
FIRST_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """What is seen at one moment: all bytes verified so far, how many copies run, whether others wait for a place."""

    at: float
    verified_bytes: int
    running: int
    waiting: bool


class Breadth:
    """Climbs and steps down by one, never above `most`; times are monotonic seconds, rates bytes a second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.level = min(FIRST_LEVEL, most)
        self._known: dict[int, tuple[float, float]] = {}
        self._last: Sample | None = None
        self._busy_seconds = 0.0
        self._bytes = 0

    def see(self, sample: Sample) -> int:
        """Take a look into account, and return how many copies may run now."""
        last, self._last = self._last, sample
        # Only time in which the level was full throughout tells what the level brings.
        if last is None or not last.running == sample.running == self.level:
            return self.level
        self._busy_seconds += sample.at - last.at
        self._bytes += max(0, sample.verified_bytes - last.verified_bytes)
        if self._busy_seconds >= HOLD_SECONDS:
            self._known[self.level] = (sample.at, self._bytes / self._busy_seconds)
            self._go_to(self._better(sample))
        return self.level

    def pause(self) -> None:
        """Forget what is being measured: the copies are held back for another reason."""
        self._last = None
        self._go_to(self.level)

    def rate(self, level: int, now: float) -> float | None:
        """Return what a level brought when it was last measured, None where that is unknown or too long ago."""
        at, rate = self._known.get(level, (float("-inf"), 0.0))
        return rate if now - at <= FRESH_SECONDS else None

    def _better(self, sample: Sample) -> int:
        """Return the level to go on with: each is worth it only if it brings more than the one below."""
        here = self._known[self.level][1]
        below, above = self.rate(self.level - 1, sample.at), self.rate(self.level + 1, sample.at)
        if below is not None and here < below * WORTH:
            return self.level - 1
        if self.level < self.most and sample.waiting and (above is None or above >= here * WORTH):
            return self.level + 1
        looks_below = self.level > 1 and below is None and sample.waiting
        return self.level - 1 if looks_below else self.level

    def _go_to(self, level: int) -> None:
        self.level = level
        self._busy_seconds = 0.0
        self._bytes = 0
