"""When something that is away is tried again: after a longer pause each time, and not before it wants to be asked."""

import random

from app.domain.errors import AwayError, SlideferryError
from app.domain.ports import Clock

_FIRST_SECONDS = 2.0
_JITTER = 0.25
"""Pauses vary by this share, so that stations that share a sheet do not come back together."""


class Pauses:
    """The pauses after failures in a row, `longest` seconds at most unless it asked for more."""

    def __init__(self, clock: Clock, longest: float) -> None:
        self._clock = clock
        self._longest = longest
        self._chance = random.Random()  # noqa: S311 - spreads retries in time, guards nothing
        self._over_at: float | None = None
        self.failures = 0

    @property
    def seconds_left(self) -> float | None:
        """How long the pause still is, 0 once it is over, None where nothing failed."""
        return None if self._over_at is None else max(0.0, self._over_at - self._clock.monotonic())

    def failed(self, error: SlideferryError | None) -> float:
        """Begin the pause after a failure; return its seconds."""
        self.failures += 1
        grown = min(self._longest, _FIRST_SECONDS * 2 ** min(self.failures - 1, 16))
        spread: float = grown * (1.0 + self._chance.uniform(-_JITTER, _JITTER))
        return self.rest(max(spread, error.wait_seconds) if isinstance(error, AwayError) else spread)

    def rest(self, seconds: float) -> float:
        """Begin a pause of so many seconds, and return them."""
        self._over_at = self._clock.monotonic() + seconds
        return seconds

    def clear(self) -> None:
        """End the pause: all is well, or somebody wants it tried now. The next one is short again."""
        self.failures = 0
        self._over_at = None
