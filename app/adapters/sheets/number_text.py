"""Numbers of a workbook as a person sees them: the stored number and its number format make the text."""

import math
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

BUILTIN_FORMATS = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    **dict.fromkeys((14, *range(27, 32), 34, 35, 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((15, 16, 17), "d-mmm-yy"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 46, 47), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
}
"""The formats every workbook has without writing them down; all others are in its styles."""

_QUIET = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|$)')
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<width>.)|\*(?P<fill>.)|\[\$(?P<currency>[^\]\-]*)[^\]]*\]|\[(?P<note>[^\]]*)\]'
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<literal>[-+ $():!^&'~{}<>=€£¥])"
)
_DAY_ZERO_1900 = datetime(1899, 12, 30)
_DAY_ZERO_1904 = datetime(1904, 1, 1)
_LEAP_DAY_THAT_WAS_NOT = 60
_WHOLE_DIGITS = 1e15
_MOST_PLACES = 10


def number_text(raw: str, code: str, *, from_1904: bool) -> str:
    """Return the text of a stored number under a format code; dates become ISO 8601, `000000` keeps its zeros.

    A format this does not know shows the number plainly, as `General` does.
    """
    try:
        value = float(raw)
    except ValueError:
        return raw
    if not math.isfinite(value):
        return raw
    if is_date(code):
        return _date(value, code, _DAY_ZERO_1904 if from_1904 else _DAY_ZERO_1900) or _general(raw, value)
    shown = _rendered(value, code) if code not in {"", "General", "@"} else None
    return _general(raw, value) if shown is None else shown


def is_date(code: str) -> bool:
    """Say whether a format code shows a date or a time."""
    plain = _QUIET.sub("", code.split(";", maxsplit=1)[0]).replace("General", "")
    return bool(re.search(r"[dmyhs]", plain, re.IGNORECASE)) or bool(re.search(r"\[(h+|m+|s+)\]", code, re.IGNORECASE))


def _general(raw: str, value: float) -> str:
    if re.fullmatch(r"-?\d+", raw):
        return raw
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_DIGITS else f"{value:.15g}"


def _date(value: float, code: str, zero: datetime) -> str | None:
    if zero is _DAY_ZERO_1900 and value < _LEAP_DAY_THAT_WAS_NOT:
        zero += timedelta(days=1)
    try:
        moment = zero + timedelta(seconds=round(value * 86400))
    except OverflowError:
        return None
    has_day = re.search(r"[dy]", _QUIET.sub("", code), re.IGNORECASE)
    if not has_day and 0 <= value < 1:
        return moment.time().isoformat()
    midnight = not (moment.hour or moment.minute or moment.second)
    return moment.date().isoformat() if midnight else moment.isoformat()


def _rendered(value: float, code: str) -> str | None:
    sections = [found[1] for found in _SECTION.finditer(code) if found[0]]
    if not sections or abs(value) >= _WHOLE_DIGITS:
        return None
    chosen, sign = sections[0], "-" if value < 0 else ""
    if value < 0 and len(sections) > 1:
        chosen, sign = sections[1], ""
    elif value == 0 and len(sections) > 2:
        chosen = sections[2]
    tokens = _tokens(chosen)
    return None if tokens is None else _laid_out(tokens, value, sign)


def _tokens(section: str) -> list[tuple[str, str]] | None:
    """Split a section into kinds and texts; None when it holds something that is not laid out here (fractions, E+)."""
    tokens, position = [], 0
    while position < len(section):
        found = _TOKEN.match(section, position)
        if found is None or found.lastgroup is None:
            return None
        kind, text, position = found.lastgroup, found[found.lastgroup], found.end()
        if kind in {"quoted", "escaped", "currency", "literal"}:
            tokens.append(("text", text))
        elif kind == "width":
            tokens.append(("text", " "))
        elif kind not in {"fill", "note"}:
            tokens.append((kind, text))
    return tokens if any(kind == "digit" for kind, _ in tokens) else None


def _laid_out(tokens: list[tuple[str, str]], value: float, sign: str) -> str | None:
    kinds = [kind for kind, _ in tokens]
    point = kinds.index("point") if "point" in kinds else len(tokens)
    last_digit = max(index for index in range(len(tokens)) if kinds[index] == "digit")
    if "comma" in kinds[min(last_digit, point) :]:
        return None
    places = kinds[point:].count("digit")
    if places > _MOST_PLACES or kinds.count("percent") > 1:
        return None
    scale = 100 ** kinds.count("percent")
    exact = (Decimal(repr(abs(value))) * scale).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = f"{exact:f}".partition(".")
    front = _whole_part(tokens[:point], whole.lstrip("0"), grouped="comma" in kinds[:point])
    return (sign if exact else "") + front.strip() + _fraction_part(tokens[point:], fraction).rstrip()


def _whole_part(tokens: list[tuple[str, str]], digits: str, *, grouped: bool) -> str:
    shown: list[str] = []
    placed, left = 0, sum(kind == "digit" for kind, _ in tokens)
    for kind, text in reversed(tokens):
        if kind in {"text", "percent"}:
            shown.append(text)
        elif kind == "digit":
            left -= 1
            take = (digits[::-1] if not left else digits[-1:]) or ("0" if text == "0" else "")
            digits = digits[: -len(take)] if digits else ""
            for digit in take:
                if grouped and placed and placed % 3 == 0:
                    shown.append(",")
                shown.append(digit)
                placed += 1
    return "".join(reversed(shown))


def _fraction_part(tokens: list[tuple[str, str]], fraction: str) -> str:
    shown, position = "", 0
    for kind, text in tokens:
        if kind == "digit":
            rest_is_zero = not fraction[position:].strip("0")
            shown += "" if text != "0" and rest_is_zero else fraction[position]
            position += 1
        elif kind != "comma":
            shown += text
    return shown
