"""Requests about what is laid over areas: merges, names, protections, filters, rules."""

from tests.fakes.sheets_server.area import Area
from tests.fakes.sheets_server.book import NamedRange
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.metadata import named_message, protection_message
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of
from tests.fakes.sheets_server.tab import Protection, Tab


def merge_cells(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    kind = request.get("mergeType") or "MERGE_ALL"
    if kind == "MERGE_ROWS":
        parts = [Area(row, area.left, row + 1, area.right) for row in range(area.top, area.bottom)]
    elif kind == "MERGE_COLUMNS":
        parts = [Area(area.top, column, area.bottom, column + 1) for column in range(area.left, area.right)]
    else:
        parts = [area]
    tab.merge(parts)
    return {}


def unmerge_cells(edit: Edit, request: Message) -> Message:
    tab, area = edit.writable_area(request.get("range"))
    if any(each.meets(area) and not area.holds(each) for each in tab.merges):
        raise InvalidError("You must select all cells in a merged range to merge or unmerge them.")
    tab.merges = [each for each in tab.merges if not each.meets(area)]
    return {}


def add_named_range(edit: Edit, request: Message) -> Message:
    new, book = request.get("namedRange") or {}, edit.book
    _check_name(edit, str(new.get("name") or ""), None)
    tab, area = book.area_of(new.get("range") or {})
    named = NamedRange(str(new.get("namedRangeId") or edit.store.new_number()), str(new["name"]), tab.id, area)
    book.named.append(named)
    return {"addNamedRange": {"namedRange": named_message(named)}}


def update_named_range(edit: Edit, request: Message) -> Message:
    new, mask = request.get("namedRange") or {}, mask_of(request)
    named = _named(edit, str(new.get("namedRangeId") or ""))
    if "name" in mask or "*" in mask:
        _check_name(edit, str(new.get("name") or ""), named)
        named.name = str(new["name"])
    if "range" in mask or "*" in mask:
        tab, named.area = edit.book.area_of(new.get("range") or {})
        named.tab = tab.id
    return {}


def delete_named_range(edit: Edit, request: Message) -> Message:
    edit.book.named.remove(_named(edit, str(request.get("namedRangeId") or "")))
    return {}


def _named(edit: Edit, named_id: str) -> NamedRange:
    for each in edit.book.named:
        if each.id == named_id:
            return each
    raise InvalidError(f"Cannot find a named range with ID: {named_id}")


def _check_name(edit: Edit, name: str, own: NamedRange | None) -> None:
    if not name or not (name[0].isalpha() or name[0] == "_") or any(each in " !'" for each in name):
        raise InvalidError("The name of a named range must start with a letter and hold no spaces or punctuation.")
    if any(each is not own and each.name.casefold() == name.casefold() for each in edit.book.named):
        raise InvalidError(f"A named range with the name '{name}' already exists.")


def add_protected_range(edit: Edit, request: Message) -> Message:
    new = request.get("protectedRange") or {}
    tab, area = _protected_area(edit, new.get("range") or {})
    protection = Protection(int(new.get("protectedRangeId") or edit.store.new_number()), area)
    _describe(edit, protection, new, ("description", "warningOnly", "editors"))
    tab.protections.append(protection)
    return {"addProtectedRange": {"protectedRange": protection_message(tab, protection)}}


def update_protected_range(edit: Edit, request: Message) -> Message:
    new, mask = request.get("protectedRange") or {}, mask_of(request)
    tab, protection = _protection(edit, int(new.get("protectedRangeId") or 0))
    if "range" in mask:
        _, protection.area = _protected_area(edit, {"sheetId": tab.id, **(new.get("range") or {})})
    _describe(edit, protection, new, tuple(mask))
    return {}


def delete_protected_range(edit: Edit, request: Message) -> Message:
    tab, protection = _protection(edit, int(request.get("protectedRangeId") or 0))
    if not protection.warning_only and edit.account not in protection.editors:
        raise InvalidError("You don't have permission to edit this protected range.")
    tab.protections.remove(protection)
    return {}


def _protected_area(edit: Edit, message: Message) -> tuple[Tab, Area | None]:
    tab, area = edit.book.area_of(message)
    return tab, area if message.keys() - {"sheetId"} else None


def _describe(edit: Edit, protection: Protection, new: Message, fields: tuple[str, ...]) -> None:
    if "description" in fields:
        protection.description = new.get("description") or ""
    if "warningOnly" in fields:
        protection.warning_only = bool(new.get("warningOnly"))
    if "editors" in fields:
        protection.editors = tuple(sorted({edit.account, *((new.get("editors") or {}).get("users") or ())}))


def _protection(edit: Edit, protection_id: int) -> tuple[Tab, Protection]:
    for tab in edit.book.tabs:
        for each in tab.protections:
            if each.id == protection_id:
                return tab, each
    raise InvalidError(f"No protected range with id: {protection_id}")


def set_basic_filter(edit: Edit, request: Message) -> Message:
    new = request.get("filter") or {}
    tab, area = edit.book.area_of(new.get("range") or {})
    tab.filter, tab.filter_area = {name: each for name, each in new.items() if name != "range"}, area
    return {}


def clear_basic_filter(edit: Edit, request: Message) -> Message:
    tab = edit.book.tab_by_id(int(request.get("sheetId") or 0))
    tab.filter = tab.filter_area = None
    return {}
