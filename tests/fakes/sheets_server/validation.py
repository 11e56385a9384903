"""Rules that a cell has for what may be entered into it."""

from collections.abc import Callable
from typing import Any

from tests.fakes.sheets_server.area import column_letters
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.cell import Cell, Scalar, shown
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.tab import Tab

REFUSED = "The data you entered in cell {cell} violates the data validation rules set on this cell."


def check_rule(book: Book, tab: Tab, place: tuple[int, int], cell: Cell) -> None:
    """Raise InvalidError when the cell's strict rule refuses its new value; nothing and formulas are let through."""
    rule = cell.validation
    if rule is None or not rule.get("strict") or cell.value is None or cell.is_formula:
        return
    if not _accepts(book, rule.get("condition", {}), cell):
        row, column = place
        raise InvalidError(REFUSED.format(cell=f"{column_letters(column)}{row + 1}"))


def _accepts(book: Book, condition: dict[str, Any], cell: Cell) -> bool:
    kind = str(condition.get("type", ""))
    limits = [str(each.get("userEnteredValue", "")) for each in condition.get("values") or ()]
    value, text = cell.value, shown(cell.value, cell)
    if kind == "ONE_OF_LIST":
        return text in limits
    if kind == "ONE_OF_RANGE":
        tab, area = book.locate(limits[0].removeprefix("="))
        return text in {book.shown(tab, place) for place in book.clipped(tab, area).cells()}
    if kind == "BOOLEAN":
        return text in (limits or ["TRUE", "FALSE"])
    if kind in _TEXT:
        return _TEXT[kind](text.casefold(), limits[0].casefold() if limits else "")
    if kind.startswith(("NUMBER_", "DATE_")):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and _within(kind.partition("_")[2], value, [_limit(each) for each in limits])
    return True  # CUSTOM_FORMULA and the like: nothing here writes into cells that have one


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "TEXT_CONTAINS": lambda text, limit: limit in text,
    "TEXT_NOT_CONTAINS": lambda text, limit: limit not in text,
    "TEXT_STARTS_WITH": lambda text, limit: text.startswith(limit),
    "TEXT_ENDS_WITH": lambda text, limit: text.endswith(limit),
    "TEXT_EQ": lambda text, limit: text == limit,
    "TEXT_IS_EMAIL": lambda text, _: "@" in text,
    "TEXT_IS_URL": lambda text, _: "." in text and " " not in text,
}


def _limit(text: str) -> float:
    entered = Cell().typed(text).value
    if isinstance(entered, str | bool) or entered is None:
        raise InvalidError(f"Invalid ConditionValue.userEnteredValue: {text}")
    return float(entered)


def _within(word: str, value: Scalar | None, limits: list[float]) -> bool:
    assert isinstance(value, int | float)
    if word == "IS_VALID":
        return value >= 0
    if word in ("BETWEEN", "NOT_BETWEEN"):
        return (limits[0] <= value <= limits[1]) == (word == "BETWEEN")
    limit = limits[0]
    return {
        "GREATER": value > limit,
        "GREATER_THAN_EQ": value >= limit,
        "LESS": value < limit,
        "LESS_THAN_EQ": value <= limit,
        "EQ": value == limit,
        "NOT_EQ": value != limit,
        "AFTER": value > limit,
        "BEFORE": value < limit,
        "ON_OR_AFTER": value >= limit,
        "ON_OR_BEFORE": value <= limit,
    }.get(word, True)
