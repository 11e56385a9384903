"""The slide sheet as a file: an .xlsx workbook, written in place or on a tab of ours, or a delimited text."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.sheets.delimited import DelimitedSheet
from app.adapters.sheets.filling import Filling, SheetFile, newest_of_each_cell, rows_by_barcode, with_one_row
from app.adapters.sheets.safe_save import Snapshot, back_up, read_snapshot, refuse_if_open, replace_if_same
from app.adapters.sheets.xlsx import XlsxSheet
from app.adapters.sheets.xlsx_own_tab import own_tab, refuse_title
from app.adapters.sheets.xlsx_package import XlsxPackage
from app.domain.errors import SurroundingsError, UseError
from app.domain.own_columns import lab_headers
from app.domain.own_tab import BARCODE_HEADER, OWN_TAB_MODE, own_tab_title, read_own_tab
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, SlideSheet, WriteResult
from app.domain.sheet_reading import find_column, header_index, read_grid

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
TEXTS = frozenset({".csv", ".tsv", ".txt"})
_SAVE_TRIES = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WorkbookSheet:
    """The slide sheet in a file: meets the port SheetGateway. Each call reads the file anew, nothing is remembered.

    Raises UseError when the settings ask for a tab of the program's own that the file cannot have.
    """

    def __init__(self, path: Path, settings: SheetSettings, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._path = path
        self._settings = settings
        self._now = now
        self._headers = lab_headers(settings.headers)
        self._own_tab = _own_tab_of(path, settings)

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
            filling = self._fill_own_tab(snapshot.data, newest) if self._own_tab else self._fill(snapshot.data, newest)
            if not filling.changed:  # the reading just made shows all that was to be written
                return WriteResult(tuple(filling.expected), (*outdated, *filling.refused))
            if self._save(snapshot, filling.file):
                return WriteResult(self._confirmed(filling.expected), (*outdated, *filling.refused))
        raise SurroundingsError(
            "The slide sheet is in use",
            f"{self._path.name} was changed by others each of {_SAVE_TRIES} times it was to be saved.",
            "It is tried again.",
        )

    def _open(self, data: bytes) -> SheetFile:
        kind = self._path.suffix.lower()
        if kind in WORKBOOKS:
            package = XlsxPackage(data, name=self._path.name)
            return XlsxSheet(package, package.tab(self._settings.worksheet, other_than=self._own_tab))
        if kind in TEXTS:
            return DelimitedSheet(data, name=self._path.name, barcode_header=self._settings.barcode_column)
        raise UseError(
            "The slide sheet is of a kind that cannot be read",
            f"[sheet] path names {self._path.name}.",
            "It may be " + ", ".join(sorted(WORKBOOKS | TEXTS)) + ".",
        )

    def _sheet(self, file: SheetFile, grid: list[list[str]]) -> SlideSheet:
        barcode_header = self._settings.barcode_column
        return read_grid(
            grid, title=file.title, barcode_header=barcode_header, read_at=self._now(), headers=self._headers
        )

    def _save(self, snapshot: Snapshot, file: SheetFile) -> bool:
        path = self._path.resolve() if self._path.is_symlink() else self._path
        refuse_if_open(path)
        back_up(path, snapshot, self._now().date())
        return replace_if_same(path, file.to_bytes(), snapshot.stamp)

    def _fill(self, data: bytes, writes: Iterable[CellWrite]) -> Filling:
        file = self._open(data)
        grid = file.grid()
        header_row = 1 + header_index(grid, title=file.title, barcode_header=self._settings.barcode_column)
        filling = Filling(
            file,
            grid,
            self._sheet(file, grid),
            header_row,
            add_columns=self._settings.add_columns,
            headers=self._headers,
        )
        for write in writes:
            filling.add(write)
        return filling

    def _fill_own_tab(self, data: bytes, writes: Iterable[CellWrite]) -> Filling:
        """Fill the rows of our own tab, new ones for slides that have their one row in the scientists' tab."""
        slides = self._open(data)
        fit, refused = with_one_row(writes, self._sheet(slides, slides.grid()))
        file, sheet = self._own(data)
        barcodes = _add_rows(file, sheet, fit)
        grid = file.grid()
        sheet = read_own_tab(grid, title=file.title, read_at=self._now())
        filling = Filling(file, grid, sheet, 1, add_columns=False)
        filling.changed = bool(barcodes)
        filling.refused += refused
        for write in fit:
            filling.add(write)
        return filling

    def _own(self, data: bytes) -> tuple[XlsxSheet, SlideSheet]:
        file = own_tab(XlsxPackage(data, name=self._path.name), self._own_tab)
        return file, read_own_tab(file.grid(), title=file.title, read_at=self._now())

    def _confirmed(self, expected: Sequence[CellWrite]) -> tuple[CellWrite, ...]:
        """Read the file back and return the writes whose cells now show what was to be written."""
        if not expected:
            return ()
        file, sheet = self._written_to(read_snapshot(self._path).data)
        rows = rows_by_barcode(sheet)
        headers = {each.written_as.casefold(): each.header for each in sheet.columns if each.written_as}

        def shows(write: CellWrite) -> bool:
            found, header = rows.get(write.barcode, []), headers.get(write.column.casefold())
            return len(found) == 1 and header is not None and found[0].cells[header] == file.as_stored(write.value)

        return tuple(write for write in expected if shows(write))

    def _written_to(self, data: bytes) -> tuple[SheetFile, SlideSheet]:
        if self._own_tab:
            return self._own(data)
        file = self._open(data)
        return file, self._sheet(file, file.grid())


def _own_tab_of(path: Path, settings: SheetSettings) -> str:
    """Return the title of our own tab, empty where our columns stand in place."""
    if settings.mode != OWN_TAB_MODE:
        return ""
    if path.suffix.lower() not in WORKBOOKS:
        raise UseError(
            "The slide sheet cannot have a tab of ours",
            f"[sheet] mode is own_tab, and {path.name} is no workbook with tabs",
            "Set [sheet] mode to in_place, or name a workbook in [sheet] path: " + ", ".join(sorted(WORKBOOKS)),
        )
    title = own_tab_title(settings)
    refuse_title(title)
    return title


def _add_rows(file: XlsxSheet, sheet: SlideSheet, writes: Iterable[CellWrite]) -> list[str]:
    """Give each slide that has none a row below the last; return their barcodes."""
    there = rows_by_barcode(sheet)
    barcodes = list(dict.fromkeys(write.barcode for write in writes if write.barcode not in there))
    column = find_column(sheet.columns, BARCODE_HEADER)
    if column is not None:
        for row, barcode in zip(file.add_rows(len(barcodes)), barcodes, strict=True):
            file.put(row, column.index, barcode)
    return barcodes
