"""One tab of a Google spreadsheet: read whole, and written to by columns that carry a mark of ours.

A mark is developer metadata: Google moves it along with its column, so a value of ours never lands in a column of
somebody else, whatever is inserted, deleted or moved between a reading and a write. Rows have no such mark that would
outlive sorting; that a value reached its row is judged from a reading afterwards (`google_sheet.py`).
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.adapters.sheets.google_failures import PlaceGoneError
from app.adapters.sheets.google_link import GoogleLink, Json
from app.domain.errors import SurroundingsError
from app.domain.sheet import OUR_HEADERS, WRITTEN_COLUMNS
from app.domain.sheet_reading import nearest

MARK = "slideferry-column"
_COLUMNS_OF_RANGE = re.compile(r"(?:.*!)?([A-Z]+)\d*(?::([A-Z]+)\d*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TabReading:
    """A tab at one moment: its cells as a person sees them, row 1 first, and how many columns it has room for.

    `marked` says in which column (from 0) the mark of each header of ours stands, -1 where it stands in several.
    """

    title: str
    grid: list[list[str]]
    width: int
    marked: Mapping[str, int]

    def right_end(self) -> int:
        """Return the first column that no row reaches."""
        return max((len(row) for row in self.grid), default=0)


@dataclass(frozen=True, slots=True)
class ColumnWork:
    """What is to be done before columns can be written to: new ones, marks to make, marks to take away, by our names.

    `headers` says how the tab calls a column that is added.
    """

    add: tuple[str, ...] = ()
    mark: tuple[tuple[str, int], ...] = ()
    unmark: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: OUR_HEADERS)

    def __bool__(self) -> bool:
        return bool(self.add or self.mark or self.unmark)


class GoogleTab:
    """The worksheet that the settings name, empty for the first; it is known by its id once it was found.

    The first is one that people see, with cells; `other_than` names one that it never is.
    """

    def __init__(self, link: GoogleLink, worksheet: str, *, other_than: str = "") -> None:
        self._link = link
        self._worksheet = worksheet
        self._other_than = other_than.casefold()
        self._id: int | None = None
        self._book = ""

    @property
    def id(self) -> int | None:
        """The tab's id, once it was read."""
        return self._id

    def read(self) -> TabReading:
        """Read the tab in one call; look for it anew where it has gone."""
        if self._id is not None:
            try:
                return self._read(self._id)
            except PlaceGoneError:
                self._id = None
        self._id = self._find()
        try:
            return self._read(self._id)
        except PlaceGoneError as error:
            raise SurroundingsError("The slide sheet has no such tab", str(error), _NAME_IT) from error

    def prepare(self, work: ColumnWork, reading: TabReading, header_row: int) -> None:
        """Add columns at the right end and see to marks, all of it or nothing. `header_row` counts from 1."""
        requests = [
            *({"deleteDeveloperMetadata": {"dataFilter": self._filter(header)}} for header in work.unmark),
            *(self._mark(header, column) for header, column in work.mark),
            *self._new_columns({each: work.headers.get(each, each) for each in work.add}, reading, header_row),
        ]
        self._link.write(":batchUpdate", {"requests": requests})

    def put(self, columns: Mapping[str, Mapping[int, str]]) -> None:
        """Write texts into marked columns: header to row (from 1) to text. As they are, nothing is parsed."""
        data = [
            {"dataFilter": self._filter(header), "majorDimension": "COLUMNS", "values": [_column(cells)]}
            for header, cells in columns.items()
        ]
        self._link.write("/values:batchUpdateByDataFilter", {"valueInputOption": "RAW", "data": data})

    def _find(self) -> int:
        tabs = self._tabs()
        for title, tab in tabs.items():
            if self._is_meant(title.casefold(), tab):
                return id_of(tab)
        close = nearest(self._worksheet, list(tabs))
        meant = f"; did you mean “{close}”?" if close else ""
        lacks = f"has no tab “{self._worksheet}”, but" if self._worksheet else "shows no tab with cells, but has"
        raise SurroundingsError(
            "The slide sheet has no such tab",
            f"{self._book} {lacks} {', '.join(f'“{title}”' for title in tabs)}{meant}",
            _NAME_IT,
        )

    def _is_meant(self, title: str, tab: Json) -> bool:
        if self._worksheet:
            return title == self._worksheet.casefold()
        return title != self._other_than and _shows_cells(tab)

    def _tabs(self) -> dict[str, Json]:
        """Return what all tabs are by their titles, in order."""
        fields = "properties.title,sheets.properties(sheetId,title,index,hidden,sheetType)"
        answer = self._link.read("", fields=fields)
        self._book = str(answer["properties"]["title"])
        return {str(each["properties"]["title"]): each["properties"] for each in answer.get("sheets", [])}

    def _read(self, tab: int) -> TabReading:
        filters = [{"gridRange": {"sheetId": tab}}, *(self._filter(header) for header in WRITTEN_COLUMNS)]
        answer = self._link.read("/values:batchGetByDataFilter", {"dataFilters": filters})
        whole: Json | None = None
        marked: dict[str, list[int]] = {}
        for match in answer.get("valueRanges", []):
            for matched in match.get("dataFilters", []):
                lookup = matched.get("developerMetadataLookup")
                if lookup is None:
                    whole = match["valueRange"]
                else:
                    first, _ = _columns_of(match["valueRange"]["range"])
                    marked.setdefault(str(lookup["metadataValue"]), []).append(first)
        if whole is None:
            raise PlaceGoneError(f"no cells of tab {tab}")
        grid = [[str(cell) for cell in row] for row in whole.get("values", [])]
        _, last = _columns_of(whole["range"])
        sure = {header: columns[0] if len(columns) == 1 else -1 for header, columns in marked.items()}
        title = f"{self._book}, tab {_title_of(whole['range'])}"
        return TabReading(title, grid, last + 1, sure)

    def _filter(self, header: str) -> Json:
        lookup = {
            "metadataKey": MARK,
            "metadataValue": header,
            "metadataLocation": {"sheetId": self._id},
            "locationMatchingStrategy": "INTERSECTING_LOCATION",
            "locationType": "COLUMN",
        }
        return {"developerMetadataLookup": lookup}

    def _mark(self, header: str, column: int) -> Json:
        metadata = {
            # The same for all stations: of two that add the column at once the second is refused, and looks again.
            "metadataId": _mark_id(self._id, header),
            "metadataKey": MARK,
            "metadataValue": header,
            "visibility": "DOCUMENT",
            "location": {"dimensionRange": self._one_column(column)},
        }
        return {"createDeveloperMetadata": {"developerMetadata": metadata}}

    def _new_columns(self, headers: Mapping[str, str], reading: TabReading, header_row: int) -> Iterable[Json]:
        """Insert fresh columns, so that what is written there covers nothing, even where others were quicker."""
        if not headers:
            return
        first = reading.right_end()
        if first >= reading.width:
            # An inserted column needs one behind it.
            yield {
                "appendDimension": {"sheetId": self._id, "dimension": "COLUMNS", "length": first - reading.width + 1}
            }
        span = {"sheetId": self._id, "dimension": "COLUMNS", "startIndex": first, "endIndex": first + len(headers)}
        yield {"insertDimension": {"range": span, "inheritFromBefore": False}}
        for column, (name, header) in enumerate(headers.items(), start=first):
            start = {"sheetId": self._id, "rowIndex": header_row - 1, "columnIndex": column}
            cell = {"userEnteredValue": {"stringValue": header}}
            yield {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}
            yield self._mark(name, column)

    def _one_column(self, column: int) -> Json:
        return {"sheetId": self._id, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}


def id_of(tab: Json) -> int:
    """Return the id in a tab's properties, 0 where that is left out."""
    return int(tab.get("sheetId", 0))


def _shows_cells(tab: Json) -> bool:
    """Say whether a tab is one of cells (not of a chart, say) that people see."""
    return tab.get("sheetType", "GRID") == "GRID" and not tab.get("hidden", False)


_NAME_IT = "Name the tab in [sheet] worksheet, or leave it empty for the first"


def _mark_id(tab: int | None, header: str) -> int:
    """Return the one id that the mark of a header can have in a tab; positive, of 31 bits."""
    return zlib.crc32(f"{tab}/{header}".encode()) % (2**31 - 1) + 1


def _column(cells: Mapping[int, str]) -> list[str | None]:
    """Return a column from its first row to the last that is written; None leaves a cell as it is."""
    return [cells.get(row) for row in range(1, max(cells) + 1)]


def _columns_of(text: str) -> tuple[int, int]:
    """Return the first and the last column (from 0) of a range as the service names it."""
    match = _COLUMNS_OF_RANGE.fullmatch(text)
    if match is None:
        raise SurroundingsError(
            "Google Sheets refused", f"It named a range {text!r}", "Tell who looks after the program"
        )
    first = _index(match[1])
    return first, _index(match[2]) if match[2] else first


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _title_of(text: str) -> str:
    return text.rpartition("!")[0].strip("'").replace("''", "'")
