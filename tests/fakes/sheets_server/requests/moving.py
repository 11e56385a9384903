"""Requests that move cells about: pasting and sorting."""

import csv
import io
import random
from dataclasses import replace

from tests.fakes.sheets_server.area import Area
from tests.fakes.sheets_server.cell import Cell, Scalar
from tests.fakes.sheets_server.requests.edit import Edit, Message
from tests.fakes.sheets_server.tab import Tab


def copy_paste(edit: Edit, request: Message) -> Message:
    source_tab, source = edit.book.area_of(request.get("source") or {})
    tab, target = edit.writable_area(request.get("destination"))
    _paste(source_tab, _block(source_tab, source), tab, _tiled(source, target, tab), request.get("pasteType"))
    return {}


def cut_paste(edit: Edit, request: Message) -> Message:
    source_tab, source = edit.writable_area(request.get("source"))
    place = request.get("destination") or {}
    top, left = int(place.get("rowIndex") or 0), int(place.get("columnIndex") or 0)
    target = Area(top, left, top + source.bottom - source.top, left + source.right - source.left)
    tab = edit.book.tab_by_id(int(place.get("sheetId") or 0))
    block = _block(source_tab, source)
    for each in source.cells():
        source_tab[each] = Cell()
    _paste(source_tab, block, tab, [edit.book.clipped(tab, target)], request.get("pasteType"))
    return {}


def _block(tab: Tab, area: Area) -> list[list[Cell]]:
    return [[tab[row, column] for column in range(area.left, area.right)] for row in range(area.top, area.bottom)]


def _tiled(source: Area, target: Area, tab: Tab) -> list[Area]:
    """Return where a block goes: once, or as often as it fits wholly into a larger target."""
    height, width = source.bottom - source.top, source.right - source.left
    down, across = target.bottom - target.top, target.right - target.left
    tops = range(target.top, target.bottom, height) if down % height == 0 else [target.top]
    lefts = range(target.left, target.right, width) if across % width == 0 else [target.left]
    areas = [Area(top, left, top + height, left + width) for top in tops for left in lefts]
    return [inside for each in areas if (inside := each.common(tab.whole)) is not None]


def _paste(source: Tab, block: list[list[Cell]], tab: Tab, targets: list[Area], kind: str | None) -> None:
    for target in targets:
        for row, column in target.cells():
            cell = block[row - target.top][column - target.left]
            tab[row, column] = _pasted(tab[row, column], cell, kind or "PASTE_NORMAL")


def _pasted(old: Cell, new: Cell, kind: str) -> Cell:
    match kind:
        case "PASTE_VALUES" | "PASTE_FORMULA":
            return replace(old, value=new.value, is_formula=new.is_formula)
        case "PASTE_FORMAT" | "PASTE_CONDITIONAL_FORMATTING":
            return replace(old, format=new.format)
        case "PASTE_DATA_VALIDATION":
            return replace(old, validation=new.validation)
    return new


def paste_data(edit: Edit, request: Message) -> Message:
    place = request.get("coordinate") or {}
    tab = edit.book.tab_by_id(int(place.get("sheetId") or 0))
    top, left = int(place.get("rowIndex") or 0), int(place.get("columnIndex") or 0)
    rows = list(csv.reader(io.StringIO(str(request.get("data") or "")), delimiter=request.get("delimiter") or "\t"))
    width = max(map(len, rows), default=0)
    edit.book.check_writable(tab, Area(top, left, top + len(rows), left + width), edit.account)
    tab.rows, tab.columns = max(tab.rows, top + len(rows)), max(tab.columns, left + width)
    for down, row in enumerate(rows):
        for aside, text in enumerate(row):
            tab[top + down, left + aside] = tab[top + down, left + aside].typed(text)
    return {}


def _sort_key(value: Scalar) -> tuple[int, float, str]:
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, str):
        return 1, 0.0, value.casefold()
    return 0, float(value), ""


def sort_range(edit: Edit, request: Message) -> Message:
    """Sort rows by columns, the first named first; empty cells come last in either order."""
    tab, area = edit.writable_area(request.get("range"))
    rows = list(range(area.top, area.bottom))
    for spec in reversed(request.get("sortSpecs") or ()):
        column = int(spec.get("dimensionIndex") or 0)
        values = {row: edit.book.value(tab, (row, column)) for row in rows}
        keys = {row: _sort_key(value) for row, value in values.items() if value is not None}
        is_down = spec.get("sortOrder") == "DESCENDING"
        filled = sorted((row for row in rows if row in keys), key=keys.__getitem__, reverse=is_down)
        rows = filled + [row for row in rows if row not in keys]
    rearrange(tab, area, rows)
    return {}


def randomize_range(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    rows = list(range(area.top, area.bottom))
    random.Random(edit.store.new_number()).shuffle(rows)
    rearrange(tab, area, rows)
    return {}


def rearrange(tab: Tab, area: Area, rows: list[int]) -> None:
    """Put the rows of an area into this order, within its columns."""
    to = dict(zip(rows, range(area.top, area.bottom), strict=True))
    tab.cells = {
        (to[row], column) if area.has(row, column) else (row, column): cell for (row, column), cell in tab.cells.items()
    }
