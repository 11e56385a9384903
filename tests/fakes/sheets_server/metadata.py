"""The message that describes a spreadsheet: its properties, its tabs, and the cells of asked-for ranges."""

from collections.abc import Sequence
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.book import Book, NamedRange
from tests.fakes.sheets_server.call import Call
from tests.fakes.sheets_server.cell import ERRORS, Cell, Scalar
from tests.fakes.sheets_server.fields import parse_mask, pruned
from tests.fakes.sheets_server.formats import DEFAULT, combined, theme
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import COLUMN_PIXELS, ROW_PIXELS, Protection, Tab
from tests.fakes.sheets_server.values import located


def get(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer spreadsheets.get."""
    book = store.readable(book_id, call.account)
    mask = parse_mask(call.parameter("fields"))
    with_cells = "data" in mask.get("sheets", {}) if mask else call.flag("includeGridData")
    message = described(store, book, call.query.get("ranges", ()), with_cells=with_cells)
    answered: dict[str, Any] = pruned(message, mask)
    return answered


def described(store: Store, book: Book, ranges: Sequence[str] = (), *, with_cells: bool = False) -> dict[str, Any]:
    """Return a spreadsheet's message; with `ranges`, of their tabs only. Raises InvalidError for what is no range."""
    areas: dict[int, list[Area]] = {}
    for text in ranges:
        tab, area = located(book, text)
        areas.setdefault(tab.id, []).append(area)
    sheets = []
    for tab in book.tabs:
        if not ranges or tab.id in areas:
            sheet = tab_message(store, book, tab)
            if with_cells:
                sheet["data"] = [grid_data(book, tab, area) for area in areas.get(tab.id, [tab.whole])]
            sheets.append(sheet)
    message: dict[str, Any] = {"spreadsheetId": book.id, "properties": _properties(book), "sheets": sheets}
    if book.named:
        message["namedRanges"] = [named_message(each) for each in book.named]
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


def tab_message(store: Store, book: Book, tab: Tab) -> dict[str, Any]:
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


def grid_data(book: Book, tab: Tab, area: Area) -> dict[str, Any]:
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
    message["rowMetadata"] = _lines(tab, Axis.ROWS, area, ROW_PIXELS)
    message["columnMetadata"] = _lines(tab, Axis.COLUMNS, area, COLUMN_PIXELS)
    return message


def _lines(tab: Tab, axis: Axis, area: Area, pixels: int) -> list[dict[str, Any]]:
    start, end = area.span(axis)
    return [{"pixelSize": pixels, **tab.lines[axis].get(index, {})} for index in range(start, end)]


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
