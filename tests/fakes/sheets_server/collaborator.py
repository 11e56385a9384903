"""Another person who has the same spreadsheet open: what they do with it, and what they see."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.batch import REQUESTS
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.cell import Scalar
from tests.fakes.sheets_server.requests.edit import Edit
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab


@dataclass(frozen=True, slots=True)
class Collaborator:
    """Somebody who works in one tab. Rows and columns are counted from 1, as people see them."""

    store: Store
    book: Book
    tab_id: int = 0
    account: str = "scientist@lab.example"

    def sees(self) -> list[list[str]]:
        """Return the tab as shown, without empty rows at its end; every row as long as the longest."""
        tab = self.book.tab_by_id(self.tab_id)
        bottom, right = tab.last(tab.whole, lambda cell: cell.value is not None)
        return [[self.book.shown(tab, (row, column)) for column in range(right)] for row in range(bottom)]

    def column_of(self, header: str, *, header_row: int = 2) -> int:
        """Return the column with a header."""
        return self.sees()[header_row - 1].index(header) + 1

    # --- cells

    def types(self, row: int, column: int, value: Scalar) -> None:
        """Type a value into a cell."""
        tab = self._tab_with(row, column)
        tab[row - 1, column - 1] = tab[row - 1, column - 1].typed(value)
        self.store.touch(self.book)

    def puts(self, rows: Sequence[Sequence[Scalar]], *, top: int = 1) -> None:
        """Put whole rows in, values as they are; the tab grows as needed."""
        tab = self._tab_with(top - 1 + len(rows), max(map(len, rows), default=0))
        for down, row in enumerate(rows):
            for column, value in enumerate(row):
                tab[top - 1 + down, column] = tab[top - 1 + down, column].holding(value)
        self.store.touch(self.book)

    def clears(self, row: int, column: int, *, rows: int = 1, columns: int = 1) -> None:
        """Select cells and press Delete: their values go, their look stays."""
        area = self._area(row, column, rows, columns)
        self._does("repeatCell", range=area, cell={}, fields="userEnteredValue")

    def renames_header(self, header: str, new: str, *, header_row: int = 2) -> None:
        """Write another header over a column's."""
        self.types(header_row, self.column_of(header, header_row=header_row), new)

    # --- rows, columns, tabs

    def sorts(self, column: int, *, first_row: int = 3, descending: bool = False) -> None:
        """Sort the rows from `first_row` on by a column."""
        order = "DESCENDING" if descending else "ASCENDING"
        area = {"sheetId": self.tab_id, "startRowIndex": first_row - 1}
        self._does("sortRange", range=area, sortSpecs=[{"dimensionIndex": column - 1, "sortOrder": order}])

    def inserts_rows(self, row: int, count: int = 1) -> None:
        """Insert empty rows above a row."""
        self._does("insertDimension", range=self._lines(Axis.ROWS, row, count))

    def inserts_columns(self, column: int, count: int = 1) -> None:
        """Insert empty columns left of a column."""
        self._does("insertDimension", range=self._lines(Axis.COLUMNS, column, count))

    def deletes_rows(self, row: int, count: int = 1) -> None:
        self._does("deleteDimension", range=self._lines(Axis.ROWS, row, count))

    def deletes_columns(self, column: int, count: int = 1) -> None:
        self._does("deleteDimension", range=self._lines(Axis.COLUMNS, column, count))

    def moves_column(self, column: int, before: int) -> None:
        """Drag a column in front of another."""
        self._does("moveDimension", source=self._lines(Axis.COLUMNS, column, 1), destinationIndex=before - 1)

    def moves_rows(self, row: int, before: int, count: int = 1) -> None:
        """Drag rows in front of another."""
        self._does("moveDimension", source=self._lines(Axis.ROWS, row, count), destinationIndex=before - 1)

    def duplicates_row(self, row: int) -> None:
        """Insert a row below a row, and copy that into it."""
        self._does("insertDimension", range=self._lines(Axis.ROWS, row + 1, 1), inheritFromBefore=True)
        width = self.book.tab_by_id(self.tab_id).columns
        source, target = (self._area(each, 1, 1, width) for each in (row, row + 1))
        self._does("copyPaste", source=source, destination=target, pasteType="PASTE_NORMAL")

    def allows_only(self, row: int, column: int, *texts: str, rows: int = 1) -> None:
        """Give cells a strict drop-down: Google refuses any other text."""
        values = [{"userEnteredValue": text} for text in texts]
        rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True, "showCustomUi": True}
        self._does("setDataValidation", range=self._area(row, column, rows, 1), rule=rule)

    def protects(self, first_column: int, last_column: int) -> None:
        """Let nobody else edit some columns."""
        area = {"sheetId": self.tab_id, "startColumnIndex": first_column - 1, "endColumnIndex": last_column}
        self._does("addProtectedRange", protectedRange={"range": area, "editors": {"users": [self.account]}})

    def renames_tab(self, title: str) -> None:
        properties = {"sheetId": self.tab_id, "title": title}
        self._does("updateSheetProperties", properties=properties, fields="title")

    def hides_tab(self) -> None:
        self._does("updateSheetProperties", properties={"sheetId": self.tab_id, "hidden": True}, fields="hidden")

    def adds_chart_tab(self, title: str) -> None:
        """Put a chart on a tab of its own, the first: it has no cells."""
        self._does("addSheet", properties={"title": title, "index": 0})
        self.book.tabs[0].look["sheetType"] = "OBJECT"

    def deletes_tab(self) -> None:
        self._does("deleteSheet", sheetId=self.tab_id)

    def adds_tab(self, title: str) -> None:
        self._does("addSheet", properties={"title": title})

    # --- the spreadsheet

    def deletes_spreadsheet(self) -> None:
        self.store.books.pop(self.book.id, None)

    def shares(self, account: str, role: str = "writer") -> None:
        """Let somebody at the spreadsheet, or change what they may do."""
        self.store.share(self.book, role, email=account)

    def unshares(self, account: str) -> None:
        """Let somebody at the spreadsheet no longer."""
        self.book.permissions = [each for each in self.book.permissions if each.email != account]

    def _tab_with(self, row: int, column: int) -> Tab:
        """Return the tab, made large enough to have a cell."""
        tab = self.book.tab_by_id(self.tab_id)
        tab.rows, tab.columns = max(tab.rows, row), max(tab.columns, column)
        return tab

    def _area(self, row: int, column: int, rows: int, columns: int) -> dict[str, object]:
        area = Area(row - 1, column - 1, row - 1 + rows, column - 1 + columns)
        return area.json(self.tab_id)

    def _lines(self, axis: Axis, first: int, count: int) -> dict[str, object]:
        return {"sheetId": self.tab_id, "dimension": axis.value, "startIndex": first - 1, "endIndex": first - 1 + count}

    def _does(self, request: str, **words: object) -> None:
        REQUESTS[request](Edit(self.store, self.book, self.account), dict(words))
        self.store.touch(self.book)
