"""Requests about the spreadsheet as a whole and its tabs."""

from dataclasses import replace
from locale import locale_alias

from tests.fakes.sheets_server.area import Axis
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.fields import Mask, written
from tests.fakes.sheets_server.formats import colour
from tests.fakes.sheets_server.metadata import tab_properties
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab

LOOKS = ("hidden", "rightToLeft")
GRID_LOOKS = ("frozenRowCount", "frozenColumnCount", "hideGridlines", "rowGroupControlAfter", "columnGroupControlAfter")
ZONE_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Etc", "Europe", "Indian", "Pacific")
"""What a time zone's name may begin with; the zones themselves are not at hand on every system."""
ALL_FIELDS: Mask = {name: {} for name in (*LOOKS, "title", "index", "gridProperties", "tabColor", "tabColorStyle")}


def update_spreadsheet_properties(edit: Edit, request: Message) -> Message:
    new, mask, book = request.get("properties") or {}, mask_of(request), edit.book
    mask = {name: {} for name in new} if "*" in mask else mask
    if "title" in mask:
        if not new.get("title"):
            raise InvalidError("Title cannot be empty.")
        book.title = new["title"]
    if "locale" in mask:
        if str(new.get("locale")).lower() not in locale_alias:
            raise InvalidError(f"Unsupported locale: {new.get('locale')}")
        book.locale = new["locale"]
    if "timeZone" in mask:
        if str(new.get("timeZone")).partition("/")[0] not in ZONE_AREAS:
            raise InvalidError(f"Invalid time zone: {new.get('timeZone')}")
        book.time_zone = new["timeZone"]
    if "autoRecalc" in mask:
        book.auto_recalc = new.get("autoRecalc") or "ON_CHANGE"
    return {}


def add_sheet(edit: Edit, request: Message) -> Message:
    new, book = request.get("properties") or {}, edit.book
    title = new.get("title") or _free_title(book, "Sheet")
    _check_title(book, title)
    grid = new.get("gridProperties") or {}
    tab = Tab(
        _free_id(edit, new.get("sheetId")), title, int(grid.get("rowCount") or 1000), int(grid.get("columnCount") or 26)
    )
    book.check_cells(tab.rows * tab.columns)
    _set_look(tab, new, {name: {} for name in ALL_FIELDS if name in new})
    book.tabs.insert(_index(book, new.get("index")), tab)
    return {"addSheet": {"properties": tab_properties(book, tab)}}


def delete_sheet(edit: Edit, request: Message) -> Message:
    tab = edit.book.tab_by_id(int(request.get("sheetId") or 0))
    edit.book.check_writable(tab, tab.whole, edit.account)
    if not any(each is not tab and not each.look.get("hidden") for each in edit.book.tabs):
        raise InvalidError("You can't remove all the visible sheets in a document.")
    edit.book.tabs.remove(tab)
    edit.book.named = [each for each in edit.book.named if each.tab != tab.id]
    return {}


def duplicate_sheet(edit: Edit, request: Message) -> Message:
    book = edit.book
    source = book.tab_by_id(int(request.get("sourceSheetId") or 0))
    title = request.get("newSheetName") or _free_title(book, f"Copy of {source.title}")
    _check_title(book, title)
    book.check_cells(source.rows * source.columns)
    tab = copied(edit.store, source, _free_id(edit, request.get("newSheetId")), title)
    book.tabs.insert(_index(book, request.get("insertSheetIndex") or 0), tab)
    return {"duplicateSheet": {"properties": tab_properties(book, tab)}}


def copied(store: Store, source: Tab, tab_id: int, title: str) -> Tab:
    """Return a copy of a tab; its developer metadata gets ids of its own."""
    tab = source.copy()
    tab.id, tab.title = tab_id, title
    tab.metadata = [
        replace(each, id=store.new_number(), location=replace(each.location, tab=tab_id)) for each in source.metadata
    ]
    return tab


def update_sheet_properties(edit: Edit, request: Message) -> Message:
    new, mask, book = request.get("properties") or {}, mask_of(request), edit.book
    mask = {name: {} for name in ALL_FIELDS if name in new} if "*" in mask else mask
    tab = book.tab_by_id(int(new.get("sheetId") or 0))
    if "title" in mask and new.get("title") != tab.title:
        _check_title(book, str(new.get("title") or ""))
        tab.title = str(new["title"])
    _resize(book, tab, new.get("gridProperties") or {}, mask.get("gridProperties"))
    _set_look(tab, new, mask)
    if all(each.look.get("hidden") for each in book.tabs):
        raise InvalidError("You can't hide all the sheets in a document.")
    if "index" in mask:
        _reorder(book, tab, int(new.get("index") or 0))
    return {}


def _reorder(book: Book, tab: Tab, index: int) -> None:
    """Put a tab at an index that counts as the tabs stand now: behind itself it moves one less."""
    at = index - 1 if index > book.tabs.index(tab) else index
    book.tabs.remove(tab)
    book.tabs.insert(min(at, len(book.tabs)), tab)


def _resize(book: Book, tab: Tab, grid: Message, mask: Mask | None) -> None:
    """Make a tab as long and wide as the masked fields say; where the mask names them all, as those that are given."""
    if mask is None:
        return
    for axis, name in ((Axis.ROWS, "rowCount"), (Axis.COLUMNS, "columnCount")):
        if name in mask or (not mask and name in grid):
            length, across = int(grid.get(name) or 0), tab.columns if axis is Axis.ROWS else tab.rows
            book.check_cells((length - tab.length(axis)) * across)
            tab.set_length(axis, length)


def _set_look(tab: Tab, new: Message, mask: Mask) -> None:
    """Write those properties that only show, as Google keeps them: without what is false or zero."""
    look = written(tab.look, new, {name: mask[name] for name in LOOKS if name in mask})
    if "gridProperties" in mask:
        given, grid = new.get("gridProperties") or {}, dict(tab.look.get("gridProperties", {}))
        grid |= {
            name: given.get(name) for name in GRID_LOOKS if not mask["gridProperties"] or name in mask["gridProperties"]
        }
        look["gridProperties"] = {name: value for name, value in grid.items() if value}
    tab.look = {name: value for name, value in look.items() if value}
    _check_frozen(tab)
    _set_colour(tab, new, mask)


def _check_frozen(tab: Tab) -> None:
    grid = tab.look.get("gridProperties", {})
    for word, length in (("row", tab.rows), ("column", tab.columns)):
        if int(grid.get(f"frozen{word.capitalize()}Count", 0)) >= length:
            raise InvalidError(f"You can't freeze all visible {word}s on the sheet.")


def _set_colour(tab: Tab, new: Message, mask: Mask) -> None:
    """Keep a tab's colour in both of its forms; none where it is taken away."""
    if not {"tabColor", "tabColorStyle"} & mask.keys():
        return
    given = (new.get("tabColorStyle") or {}).get("rgbColor") if "tabColorStyle" in mask else None
    given = given if given is not None else new.get("tabColor")
    tab.look.pop("tabColor", None)
    tab.look.pop("tabColorStyle", None)
    if given is not None:
        tab.look |= {"tabColor": colour(given), "tabColorStyle": {"rgbColor": colour(given)}}


def _check_title(book: Book, title: str) -> None:
    if not title:
        raise InvalidError("Sheet name cannot be empty.")
    if any(each.title.casefold() == title.casefold() for each in book.tabs):
        raise InvalidError(f'A sheet with the name "{title}" already exists. Please enter another name.')


def _free_title(book: Book, start: str) -> str:
    titles = {each.title for each in book.tabs}
    if start != "Sheet" and start not in titles:
        return start
    number = 1
    while (title := f"{start}{number}" if start == "Sheet" else f"{start} {number}") in titles:
        number += 1
    return title


def _free_id(edit: Edit, wanted: int | None) -> int:
    if wanted is None:
        return edit.store.new_number()
    if any(each.id == wanted for each in edit.book.tabs):
        raise InvalidError(f"Sheet with id: {wanted} already exists.")
    return wanted


def _index(book: Book, wanted: int | None) -> int:
    return len(book.tabs) if wanted is None else min(int(wanted), len(book.tabs))
