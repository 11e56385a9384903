"""The slide sheet in Google Sheets: each value reaches its slide's row, however the rows move meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.adapters.sheets.filling import newest_of_each_cell
from app.adapters.sheets.google_failures import PlaceGoneError
from app.adapters.sheets.google_link import GoogleLink
from app.adapters.sheets.google_plan import RowPlan, Wanted, in_our_spelling
from app.adapters.sheets.google_tab import GoogleTab, TabReading
from app.domain.errors import AwayError, SurroundingsError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, RefusedWrite, RowWrite, SheetIntent, SheetMemory, SlideSheet, WriteResult
from app.domain.sheet_reading import header_index, read_grid
from app.domain.spreadsheet_text import plain_cell
from app.domain.strays import Stray, find_strays

_ROUNDS = 8
"""Readings in one call before the rest is left for the next: others change the sheet faster than we can write."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A reading of the tab, and the slide sheet in it. `header_row` counts from 1."""

    tab: TabReading
    sheet: SlideSheet
    header_row: int


class GoogleSheet:
    """Meets the port SheetGateway. Each call reads the sheet anew; what is under way is kept in a memory.

    A write is read → say what is to be written → write → read. Where the second reading shows a value in another
    slide's row, what stood there before is put back, and it begins again.
    """

    def __init__(
        self,
        open_link: Callable[[], GoogleLink],
        memory: SheetMemory,
        settings: SheetSettings,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._open_link = open_link
        self._link: GoogleLink | None = None
        self._tab: GoogleTab | None = None
        self._memory = memory
        self._settings = settings
        self._now = now

    def read(self) -> SlideSheet:
        """Read the whole sheet."""
        with self._signed_in() as tab:
            return self._look(tab).sheet

    def close(self) -> None:
        """End the connections; the next call begins new ones."""
        self._tab = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        """Write these cells and no others; report as written only what a reading afterwards shows.

        Raises SurroundingsError; what became of a write that nobody answered is found out by the next call.
        """
        newest, outdated = newest_of_each_cell(writes)
        with self._signed_in() as tab:
            return self._write(tab, newest, outdated)

    def _write(self, tab: GoogleTab, newest: Sequence[CellWrite], outdated: Sequence[RefusedWrite]) -> WriteResult:
        begun = self._memory.intent()
        wanted = _wanted(begun, newest)
        for _ in range(_ROUNDS):
            seen = self._look(tab)
            sheet = in_our_spelling(seen.sheet)
            strays = find_strays(begun.before, sheet, begun.rows) if begun else ()
            _want_back(wanted, strays)
            plan = RowPlan(seen.tab, sheet, wanted, add_columns=self._settings.add_columns)
            try:
                if plan.work:
                    tab.prepare(plan.work, seen.tab, seen.header_row)
                    continue
                if not plan.rows and not strays:
                    self._settle(begun)
                    return replace(plan.result(newest, outdated), sheet=seen.sheet)
                begun = self._begin(begun, sheet, (*plan.rows, *_rows_of(strays)), clean=not strays)
                tab.put(plan.columns(strays))
            except PlaceGoneError:
                continue  # rows or columns went away under the write: look again
        raise AwayError(
            "The slide sheet does not hold still",
            f"It was changed by others each of {_ROUNDS} times it was read",
            "It is tried again by itself; what is to be written waits",
        )

    @contextmanager
    def _signed_in(self) -> Iterator[GoogleTab]:
        """Begin with what the keyring holds; begin anew after a refusal, for somebody may sign in meanwhile."""
        try:
            if self._link is None or self._tab is None:
                self._link = self._open_link()
                self._tab = GoogleTab(self._link, self._settings.worksheet)
            yield self._tab
        except AwayError:
            raise
        except SurroundingsError:
            self.close()
            raise

    def _settle(self, begun: SheetIntent | None) -> None:
        if begun is not None:
            self._memory.done()

    def _begin(
        self, begun: SheetIntent | None, sheet: SlideSheet, rows: tuple[RowWrite, ...], *, clean: bool
    ) -> SheetIntent:
        """Keep what is about to be written, beside what may still be astray; `clean`: nothing is."""
        intent = SheetIntent(sheet, rows) if begun is None or clean else replace(begun, rows=(*begun.rows, *rows))
        self._memory.begin(intent)
        return intent

    def _look(self, tab: GoogleTab) -> _Seen:
        reading = tab.read()
        barcode_header = self._settings.barcode_column
        top = header_index(reading.grid, title=reading.title, barcode_header=barcode_header)
        sheet = read_grid(reading.grid, title=reading.title, barcode_header=barcode_header, read_at=self._now())
        return _Seen(reading, sheet, top + 1)


def _wanted(begun: SheetIntent | None, newest: Sequence[CellWrite]) -> Wanted:
    """Return what each slide's row is to show: what was begun, and over it what is asked for now."""
    wanted: Wanted = {}
    for row in begun.rows if begun else ():
        if row.barcode:
            wanted.setdefault(row.barcode, {}).update(row.cells)
    for write in newest:
        wanted.setdefault(write.barcode, {})[write.column] = plain_cell(write.value)
    return wanted


def _want_back(wanted: Wanted, strays: Sequence[Stray]) -> None:
    """Want back what stood in the rows of other slides."""
    for stray in strays:
        if stray.barcode:
            wanted[stray.barcode] = {**stray.cells, **wanted.get(stray.barcode, {})}


def _rows_of(strays: Sequence[Stray]) -> tuple[RowWrite, ...]:
    """Return the rows without a barcode that get back what they held; the others are wanted like any slide's."""
    return tuple(RowWrite("", stray.cells) for stray in strays if not stray.barcode)
