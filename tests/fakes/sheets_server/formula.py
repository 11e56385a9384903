"""A formula: its pieces, its value, and how it follows cells that move."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tests.fakes.sheets_server.area import Axis, column_letters, parse_area
from tests.fakes.sheets_server.functions import (
    LEVELS,
    FormulaError,
    Table,
    Value,
    call_function,
    number_of,
    reckon,
    refuse,
    single,
    tidied,
)


class Reader(Protocol):
    """Where a formula gets other cells from."""

    def table(self, title: str | None, reference: str) -> Table:
        """Return the values of a reference; without a title, of the formula's own sheet. Raises FormulaError."""
        ...


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


class _Parser:
    """Reads tokens by falling through the levels of signs, and reckons at once."""

    def __init__(self, tokens: list[Token], reader: Reader) -> None:
        self._tokens = tokens
        self._reader = reader

    def whole(self) -> Value:
        value = single(self._level(0))
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
        if depth == len(LEVELS):
            return self._signed()
        value = self._level(depth + 1)
        while sign := self._take(*LEVELS[depth]):
            value = reckon(sign, single(value), single(self._level(depth + 1)))
        return value

    def _signed(self) -> Value | Table:
        if sign := self._take("-", "+"):
            number = number_of(single(self._signed()))
            return -number if sign == "-" else number
        value = self._atom()
        while self._take("%"):
            value = number_of(single(value)) / 100
        return value

    def _atom(self) -> Value | Table:
        token = self._tokens.pop(0)
        if token.kind == "number":
            return tidied(float(token.text))
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
        return call_function(name, arguments)

    def _argument(self) -> Callable[[], Value | Table]:
        """Return an argument's value, or its error once somebody asks for it, as IF and IFERROR need it."""
        before = list(self._tokens)
        try:
            value = self._level(0)
        except (FormulaError, ZeroDivisionError) as error:
            text = "#DIV/0!" if isinstance(error, ZeroDivisionError) else str(error)
            self._tokens = _behind_argument(before)
            return lambda: refuse(text)
        return lambda: value


def _behind_argument(tokens: list[Token]) -> list[Token]:
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "end" or (depth == 0 and token.kind == "sign" and token.text in ",;)"):
            return tokens[index:]
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
    return tokens[-1:]


def _unquoted(title: str) -> str:
    return title[1:-1].replace("''", "'") if title.startswith("'") else title


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
