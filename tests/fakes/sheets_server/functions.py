"""What formulas reckon with: values, signs and the functions that a lab's slide sheet needs."""

import math
import operator
from collections.abc import Callable

from tests.fakes.sheets_server.cell import ERRORS, Scalar

Value = Scalar | None
Table = list[list[Value]]


class FormulaError(Exception):
    """A formula without a value; its text is what the cell shows, such as #REF!."""


LEVELS: tuple[tuple[str, ...], ...] = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"), ("^",))


_SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow}


def tidied(number: float) -> int | float:
    return int(number) if math.isfinite(number) and number == int(number) else number


def single(value: Value | Table) -> Value:
    """Return the one value of an area; an error in it goes on."""
    if isinstance(value, list):
        value = value[0][0] if value and value[0] else None
    if isinstance(value, str) and value in ERRORS:
        raise FormulaError(value)
    return value


def number_of(value: Value) -> float:
    """Return a value as a number; nothing counts as 0. Raises FormulaError for a text that is none."""
    if value is None:
        return 0
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise FormulaError("#VALUE!") from None
    return value


def text_of(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def reckon(sign: str, left: Value, right: Value) -> Value:
    """Return what a sign makes of two values. Raises FormulaError, ZeroDivisionError, OverflowError."""
    if sign == "&":
        return text_of(left) + text_of(right)
    if sign in LEVELS[0]:
        return _compare(sign, left, right)
    result = _SIGNS[sign](number_of(left), number_of(right))
    if isinstance(result, complex):
        raise FormulaError("#NUM!")
    return tidied(result)


def _compare(sign: str, left: Value, right: Value) -> bool:
    first, second = rank_of(left), rank_of(right)
    order = (first > second) - (first < second)
    return order in {"=": (0,), "<>": (-1, 1), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}[sign]


def rank_of(value: Value) -> tuple[int, float, str]:
    """Return what orders values: numbers, then texts without regard to case, then truths."""
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, str):
        return 1, 0.0, value.casefold()
    return 0, float(value or 0), ""


def _flat(arguments: list[Value | Table]) -> list[Value]:
    flat: list[Value] = []
    for each in arguments:
        flat.extend(value for row in each for value in row) if isinstance(each, list) else flat.append(each)
    for value in flat:
        single(value)
    return flat


def _numbers(arguments: list[Value | Table]) -> list[float]:
    return [each for each in _flat(arguments) if isinstance(each, int | float) and not isinstance(each, bool)]


def _look_up(arguments: list[Value | Table]) -> Value:
    """Return what VLOOKUP finds; without a fourth argument too it looks for the very key, as a lab's sheets mean it."""
    table = arguments[1]
    if not isinstance(table, list):
        raise FormulaError("#N/A")
    key, column = rank_of(single(arguments[0])), int(number_of(single(arguments[2])))
    for row in table:
        if row and row[0] is not None and rank_of(row[0]) == key:
            if column > len(row):
                raise FormulaError("#REF!")
            return row[column - 1]
    raise FormulaError("#N/A")


def _rounded(number: float, digits: int) -> float:
    scale = 10**digits
    return tidied(math.copysign(math.floor(abs(number) * scale + 0.5), number) / scale)


_FUNCTIONS: dict[str, Callable[[list[Value | Table]], Value]] = {
    "SUM": lambda a: tidied(sum(_numbers(a))),
    "AVERAGE": lambda a: tidied(sum(_numbers(a)) / len(_numbers(a))),
    "MIN": lambda a: min(_numbers(a), default=0),
    "MAX": lambda a: max(_numbers(a), default=0),
    "COUNT": lambda a: len(_numbers(a)),
    "COUNTA": lambda a: sum(each is not None for each in _flat(a)),
    "CONCATENATE": lambda a: "".join(map(text_of, _flat(a))),
    "CONCAT": lambda a: "".join(map(text_of, _flat(a))),
    "LEN": lambda a: len(text_of(single(a[0]))),
    "UPPER": lambda a: text_of(single(a[0])).upper(),
    "LOWER": lambda a: text_of(single(a[0])).lower(),
    "TRIM": lambda a: " ".join(text_of(single(a[0])).split()),
    "ABS": lambda a: tidied(abs(number_of(single(a[0])))),
    "ROUND": lambda a: _rounded(number_of(single(a[0])), int(number_of(single(a[1]))) if len(a) > 1 else 0),
    "AND": lambda a: all(number_of(each) for each in _flat(a)),
    "OR": lambda a: any(number_of(each) for each in _flat(a)),
    "NOT": lambda a: not number_of(single(a[0])),
    "HYPERLINK": lambda a: single(a[-1]),
    "VLOOKUP": _look_up,
}


def call_function(name: str, arguments: list[Callable[[], Value | Table]]) -> Value | Table:
    if name == "IF" and len(arguments) >= 2:
        chosen = 1 if number_of(single(arguments[0]())) else 2
        return arguments[chosen]() if chosen < len(arguments) else False
    if name == "IFERROR" and arguments:
        try:
            return single(arguments[0]())
        except FormulaError:
            return arguments[1]() if len(arguments) > 1 else None
    if name not in _FUNCTIONS:
        raise FormulaError("#NAME?")
    try:
        return _FUNCTIONS[name]([each() for each in arguments])
    except IndexError:
        raise FormulaError("#N/A") from None


def refuse(text: str) -> Value:
    raise FormulaError(text)
