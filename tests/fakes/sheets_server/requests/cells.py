"""Requests about what cells hold and how they look."""

import csv
import io
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.fakes.sheets_server.area import Area
from tests.fakes.sheets_server.cell import Cell, Scalar
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.fields import Mask, written
from tests.fakes.sheets_server.formats import kept_format
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of
from tests.fakes.sheets_server.tab import Tab

Place = tuple[int, int]


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
        places: Iterable[Place] = [
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


# --- moving cells about


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


# --- order


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
    block = {row: [tab[row, column] for column in range(area.left, area.right)] for row in rows}
    for new, old in zip(range(area.top, area.bottom), rows, strict=True):
        for column, cell in zip(range(area.left, area.right), block[old], strict=True):
            tab[new, column] = cell


# --- texts


def find_replace(edit: Edit, request: Message) -> Message:
    pattern = _wanted(request)
    new, counts = str(request.get("replacement") or ""), dict.fromkeys(("values", "formulas", "rows", "sheets"), 0)
    total = 0
    for tab, area in _searched(edit, request):
        rows = set()
        for place, cell in sorted(tab.cells.items()):
            if not area.has(*place) or cell.value is None or (cell.is_formula and not request.get("includeFormulas")):
                continue
            text = str(cell.value) if cell.is_formula else edit.book.shown(tab, place)
            text, times = pattern.subn(new if request.get("searchByRegex") else lambda _: new, text)
            if times:
                tab[place] = replace(cell, value=text) if cell.is_formula else cell.typed(text)
                counts["formulas" if cell.is_formula else "values"] += 1
                total += times
                rows.add(place[0])
        counts["rows"] += len(rows)
        counts["sheets"] += bool(rows)
    reply = {f"{name}Changed": count for name, count in counts.items() if count}
    return {"findReplace": reply | ({"occurrencesChanged": total} if total else {})}


def _wanted(request: Message) -> re.Pattern[str]:
    text = str(request.get("find") or "")
    if not text:
        raise InvalidError("Find string cannot be empty.")
    pattern = text if request.get("searchByRegex") else re.escape(text)
    pattern = f"\\A(?:{pattern})\\Z" if request.get("matchEntireCell") else pattern
    try:
        return re.compile(pattern, 0 if request.get("matchCase") else re.IGNORECASE)
    except re.error:
        raise InvalidError("Invalid regular expression.") from None


def _searched(edit: Edit, request: Message) -> list[tuple[Tab, Area]]:
    if request.get("range") is not None:
        return [edit.writable_area(request["range"])]
    if request.get("allSheets"):
        return [(tab, tab.whole) for tab in edit.book.tabs]
    tab = edit.book.tab_by_id(int(request.get("sheetId") or 0))
    return [(tab, tab.whole)]


def trim_whitespace(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    changed = 0
    for place in list(tab.cells):
        cell = tab[place]
        if area.has(*place) and isinstance(cell.value, str) and not cell.is_formula:
            tab[place] = cell.holding(" ".join(cell.value.split()))
            changed += tab[place] != cell
    return {"trimWhitespace": {"cellsChangedCount": changed} if changed else {}}


def delete_duplicates(edit: Edit, request: Message) -> Message:
    """Take out rows that repeat one above in the compared columns; those below move up."""
    tab, area = edit.writable_area(request.get("range"))
    compared = [int(each.get("startIndex") or 0) for each in request.get("comparisonColumns") or ()]
    columns = compared or range(area.left, area.right)
    seen: set[Any] = set()
    kept: list[int] = []
    gone: list[int] = []
    for row in range(area.top, area.bottom):
        key = tuple(edit.book.shown(tab, (row, column)).casefold() for column in columns)
        (gone if any(key) and key in seen else kept).append(row)
        seen.add(key)
    for row in gone:
        for column in range(area.left, area.right):
            tab[row, column] = Cell()
    rearrange(tab, area, kept + gone)
    return {"deleteDuplicates": {"duplicatesRemovedCount": len(gone)} if gone else {}}


Handler = Callable[[Edit, Message], Message]
