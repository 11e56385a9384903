"""Methods that go by data filters: values read, written and emptied, and the search for developer metadata."""

from typing import Any

from tests.fakes.sheets_server.area import Area, quoted
from tests.fakes.sheets_server.call import Call
from tests.fakes.sheets_server.data_filter import Message, View, view_for
from tests.fakes.sheets_server.errors import InvalidError, invalid_argument, refusal
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.values import body_rendering, value_range
from tests.fakes.sheets_server.writing import (
    Write,
    body_echo,
    check_fits,
    emptied,
    input_option,
    perform,
    rows_of,
    totals,
    update_response,
)


def batch_get(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer values.batchGetByDataFilter: each range once, with all filters that select it, as they first do."""
    body = call.json()
    view = view_for(store.readable(book_id, call.account), call.account)
    how = body_rendering(body)
    matched: dict[tuple[int, Area], list[Message]] = {}
    for wanted, tab, area in view.areas_of_all(_filters(body)):
        matched.setdefault((tab.id, area), []).append(wanted)
    found = [
        {"valueRange": value_range(view.book, view.book.tab_by_id(tab_id), area, how), "dataFilters": filters}
        for (tab_id, area), filters in matched.items()
    ]
    return {"spreadsheetId": view.book.id} | ({"valueRanges": found} if found else {})


def batch_update(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer values.batchUpdateByDataFilter: every range of a filter gets its values, all are written or none."""
    body = call.json()
    option = input_option(body.get("valueInputOption"))
    view = view_for(store.writable(book_id, call.account), call.account)
    plans: list[tuple[Message, Write]] = []
    for index, each in enumerate(body.get("data") or ()):
        rows = rows_of(each, f"data[{index}]")
        wanted = each.get("dataFilter") or {}
        try:
            plans.extend((wanted, write) for write in _planned(view, wanted, rows))
        except InvalidError as error:
            raise invalid_argument(f"Invalid data[{index}]: {error}") from error
    writes = [write for _, write in plans]
    perform(view.book, writes, option, call.account)
    store.touch(view.book)
    echo = body_echo(body)
    responses = [update_response(view.book, write, echo) | {"dataFilter": wanted} for wanted, write in plans]
    for each in responses:
        del each["spreadsheetId"]
    return {"spreadsheetId": view.book.id, **totals(writes)} | ({"responses": responses} if responses else {})


def _planned(view: View, wanted: Message, rows: list[list[Any]]) -> list[Write]:
    """Return where the values of a filter go. Raises InvalidError when they do not fit one of its ranges."""
    writes = []
    for tab, area in view.areas(wanted):
        write = Write(tab, area.top, area.left, rows, area)
        check_fits(write, area, f"{quoted(tab.title)}!{area.a1()}")
        writes.append(write)
    return writes


def batch_clear(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer values.batchClearByDataFilter."""
    body = call.json()
    view = view_for(store.writable(book_id, call.account), call.account)
    places = dict.fromkeys((tab.id, area) for _, tab, area in view.areas_of_all(_filters(body)))
    cleared = emptied(view.book, [(view.book.tab_by_id(tab_id), area) for tab_id, area in places], call.account)
    store.touch(view.book)
    return {"spreadsheetId": view.book.id} | ({"clearedRanges": cleared} if cleared else {})


def _filters(body: Message) -> list[Message]:
    """Return the filters of a request. Raises ApiError 400 when there is none."""
    filters: list[Message] = body.get("dataFilters") or []
    if not filters:
        raise invalid_argument("Must specify at least one data filter.")
    return filters


def search(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    """Answer developerMetadata.search: each metadata once, with all filters that select it."""
    view = view_for(store.readable(book_id, call.account), call.account)
    matched: dict[int, list[Message]] = {}
    for index, wanted in enumerate(_filters(call.json())):
        try:
            for each in view.metadata(wanted):
                matched.setdefault(each.id, []).append(wanted)
        except InvalidError as error:
            raise invalid_argument(f"Invalid dataFilter[{index}]: {error}") from error
    found = [
        {"developerMetadata": each.json(), "dataFilters": matched[each.id]}
        for each in view.everything()
        if each.id in matched
    ]
    return {"matchedDeveloperMetadata": found} if found else {}


def get_metadata(store: Store, call: Call, book_id: str, metadata_id: str) -> dict[str, Any]:
    """Answer developerMetadata.get. Raises ApiError 404."""
    view = view_for(store.readable(book_id, call.account), call.account)
    for each in view.everything():
        if each.id == int(metadata_id):
            return each.json()
    raise refusal(404, "NOT_FOUND", f"No developer metadata with ID {metadata_id}")
