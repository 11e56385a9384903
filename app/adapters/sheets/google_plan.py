"""What one reading of a Google sheet calls for, so that each slide's row shows what is wanted of it."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from app.adapters.sheets.filling import not_one_row, without_column
from app.adapters.sheets.google_tab import ColumnWork, TabReading
from app.domain.sheet import (
    WRITTEN_COLUMNS,
    CellWrite,
    RefusedWrite,
    RowWrite,
    SheetColumn,
    SheetRow,
    SlideSheet,
    WriteResult,
)
from app.domain.sheet_reading import find_column, same_header
from app.domain.spreadsheet_text import plain_cell
from app.domain.strays import Stray

LONGEST_CELL = 50_000
"""The most characters Google takes in a cell; it refuses a whole batch with a longer one."""

Wanted = dict[str, dict[str, str]]
"""Barcode to header to text, as stored."""
Places = Mapping[str, Sequence[SheetRow]]
"""Barcode to the rows that are its."""


def in_our_spelling(sheet: SlideSheet) -> SlideSheet:
    """Return a sheet with the headers of our columns as we spell them: the lab may have named them otherwise.

    A column of the lab's own that has a name of ours then gets another one.
    """
    names = {each.header: _our_name(each, sheet) for each in sheet.columns}
    if all(spelt == name for spelt, name in names.items()):
        return sheet
    columns = tuple(replace(each, header=names[each.header]) for each in sheet.columns)
    rows = tuple(replace(row, cells={names[header]: text for header, text in row.cells.items()}) for row in sheet.rows)
    return replace(sheet, columns=columns, rows=rows)


def _our_name(column: SheetColumn, sheet: SlideSheet) -> str:
    if column.written_as or column.header == sheet.barcode_header:
        return column.written_as or column.header
    taken = any(same_header(column.header, ours) for ours in WRITTEN_COLUMNS)
    return f"{column.header} (the lab's)" if taken else column.header


def with_room(writes: Iterable[CellWrite]) -> tuple[list[CellWrite], list[RefusedWrite]]:
    """Return the writes whose text fits a cell, and the others as refused."""
    fit: list[CellWrite] = []
    refused: list[RefusedWrite] = []
    for write in writes:
        length = len(plain_cell(write.value))
        if length <= LONGEST_CELL:
            fit.append(write)
        else:
            reason = f"the text has {length} characters, a cell takes {LONGEST_CELL}"
            refused.append(RefusedWrite(write, reason))
    return fit, refused


class RowPlan:
    """Columns to prepare first (`work`), then rows to make (`missing`, by barcode), else rows to write (`rows`), else
    nothing: all that can be shown is.

    `sheet` is in our spelling. `places` are the rows of each slide that may be written to; those of `may_add` get a row
    where they have none.
    """

    def __init__(
        self,
        tab: TabReading,
        sheet: SlideSheet,
        places: Places,
        wanted: Wanted,
        *,
        add_columns: bool,
        may_add: Container[str] = (),
    ) -> None:
        self._sheet = sheet
        self._places = places
        self._columns = {header: find_column(sheet.columns, header) for header in WRITTEN_COLUMNS}
        self._marked = tab.marked
        self.missing = tuple(barcode for barcode in wanted if barcode not in places and barcode in may_add)
        shown = {*places, *self.missing}
        headers = {header for barcode, cells in wanted.items() if barcode in shown for header in cells}
        if headers:
            headers |= {header for header, column in self._columns.items() if column is not None}
        self.work = self._column_work([each for each in WRITTEN_COLUMNS if each in headers], add_columns=add_columns)
        self.rows = () if self.work or self.missing else tuple(self._unlike(wanted))

    def columns(self, strays: Sequence[Stray]) -> dict[str, dict[int, str]]:
        """Return the cells to be written: header to row (from 1) to text."""
        columns: dict[str, dict[int, str]] = {}
        for number, cells in (*self._to_write(), *((each.row, each.cells) for each in strays if not each.barcode)):
            for header, text in cells.items():
                if self._is_ready(header):
                    columns.setdefault(header, {})[number] = text
        return columns

    def result(self, newest: Sequence[CellWrite], outdated: Sequence[RefusedWrite]) -> WriteResult:
        """Sort what was asked for into written and refused, once there is nothing left to do."""
        refused = {write: refusal for write in newest if (refusal := self._refusal(write)) is not None}
        written = tuple(write for write in newest if write not in refused)
        return WriteResult(written, (*outdated, *refused.values()))

    def _to_write(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        for write in self.rows:
            for row in self._places[write.barcode]:
                yield row.number, write.cells

    def _column_work(self, headers: Sequence[str], *, add_columns: bool) -> ColumnWork:
        add, mark, unmark = [], [], []
        for header in headers:
            column, marked = self._columns[header], self._marked.get(header)
            if column is not None and marked == column.index:
                continue
            if marked is not None:
                unmark.append(header)  # its header was changed or moved on: the mark is not to be believed
            if column is not None:
                mark.append((header, column.index))
            elif add_columns:
                add.append(header)
        return ColumnWork(tuple(add), tuple(mark), tuple(unmark))

    def _unlike(self, wanted: Wanted) -> Iterable[RowWrite]:
        """Yield the rows that do not show all that is wanted, with all of our columns.

        A write of part of a row could land on a row that another write has struck, and make a mixture of it. Where a
        slide has several rows, what they do not agree on and nobody wants stays as it is.
        """
        ready = [header for header in WRITTEN_COLUMNS if self._is_ready(header)]
        for barcode, cells in wanted.items():
            rows = self._places.get(barcode, ())
            if any(row.cells[each] != cells[each] for row in rows for each in ready if each in cells):
                alike = [each for each in ready if each in cells or len({row.cells[each] for row in rows}) == 1]
                yield RowWrite(barcode, {each: cells.get(each, rows[0].cells[each]) for each in alike})

    def _refusal(self, write: CellWrite) -> RefusedWrite | None:
        if not any(same_header(write.column, ours) for ours in WRITTEN_COLUMNS):
            return RefusedWrite(write, f"“{write.column}” is not a column of ours")
        if same_header(write.column, self._sheet.barcode_header):
            return RefusedWrite(write, f"“{write.column}” is the column of the barcodes")
        if write.barcode not in self._places:
            return RefusedWrite(write, not_one_row(self._sheet, write.barcode))
        return without_column(write) if self._columns[write.column] is None else None

    def _is_ready(self, header: str) -> bool:
        column = self._columns.get(header)
        return column is not None and self._marked.get(header) == column.index
