"""What a hand scanner's typing means: which barcode of the lab it is, also with Caps Lock on or inside GS1 contents."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from app.domain.aim import GROUP_SEPARATOR, gs1_values, split_aim
from app.domain.barcode import clean, matches

DEAD_KEY = "\u25cc"
"""Stands for a character that the PC's keyboard layout keeps back as an accent for the next one."""


class CapsLock(Enum):
    """What is known of the Caps Lock key while a code was typed."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Sound(Enum):
    """How a scan is answered for the ear."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HandScan:
    """A code as the hand scanner typed it, with AIM prefix and GS, the keyboard's layout already put right."""

    text: str
    caps_lock: CapsLock = CapsLock.UNKNOWN


@dataclass(frozen=True, slots=True)
class HandReading:
    """Which barcode a scan is. More than one candidate is a question for a person, none is no barcode of this lab.

    `symbology` as zxing-cpp names it, empty where the scanner does not say. `case_swapped`: small and capital letters
    were swapped to make a barcode of it.
    """

    candidates: tuple[str, ...]
    symbology: str = ""
    case_swapped: bool = False


def read_hand_scan(
    scan: HandScan, pattern: str, known: Callable[[str], bool], *, correct_case: bool = True
) -> HandReading:
    """Return which barcode a scan is. `known` says whether the sheet or the run has a barcode.

    The text as it came counts. With its letters' case swapped it counts where only that is of the lab's pattern, or
    only that is known; where both are known, or Caps Lock is on and neither is, a person has to say. While Caps Lock
    is known to be off nothing is swapped.
    """
    plain = _read(scan.text, pattern, known)
    if not correct_case or scan.caps_lock is CapsLock.OFF or scan.text.swapcase() == scan.text:
        return plain
    other = _read(scan.text.swapcase(), pattern, known)
    swapped = HandReading(other.candidates, other.symbology, case_swapped=True)
    if not plain.candidates or not swapped.candidates:
        return swapped if swapped.candidates else plain
    as_typed, as_swapped = (any(map(known, each.candidates)) for each in (plain, swapped))
    if as_typed == as_swapped and (as_typed or scan.caps_lock is CapsLock.ON):
        both = tuple(dict.fromkeys((*plain.candidates, *swapped.candidates)))
        return HandReading(both, plain.symbology or swapped.symbology)
    return swapped if as_swapped and not as_typed else plain


def _read(text: str, pattern: str, known: Callable[[str], bool]) -> HandReading:
    sent = split_aim(text)
    whole = clean(sent.text)
    fitting = [whole] if whole and matches(pattern, whole) else []
    if sent.gs1 or GROUP_SEPARATOR in sent.text:
        pieces = (*sent.text.split(GROUP_SEPARATOR), *gs1_values(sent.text))
        parts = dict.fromkeys(part for each in pieces if (part := clean(each)) and matches(pattern, part))
        found = [each for each in dict.fromkeys((*fitting, *parts)) if known(each)]
        # Without a pattern any part would do: only one that is known may take the whole's place.
        fitting = found or fitting or list(parts)
    return HandReading(tuple(fitting), sent.symbology)
