"""A cell: what was entered, what else hangs on it, and how Google reads what a person types."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

Scalar = str | int | float | bool

EPOCH = datetime(1899, 12, 30)
ERRORS = ("#DIV/0!", "#ERROR!", "#N/A", "#NAME?", "#NUM!", "#REF!", "#VALUE!")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `value` is a formula's text if `is_formula`; formats and rules are Google's messages as they come."""

    value: Scalar | None = None
    is_formula: bool = False
    note: str = ""
    format: Mapping[str, Any] = field(default_factory=dict)
    validation: Mapping[str, Any] | None = None

    @property
    def is_bare(self) -> bool:
        """Whether nothing at all hangs on it."""
        return self.value is None and not self.note and not self.format and self.validation is None

    @property
    def pattern(self) -> str:
        """The number format, or an empty text for the automatic one."""
        return str(self.format.get("numberFormat", {}).get("pattern", ""))

    @property
    def is_date(self) -> bool:
        return self.format.get("numberFormat", {}).get("type") in ("DATE", "TIME", "DATE_TIME")

    def holding(self, value: Scalar | None) -> "Cell":
        """Return the cell with a value as it is (RAW); an empty text empties it."""
        return replace(self, value=None if value == "" else value, is_formula=False)

    def typed(self, value: Scalar) -> "Cell":
        """Return the cell after somebody typed a value into it (USER_ENTERED)."""
        if not isinstance(value, str):
            return self.holding(value)
        if value.startswith("=") and len(value) > 1:
            return replace(self, value=value, is_formula=True)
        if value.startswith("'"):
            return self.holding(value[1:])
        if value.strip().upper() in ("TRUE", "FALSE"):
            return self.holding(value.strip().upper() == "TRUE")
        if self.format.get("numberFormat", {}).get("type") == "TEXT":
            return self.holding(value)
        return self._number(value) or self.holding(value)

    def _number(self, text: str) -> "Cell | None":
        found = _as_number(text.strip()) or _as_date(text.strip())
        if found is None:
            return None
        number, kind, pattern = found
        if not kind or self.pattern:
            return self.holding(number)
        return replace(self.holding(number), format={**self.format, "numberFormat": {"type": kind, "pattern": pattern}})


def _tidy(number: float) -> int | float:
    return int(number) if number == int(number) and abs(number) < 1e15 else number


_NUMBER = re.compile(r"([+-]?)(\$?)([+-]?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?)([eE][+-]?[0-9]+)?(%?)")


def _as_number(text: str) -> tuple[int | float, str, str] | None:
    """Return number, kind and pattern of a typed number, amount or percentage."""
    match = _NUMBER.fullmatch(text)
    if match is None or not any(letter.isdigit() for letter in match[4]):
        return None
    number = float(match[4].replace(",", "") + (match[5] or ""))
    if math.isinf(number):
        return None
    if "-" in (match[1], match[3]):
        number = -number
    decimals = ".00" if "." in match[4] else ""
    if match[6]:
        return _tidy(number / 100), "PERCENT", f"0{decimals}%"
    if match[2]:
        return _tidy(number), "CURRENCY", f'"$"#,##0{decimals}'
    if "," in match[4]:
        return _tidy(number), "NUMBER", f"#,##0{decimals}"
    if match[5]:
        return _tidy(number), "SCIENTIFIC", "0.00E+00"
    return _tidy(number), "", ""


_DATES = (
    ("%Y-%m-%d", "DATE", "yyyy-mm-dd"),
    ("%m/%d/%Y", "DATE", "m/d/yyyy"),
    ("%H:%M", "TIME", "h:mm"),
    ("%H:%M:%S", "TIME", "h:mm:ss"),
    ("%Y-%m-%d %H:%M", "DATE_TIME", "yyyy-mm-dd h:mm"),
    ("%Y-%m-%d %H:%M:%S", "DATE_TIME", "yyyy-mm-dd h:mm:ss"),
    ("%m/%d/%Y %H:%M:%S", "DATE_TIME", "m/d/yyyy h:mm:ss"),
)


def _as_date(text: str) -> tuple[int | float, str, str] | None:
    """Return serial number, kind and pattern of a typed date or time (locale en_US)."""
    for form, kind, pattern in _DATES:
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return (_tidy(serial_of(moment) % 1 if kind == "TIME" else serial_of(moment))), kind, pattern
    return None


def serial_of(moment: datetime | date) -> float:
    """Return the days since 1899-12-30."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return (moment - EPOCH) / timedelta(days=1)


def shown(value: Scalar | None, cell: Cell) -> str:
    """Return what a person sees of a value in a cell with this format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if cell.is_date:
        return _date_text(value, cell.pattern)
    return _number_text(value, cell.pattern)


def _date_text(serial: float, pattern: str) -> str:
    moment = EPOCH + timedelta(seconds=round(serial * 86400))
    parts = {
        "yyyy": f"{moment.year:04}",
        "yy": f"{moment.year % 100:02}",
        "MMMM": moment.strftime("%B"),
        "mmm": moment.strftime("%b"),
        "dd": f"{moment.day:02}",
        "d": f"{moment.day}",
        "hh": f"{moment.hour:02}",
        "h": f"{moment.hour}",
        "ss": f"{moment.second:02}",
        ":mm": f":{moment.minute:02}",
        "mm": f"{moment.month:02}",
        "m": f"{moment.month}",
    }
    token = re.compile("|".join(map(re.escape, parts)))
    return token.sub(lambda match: parts[match[0]], pattern or "m/d/yyyy")


def _number_text(value: float, pattern: str) -> str:
    if not pattern or pattern == "General":
        return _automatic(value)
    decimals = len(match[1]) if (match := re.search(r"\.([0#]+)", pattern)) else 0
    if "E+" in pattern:
        return f"{value:.{decimals}E}"
    if "%" in pattern:
        return f"{value * 100:.{decimals}f}%"
    grouped = f"{abs(value):,.{decimals}f}" if "," in pattern else f"{abs(value):.{decimals}f}"
    return ("-" if value < 0 else "") + ("$" if "$" in pattern else "") + grouped


def _automatic(value: float) -> str:
    """Return a number in the automatic format: at most ten digits that count, no trailing zeros."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        if int(exponent) > 0:
            return f"{mantissa}E+{int(exponent)}"
        text = f"{value:.{10 - int(exponent)}f}".rstrip("0")
    return text
