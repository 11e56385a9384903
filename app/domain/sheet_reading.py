"""How a grid of cells becomes a slide sheet: rule row, header, one row a slide."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from app.domain.errors import UseError
from app.domain.sheet import OUR_HEADERS, SheetColumn, SheetRow, SlideSheet

IN_NAME = "includeinname?"
REQUIRED = "required"
_RULES = {IN_NAME: "Include in Name?", REQUIRED: "REQUIRED"}
_ALIKE = 0.8
_SHOWN_HEADERS = 12


def column_letter(index: int) -> str:
    """Return the letters that name a column: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def header_text(cell: str) -> str:
    """Return a header on one line, without blanks at its ends or doubled inside."""
    return " ".join(cell.split())


def same_header(one: str, other: str) -> bool:
    """Say whether two headers mean one column: case and spaces do not matter."""
    return header_text(one).casefold() == header_text(other).casefold()


def find_column(columns: Iterable[SheetColumn], header: str) -> SheetColumn | None:
    """Return the column with this header, None where there is none."""
    return next((column for column in columns if same_header(column.header, header)), None)


def nearest(word: str, known: Iterable[str], *, alike: float = 0.6) -> str | None:
    """Return the known word most like this one, case aside; None when nothing is near."""
    by_fold = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=alike)
    return by_fold[close[0]] if close else None


def header_index(grid: Sequence[Sequence[str]], *, title: str, barcode_header: str) -> int:
    """Return which row of the grid (from 0) is the header: the first or, below a rule row, the second.

    Raises UseError when neither holds the barcode column.
    """
    for index, row in enumerate(grid[:2]):
        if any(same_header(cell, barcode_header) for cell in row):
            return index
    raise _no_barcode_column(grid, title, barcode_header)


def read_grid(
    grid: Sequence[Sequence[str]],
    *,
    title: str,
    barcode_header: str,
    read_at: datetime,
    headers: Mapping[str, str] = OUR_HEADERS,
) -> SlideSheet:
    """Read a sheet from its cells as a person sees them, row 1 first; rows may differ in length.

    `headers` says how the sheet calls each column of ours.
    Raises UseError when the barcode column is missing, a header stands twice or a rule is misspelt.
    """
    top = header_index(grid, title=title, barcode_header=barcode_header)
    columns = tuple(_columns(grid, top, title, barcode_header, headers))
    _refuse_twins(columns, title, top)
    barcode = next(column for column in columns if same_header(column.header, barcode_header))
    rows = (_row(cells, number, columns, barcode) for number, cells in enumerate(grid[top + 1 :], start=top + 2))
    return SlideSheet(title, columns, tuple(row for row in rows if row is not None), barcode.header, read_at)


def _columns(
    grid: Sequence[Sequence[str]], top: int, title: str, barcode_header: str, headers: Mapping[str, str]
) -> Iterator[SheetColumn]:
    rules = grid[0] if top else ()
    ours = {header_text(theirs).casefold(): header for header, theirs in headers.items()}
    for index, cell in enumerate(grid[top]):
        header = header_text(cell)
        if not header:
            continue
        words = _rules_of(rules[index], index, title) if index < len(rules) else frozenset()
        is_barcode = same_header(header, barcode_header)
        required = REQUIRED in words or (not top and is_barcode)
        written_as = "" if is_barcode else ours.get(header.casefold(), "")
        yield SheetColumn(header, index, column_letter(index), IN_NAME in words, required, written_as)


def _rules_of(cell: str, index: int, title: str) -> frozenset[str]:
    words = ("".join(word.split()).casefold() for line in cell.splitlines() for word in line.split(","))
    return frozenset(_rule(word, cell, index, title) for word in words if word)


def _rule(word: str, cell: str, index: int, title: str) -> str:
    with_mark = word if word in _RULES else word + "?"
    if with_mark in _RULES:
        return with_mark
    meant = nearest(word, _RULES, alike=_ALIKE)
    if meant is None:
        return word
    raise UseError(
        "A rule of the slide sheet is misspelt",
        f"{title}: cell {column_letter(index)}1 says “{header_text(cell)}”.",
        f"Write “{_RULES[meant]}” there, or clear the cell.",
    )


def _refuse_twins(columns: Sequence[SheetColumn], title: str, top: int) -> None:
    for position, column in enumerate(columns):
        twin = find_column(columns[:position], column.header)
        if twin is not None:
            raise UseError(
                "Two columns of the slide sheet have one header",
                f"{title}: {twin.letter}{top + 1} and {column.letter}{top + 1} both say “{column.header}”.",
                "Rename one of them, so that each header stands once.",
            )


def _row(cells: Sequence[str], number: int, columns: Sequence[SheetColumn], barcode: SheetColumn) -> SheetRow | None:
    if not any(cell.strip() for cell in cells):
        return None
    texts = {column.header: cells[column.index] if column.index < len(cells) else "" for column in columns}
    texts[barcode.header] = texts[barcode.header].strip()
    return SheetRow(number, texts[barcode.header], texts)


def _no_barcode_column(grid: Sequence[Sequence[str]], title: str, barcode_header: str) -> UseError:
    headers = _likely_headers(grid)
    if not headers:
        there = "the first two rows are empty"
    else:
        shown = ", ".join(f"“{header}”" for header in headers[:_SHOWN_HEADERS])
        there = f"there are {shown}" + (" and more" if len(headers) > _SHOWN_HEADERS else "")
    close = nearest(barcode_header, headers)
    other = (
        f", or set [sheet] barcode_column to “{close}”"
        if close
        else ", or name the right one in [sheet] barcode_column"
    )
    return UseError(
        "The slide sheet has no barcode column",
        f"{title}: no column is called “{header_text(barcode_header)}”; {there}.",
        f"Give the column of the barcodes that header in row 1 (below a rule row: row 2){other}.",
    )


def _likely_headers(grid: Sequence[Sequence[str]]) -> list[str]:
    rows = [[header_text(cell) for cell in row if cell.strip()] for row in grid[:2]]
    first = rows[0] if rows else []
    has_rules = any("".join(word.split()).casefold() in _RULES for cell in first for word in cell.split(","))
    return rows[1] if len(rows) > 1 and (has_rules or not first) else first
