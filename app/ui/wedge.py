"""Tells a hand scanner's typing from a person's: by speed, length, prefix and the closing key. Knows no Qt."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from app.domain.barcode import clean

_SURE_FROM = 3
_JUDGED_FROM = 6


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """What the hand scanner of this station does.

    `gap_seconds` is the usual time between two of its characters (the median counts); a person's are above 60 ms.
    One character may hang behind: `first_seconds` while it may still be a person, who must not notice the wait, and
    `stall_seconds` once three came faster than anybody types; a busy computer delays keys by that much.
    `prefix` is what it is set to send first, if anything. `repeat_seconds`: the same code within it is no new scan.
    """

    gap_seconds: float = 0.02
    first_seconds: float = 0.04
    stall_seconds: float = 0.15
    least_length: int = 4
    prefix: str = ""
    repeat_seconds: float = 2.0


class EndKind(Enum):
    """What an Enter or Tab meant."""

    TYPED = "typed"
    """A person pressed it: whatever was held back belongs to the field with the focus."""
    SCAN = "scan"
    REPEAT = "repeat"
    """The scanner sent the same code again: swallowed, but not counted."""


@dataclass(frozen=True, slots=True)
class End:
    """The answer to Enter or Tab, with the code where it was a scan."""

    kind: EndKind
    code: str = ""


class WedgeBuffer:
    """Collects characters with their times in seconds (any steady clock) and decides at the closing key."""

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self.settings = settings or WedgeSettings()
        self._text = ""
        self._times: list[float] = []
        self._last_code = ""
        self._last_code_at = float("-inf")

    @property
    def held(self) -> str:
        """The characters that may still turn out to be a scan."""
        return self._text

    @property
    def patience_seconds(self) -> float:
        """How long to wait for the next character before what is held goes to the field."""
        return self.settings.stall_seconds if len(self._text) >= _SURE_FROM else self.settings.first_seconds

    def take(self, character: str, at: float) -> bool:
        """Hold one character; returns False where those before it were a person's: release them, then ask again."""
        if self._text and (not self._near(at) or self._by_hand()):
            return False
        self._text += character
        self._times.append(at)
        return True

    def drop(self) -> None:
        """Forget what was held: it was given to the field, or the focus went elsewhere."""
        self._text = ""
        self._times = []

    def end(self, at: float) -> End:
        """Decide at Enter or Tab; nothing is held afterwards."""
        text, scanned = self._text, self._near(at) and self._median_gap() <= self.settings.gap_seconds
        self.drop()
        prefix = self.settings.prefix
        if not scanned or not text.startswith(prefix):
            return End(EndKind.TYPED)
        code = clean(text[len(prefix) :])
        if len(code) < self.settings.least_length:
            return End(EndKind.TYPED)
        again = code == self._last_code and at - self._last_code_at <= self.settings.repeat_seconds
        self._last_code, self._last_code_at = code, at
        return End(EndKind.REPEAT if again else EndKind.SCAN, code)

    def _near(self, at: float) -> bool:
        return bool(self._times) and 0.0 <= at - self._times[-1] <= self.patience_seconds

    def _by_hand(self) -> bool:
        """Return whether so many characters came so slowly that it is a quick typist."""
        return len(self._times) >= _JUDGED_FROM and self._median_gap() > self.settings.gap_seconds

    def _median_gap(self) -> float:
        gaps = sorted(later - earlier for earlier, later in pairwise(self._times))
        return gaps[(len(gaps) - 1) // 2] if gaps else 0.0
