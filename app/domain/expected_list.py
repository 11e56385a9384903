"""A list of slides to be expected, from a file: which of its columns holds the barcodes, and which these are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.barcode import clean, matches
from app.domain.errors import UseError
from app.domain.sheet_reading import column_letter, header_text, same_header

Grid = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """The barcodes of a list, each once, in its order.

    `column` is how people find the column: its header, or its letter. `twice` are those that stand more than once,
    `refused` what is in the column but no barcode of the lab, with the row as people count.
    """

    column: str
    barcodes: tuple[str, ...]
    twice: tuple[str, ...]
    refused: tuple[tuple[int, str], ...]


class _Column(NamedTuple):
    """A column from its first barcode on; rows and columns count from 0."""

    name: str
    number: int
    top: int


def read_expected_list(grid: Grid, *, title: str, barcode_header: str, pattern: str) -> ExpectedList:
    """Read a list from its cells: the column with the barcodes' header, else the only one, else the first that fits.

    A column fits when at least half of its cells are barcodes of the lab, which only a lab with a pattern can tell.
    Raises UseError when there is no such column, or no barcode in it.
    """
    column = _by_header(grid, barcode_header) or _only_one(grid, pattern) or _first_fitting(grid, pattern)
    if column is None:
        raise UseError(
            "Which column holds the barcodes?",
            f"{title}: no column is called “{header_text(barcode_header)}”, and none holds this lab's barcodes",
            f"Write “{header_text(barcode_header)}” above the barcodes",
        )
    cells = [(number, clean(text)) for number, text in _cells(grid, column.number, column.top)]
    good = [text for _, text in cells if matches(pattern, text)]
    if not good:
        raise UseError(
            "There is no slide in this list",
            f"{title}: the column {column.name} holds no barcode of this lab",
            "Choose another file, or look at [scanner] barcode_pattern",
        )
    barcodes = tuple(dict.fromkeys(good))
    counts = dict.fromkeys(barcodes, 0)
    for text in good:
        counts[text] += 1
    refused = tuple((number, text) for number, text in cells if not matches(pattern, text))
    return ExpectedList(column.name, barcodes, tuple(each for each in barcodes if counts[each] > 1), refused)


def _by_header(grid: Grid, header: str) -> _Column | None:
    for row, cells in enumerate(grid[:2]):
        for index, cell in enumerate(cells):
            if same_header(cell, header):
                return _Column(header_text(cell), index, row + 1)
    return None


def _only_one(grid: Grid, pattern: str) -> _Column | None:
    filled = _filled_columns(grid)
    return _without_header(grid, filled[0], pattern) if len(filled) == 1 else None


def _first_fitting(grid: Grid, pattern: str) -> _Column | None:
    columns = (_without_header(grid, index, pattern) for index in (_filled_columns(grid) if pattern else ()))
    return next((each for each in columns if _fits(grid, each, pattern)), None)


def _fits(grid: Grid, column: _Column, pattern: str) -> bool:
    cells = [clean(text) for _, text in _cells(grid, column.number, column.top)]
    return 0 < len(cells) <= 2 * sum(matches(pattern, text) for text in cells)


def _without_header(grid: Grid, index: int, pattern: str) -> _Column:
    """Return a column without its first cell where that is a heading: no barcode, and the others are."""
    first, *others = _cells(grid, index, 0)
    heads = bool(others) and not _looks_like_one(first[1], pattern) and _looks_like_one(others[0][1], pattern)
    return _Column(header_text(first[1]) if heads else column_letter(index), index, first[0] if heads else 0)


def _looks_like_one(text: str, pattern: str) -> bool:
    """Return whether a text may be a barcode; where the lab has no pattern a number in it must do."""
    return matches(pattern, clean(text)) and (bool(pattern) or any(each.isdigit() for each in text))


def _filled_columns(grid: Grid) -> list[int]:
    return sorted({index for row in grid for index, cell in enumerate(row) if cell.strip()})


def _cells(grid: Grid, index: int, top: int) -> list[tuple[int, str]]:
    """Return the filled cells of a column from a row on, each with its row as people count."""
    rows = enumerate(grid[top:], start=top + 1)
    return [(number, row[index]) for number, row in rows if index < len(row) and row[index].strip()]
