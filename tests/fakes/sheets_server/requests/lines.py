"""Requests about whole rows and columns, and about areas that push others aside."""

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.fields import written
from tests.fakes.sheets_server.metadata import group_messages
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of
from tests.fakes.sheets_server.tab import COLUMN_PIXELS, ROW_PIXELS, Tab

LETTER_PIXELS = 7


def _check_lines(edit: Edit, tab: Tab, axis: Axis, start: int, end: int) -> None:
    area = Area(start, 0, end, tab.columns) if axis is Axis.ROWS else Area(0, start, tab.rows, end)
    edit.book.check_writable(tab, area, edit.account)


def insert_dimension(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("range"))
    if request.get("inheritFromBefore") and start == 0:
        raise InvalidError("inheritFromBefore cannot be true if inserting at index 0.")
    if not request.get("inheritFromBefore") and start == tab.length(axis):
        raise InvalidError(f"range.startIndex must be less than the grid size ({start}) if inheritFromBefore is false.")
    other = tab.columns if axis is Axis.ROWS else tab.rows
    edit.book.check_cells((end - start) * other)
    edit.book.follow(tab, axis, tab.insert(axis, start, end - start))
    return {}


def append_dimension(edit: Edit, request: Message) -> Message:
    tab, axis, _, length = edit.lines({"sheetId": request.get("sheetId"), "dimension": request.get("dimension")})
    more, other = int(request.get("length") or 0), tab.columns if axis is Axis.ROWS else tab.rows
    edit.book.check_cells(more * other)
    tab.set_length(axis, length + more)
    return {}


def delete_dimension(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("range"))
    _check_lines(edit, tab, axis, start, end)
    edit.book.follow(tab, axis, tab.delete(axis, start, end))
    return {}


def move_dimension(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("source"))
    target = int(request.get("destinationIndex") or 0)
    if start < target < end:
        raise InvalidError("The destinationIndex cannot be within the source range.")
    _check_lines(edit, tab, axis, start, end)
    edit.book.follow(tab, axis, tab.move(axis, start, end, target))
    return {}


def update_dimension_properties(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("range"))
    mask = mask_of(request)
    for index in range(start, min(end, tab.length(axis))):
        line = written(tab.lines[axis].get(index, {}), request.get("properties") or {}, mask)
        tab.lines[axis][index] = {name: value for name, value in line.items() if value}
    return {}


def auto_resize_dimensions(edit: Edit, request: Message) -> Message:
    """Make columns as wide as their longest text; rows go back to their usual height."""
    tab, axis, start, end = edit.lines(request.get("dimensions"))
    for index in range(start, min(end, tab.length(axis))):
        texts = [
            edit.book.shown(tab, place)
            for place in tab.cells
            if axis is Axis.COLUMNS and place[1] == index and tab[place].value is not None
        ]
        widest = max((max(map(len, text.split("\n"))) for text in texts), default=None)
        usual = ROW_PIXELS if axis is Axis.ROWS else COLUMN_PIXELS
        pixels = usual if widest is None else max(ROW_PIXELS, widest * LETTER_PIXELS + 6)
        tab.lines[axis][index] = {**tab.lines[axis].get(index, {}), "pixelSize": pixels}
    return {}


def add_dimension_group(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("range"))
    tab.deepen(axis, start, end, +1)
    control = "rowGroupControlAfter" if axis is Axis.ROWS else "columnGroupControlAfter"
    tab.look["gridProperties"] = {**tab.look.get("gridProperties", {}), control: True}
    return {"addDimensionGroup": {"dimensionGroups": group_messages(tab, axis)}}


def delete_dimension_group(edit: Edit, request: Message) -> Message:
    tab, axis, start, end = edit.lines(request.get("range"))
    tab.deepen(axis, start, end, -1)
    left = group_messages(tab, axis)
    return {"deleteDimensionGroup": {"dimensionGroups": left} if left else {}}


def update_dimension_group(edit: Edit, request: Message) -> Message:
    """Open or close a group: its rows or columns are hidden while it is closed."""
    group = request.get("dimensionGroup") or {}
    tab, axis, start, end = edit.lines(group.get("range"))
    for index in range(start, end):
        line = {**tab.lines[axis].get(index, {}), "hiddenByUser": bool(group.get("collapsed"))}
        tab.lines[axis][index] = {name: value for name, value in line.items() if value}
    return {}


def insert_range(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    _push(tab, area, Axis(request.get("shiftDimension") or "ROWS"), +1)
    return {}


def delete_range(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    _push(tab, area, Axis(request.get("shiftDimension") or "ROWS"), -1)
    return {}


def _push(tab: Tab, area: Area, axis: Axis, direction: int) -> None:
    """Shift the cells of the area, and those behind it, away from its start or over it."""
    down, aside = (area.bottom - area.top, 0) if axis is Axis.ROWS else (0, area.right - area.left)
    new = {}
    for (row, column), cell in tab.cells.items():
        across = area.left <= column < area.right if axis is Axis.ROWS else area.top <= row < area.bottom
        if not across or (row if axis is Axis.ROWS else column) < area.span(axis)[0]:
            new[row, column] = cell
        elif direction > 0 or not area.has(row, column):
            new[row + direction * down, column + direction * aside] = cell
    tab.cells = {place: cell for place, cell in new.items() if tab.whole.has(*place)}
