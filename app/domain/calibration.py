"""What four printed codes tell of a hand scanner: its speed, prefix and suffix, and what the keyboard layout breaks."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase, digits

from app.domain.aim import split_aim
from app.domain.errors import UseError
from app.domain.hand_scan import DEAD_KEY
from app.domain.settings import HandScannerSettings

MARKS = ("FERB", "FERC", "FERD", "FERK")
"""Each code's beginning, of letters that stand at the same place on English, German, French and Nordic keyboards."""
_PLAIN_SIGNS = "-_./:;,*#!$%&()<>?@\\|"
_DEAD_SIGNS = "=+`[{'\"]}~^"
"""Where one of these lies on an accent of some layout, it is kept back and lost or merged with the next character."""
_AFTER_DEAD = "o"
"""Takes every accent, which then shows."""
CODES = (
    MARKS[0] + ascii_uppercase,
    MARKS[1] + ascii_lowercase[:13] + " " + ascii_lowercase[13:],
    MARKS[2] + digits + _PLAIN_SIGNS,
    MARKS[3] + "".join(sign + _AFTER_DEAD for sign in _DEAD_SIGNS),
)
"""Together they hold every character of a plain keyboard; no two are equally long."""
PRINTED = "".join(sorted({character for code in CODES for character in code}))
SHORTEST = min(map(len, CODES))
_LONGEST_LEAD = 12
_LEAST_GAP_MS, _MOST_GAP_MS = 10.0, 40.0
_ROOM = 3.0
"""A scanner on a busy PC is slower than in its test: so many times the gap measured is allowed, within the bounds."""
_TOO_SLOW_MS = 32.0


@dataclass(frozen=True, slots=True)
class TestScan:
    """One code as it arrived: what was typed, the usual gap between two characters, and the suffix behind it."""

    __test__ = False

    text: str
    gap_ms: float
    suffix: str
    """As `[wedge] suffix` names it: enter, tab or none."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Which of the codes a test scan was. `lead` came before it; `swapped` says that letters came with Caps Lock."""

    number: int
    lead: str
    body: str
    swapped: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the scans of all codes tell.

    `same` are the characters that arrive as printed, `mapped` pairs of what arrives and what was printed that can be
    turned back, `broken` the characters that are lost or cannot be told apart, in the order of `PRINTED`.
    """

    same: str
    mapped: tuple[str, ...]
    broken: str
    prefix: str
    suffix: str
    slowest_gap_ms: float
    gap_ms: float

    @property
    def too_slow(self) -> bool:
        """Whether the scanner types so slowly that a quick person could be taken for it."""
        return self.slowest_gap_ms > _TOO_SLOW_MS

    def settings(self, before: HandScannerSettings) -> HandScannerSettings:
        """Return the settings with what was learned."""
        return replace(before, gap_ms=self.gap_ms, prefix=self.prefix, suffix=self.suffix, translate=self.mapped)


def recognise(text: str) -> Recognised | None:
    """Say which of the codes this is, None for any other.

    The mark tells, behind at most a dozen characters of prefix. On layouts where not even its letters survive (Greek,
    Russian) the length does, if different characters came out different and the same ones the same.
    """
    folded = text.casefold()
    for number, mark in enumerate(MARKS):
        place = folded.find(mark.casefold())
        if 0 <= place <= _LONGEST_LEAD:
            swapped = text[place : place + len(mark)] == mark.swapcase()
            return Recognised(number, text[:place], text[place:], swapped)
    for number, code in enumerate(CODES):
        if len(text) == len(code) and len(set(zip(code, text, strict=True))) == len(set(text)) == len(set(code)):
            return Recognised(number, "", text, swapped=False)
    return None


def calibrate(scans: Sequence[TestScan]) -> Calibration:
    """Return what the scans of all codes, in any order, tell together.

    Raises UseError where one is missing, came with Caps Lock on, or they contradict one another.
    """
    found = {code.number: code for scan in scans if (code := recognise(scan.text)) is not None}
    if len(found) < len(CODES):
        raise UseError("Not all codes were scanned", f"{len(found)} of {len(CODES)} arrived", "Scan each of them once")
    if any(code.swapped for code in found.values()):
        raise UseError("Caps Lock is on", "Small and capital letters arrive swapped", "Switch it off and start again")
    arrived = _merged([_arrivals(code) for code in found.values()])
    slowest = max(scan.gap_ms for scan in scans)
    same, mapped, broken = _judged(arrived)
    return Calibration(
        same=same,
        mapped=mapped,
        broken=broken,
        prefix=_prefix(list(found.values()), mapped),
        suffix=_suffix([scan.suffix for scan in scans]),
        slowest_gap_ms=slowest,
        gap_ms=min(max(round(_ROOM * slowest, 1), _LEAST_GAP_MS), _MOST_GAP_MS),
    )


def _arrivals(code: Recognised) -> dict[str, str]:
    """Return each printed character of a code with what arrived for it; an empty text where it is lost."""
    printed, mark = CODES[code.number], len(MARKS[code.number])
    arrived = dict(zip(printed[:mark], code.body[:mark], strict=True))
    if code.number == len(CODES) - 1 and printed[:mark] == code.body[:mark]:
        return arrived | _after_accents(code.body[mark:])
    if len(code.body) == len(printed):
        return arrived | dict(zip(printed[mark:], code.body[mark:], strict=True))
    # Something was lost or doubled and nobody knows where: only what certainly came unharmed counts.
    head = _common(printed, code.body)
    tail = _common(printed[::-1], code.body[::-1])
    survived = printed[:head] + (printed[-tail:] if tail else "")
    return {each: each if each in survived else "" for each in printed}


def _after_accents(body: str) -> dict[str, str]:
    """Return what arrived for the signs that may be accents: each was followed by an `o`, which shows the accent."""
    tokens, sign = list[str](), ""
    for character in body:
        base = unicodedata.normalize("NFD", character)
        if base[0] == _AFTER_DEAD:
            tokens.append(sign if len(base) == 1 and DEAD_KEY not in sign else "")
            sign = ""
        else:
            sign += character
    if len(tokens) != len(_DEAD_SIGNS) or sign:
        return dict.fromkeys(_DEAD_SIGNS, "")
    return {printed: token if len(token) == 1 else "" for printed, token in zip(_DEAD_SIGNS, tokens, strict=True)}


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    for place, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return place
    return min(len(one), len(other))


def _merged(codes: Sequence[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for code in codes:
        for printed, arrived in code.items():
            if merged.setdefault(printed, arrived) != arrived:
                raise UseError(
                    "The scans contradict one another",
                    f"{printed} arrived once as {merged[printed] or 'nothing'} and once as {arrived or 'nothing'}",
                    "Leave keyboard and layout alone meanwhile, and start again",
                )
    return merged


def _judged(arrived: Mapping[str, str]) -> tuple[str, tuple[str, ...], str]:
    """Return what comes as it is, what can be turned back, and what cannot."""
    times = list(arrived.values())
    same, mapped, broken = "", list[str](), ""
    for printed in PRINTED:
        came = arrived[printed]
        if not came or came == DEAD_KEY or times.count(came) > 1:
            broken += printed
        elif came == printed:
            same += printed
        else:
            mapped.append(came + printed)
    return same, tuple(mapped), broken


def _prefix(codes: Sequence[Recognised], mapped: Sequence[str]) -> str:
    """Return what the scanner types before every code; an AIM prefix is read off anyway and does not count."""
    table = str.maketrans({pair[0]: pair[1] for pair in mapped})
    leads = {split_aim(code.lead.translate(table)).text for code in codes}
    return leads.pop() if len(leads) == 1 else ""


def _suffix(suffixes: Sequence[str]) -> str:
    """Return the setting for what came behind the codes."""
    found = set(suffixes)
    if "none" in found:
        return "none"
    return found.pop() if len(found) == 1 else "enter_or_tab"
