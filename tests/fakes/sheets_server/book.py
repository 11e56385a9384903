"""A spreadsheet with its tabs and named ranges, and how its formulas and ranges are read."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis, parse_area, quoted, split_sheet
from tests.fakes.sheets_server.cell import Cell, Scalar, shown
from tests.fakes.sheets_server.developer_metadata import DeveloperMetadata
from tests.fakes.sheets_server.errors import PROTECTED, InvalidError
from tests.fakes.sheets_server.formula import evaluate, shifted
from tests.fakes.sheets_server.functions import FormulaError, Table
from tests.fakes.sheets_server.tab import Tab

CELL_LIMIT = 10_000_000


@dataclass(slots=True)
class NamedRange:
    """A range with a name, on the tab with this id."""

    id: str
    name: str
    tab: int
    area: Area


@dataclass(slots=True)
class Permission:
    """Who may do what with a file."""

    id: str
    type: str
    role: str
    email: str = ""
    domain: str = ""
    pending_owner: bool = False


@dataclass(slots=True)
class Book:
    """One spreadsheet, as Drive's file and as the Sheets service's tabs. Times are seconds since 1970."""

    id: str
    title: str
    created: float
    modified: float
    tabs: list[Tab]
    locale: str = "en_US"
    time_zone: str = "Etc/GMT"
    auto_recalc: str = "ON_CHANGE"
    parents: tuple[str, ...] = ()
    permissions: list[Permission] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    named: list[NamedRange] = field(default_factory=list)
    metadata: list[DeveloperMetadata] = field(default_factory=list)
    """What hangs on the spreadsheet itself; each tab holds what hangs on it."""

    def copy(self) -> "Book":
        """Return a spreadsheet that is the same and stays so when this one is changed."""
        return replace(
            self,
            tabs=[each.copy() for each in self.tabs],
            permissions=[replace(each) for each in self.permissions],
            comments=list(self.comments),
            named=[replace(each) for each in self.named],
            metadata=list(self.metadata),
        )

    def become(self, other: "Book") -> None:
        """Take over all that another one holds."""
        for each in fields(self):
            setattr(self, each.name, getattr(other, each.name))

    # --- tabs and ranges

    def tab(self, title: str) -> Tab | None:
        """Return the tab with this title, or else with its like in another case."""
        same = [each for each in self.tabs if each.title == title]
        alike = [each for each in self.tabs if each.title.casefold() == title.casefold()]
        return next(iter(same + alike), None)

    def tab_by_id(self, tab_id: int) -> Tab:
        """Return the tab with this id. Raises InvalidError."""
        return self._with_id(tab_id, "sheet")

    def grid_by_id(self, tab_id: int) -> Tab:
        """Return the tab whose cells a range names by this id: Google words it otherwise. Raises InvalidError."""
        return self._with_id(tab_id, "grid")

    def _with_id(self, tab_id: int, word: str) -> Tab:
        for each in self.tabs:
            if each.id == tab_id:
                return each
        raise InvalidError(f"No {word} with id: {tab_id}")

    def locate(self, text: str) -> tuple[Tab, Area]:
        """Return tab and area of a range as people write it; the area may reach over the tab's edge.

        Raises InvalidError for what is no range here.
        """
        title, reference = split_sheet(text)
        found = self._anywhere(text) if title is None else self._in_tab(title, reference)
        if found is None:
            raise InvalidError(f"Unable to parse range: {text}")
        return found

    def _in_tab(self, title: str, reference: str | None) -> tuple[Tab, Area] | None:
        tab = self.tab(title)
        if tab is None:
            return None
        if reference is None:
            return tab, tab.whole
        area = parse_area(reference, tab.rows, tab.columns)
        return self._named_area(reference) if area is None else (tab, area)

    def _anywhere(self, text: str) -> tuple[Tab, Area] | None:
        """Return cells of the first visible tab, else a named range, else a whole tab: what is called so."""
        first = next((each for each in self.tabs if not each.look.get("hidden")), self.tabs[0])
        area = parse_area(text, first.rows, first.columns)
        cells = None if area is None else (first, area)
        if area is not None and area.left < first.columns:
            return cells
        return self._named_area(text) or self._in_tab(text, None) or cells

    def _named_area(self, name: str) -> tuple[Tab, Area] | None:
        for each in self.named:
            if each.name.casefold() == name.casefold():
                return self.tab_by_id(each.tab), each.area
        return None

    def area_of(self, message: dict[str, Any]) -> tuple[Tab, Area]:
        """Return tab and area of a GridRange; ends that are left out are the tab's. Raises InvalidError."""
        tab = self.grid_by_id(int(message.get("sheetId") or 0))
        bottom, right = message.get("endRowIndex"), message.get("endColumnIndex")
        area = Area(
            int(message.get("startRowIndex") or 0),
            int(message.get("startColumnIndex") or 0),
            tab.rows if bottom is None else int(bottom),
            tab.columns if right is None else int(right),
        )
        if area.top >= area.bottom and bottom is not None:
            raise InvalidError(f"endRowIndex[{area.bottom}] must be greater than startRowIndex[{area.top}]")
        if area.left >= area.right and right is not None:
            raise InvalidError(f"endColumnIndex[{area.right}] must be greater than startColumnIndex[{area.left}]")
        return tab, self.clipped(tab, area)

    @staticmethod
    def clipped(tab: Tab, area: Area) -> Area:
        """Return what of an area lies on the tab. Raises InvalidError when nothing does."""
        inside = area.common(tab.whole)
        if inside is None:
            raise InvalidError(
                f"Range ({quoted(tab.title)}!{area.a1()}) exceeds grid limits. "
                f"Max rows: {tab.rows}, max columns: {tab.columns}"
            )
        return inside

    # --- values

    def value(
        self, tab: Tab, place: tuple[int, int], asking: frozenset[tuple[int, int, int]] = frozenset()
    ) -> Scalar | None:
        """Return what a cell comes to; a formula that needs itself is #REF!."""
        cell = tab[place]
        if not cell.is_formula:
            return cell.value
        key = (tab.id, *place)
        if key in asking:
            return "#REF!"
        return evaluate(str(cell.value), _CellReader(self, tab, asking | {key}))

    def shown(self, tab: Tab, place: tuple[int, int]) -> str:
        """Return what a person sees in a cell."""
        cell = tab[place]
        return shown(self.value(tab, place) if cell.is_formula else cell.value, cell)

    def check_writable(self, tab: Tab, area: Area, account: str) -> None:
        """Raise InvalidError where somebody protected a cell of the area, unless the spreadsheet is the account's."""
        if any(each.role == "owner" and each.email == account for each in self.permissions):
            return
        for each in tab.protections:
            touched = each.area is None or each.area.meets(area)
            if touched and not each.warning_only and account not in each.editors:
                raise InvalidError(PROTECTED)

    def check_cells(self, more: int) -> None:
        """Raise InvalidError when the spreadsheet would get too large."""
        if more > 0 and sum(each.rows * each.columns for each in self.tabs) + more > CELL_LIMIT:
            raise InvalidError(
                f"This action would increase the number of cells in the workbook above the limit of {CELL_LIMIT} cells."
            )

    def follow(self, tab: Tab, axis: Axis, place: Callable[[int], int | None]) -> None:
        """Let formulas and named ranges follow rows or columns of a tab that went elsewhere."""
        kept = []
        for each in self.named:
            moved = each.area.moved(axis, place) if each.tab == tab.id else each.area
            if moved is not None:
                each.area = moved
                kept.append(each)
        self.named = kept
        for own in self.tabs:
            formulas = [(spot, cell) for spot, cell in own.cells.items() if cell.is_formula]
            for spot, cell in formulas:
                own[spot] = self._followed(cell, own, tab, axis, place)

    @staticmethod
    def _followed(cell: Cell, own: Tab, tab: Tab, axis: Axis, place: Callable[[int], int | None]) -> Cell:
        applies = lambda title: own is tab if title is None else title.casefold() == tab.title.casefold()  # noqa: E731
        return Cell(
            shifted(str(cell.value), axis, place, applies=applies), True, cell.note, cell.format, cell.validation
        )


@dataclass(frozen=True, slots=True)
class _CellReader:
    """Reads other cells for a formula of one tab."""

    book: Book
    tab: Tab
    asking: frozenset[tuple[int, int, int]]

    def table(self, title: str | None, reference: str) -> Table:
        """Return the values of a reference or of a named range."""
        text = reference if title is None else f"{quoted(title)}!{reference}"
        area = parse_area(reference, self.tab.rows, self.tab.columns) if title is None else None
        try:
            tab, area = (self.tab, area) if area is not None else self.book.locate(text)
            inside = self.book.clipped(tab, area)
        except InvalidError:
            raise FormulaError("#NAME?" if title is None and area is None else "#REF!") from None
        return [
            [self.book.value(tab, (row, column), self.asking) for column in range(inside.left, inside.right)]
            for row in range(inside.top, inside.bottom)
        ]
