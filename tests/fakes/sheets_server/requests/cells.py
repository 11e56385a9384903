"""Requests about what single cells hold and how they look."""

from collections.abc import Iterable
from dataclasses import replace

from tests.fakes.sheets_server.area import Area
from tests.fakes.sheets_server.cell import Cell
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.fields import Mask, written
from tests.fakes.sheets_server.formats import kept_format
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of


def masked_cell(cell: Cell, data: Message, mask: Mask) -> Cell:
    """Return a cell with those parts of a CellData that the mask names; what is named and not there is cleared."""
    everything = "*" in mask
    if everything or "userEnteredValue" in mask:
        cell = _holding(cell, data.get("userEnteredValue") or {})
    if everything or "note" in mask:
        cell = replace(cell, note=data.get("note") or "")
    if everything or "userEnteredFormat" in mask:
        branch = {} if everything else mask["userEnteredFormat"]
        new = data.get("userEnteredFormat") or {}
        cell = replace(cell, format=kept_format(written(cell.format, new, branch) if branch else new))
    if everything or "dataValidation" in mask:
        cell = replace(cell, validation=data.get("dataValidation"))
    return cell


def _holding(cell: Cell, value: Message) -> Cell:
    if "formulaValue" in value:
        return replace(cell, value=value["formulaValue"], is_formula=True)
    return cell.holding(
        next((value[name] for name in ("stringValue", "numberValue", "boolValue") if name in value), None)
    )


def update_cells(edit: Edit, request: Message) -> Message:
    mask, rows = mask_of(request), request.get("rows") or []
    if request.get("start") is not None:
        start = request["start"]
        tab = edit.book.tab_by_id(int(start.get("sheetId") or 0))
        top, left = int(start.get("rowIndex") or 0), int(start.get("columnIndex") or 0)
        places: Iterable[tuple[int, int]] = [
            (top + down, left + aside) for down, row in enumerate(rows) for aside in range(len(row.get("values") or ()))
        ]
    else:
        tab, area = edit.writable_area(request.get("range"))
        top, left, places = area.top, area.left, area.cells()
    for row, column in places:
        if not tab.whole.has(row, column):
            raise InvalidError(
                f"Attempting to write column: {column}, beyond the last requested column of: {tab.columns - 1}"
            )
        edit.book.check_writable(tab, Area(row, column, row + 1, column + 1), edit.account)
        cells = (rows[row - top].get("values") or []) if row - top < len(rows) else []
        data = cells[column - left] if column - left < len(cells) else {}
        tab[row, column] = masked_cell(tab[row, column], data, mask)
    return {}


def append_cells(edit: Edit, request: Message) -> Message:
    """Write rows behind the last row of a tab that holds anything; the tab grows as needed."""
    tab, mask, rows = edit.book.tab_by_id(int(request.get("sheetId") or 0)), mask_of(request), request.get("rows") or []
    top, _ = tab.last(tab.whole, lambda cell: cell.value is not None)
    width = max((len(row.get("values") or ()) for row in rows), default=0)
    edit.book.check_cells(max(tab.rows, top + len(rows)) * max(tab.columns, width) - tab.rows * tab.columns)
    tab.rows, tab.columns = max(tab.rows, top + len(rows)), max(tab.columns, width)
    for down, row in enumerate(rows):
        for column, data in enumerate(row.get("values") or ()):
            tab[top + down, column] = masked_cell(tab[top + down, column], data, mask)
    return {}


def repeat_cell(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    mask, data = mask_of(request), request.get("cell") or {}
    for place in area.cells():
        tab[place] = masked_cell(tab[place], data, mask)
    return {}


def set_data_validation(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    for place in area.cells():
        tab[place] = replace(tab[place], validation=request.get("rule"))
    return {}


def update_borders(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    outer = {"top": (area.top, 0), "bottom": (area.bottom - 1, 0), "left": (area.left, 1), "right": (area.right - 1, 1)}
    for place in area.cells():
        borders = dict(tab[place].format.get("borders", {}))
        for side, (edge, which) in outer.items():
            inner = "innerHorizontal" if which == 0 else "innerVertical"
            name = side if place[which] == edge else inner
            if name in request:
                borders[side] = request[name]
        tab[place] = replace(tab[place], format={**tab[place].format, "borders": borders})
    return {}
