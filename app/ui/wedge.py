"""Tells a hand scanner's typing from a person's: by speed, length, prefix and the closing key. Knows no Qt."""

from dataclasses import dataclass
from enum import Enum

from app.domain.barcode import clean


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """What the hand scanner of this station does.

    `gap_seconds` is the longest time between two of its characters; a person's fastest keys are about 60 ms apart.
    `prefix` is what it is set to send first, if anything. `repeat_seconds`: the same code again within it is no new scan.
    """

    gap_seconds: float = 0.02
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
        self._last_at = 0.0
        self._last_code = ""
        self._last_code_at = float("-inf")

    @property
    def held(self) -> str:
        """The characters that may still turn out to be a scan."""
        return self._text

    def take(self, character: str, at: float) -> bool:
        """Hold one character. Returns False where it came too late to belong to those before: release them first."""
        together = not self._text or self._near(at)
        self._text = self._text + character if together else character
        self._last_at = at
        return together

    def drop(self) -> None:
        """Forget what was held: it was given to the field, or the focus went elsewhere."""
        self._text = ""

    def end(self, at: float) -> End:
        """Decide at Enter or Tab; nothing is held afterwards."""
        text, near = self._text, self._near(at)
        self._text = ""
        prefix = self.settings.prefix
        if not near or not text.startswith(prefix):
            return End(EndKind.TYPED)
        code = clean(text[len(prefix) :])
        if len(code) < self.settings.least_length:
            return End(EndKind.TYPED)
        again = code == self._last_code and at - self._last_code_at <= self.settings.repeat_seconds
        self._last_code, self._last_code_at = code, at
        return End(EndKind.REPEAT if again else EndKind.SCAN, code)

    def _near(self, at: float) -> bool:
        return 0.0 <= at - self._last_at <= self.settings.gap_seconds
