"""The AIM prefix of a hand scanner (`]C1`, `]d2` …), which says what symbology it read; and GS1 element strings.

AIM symbology identifiers: ISO/IEC 15424. Element strings and their lengths: GS1 General Specifications, section 7.8.5.
"""

import re
from dataclasses import dataclass

GROUP_SEPARATOR = "\x1d"
_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SYMBOLOGIES = {
    "A": "Code39",
    "C": "Code128",
    "E": "EAN13",
    "F": "Codabar",
    "G": "Code93",
    "I": "ITF",
    "L": "PDF417",
    "Q": "QRCode",
    "U": "MaxiCode",
    "d": "DataMatrix",
    "e": "DataBar",
    "z": "Aztec",
}
"""By the letter of the prefix, with zxing-cpp's names."""
_GS1_PREFIXES = ("]C1", "]d2", "]d5", "]Q3", "]Q4", "]e0")
_FIXED_LENGTHS = {"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 13}
_FIXED_LENGTHS |= {str(number): 6 for number in (*range(11, 20), *range(31, 37))}
"""How many characters follow an identifier, by its first two digits; all others end at a GS or at the end."""
_LONGER_IDENTIFIERS = {"23": 3, "24": 3, "25": 3, "39": 4, "40": 3, "41": 3, "42": 3, "43": 4, "70": 4, "71": 3}
_LONGER_IDENTIFIERS |= {"72": 4, "80": 4, "81": 4, "82": 4} | {str(number): 4 for number in range(31, 37)}
"""How many digits an identifier has, by its first two; all others have two."""


@dataclass(frozen=True, slots=True)
class AimText:
    """What a scanner sent, its prefix taken off; `symbology` is empty where it sent none or one we do not know."""

    symbology: str
    gs1: bool
    text: str


def split_aim(text: str) -> AimText:
    """Take the AIM prefix off."""
    prefix = _PREFIX.match(text)
    if prefix is None:
        return AimText("", False, text)
    return AimText(_SYMBOLOGIES.get(text[1], ""), prefix[0] in _GS1_PREFIXES, text[prefix.end() :])


def gs1_values(text: str) -> tuple[str, ...]:
    """Return the values of GS1 element strings without their identifiers; empty where the text is not of that form."""
    values, rest = [], text.strip(GROUP_SEPARATOR)
    while rest:
        start = _LONGER_IDENTIFIERS.get(rest[:2], 2)
        if not rest[:start].isascii() or not rest[:start].isdecimal() or len(rest) <= start:
            return ()
        length = _FIXED_LENGTHS.get(rest[:2])
        found = rest.find(GROUP_SEPARATOR)
        stop = start + length if length else found if found >= 0 else len(rest)
        value = rest[start:stop]
        if GROUP_SEPARATOR in value or (length and len(value) < length):
            return ()
        values.append(value)
        rest = rest[stop:].removeprefix(GROUP_SEPARATOR)
    return tuple(values)
