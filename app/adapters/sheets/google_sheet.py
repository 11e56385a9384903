"""The slide sheet in Google Sheets: each value reaches its slide's row, however the rows move meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.adapters.sheets.filling import newest_of_each_cell, with_one_row
from app.adapters.sheets.google_failures import PlaceGoneError
from app.adapters.sheets.google_link import GoogleLink
from app.adapters.sheets.google_own_tab import GoogleOwnTab
from app.adapters.sheets.google_place import InPlace, OnOwnTab, WritingPlace
from app.adapters.sheets.google_plan import Wanted, in_our_spelling, with_room
from app.adapters.sheets.google_tab import GoogleTab
from app.domain.errors import AwayError, SurroundingsError
from app.domain.own_tab import OWN_TAB_MODE, own_tab_title
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, RefusedWrite, RowWrite, SheetIntent, SheetMemory, SlideSheet, WriteResult
from app.domain.spreadsheet_text import plain_cell
from app.domain.strays import Stray, find_strays

_ROUNDS = 8
"""Readings in one call before the rest is left for the next: others change the sheet faster than we can write."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Tabs:
    """The scientists' tab and the program's own."""

    slides: GoogleTab
    own: GoogleOwnTab


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
        self._tabs: _Tabs | None = None
        self._memory = memory
        self._settings = settings
        self._now = now
        self._on_own_tab = settings.mode == OWN_TAB_MODE
        self._own_title = own_tab_title(settings) if self._on_own_tab else settings.own_tab

    def read(self) -> SlideSheet:
        """Read the whole sheet."""
        with self._signed_in() as tabs:
            return self._in_place(tabs).look().sheet

    def close(self) -> None:
        """End the connections; the next call begins new ones."""
        self._tabs = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        """Write these cells and no others; report as written only what a reading afterwards shows.

        Raises SurroundingsError; what became of a write that nobody answered is found out by the next call.
        """
        newest, outdated = newest_of_each_cell(writes)
        fit, too_long = with_room(newest)
        with self._signed_in() as tabs:
            self._see_through(tabs)
            if not self._on_own_tab:
                return self._write(self._in_place(tabs), fit, (*outdated, *too_long))
            slides = self._in_place(tabs).look().sheet
            fit, without_row = with_one_row(fit, slides)
            result = self._write(OnOwnTab(tabs.own, slides, self._now), fit, (*outdated, *too_long, *without_row))
            return replace(result, sheet=slides)

    def _see_through(self, tabs: _Tabs) -> None:
        """Finish, where it was begun, what was under way when `[sheet] mode` was changed."""
        begun = self._memory.intent()
        if begun is None or begun.own_tab == self._on_own_tab:
            return
        slides = self._in_place(tabs)
        self._write(OnOwnTab(tabs.own, slides.look().sheet, self._now) if begun.own_tab else slides, (), ())

    def _write(self, place: WritingPlace, newest: Sequence[CellWrite], outdated: Sequence[RefusedWrite]) -> WriteResult:
        begun = self._memory.intent()
        wanted = _wanted(begun, newest)
        for _ in range(_ROUNDS):
            try:
                seen = place.look()
                sheet = in_our_spelling(seen.sheet)
                strays = find_strays(begun.before, sheet, begun.rows) if begun else ()
                _want_back(wanted, strays)
                strays = (*strays, *place.misplaced(seen, sheet))
                plan = place.plan(seen, sheet, wanted)
                if place.prepare(plan, seen):
                    continue
                if plan.rows or strays:
                    intent = SheetIntent(sheet, (*plan.rows, *_rows_of(strays)), own_tab=place.own_tab)
                    begun = self._begin(begun, intent, clean=not strays)
                    place.tab.put(plan.columns(strays))
                elif not place.tidy(seen):
                    self._settle(begun)
                    return replace(plan.result(newest, outdated), sheet=seen.sheet)
            except PlaceGoneError:
                continue  # rows, columns or the tab went away under a call: look again
        raise AwayError(
            "The slide sheet does not hold still",
            f"It was changed by others each of {_ROUNDS} times it was read",
            "It is tried again by itself; what is to be written waits",
        )

    @contextmanager
    def _signed_in(self) -> Iterator[_Tabs]:
        """Begin with what the keyring holds; begin anew after a refusal, for somebody may sign in meanwhile."""
        try:
            if self._link is None or self._tabs is None:
                self._link = self._open_link()
                ours = self._own_title if self._on_own_tab else ""
                slides = GoogleTab(self._link, self._settings.worksheet, other_than=ours)
                self._tabs = _Tabs(slides, GoogleOwnTab(self._link, self._own_title))
            yield self._tabs
        except AwayError:
            raise
        except SurroundingsError:
            self.close()
            raise

    def _in_place(self, tabs: _Tabs) -> InPlace:
        return InPlace(tabs.slides, self._settings, self._now)

    def _settle(self, begun: SheetIntent | None) -> None:
        if begun is not None:
            self._memory.done()

    def _begin(self, begun: SheetIntent | None, new: SheetIntent, *, clean: bool) -> SheetIntent:
        """Keep what is about to be written, beside what may still be astray; `clean`: nothing is."""
        intent = new if begun is None or clean else replace(begun, rows=(*begun.rows, *new.rows))
        self._memory.begin(intent)
        return intent


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
