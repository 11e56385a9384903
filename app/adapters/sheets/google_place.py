"""Where our columns stand in a Google spreadsheet: in the scientists' own tab, or on the tab of the program's own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from app.adapters.sheets.filling import rows_by_barcode
from app.adapters.sheets.google_failures import PlaceGoneError
from app.adapters.sheets.google_own_tab import GoogleOwnTab
from app.adapters.sheets.google_plan import RowPlan, Wanted
from app.adapters.sheets.google_tab import ColumnWork, GoogleTab, TabReading
from app.domain.own_columns import lab_headers
from app.domain.own_tab import BARCODE_HEADER, OWN_TAB_HEADER, read_own_tab
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, SheetRow, SlideSheet
from app.domain.sheet_reading import find_column, header_index, read_grid
from app.domain.strays import Stray

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading of a tab, and the slide sheet in it. `header_row` counts from 1."""

    tab: TabReading
    sheet: SlideSheet
    header_row: int


class WritingPlace(Protocol):
    """A tab that is written to, and what is particular about writing there."""

    tab: GoogleTab
    own_tab: bool

    def look(self) -> Seen:
        """Read the tab in one call."""

    def plan(self, seen: Seen, sheet: SlideSheet, wanted: Wanted) -> RowPlan:
        """Return what a reading calls for."""

    def misplaced(self, seen: Seen, sheet: SlideSheet) -> tuple[Stray, ...]:
        """Return what stands where nothing of ours ever belongs."""

    def prepare(self, plan: RowPlan, seen: Seen) -> bool:
        """Make the columns and rows that a plan lacks; say whether there was anything to do."""

    def tidy(self, seen: Seen) -> bool:
        """Put in order what does not keep values from being shown; say whether there was anything to do."""


class InPlace:
    """The scientists' tab: their rows, our columns at the right end."""

    own_tab = False

    def __init__(self, tab: GoogleTab, settings: SheetSettings, now: Now) -> None:
        self.tab = tab
        self._settings = settings
        self._headers = lab_headers(settings.headers)
        self._now = now

    def look(self) -> Seen:
        """Read the tab in one call."""
        reading = self.tab.read()
        barcode_header = self._settings.barcode_column
        top = header_index(reading.grid, title=reading.title, barcode_header=barcode_header)
        sheet = read_grid(
            reading.grid,
            title=reading.title,
            barcode_header=barcode_header,
            read_at=self._now(),
            headers=self._headers,
        )
        return Seen(reading, sheet, top + 1)

    def plan(self, seen: Seen, sheet: SlideSheet, wanted: Wanted) -> RowPlan:
        """Return what a reading calls for: slides with one row are written."""
        places = {barcode: rows for barcode, rows in rows_by_barcode(sheet).items() if len(rows) == 1 and barcode}
        return RowPlan(seen.tab, sheet, places, wanted, add_columns=self._settings.add_columns)

    def misplaced(self, seen: Seen, sheet: SlideSheet) -> tuple[Stray, ...]:
        """Return nothing: what stands in the scientists' rows may be theirs."""
        return ()

    def prepare(self, plan: RowPlan, seen: Seen) -> bool:
        """Make the columns that a plan lacks."""
        if plan.work:
            self.tab.prepare(replace(plan.work, headers=self._headers), seen.tab, seen.header_row)
        return bool(plan.work)

    def tidy(self, seen: Seen) -> bool:
        """Leave the scientists' tab as it is."""
        return False


class OnOwnTab:
    """The program's own tab, for one write: a row a slide, for slides that have their one row in `slides`.

    Two stations, or one whose answer was lost, may have made two rows of a slide. All of them are written alike; rows
    that are alike in every cell are then folded into one.
    """

    own_tab = True

    def __init__(self, tab: GoogleOwnTab, slides: SlideSheet, now: Now) -> None:
        self.tab: GoogleTab = tab
        self._own = tab
        self._slides = {barcode for barcode, rows in rows_by_barcode(slides).items() if len(rows) == 1 and barcode}
        self._now = now
        self._folded = False

    def look(self) -> Seen:
        """Read the tab, made or given its header first where it has none."""
        seen = self._seen()
        if not seen.sheet.columns:
            self.tab.prepare(ColumnWork(add=OWN_TAB_HEADER), seen.tab, 1)
            seen = self._seen()
        if not seen.sheet.columns:
            raise PlaceGoneError("the header was removed again")
        return seen

    def plan(self, seen: Seen, sheet: SlideSheet, wanted: Wanted) -> RowPlan:
        """Return what a reading calls for: all rows of a slide show the same."""
        return RowPlan(seen.tab, sheet, _rows_of_slides(sheet), wanted, add_columns=False, may_add=self._slides)

    def misplaced(self, seen: Seen, sheet: SlideSheet) -> tuple[Stray, ...]:
        """Return what stands in our columns of rows without a barcode, be it a barcode that missed its column."""
        ours = [header for header in WRITTEN_COLUMNS if _is_marked(header, seen, sheet)]
        strayed = (row for row in sheet.rows if not row.barcode and any(row.cells[header] for header in ours))
        return tuple(Stray(row.number, "", dict.fromkeys(ours, "")) for row in strayed)

    def prepare(self, plan: RowPlan, seen: Seen) -> bool:
        """Make the marks, then the rows that a plan lacks."""
        if plan.work:
            self.tab.prepare(plan.work, seen.tab, seen.header_row)
        elif plan.missing:
            column = find_column(seen.sheet.columns, BARCODE_HEADER)
            if column is None:
                raise PlaceGoneError("the column of the barcodes was removed")
            self._own.append(plan.missing, column.index)
        return bool(plan.work or plan.missing)

    def tidy(self, seen: Seen) -> bool:
        """Fold rows of a slide that are alike, once in a write: Google may find them less alike than we do."""
        if self._folded or not _has_twins(seen):
            return False
        self._folded = True
        self._own.fold()
        return True

    def _seen(self) -> Seen:
        reading = self.tab.read()
        # Columns are added to an empty tab only: the header stands in the first row then.
        return Seen(reading, read_own_tab(reading.grid, title=reading.title, read_at=self._now()), 1)


def _rows_of_slides(sheet: SlideSheet) -> dict[str, list[SheetRow]]:
    return {barcode: rows for barcode, rows in rows_by_barcode(sheet).items() if barcode}


def _is_marked(header: str, seen: Seen, sheet: SlideSheet) -> bool:
    """Say whether a column carries the mark that it is written by."""
    column = find_column(sheet.columns, header)
    return column is not None and seen.tab.marked.get(header) == column.index


def _has_twins(seen: Seen) -> bool:
    """Say whether two rows of a slide are alike in every cell, also in those below no header."""
    for rows in _rows_of_slides(seen.sheet).values():
        if len({_whole_row(seen, row) for row in rows}) < len(rows):
            return True
    return False


def _whole_row(seen: Seen, row: SheetRow) -> tuple[str, ...]:
    cells = [cell.casefold() for cell in seen.tab.grid[row.number - 1]]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)
