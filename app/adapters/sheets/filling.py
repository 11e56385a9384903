"""Putting a batch of writes into a sheet file in memory: each into the one row of its barcode, or refused with why."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.domain.sheet import OUR_HEADERS, WRITTEN_COLUMNS, CellWrite, RefusedWrite, SheetRow, SlideSheet
from app.domain.sheet_reading import same_header


class SheetFile(Protocol):
    """A sheet file in memory. Rows count from 1, columns from 0."""

    title: str

    def grid(self) -> list[list[str]]:
        """Return the cells as a person sees them, row 1 first."""

    def right_end(self) -> int:
        """Return the first column that nothing of the lab's reaches."""

    def put(self, row: int, column: int, text: str) -> str | None:
        """Store a text in a cell of a row that was read; return None, or in words why it must stay as it is."""

    def add_column(self, row: int, column: int, header: str) -> str | None:
        """Store the header of a new column; answers as `put`."""

    def as_stored(self, text: str) -> str:
        """Return what a reading shows after `put`."""

    def to_bytes(self) -> bytes:
        """Return the whole file with the changed cells."""


class Filling:
    """A batch on its way into one file. `header_row` counts from 1; `grid` is the file's reading that `sheet` is of.

    `headers` says how the file calls each column of ours.
    """

    def __init__(
        self,
        file: SheetFile,
        grid: list[list[str]],
        sheet: SlideSheet,
        header_row: int,
        *,
        add_columns: bool,
        headers: Mapping[str, str] = OUR_HEADERS,
    ) -> None:
        self.file = file
        self._grid = grid
        self._sheet = sheet
        self._header_row = header_row
        self._add_columns = add_columns
        self._headers = {ours.casefold(): theirs for ours, theirs in headers.items()}
        self._columns = {each.written_as.casefold(): each.index for each in sheet.columns if each.written_as}
        self._rows = rows_by_barcode(sheet)
        self._right_end: int | None = None
        self.changed = False
        """Whether a cell differs from the file, so that it is to be saved."""
        self.expected: list[CellWrite] = []
        """What a reading shows once the file is saved."""
        self.refused: list[RefusedWrite] = []

    def add(self, write: CellWrite) -> None:
        """Put one write into its cell, adding its column where it is missing, or refuse it."""
        refused = self._put(write)
        if refused is None:
            self.expected.append(write)
        else:
            self.refused.append(refused)

    def _put(self, write: CellWrite) -> RefusedWrite | None:
        reason = self._misfit(write)
        if reason is None and not self._add_columns and write.column.casefold() not in self._columns:
            return without_column(write)
        reason = reason or self._ensure_column(write.column) or self._put_into_cell(write)
        return RefusedWrite(write, reason) if reason else None

    def _misfit(self, write: CellWrite) -> str | None:
        if not any(same_header(write.column, ours) for ours in WRITTEN_COLUMNS):
            return f"“{write.column}” is not a column of ours"
        if same_header(write.column, self._sheet.barcode_header):
            return f"“{write.column}” is the column of the barcodes"
        if len(self._rows.get(write.barcode, ())) != 1 or not write.barcode:
            return not_one_row(self._sheet, write.barcode)
        return None

    def _put_into_cell(self, write: CellWrite) -> str | None:
        row, column = self._rows[write.barcode][0].number, self._columns[write.column.casefold()]
        cells = self._grid[row - 1]
        if (cells[column] if column < len(cells) else "") == self.file.as_stored(write.value):
            return None
        reason = self.file.put(row, column, write.value)
        self.changed = self.changed or reason is None
        return reason

    def _ensure_column(self, header: str) -> str | None:
        if header.casefold() in self._columns:
            return None
        index = self.file.right_end() if self._right_end is None else self._right_end
        reason = self.file.add_column(self._header_row, index, self._headers.get(header.casefold(), header))
        if reason is None:
            self._right_end, self._columns[header.casefold()], self.changed = index + 1, index, True
        return reason


def without_column(write: CellWrite) -> RefusedWrite:
    """Return a write as refused because its column is missing and may not be added."""
    reason = f"there is no column “{write.column}”, and [sheet] add_columns is false"
    return RefusedWrite(write, reason, no_column=True)


def with_one_row(writes: Iterable[CellWrite], sheet: SlideSheet) -> tuple[list[CellWrite], list[RefusedWrite]]:
    """Return the writes whose slide has its one row in the sheet, and the others as refused."""
    rows = rows_by_barcode(sheet)
    fit: list[CellWrite] = []
    refused: list[RefusedWrite] = []
    for write in writes:
        if write.barcode and len(rows.get(write.barcode, ())) == 1:
            fit.append(write)
        else:
            refused.append(RefusedWrite(write, not_one_row(sheet, write.barcode)))
    return fit, refused


def rows_by_barcode(sheet: SlideSheet) -> dict[str, list[SheetRow]]:
    """Return the rows of each barcode: a batch asks for thousands, one search through the sheet has to do."""
    rows: dict[str, list[SheetRow]] = {}
    for row in sheet.rows:
        rows.setdefault(row.barcode, []).append(row)
    return rows


def newest_of_each_cell(writes: Iterable[CellWrite]) -> tuple[list[CellWrite], list[RefusedWrite]]:
    """Return the newest write of each cell in the order of our columns, and the older ones as refused."""
    newest: dict[tuple[str, str], CellWrite] = {}
    older: list[CellWrite] = []
    for write in sorted(writes, key=lambda each: each.generation):
        cell = (write.barcode, write.column.casefold())
        if cell in newest:
            older.append(newest[cell])
        newest[cell] = write
    order = {header.casefold(): position for position, header in enumerate(WRITTEN_COLUMNS)}
    in_order = sorted(newest.values(), key=lambda each: order.get(each.column.casefold(), len(order)))
    return in_order, [RefusedWrite(write, "a newer value of the same cell took its place") for write in older]


def not_one_row(sheet: SlideSheet, barcode: str) -> str:
    """Say why a slide has no row to write to: none, or several."""
    if not barcode:
        return "a slide without a barcode has no row"
    numbers = [str(row.number) for row in sheet.rows_for(barcode)]
    if not numbers:
        return f"no row of {sheet.title} has the barcode {barcode}"
    return f"rows {', '.join(numbers)} of {sheet.title} have the barcode {barcode}: it must be one"
