"""The spreadsheets.batchUpdate method: many changes, all or none of them."""

from typing import Any

from tests.fakes.sheets_server.call import Call
from tests.fakes.sheets_server.data_filter import view_for
from tests.fakes.sheets_server.errors import ApiError, InvalidError, bad_field, invalid_argument
from tests.fakes.sheets_server.metadata import areas_of, described, tab_properties
from tests.fakes.sheets_server.requests import cells, developer_metadata, lines, moving, ranges, tabs, texts
from tests.fakes.sheets_server.requests.edit import Edit, Handler
from tests.fakes.sheets_server.requests.tabs import copied
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab

REQUESTS: dict[str, Handler] = {
    "addDimensionGroup": lines.add_dimension_group,
    "addNamedRange": ranges.add_named_range,
    "addProtectedRange": ranges.add_protected_range,
    "addSheet": tabs.add_sheet,
    "appendCells": cells.append_cells,
    "appendDimension": lines.append_dimension,
    "autoResizeDimensions": lines.auto_resize_dimensions,
    "clearBasicFilter": ranges.clear_basic_filter,
    "copyPaste": moving.copy_paste,
    "createDeveloperMetadata": developer_metadata.create_developer_metadata,
    "cutPaste": moving.cut_paste,
    "deleteDeveloperMetadata": developer_metadata.delete_developer_metadata,
    "deleteDimension": lines.delete_dimension,
    "deleteDimensionGroup": lines.delete_dimension_group,
    "deleteDuplicates": texts.delete_duplicates,
    "deleteNamedRange": ranges.delete_named_range,
    "deleteProtectedRange": ranges.delete_protected_range,
    "deleteRange": lines.delete_range,
    "deleteSheet": tabs.delete_sheet,
    "duplicateSheet": tabs.duplicate_sheet,
    "findReplace": texts.find_replace,
    "insertDimension": lines.insert_dimension,
    "insertRange": lines.insert_range,
    "mergeCells": ranges.merge_cells,
    "moveDimension": lines.move_dimension,
    "pasteData": moving.paste_data,
    "randomizeRange": moving.randomize_range,
    "repeatCell": cells.repeat_cell,
    "setBasicFilter": ranges.set_basic_filter,
    "setDataValidation": cells.set_data_validation,
    "sortRange": moving.sort_range,
    "trimWhitespace": texts.trim_whitespace,
    "unmergeCells": ranges.unmerge_cells,
    "updateBorders": cells.update_borders,
    "updateCells": cells.update_cells,
    "updateDeveloperMetadata": developer_metadata.update_developer_metadata,
    "updateDimensionGroup": lines.update_dimension_group,
    "updateDimensionProperties": lines.update_dimension_properties,
    "updateNamedRange": ranges.update_named_range,
    "updateProtectedRange": ranges.update_protected_range,
    "updateSheetProperties": tabs.update_sheet_properties,
    "updateSpreadsheetProperties": tabs.update_spreadsheet_properties,
}


def batch_update(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Do all requests of a batch, or none: a request that is refused leaves the spreadsheet as it was."""
    body = call.json()
    book = store.writable(book_id, call.account)
    requests = body.get("requests") or []
    if not requests:
        raise invalid_argument("Must specify at least one request.")
    before = book.copy()
    edit = Edit(store, book, call.account)
    try:
        replies = [_reply(edit, index, request) for index, request in enumerate(requests)]
    except ApiError:
        book.become(before)
        raise
    store.touch(book)
    message: dict[str, Any] = {"spreadsheetId": book.id, "replies": replies}
    if body.get("includeSpreadsheetInResponse"):
        with_cells = bool(body.get("responseIncludeGridData"))
        asked = body.get("responseRanges")
        areas = areas_of(book, asked) if asked else None
        message["updatedSpreadsheet"] = described(view_for(book, call.account), areas, with_cells=with_cells)
    return message


def _reply(edit: Edit, index: int, request: Any) -> dict[str, Any]:
    if not isinstance(request, dict) or not request:
        raise invalid_argument(f"Invalid requests[{index}]: No request set.")
    name = next(iter(request))
    if name not in REQUESTS:
        where = f"requests[{index}]"
        raise bad_field(
            where, f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
        )
    try:
        return REQUESTS[name](edit, request[name] or {})
    except InvalidError as error:
        raise invalid_argument(f"Invalid requests[{index}].{name}: {error}") from error


def create(store: Store, call: Call) -> dict[str, Any]:
    """Answer spreadsheets.create: a spreadsheet with the tabs that the body names."""
    body = call.json()
    book = store.create((body.get("properties") or {}).get("title") or "Untitled spreadsheet", call.account)
    asked = [each.get("properties") or {} for each in body.get("sheets") or ()]
    if asked:
        book.tabs.clear()
        edit = Edit(store, book, call.account)
        for properties in asked:
            tabs.add_sheet(edit, {"properties": properties})
    return described(view_for(book, call.account))


def copy_to(store: Store, call: Call, book_id: str, tab_id: str) -> dict[str, Any]:
    """Answer sheets.copyTo: a tab's copy at the end of another spreadsheet."""
    source = store.readable(book_id, call.account).tab_by_id(int(tab_id))
    target = store.writable(str(call.json().get("destinationSpreadsheetId") or ""), call.account)
    target.check_cells(source.rows * source.columns)
    tab = copied(store, source, store.new_number(), _title_of_copy(target.tabs, source.title))
    target.tabs.append(tab)
    store.touch(target)
    return tab_properties(target, tab)


def _title_of_copy(present: list[Tab], title: str) -> str:
    titles, copy_title, number = {each.title for each in present}, f"Copy of {title}", 1
    while copy_title in titles:
        number += 1
        copy_title = f"Copy of {title} {number}"
    return copy_title
