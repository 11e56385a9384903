"""A rectangle of cells: zero-based, its bottom and right outside it, as Google counts in a GridRange."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.fakes.sheets_server.errors import InvalidError


class Axis(Enum):
    """The two dimensions of a sheet."""

    ROWS = "ROWS"
    COLUMNS = "COLUMNS"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells."""

    top: int
    left: int
    bottom: int
    right: int

    def cells(self) -> Iterator[tuple[int, int]]:
        """Yield row and column of each cell, row by row."""
        return ((row, column) for row in range(self.top, self.bottom) for column in range(self.left, self.right))

    def has(self, row: int, column: int) -> bool:
        return self.top <= row < self.bottom and self.left <= column < self.right

    def meets(self, other: "Area") -> bool:
        """Return whether the two have a cell in common."""
        return self.common(other) is not None

    def common(self, other: "Area") -> "Area | None":
        """Return what lies in both, or None."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        return Area(top, left, bottom, right) if top < bottom and left < right else None

    def holds(self, other: "Area") -> bool:
        return self.common(other) == other

    def span(self, axis: Axis) -> tuple[int, int]:
        """Return first and behind-last index along an axis."""
        return (self.top, self.bottom) if axis is Axis.ROWS else (self.left, self.right)

    def moved(self, axis: Axis, place: Callable[[int], int | None]) -> "Area | None":
        """Return the area after its rows or columns went where `place` says; None when all of them are gone."""
        start, end = self.span(axis)
        kept = [new for old in range(start, end) if (new := place(old)) is not None]
        if not kept:
            return None
        first, last = min(kept), max(kept) + 1
        if axis is Axis.ROWS:
            return Area(first, self.left, last, self.right)
        return Area(self.top, first, self.bottom, last)

    def json(self, sheet_id: int) -> dict[str, Any]:
        """Return the GridRange; the sheet's id is left out where it is 0, as a message of Google's leaves out zeros."""
        rows = {"startRowIndex": self.top, "endRowIndex": self.bottom}
        columns = {"startColumnIndex": self.left, "endColumnIndex": self.right}
        return ({"sheetId": sheet_id} if sheet_id else {}) | rows | columns

    def a1(self) -> str:
        """Return the area in A1 notation."""
        first = f"{column_letters(self.left)}{self.top + 1}"
        last = f"{column_letters(self.right - 1)}{self.bottom}"
        return first if first == last else f"{first}:{last}"


def column_letters(index: int) -> str:
    """Return a column's letters: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """Return the index of a column's letters."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


_CORNER = re.compile(r"\$?([A-Za-z]{1,3})?\$?([0-9]+)?")
_R1C1 = re.compile(r"[Rr]([0-9]+)[Cc]([0-9]+)(?::[Rr]([0-9]+)[Cc]([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Corner:
    """One side of a reference such as A1:C: a row, a column, or both."""

    row: int | None
    column: int | None


def parse_area(text: str, rows: int, columns: int) -> Area | None:
    """Return the area of a reference in A1 or R1C1 notation, or None where it is none.

    Open ends reach to the end of a sheet of `rows` and `columns`. Ends that are named are kept, however far they reach.
    """
    if match := _R1C1.fullmatch(text):
        numbers = [int(each) if each else None for each in match.groups()]
        first = Corner(_less_one(numbers[0]), _less_one(numbers[1]))
        second = Corner(_less_one(numbers[2]), _less_one(numbers[3])) if numbers[2] else first
        return _between(first, second, rows, columns)
    first_text, colon, second_text = text.partition(":")
    first_corner, second_corner = _corner(first_text), _corner(second_text if colon else first_text)
    if first_corner is None or second_corner is None:
        return None
    if not colon and None in (first_corner.row, first_corner.column):
        return None
    return _between(first_corner, second_corner, rows, columns)


def _corner(text: str) -> Corner | None:
    match = _CORNER.fullmatch(text)
    if match is None or not text or match[2] == "0":
        return None
    return Corner(int(match[2]) - 1 if match[2] else None, column_index(match[1]) if match[1] else None)


def _less_one(number: int | None) -> int | None:
    return None if number is None else number - 1


def _between(first: Corner, second: Corner, rows: int, columns: int) -> Area:
    top, bottom = _ends(first.row, second.row, rows)
    left, right = _ends(first.column, second.column, columns)
    return Area(top, left, bottom, right)


def _ends(first: int | None, second: int | None, length: int) -> tuple[int, int]:
    """Return start and end of two indices in either order; a missing one reaches to the sheet's edge."""
    if first is not None and second is not None:
        return min(first, second), max(first, second) + 1
    if first is None and second is None:
        return 0, length
    start = first if first is not None else second
    assert start is not None
    return start, max(length, start + 1)


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*")


def quoted(title: str) -> str:
    """Return a sheet's title as Google writes it before `!`: in quotes unless it is a plain word."""
    if _PLAIN.fullmatch(title) and not _LIKE_A_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def split_sheet(text: str) -> tuple[str | None, str | None]:
    """Return title and reference of a range; the title None where none is named, the reference None where only one is.

    Raises InvalidError when quotes do not close.
    """
    if text.startswith("'"):
        match = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
        if match is None:
            raise InvalidError(f"Unable to parse range: {text}")
        return match[1].replace("''", "'"), match[2]
    title, mark, reference = text.rpartition("!")
    return (title, reference) if mark else (None, text)
