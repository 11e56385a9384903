"""Tells a hand scanner's typing from a person's: by speed, length, prefix and the closing key. Knows no Qt."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from app.domain.barcode import clean
from app.domain.calibration import SHORTEST
from app.domain.settings import HandScannerSettings

_SURE_FROM = 3
_JUDGED_FROM = 6


class EndKey(Enum):
    """What came behind the characters."""

    ENTER = "enter"
    TAB = "tab"
    SILENCE = "none"


_KEYS_OF_SUFFIX = {
    "enter_or_tab": frozenset({EndKey.ENTER, EndKey.TAB}),
    "enter": frozenset({EndKey.ENTER}),
    "tab": frozenset({EndKey.TAB}),
    # A scanner said to send nothing may be set otherwise tomorrow: its Enter must not press a button then.
    "none": frozenset(EndKey),
}


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """What the hand scanner of this station does.

    `gap_seconds` is the usual time between two of its characters (the median counts); a person's are above 60 ms.
    One character may hang behind: `first_seconds` while it may still be a person, who must not notice the wait, and
    `stall_seconds` once three came faster than anybody types; a busy computer delays keys by that much.
    `prefix` is what it is set to send first, if anything, `ends` what may close a code. `repeat_seconds`: the same code
    within it is no new scan. `translate` are pairs of what arrives and what it means.
    """

    gap_seconds: float = 0.02
    first_seconds: float = 0.04
    stall_seconds: float = 0.15
    least_length: int = 4
    prefix: str = ""
    ends: frozenset[EndKey] = _KEYS_OF_SUFFIX["enter_or_tab"]
    repeat_seconds: float = 2.0
    translate: tuple[str, ...] = ()

    @classmethod
    def of(cls, chosen: HandScannerSettings) -> "WedgeSettings":
        """Return what the settings file says."""
        gap_seconds = chosen.gap_ms / 1000
        return cls(
            gap_seconds=gap_seconds,
            first_seconds=max(cls().first_seconds, 1.5 * gap_seconds),
            least_length=chosen.least_length,
            prefix=chosen.prefix,
            ends=_KEYS_OF_SUFFIX[chosen.suffix],
            repeat_seconds=chosen.repeat_seconds,
            translate=chosen.translate,
        )


CALIBRATING = WedgeSettings(
    gap_seconds=0.06,
    first_seconds=0.15,
    stall_seconds=0.3,
    least_length=SHORTEST // 2,
    ends=frozenset(EndKey),
    repeat_seconds=0.0,
)
"""Takes whatever a scanner may be set to; only while nobody types: a person's keys would come late."""


class EndKind(Enum):
    """What an Enter or Tab, or the silence, meant."""

    TYPED = "typed"
    """A person pressed it: whatever was held back belongs to the field with the focus."""
    SCAN = "scan"
    REPEAT = "repeat"
    """The scanner sent the same code again: swallowed, but not counted."""
    ECHO = "echo"
    """The second of two closing keys (carriage return and line feed): swallowed."""


@dataclass(frozen=True, slots=True)
class End:
    """The answer to Enter, Tab or silence.

    Where it was a scan: `code` as people write it, `text` with AIM prefix and GS, both in the layout of the code; and
    the usual gap between its characters.
    """

    kind: EndKind
    code: str = ""
    text: str = ""
    gap_seconds: float = 0.0


class WedgeBuffer:
    """Collects characters with their times in seconds (any steady clock) and decides at the closing key."""

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self.settings = settings or WedgeSettings()
        self._table = str.maketrans({pair[0]: pair[1] for pair in self.settings.translate})
        self._text = ""
        self._times: list[float] = []
        self._last_code = ""
        self._last_code_at = float("-inf")
        self._ended_at = float("-inf")

    @property
    def held(self) -> str:
        """The characters that may still turn out to be a scan."""
        return self._text

    @property
    def sure(self) -> bool:
        """Whether so many characters came so quickly that nobody types like that."""
        return len(self._text) >= _SURE_FROM

    @property
    def patience_seconds(self) -> float:
        """How long to wait for the next character before what is held goes to the field."""
        return self.settings.stall_seconds if self.sure else self.settings.first_seconds

    def take(self, character: str, at: float) -> bool:
        """Hold one character; returns False where those before it were a person's: release them, then ask again."""
        if self._text and (not self._near(at) or self._by_hand()):
            return False
        self._text += character
        self._times.append(at)
        return True

    def go_on_with(self, characters: str) -> None:
        """Hold characters that came without a time, at once after those held."""
        self._text += characters
        self._times += [self._times[-1]] * len(characters)

    def drop(self) -> None:
        """Forget what was held: it was given to the field, or the focus went elsewhere."""
        self._text = ""
        self._times = []

    def end(self, at: float, key: EndKey = EndKey.ENTER) -> End:
        """Decide at Enter or Tab; nothing is held afterwards."""
        if not self._text and 0.0 <= at - self._ended_at <= self.settings.stall_seconds:
            return End(EndKind.ECHO)
        return self._decided(at, key, scanned=self._near(at))

    def fall_silent(self) -> End:
        """Decide when nothing came for as long as one has patience; nothing is held afterwards."""
        return self._decided(self._times[-1] if self._times else 0.0, EndKey.SILENCE, scanned=True)

    def _decided(self, at: float, key: EndKey, *, scanned: bool) -> End:
        text, gap_seconds = self._text.translate(self._table), self._median_gap()
        self.drop()
        prefix = self.settings.prefix
        quick = scanned and gap_seconds <= self.settings.gap_seconds and key in self.settings.ends
        if not quick or not text.startswith(prefix):
            return End(EndKind.TYPED)
        text = text[len(prefix) :]
        code = clean(text)
        if len(code) < self.settings.least_length:
            return End(EndKind.TYPED)
        again = code == self._last_code and at - self._last_code_at <= self.settings.repeat_seconds
        self._last_code, self._last_code_at = code, at
        self._ended_at = at
        return End(EndKind.REPEAT if again else EndKind.SCAN, code, text, gap_seconds)

    def _near(self, at: float) -> bool:
        return bool(self._times) and 0.0 <= at - self._times[-1] <= self.patience_seconds

    def _by_hand(self) -> bool:
        """Return whether so many characters came so slowly that it is a quick typist."""
        return len(self._times) >= _JUDGED_FROM and self._median_gap() > self.settings.gap_seconds

    def _median_gap(self) -> float:
        gaps = sorted(later - earlier for earlier, later in pairwise(self._times))
        return gaps[(len(gaps) - 1) // 2] if gaps else 0.0
