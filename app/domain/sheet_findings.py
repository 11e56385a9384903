"""What can be put right in the sheet before a slide is scanned: barcodes that stand twice, cells that are empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from app.domain.sheet import SheetColumn, SheetRow, SlideSheet
from app.domain.sheet_reading import find_column

_SHOWN_ROWS = 6


class FindingKind(Enum):
    """What is wrong."""

    TWICE = "twice"
    EMPTY = "empty"
    NO_BARCODE = "no_barcode"


@dataclass(frozen=True, slots=True)
class SheetFinding:
    """One thing to put right.

    `row` is the first row it is about, as people count; `cells` are the addresses of its cells, `D17`; `words` say what
    is wrong with them.
    """

    kind: FindingKind
    row: int
    cells: tuple[str, ...]
    words: str


def sheet_findings(sheet: SlideSheet, *, scanner_column: str, scanner: str) -> tuple[SheetFinding, ...]:
    """Return what is wrong with this scanner's rows, from the top; rows that name another scanner are left to it.

    An empty `scanner_column` means that every row is this scanner's.
    """
    column = find_column(sheet.columns, scanner_column) if scanner_column else None
    ours = tuple(row for row in sheet.rows if _may_be_ours(row, column, scanner.casefold()))
    found = (*_twice(sheet, ours), *(each for row in ours for each in _of_row(sheet, row)))
    return tuple(sorted(found, key=lambda each: each.row))


def _may_be_ours(row: SheetRow, column: SheetColumn | None, scanner: str) -> bool:
    theirs = row.cells[column.header].strip().casefold() if column else ""
    return theirs in ("", scanner)


def _twice(sheet: SlideSheet, ours: tuple[SheetRow, ...]) -> Iterator[SheetFinding]:
    """Yield a finding for each barcode of ours that stands in several rows, whosever the other rows are."""
    letter = _barcode_column(sheet).letter
    for barcode in dict.fromkeys(row.barcode for row in ours if row.barcode):
        rows = sheet.rows_for(barcode)
        if len(rows) > 1:
            numbers = [row.number for row in rows]
            words = f"rows {_listed(numbers)}: {barcode} stands {'twice' if len(rows) == 2 else f'{len(rows)} times'}"
            yield SheetFinding(FindingKind.TWICE, numbers[0], tuple(f"{letter}{each}" for each in numbers), words)


def _of_row(sheet: SlideSheet, row: SheetRow) -> Iterator[SheetFinding]:
    if not row.barcode:
        if _holds_something(sheet, row):
            cell = f"{_barcode_column(sheet).letter}{row.number}"
            words = f"row {row.number}: filled in, but without a barcode"
            yield SheetFinding(FindingKind.NO_BARCODE, row.number, (cell,), words)
        return
    for column in sheet.columns:
        if column.required and not row.cells[column.header].strip():
            words = f"row {row.number}: {column.header} is empty, REQUIRED"
            yield SheetFinding(FindingKind.EMPTY, row.number, (f"{column.letter}{row.number}",), words)


def _holds_something(sheet: SlideSheet, row: SheetRow) -> bool:
    """Whether a scientist filled in a cell of a row; what this program wrote does not count."""
    return any(row.cells[column.header].strip() for column in sheet.columns if not column.written_as)


def _barcode_column(sheet: SlideSheet) -> SheetColumn:
    return next(column for column in sheet.columns if column.header == sheet.barcode_header)


def _listed(numbers: list[int]) -> str:
    if len(numbers) > _SHOWN_ROWS:
        shown = ", ".join(str(each) for each in numbers[:_SHOWN_ROWS])
        return f"{shown} and {len(numbers) - _SHOWN_ROWS} more"
    return f"{', '.join(str(each) for each in numbers[:-1])} and {numbers[-1]}"
