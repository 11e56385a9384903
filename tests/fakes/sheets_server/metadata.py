"""The message that describes a spreadsheet: its properties, its tabs, and the cells of asked-for ranges."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.book import Book, NamedRange
from tests.fakes.sheets_server.call import Call
from tests.fakes.sheets_server.cell import ERRORS, Cell, Scalar
from tests.fakes.sheets_server.data_filter import View, view_for
from tests.fakes.sheets_server.developer_metadata import Location
from tests.fakes.sheets_server.fields import parse_mask, pruned
from tests.fakes.sheets_server.formats import DEFAULT, combined, theme
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import COLUMN_PIXELS, ROW_PIXELS, Protection, Tab
from tests.fakes.sheets_server.values import located

Areas = Mapping[int, Sequence[Area]]
"""Areas by the id of their tab."""
Notes = Mapping[Location, list[dict[str, Any]]]
"""Developer metadata by what it hangs on."""


def get(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer spreadsheets.get."""
    view = view_for(store.readable(book_id, call.account), call.account)
    ranges = call.query.get("ranges", ())
    areas = areas_of(view.book, ranges) if ranges else None
    return _answered(view, call, areas, with_cells=call.flag("includeGridData"))


def get_by_data_filter(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer spreadsheets.getByDataFilter: the tabs and the cells that the filters select."""
    view = view_for(store.readable(book_id, call.account), call.account)
    body = call.json()
    filters = body.get("dataFilters")
    areas = by_tab((tab, area) for _, tab, area in view.areas_of_all(filters)) if filters else None
    return _answered(view, call, areas, with_cells=bool(body.get("includeGridData")))


def _answered(view: View, call: Call, areas: Areas | None, *, with_cells: bool) -> dict[str, Any]:
    """Return the fields that are asked for; a field mask says by itself whether cells are."""
    mask = parse_mask(call.parameter("fields"))
    with_cells = "data" in mask.get("sheets", {}) if mask else with_cells
    answered: dict[str, Any] = pruned(described(view, areas, with_cells=with_cells), mask)
    return answered


def areas_of(book: Book, ranges: Iterable[str]) -> Areas:
    """Return the areas of ranges. Raises InvalidError for what is no range."""
    return by_tab(located(book, text) for text in ranges)


def by_tab(places: Iterable[tuple[Tab, Area]]) -> Areas:
    """Return areas by the id of their tab."""
    areas: dict[int, list[Area]] = {}
    for tab, area in places:
        areas.setdefault(tab.id, []).append(area)
    return areas


def described(view: View, areas: Areas | None = None, *, with_cells: bool = False) -> dict[str, Any]:
    """Return a spreadsheet's message; with `areas`, of their tabs only, and with their cells where those are wanted."""
    book, notes = view.book, view.by_location()
    sheets = []
    for tab in book.tabs:
        if areas is None or tab.id in areas:
            sheet = tab_message(book, tab, notes)
            if with_cells:
                asked = [tab.whole] if areas is None else areas[tab.id]
                sheet["data"] = [grid_data(book, tab, area, notes) for area in asked]
            sheets.append(sheet)
    lists: dict[str, Any] = {
        "sheets": sheets,
        "namedRanges": [named_message(each) for each in book.named],
        "developerMetadata": notes.get(Location()),
    }
    message: dict[str, Any] = {"spreadsheetId": book.id, "properties": _properties(book)}
    message |= {name: each for name, each in lists.items() if each}
    return message | {"spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.id}/edit"}


def _properties(book: Book) -> dict[str, Any]:
    return {
        "title": book.title,
        "locale": book.locale,
        "autoRecalc": book.auto_recalc,
        "timeZone": book.time_zone,
        "defaultFormat": DEFAULT,
        "spreadsheetTheme": theme(),
    }


def tab_properties(book: Book, tab: Tab) -> dict[str, Any]:
    """Return a tab's SheetProperties."""
    grid = {"rowCount": tab.rows, "columnCount": tab.columns, **tab.look.get("gridProperties", {})}
    rest = {name: value for name, value in tab.look.items() if name != "gridProperties"}
    fixed = {"sheetId": tab.id, "title": tab.title, "index": book.tabs.index(tab), "sheetType": "GRID"}
    return fixed | {"gridProperties": grid} | rest


def tab_message(book: Book, tab: Tab, notes: Notes) -> dict[str, Any]:
    """Return a tab's Sheet message without its cells; lists of nothing are left out."""
    owners = [each.email for each in book.permissions if each.type == "user" and each.role == "owner"]
    lists: dict[str, Any] = {
        "merges": [each.json(tab.id) for each in tab.merges],
        "protectedRanges": [
            protection_message(tab, each) | {"editors": {"users": sorted({*owners, *each.editors})}}
            for each in tab.protections
        ],
        "rowGroups": group_messages(tab, Axis.ROWS),
        "columnGroups": group_messages(tab, Axis.COLUMNS),
        "developerMetadata": notes.get(Location(tab.id)),
    }
    message = {"properties": tab_properties(book, tab)} | {name: each for name, each in lists.items() if each}
    if tab.filter is not None and tab.filter_area is not None:
        message["basicFilter"] = tab.filter | {"range": tab.filter_area.json(tab.id)}
    return message


def named_message(named: NamedRange) -> dict[str, Any]:
    return {"namedRangeId": named.id, "name": named.name, "range": named.area.json(named.tab)}


def protection_message(tab: Tab, protection: Protection) -> dict[str, Any]:
    """Return a ProtectedRange; who may edit it is told by spreadsheets.get only."""
    area = protection.area.json(tab.id) if protection.area else ({"sheetId": tab.id} if tab.id else {})
    message: dict[str, Any] = {"protectedRangeId": protection.id, "range": area}
    if protection.description:
        message["description"] = protection.description
    if protection.warning_only:
        message["warningOnly"] = True
    return message | {"requestingUserCanEdit": True, "editors": {}}


def group_messages(tab: Tab, axis: Axis) -> list[dict[str, Any]]:
    """Return the DimensionGroups of an axis."""
    sheet = {"sheetId": tab.id} if tab.id else {}
    return [
        {"range": {**sheet, "dimension": axis.value, "startIndex": start, "endIndex": end}, "depth": depth}
        for start, end, depth in tab.groups(axis)
    ]


# --- cells


def grid_data(book: Book, tab: Tab, area: Area, notes: Notes) -> dict[str, Any]:
    """Return the GridData of an area; empty ends of rows and empty rows at the end are left out."""
    ends: dict[int, int] = {}
    for row, column in tab.cells:
        if area.has(row, column):
            ends[row] = max(ends.get(row, 0), column + 1)
    rows = []
    for row in range(area.top, max(ends, default=area.top - 1) + 1):
        cells = [cell_data(book, tab, (row, column)) for column in range(area.left, ends.get(row, area.left))]
        rows.append({"values": cells} if cells else {})
    starts = {"startRow": area.top, "startColumn": area.left}
    message: dict[str, Any] = {name: start for name, start in starts.items() if start}
    if rows:
        message["rowData"] = rows
    message["rowMetadata"] = _lines(tab, Axis.ROWS, area, notes)
    message["columnMetadata"] = _lines(tab, Axis.COLUMNS, area, notes)
    return message


def _lines(tab: Tab, axis: Axis, area: Area, notes: Notes) -> list[dict[str, Any]]:
    """Return the DimensionProperties of an area's rows or columns."""
    start, end = area.span(axis)
    pixels = ROW_PIXELS if axis is Axis.ROWS else COLUMN_PIXELS
    lines = [{"pixelSize": pixels, **tab.lines[axis].get(index, {})} for index in range(start, end)]
    for location, hung in notes.items():
        if location.tab == tab.id and location.axis is axis and start <= location.index < end:
            lines[location.index - start]["developerMetadata"] = hung
    return lines


def cell_data(book: Book, tab: Tab, place: tuple[int, int]) -> dict[str, Any]:
    """Return a cell's CellData."""
    cell, message = tab[place], dict[str, Any]()
    if cell.value is not None:
        entered = {"formulaValue": cell.value} if cell.is_formula else extended(cell.value)
        effective = book.value(tab, place)
        message["userEnteredValue"] = entered
        message["effectiveValue"] = extended(effective) if effective is not None else {"stringValue": ""}
        message["formattedValue"] = book.shown(tab, place)
    if cell.format:
        message["userEnteredFormat"] = cell.format
    if not cell.is_bare:
        message["effectiveFormat"] = _effective_format(cell)
    if cell.note:
        message["note"] = cell.note
    if cell.validation:
        message["dataValidation"] = cell.validation
    return message


def _effective_format(cell: Cell) -> dict[str, Any]:
    return combined(DEFAULT, cell.format) | {"hyperlinkDisplayType": "PLAIN_TEXT"}


def extended(value: Scalar) -> dict[str, Any]:
    """Return a value's ExtendedValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        if value in ERRORS:
            return {"errorValue": {"type": _ERROR_TYPES[value]}}
        return {"stringValue": value}
    return {"numberValue": value}


_ERROR_TYPES = dict(zip(ERRORS, ("DIVIDE_BY_ZERO", "ERROR", "N_A", "NAME", "NUM", "REF", "VALUE"), strict=True))
