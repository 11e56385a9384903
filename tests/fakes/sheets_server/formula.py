"""A formula's value: arithmetic, comparisons, references and the functions that a lab's slide sheet needs."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tests.fakes.sheets_server.area import Axis, column_letters, parse_area
from tests.fakes.sheets_server.cell import ERRORS, Scalar

Value = Scalar | None
Table = list[list[Value]]


class Reader(Protocol):
    """Where a formula gets other cells from."""

    def table(self, title: str | None, reference: str) -> Table:
        """Return the values of a reference; without a title, of the formula's own sheet. Raises FormulaError."""
        ...


class FormulaError(Exception):
    """A formula without a value; its text is what the cell shows, such as #REF!."""


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)
    |"(?P<text>(?:[^"]|"")*)"
    |(?P<reference>(?:(?:'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*)!)?
        (?:\$?[A-Za-z]{1,3}\$?[0-9]+(?::\$?[A-Za-z]{1,3}\$?[0-9]*)?|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?[0-9]+:\$?[0-9]+)(?![A-Za-z0-9_(]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    |(?P<error>\#[A-Z/0-9]+[!?]?)
    |(?P<sign><=|>=|<>|[-+*/^&=<>(),;%])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula: its kind is the name of the group of _TOKEN that found it."""

    kind: str
    text: str


def _tokens(formula: str) -> Iterator[Token]:
    position, end = 1, len(formula.rstrip())
    while position < end:
        match = _TOKEN.match(formula, position)
        if match is None or match.lastgroup is None:
            raise FormulaError("#ERROR!")
        yield Token(match.lastgroup, match[match.lastgroup])
        position = match.end()
    yield Token("end", "")


def evaluate(formula: str, reader: Reader) -> Value:
    """Return what a formula (with its equals sign) comes to, or the text of its error."""
    try:
        return _Parser(list(_tokens(formula)), reader).whole()
    except FormulaError as error:
        return str(error)
    except ZeroDivisionError:
        return "#DIV/0!"
    except OverflowError:
        return "#NUM!"


_LEVELS: tuple[tuple[str, ...], ...] = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"), ("^",))


class _Parser:
    """Reads tokens by falling through the levels of signs, and reckons at once."""

    def __init__(self, tokens: list[Token], reader: Reader) -> None:
        self._tokens = tokens
        self._reader = reader

    def whole(self) -> Value:
        value = _single(self._level(0))
        if self._tokens[0].kind != "end":
            raise FormulaError("#ERROR!")
        return value

    def _take(self, *signs: str) -> str | None:
        token = self._tokens[0]
        if token.kind == "sign" and token.text in signs:
            self._tokens.pop(0)
            return token.text
        return None

    def _level(self, depth: int) -> Value | Table:
        if depth == len(_LEVELS):
            return self._signed()
        value = self._level(depth + 1)
        while sign := self._take(*_LEVELS[depth]):
            value = _reckon(sign, _single(value), _single(self._level(depth + 1)))
        return value

    def _signed(self) -> Value | Table:
        if sign := self._take("-", "+"):
            number = _number(_single(self._signed()))
            return -number if sign == "-" else number
        value = self._atom()
        while self._take("%"):
            value = _number(_single(value)) / 100
        return value

    def _atom(self) -> Value | Table:
        token = self._tokens.pop(0)
        if token.kind == "number":
            return _tidied(float(token.text))
        if token.kind == "text":
            return token.text.replace('""', '"')
        if token.kind == "reference":
            title, mark, reference = token.text.rpartition("!")
            return self._reader.table(_unquoted(title) if mark else None, reference)
        if token.kind == "name":
            return self._named(token.text.upper())
        if token.kind == "error":
            raise FormulaError(token.text)
        if token == Token("sign", "("):
            value = self._level(0)
            self._close()
            return value
        raise FormulaError("#ERROR!")

    def _close(self) -> None:
        if self._take(")") is None:
            raise FormulaError("#ERROR!")

    def _named(self, name: str) -> Value | Table:
        if self._take("(") is None:
            if name in ("TRUE", "FALSE"):
                return name == "TRUE"
            return self._reader.table(None, name)
        arguments: list[Callable[[], Value | Table]] = []
        while self._take(")") is None:
            arguments.append(self._argument())
            if self._take(",", ";") is None and self._tokens[0] != Token("sign", ")"):
                raise FormulaError("#ERROR!")
        return _call(name, arguments)

    def _argument(self) -> Callable[[], Value | Table]:
        """Return an argument's value, or its error once somebody asks for it, as IF and IFERROR need it."""
        before = list(self._tokens)
        try:
            value = self._level(0)
        except (FormulaError, ZeroDivisionError) as error:
            text = "#DIV/0!" if isinstance(error, ZeroDivisionError) else str(error)
            self._tokens = _behind_argument(before)
            return lambda: _raise(text)
        return lambda: value


def _behind_argument(tokens: list[Token]) -> list[Token]:
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "end" or (depth == 0 and token.kind == "sign" and token.text in ",;)"):
            return tokens[index:]
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
    return tokens[-1:]


def _raise(text: str) -> Value:
    raise FormulaError(text)


def _unquoted(title: str) -> str:
    return title[1:-1].replace("''", "'") if title.startswith("'") else title


def _tidied(number: float) -> int | float:
    return int(number) if math.isfinite(number) and number == int(number) else number


def _single(value: Value | Table) -> Value:
    """Return the one value of an area; an error in it goes on."""
    if isinstance(value, list):
        value = value[0][0] if value and value[0] else None
    if isinstance(value, str) and value in ERRORS:
        raise FormulaError(value)
    return value


def _number(value: Value) -> float:
    if value is None:
        return 0
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise FormulaError("#VALUE!") from None
    return value


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _reckon(sign: str, left: Value, right: Value) -> Value:
    if sign == "&":
        return _text(left) + _text(right)
    if sign in _LEVELS[0]:
        return _compare(sign, left, right)
    first, second = _number(left), _number(right)
    if sign == "/":
        return _tidied(first / second)
    return _tidied({"+": first + second, "-": first - second, "*": first * second, "^": first**second}[sign])


def _compare(sign: str, left: Value, right: Value) -> bool:
    first, second = _rank(left), _rank(right)
    order = (first > second) - (first < second)
    return order in {"=": (0,), "<>": (-1, 1), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}[sign]


def _rank(value: Value) -> tuple[int, float, str]:
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
        _single(value)
    return flat


def _numbers(arguments: list[Value | Table]) -> list[float]:
    return [each for each in _flat(arguments) if isinstance(each, int | float) and not isinstance(each, bool)]


def _look_up(arguments: list[Value | Table]) -> Value:
    """Return what VLOOKUP finds; without a fourth argument too it looks for the very key, as a lab's sheets mean it."""
    table = arguments[1]
    if not isinstance(table, list):
        raise FormulaError("#N/A")
    key, column = _rank(_single(arguments[0])), int(_number(_single(arguments[2])))
    for row in table:
        if row and row[0] is not None and _rank(row[0]) == key:
            if column > len(row):
                raise FormulaError("#REF!")
            return row[column - 1]
    raise FormulaError("#N/A")


def _rounded(number: float, digits: int) -> float:
    scale = 10**digits
    return _tidied(math.copysign(math.floor(abs(number) * scale + 0.5), number) / scale)


_FUNCTIONS: dict[str, Callable[[list[Value | Table]], Value]] = {
    "SUM": lambda a: _tidied(sum(_numbers(a))),
    "AVERAGE": lambda a: _tidied(sum(_numbers(a)) / len(_numbers(a))),
    "MIN": lambda a: min(_numbers(a), default=0),
    "MAX": lambda a: max(_numbers(a), default=0),
    "COUNT": lambda a: len(_numbers(a)),
    "COUNTA": lambda a: sum(each is not None for each in _flat(a)),
    "CONCATENATE": lambda a: "".join(map(_text, _flat(a))),
    "CONCAT": lambda a: "".join(map(_text, _flat(a))),
    "LEN": lambda a: len(_text(_single(a[0]))),
    "UPPER": lambda a: _text(_single(a[0])).upper(),
    "LOWER": lambda a: _text(_single(a[0])).lower(),
    "TRIM": lambda a: " ".join(_text(_single(a[0])).split()),
    "ABS": lambda a: _tidied(abs(_number(_single(a[0])))),
    "ROUND": lambda a: _rounded(_number(_single(a[0])), int(_number(_single(a[1]))) if len(a) > 1 else 0),
    "AND": lambda a: all(_number(each) for each in _flat(a)),
    "OR": lambda a: any(_number(each) for each in _flat(a)),
    "NOT": lambda a: not _number(_single(a[0])),
    "HYPERLINK": lambda a: _single(a[-1]),
    "VLOOKUP": _look_up,
}


def _call(name: str, arguments: list[Callable[[], Value | Table]]) -> Value | Table:
    if name == "IF" and len(arguments) >= 2:
        chosen = 1 if _number(_single(arguments[0]())) else 2
        return arguments[chosen]() if chosen < len(arguments) else False
    if name == "IFERROR" and arguments:
        try:
            return _single(arguments[0]())
        except FormulaError:
            return arguments[1]() if len(arguments) > 1 else None
    if name not in _FUNCTIONS:
        raise FormulaError("#NAME?")
    try:
        return _FUNCTIONS[name]([each() for each in arguments])
    except IndexError:
        raise FormulaError("#N/A") from None


_FAR = 10_000_000


def shifted(
    formula: str, axis: Axis, place: Callable[[int], int | None], *, applies: Callable[[str | None], bool]
) -> str:
    """Return a formula after rows or columns of a sheet went where `place` says.

    `applies` says of a sheet's title (None: the formula's own) whether it is that sheet. What is gone becomes #REF!.
    """

    def anew(match: re.Match[str]) -> str:
        if match.lastgroup != "reference":
            return match[0]
        title, mark, reference = match["reference"].rpartition("!")
        if not applies(_unquoted(title) if mark else None):
            return match[0]
        return match[0].replace(match["reference"], f"{title}{mark}{_followed(reference, axis, place)}")

    return "=" + _TOKEN.sub(anew, formula[1:])


def _followed(reference: str, axis: Axis, place: Callable[[int], int | None]) -> str:
    """Return a reference after a move; one to whole rows or columns, or with an open end, stays as it is."""
    area = parse_area(reference, _FAR, _FAR)
    if area is None or area.bottom >= _FAR or area.right >= _FAR:
        return reference
    moved = area.moved(axis, place)
    if moved is None:
        return "#REF!"
    first, colon, last = reference.partition(":")
    start = _corner(first, moved.left, moved.top)
    return start + (colon + _corner(last, moved.right - 1, moved.bottom - 1) if colon else "")


def _corner(like: str, column: int, row: int) -> str:
    """Return a cell's name with the dollar signs of another."""
    return (
        ("$" if like.startswith("$") else "") + column_letters(column) + ("$" if "$" in like[1:] else "") + str(row + 1)
    )
