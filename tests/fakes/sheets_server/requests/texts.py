"""Requests that look through the texts of many cells."""

import re
from dataclasses import replace
from typing import Any

from tests.fakes.sheets_server.area import Area
from tests.fakes.sheets_server.cell import Cell
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.requests.edit import Edit, Message
from tests.fakes.sheets_server.requests.moving import rearrange
from tests.fakes.sheets_server.tab import Tab


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
