"""The slide sheet as a file: an .xlsx workbook or a delimited text, read and written in place."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.sheets.delimited import DelimitedSheet
from app.adapters.sheets.filling import Filling, SheetFile, newest_of_each_cell, rows_by_barcode
from app.adapters.sheets.safe_save import Snapshot, back_up, read_snapshot, refuse_if_open, replace_if_same
from app.adapters.sheets.xlsx import XlsxSheet
from app.domain.errors import SurroundingsError, UseError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, SlideSheet, WriteResult
from app.domain.sheet_reading import header_index, read_grid

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
TEXTS = frozenset({".csv", ".tsv", ".txt"})
_SAVE_TRIES = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WorkbookSheet:
    """The slide sheet in a file: meets the port SheetGateway. Each call reads the file anew, nothing is remembered."""

    def __init__(self, path: Path, settings: SheetSettings, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._path = path
        self._settings = settings
        self._now = now

    def read(self) -> SlideSheet:
        """Read the whole sheet; open elsewhere it can still be read."""
        file = self._open(read_snapshot(self._path).data)
        return self._sheet(file, file.grid())

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        """Write these cells and no others; report as written only what a reading after the save shows.

        A cell changed by somebody else between save and reading is in neither list: it is to be written again.
        Raises SurroundingsError while the file is open elsewhere; nothing is written then.
        """
        newest, outdated = newest_of_each_cell(writes)
        for _ in range(_SAVE_TRIES):
            snapshot = read_snapshot(self._path)
            file = self._open(snapshot.data)
            filling = self._fill(file, newest)
            if not filling.changed:  # the reading just made shows all that was to be written
                return WriteResult(tuple(filling.expected), (*outdated, *filling.refused))
            if self._save(snapshot, file):
                return WriteResult(self._confirmed(filling.expected), (*outdated, *filling.refused))
        raise SurroundingsError(
            "The slide sheet is in use",
            f"{self._path.name} was changed by others each of {_SAVE_TRIES} times it was to be saved.",
            "It is tried again.",
        )

    def _open(self, data: bytes) -> SheetFile:
        kind = self._path.suffix.lower()
        if kind in WORKBOOKS:
            return XlsxSheet(data, name=self._path.name, worksheet=self._settings.worksheet)
        if kind in TEXTS:
            return DelimitedSheet(data, name=self._path.name, barcode_header=self._settings.barcode_column)
        raise UseError(
            "The slide sheet is of a kind that cannot be read",
            f"[sheet] path names {self._path.name}.",
            "It may be " + ", ".join(sorted(WORKBOOKS | TEXTS)) + ".",
        )

    def _sheet(self, file: SheetFile, grid: list[list[str]]) -> SlideSheet:
        barcode_header = self._settings.barcode_column
        return read_grid(grid, title=file.title, barcode_header=barcode_header, read_at=self._now())

    def _save(self, snapshot: Snapshot, file: SheetFile) -> bool:
        path = self._path.resolve() if self._path.is_symlink() else self._path
        refuse_if_open(path)
        back_up(path, snapshot, self._now().date())
        return replace_if_same(path, file.to_bytes(), snapshot.stamp)

    def _fill(self, file: SheetFile, writes: Iterable[CellWrite]) -> Filling:
        grid = file.grid()
        header_row = 1 + header_index(grid, title=file.title, barcode_header=self._settings.barcode_column)
        filling = Filling(file, grid, self._sheet(file, grid), header_row, add_columns=self._settings.add_columns)
        for write in writes:
            filling.add(write)
        return filling

    def _confirmed(self, expected: Sequence[CellWrite]) -> tuple[CellWrite, ...]:
        """Read the file back and return the writes whose cells now show what was to be written."""
        if not expected:
            return ()
        file = self._open(read_snapshot(self._path).data)
        sheet = self._sheet(file, file.grid())
        rows = rows_by_barcode(sheet)
        headers = {column.header.casefold(): column.header for column in sheet.columns}

        def shows(write: CellWrite) -> bool:
            found, header = rows.get(write.barcode, []), headers.get(write.column.casefold())
            return len(found) == 1 and header is not None and found[0].cells[header] == file.as_stored(write.value)

        return tuple(write for write in expected if shows(write))
