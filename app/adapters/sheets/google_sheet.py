"""The slide sheet in Google Sheets: each value reaches its slide's row, however the rows move meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.adapters.sheets.filling import newest_of_each_cell, with_one_row
from app.adapters.sheets.google_link import GoogleLink
from app.adapters.sheets.google_own_tab import GoogleOwnTab
from app.adapters.sheets.google_place import InPlace, OnOwnTab
from app.adapters.sheets.google_plan import with_room
from app.adapters.sheets.google_tab import GoogleTab
from app.adapters.sheets.google_writing import Writing
from app.domain.errors import AwayError, SurroundingsError
from app.domain.own_tab import OWN_TAB_MODE, own_tab_title
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, SheetMemory, SlideSheet, WriteResult


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Tabs:
    """The scientists' tab and the program's own."""

    slides: GoogleTab
    own: GoogleOwnTab


class GoogleSheet:
    """Meets the port SheetGateway. Each call reads the sheet anew; what is under way is kept in a memory.

    How a batch is written and looked after stands in `google_writing.py`.
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
            return replace(self._in_place(tabs).look().sheet, tab=tabs.slides.id)

    def close(self) -> None:
        """End the connections; the next call begins new ones."""
        self._tabs = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        """Write these cells and no others; report as written only what a reading afterwards shows.

        What others keep changing meanwhile is neither written nor refused: it waits for the next call.
        Raises SurroundingsError; what became of a write that nobody answered is found out by the next call.
        """
        newest, outdated = newest_of_each_cell(writes)
        fit, too_long = with_room(newest)
        with self._signed_in() as tabs:
            self._see_through(tabs)
            if self._on_own_tab:
                slides = self._in_place(tabs).look().sheet
                fit, without_row = with_one_row(fit, slides)
                place = OnOwnTab(tabs.own, slides, self._now)
                result = Writing(place, self._memory, fit, (*outdated, *too_long, *without_row)).run()
                return replace(result, sheet=replace(slides, tab=tabs.slides.id))
            result = Writing(self._in_place(tabs), self._memory, fit, (*outdated, *too_long)).run()
            return replace(result, sheet=result.sheet and replace(result.sheet, tab=tabs.slides.id))

    def _see_through(self, tabs: _Tabs) -> None:
        """Finish, where it was begun, what was under way when `[sheet] mode` was changed."""
        begun = self._memory.intent()
        if begun is None or begun.own_tab == self._on_own_tab:
            return
        slides = self._in_place(tabs)
        place = OnOwnTab(tabs.own, slides.look().sheet, self._now) if begun.own_tab else slides
        Writing(place, self._memory, (), ()).run()

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
