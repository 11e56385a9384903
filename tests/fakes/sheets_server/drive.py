"""The part of Drive that gspread uses: files, their copies and exports."""

import re
from collections.abc import Callable
from typing import Any

from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.drive_file import (
    NOT_ENOUGH,
    SPREADSHEET,
    changeable,
    file_message,
    masked,
    old_file_message,
)
from tests.fakes.sheets_server.errors import drive_refusal
from tests.fakes.sheets_server.export import WRITERS as EXPORTS
from tests.fakes.sheets_server.export import read_csv
from tests.fakes.sheets_server.store import Store

FILE_FIELDS = "kind,id,name,mimeType"


def list_files(store: Store, call: Call) -> Answer:
    wanted = _query(call.parameter("q"))
    books = [each for each in store.books.values() if store.role(each, call.account) and wanted(each)]
    books.sort(key=lambda book: book.modified, reverse=True)
    size, start = int(call.parameter("pageSize", "100")), int(call.parameter("pageToken") or 0)
    message: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
    if start + size < len(books):
        message["nextPageToken"] = str(start + size)
    message["files"] = [file_message(store, book, call.account) for book in books[start : start + size]]
    usual = f"kind,incompleteSearch,nextPageToken,files({FILE_FIELDS})"
    return answer_json(masked(message, call, usual))


_TERM = re.compile(
    r"""\s*(?:(?P<field>mimeType|name|trashed)\s*(?P<sign>=|!=|contains)\s*(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|true|false)
    |parents\s+in\s+(?P<of>"[^"]*"|'[^']*')|(?P<in>"[^"]*"|'[^']*')\s+in\s+parents)\s*(?:and\b|$)""",
    re.VERBOSE,
)


def _query(text: str) -> Callable[[Book], bool]:
    """Return what a file search asks for. Raises ApiError 400 for what Drive, or this server, does not understand."""
    terms, position = [], 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise drive_refusal(400, "invalid", "Invalid Value", "q")
        terms.append(_term(match))
        position = match.end()
    return lambda book: all(term(book) for term in terms)


def _term(match: re.Match[str]) -> Callable[[Book], bool]:
    folder = match["of"] or match["in"]
    if folder:
        return lambda book: folder[1:-1] in book.parents
    field, sign = match["field"], match["sign"]
    value = re.sub(r"\\(.)", r"\1", match["value"].strip("\"'"))

    def holds(book: Book) -> bool:
        own = {"mimeType": SPREADSHEET, "name": book.title, "trashed": "false"}[field]
        if sign == "contains":
            return value.casefold() in own.casefold()
        return (own == value) == (sign == "=")

    return holds


def get_file(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    return answer_json(masked(file_message(store, book, call.account), call, FILE_FIELDS))


def create_file(store: Store, call: Call) -> Answer:
    body = call.json()
    if body.get("mimeType", SPREADSHEET) != SPREADSHEET:
        raise drive_refusal(400, "badRequest", "This server keeps spreadsheets only.")
    book = store.create(body.get("name") or "Untitled", call.account)
    book.parents = tuple(body.get("parents") or ())
    return answer_json(masked(file_message(store, book, call.account), call, FILE_FIELDS))


def copy_file(store: Store, call: Call, file_id: str) -> Answer:
    source, body = store.file(file_id, call.account), call.json()
    book = store.copy(source, body.get("name") or f"Copy of {source.title}", call.account)
    book.parents = tuple(body.get("parents") or ())
    return answer_json(masked(file_message(store, book, call.account), call, FILE_FIELDS))


def update_file(store: Store, call: Call, file_id: str) -> Answer:
    book, body = changeable(store, call, file_id), call.json()
    book.title = body.get("name") or book.title
    added, removed = call.parameter("addParents").split(","), call.parameter("removeParents").split(",")
    book.parents = tuple(each for each in (*book.parents, *added) if each and each not in removed)
    store.touch(book)
    return answer_json(masked(file_message(store, book, call.account), call, FILE_FIELDS))


def delete_file(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    if store.role(book, call.account) != "owner":
        raise drive_refusal(403, "insufficientFilePermissions", NOT_ENOUGH)
    del store.books[file_id]
    return Answer(204, type="text/html")


def export_file(store: Store, call: Call, file_id: str) -> Answer:
    book, kind = store.file(file_id, call.account), call.parameter("mimeType")
    if kind not in EXPORTS:
        raise drive_refusal(400, "badRequest", "The requested conversion is not supported.", "convertTo")
    return Answer(200, EXPORTS[kind](book), kind, {"Content-Disposition": "attachment"})


def upload(store: Store, call: Call, file_id: str) -> Answer:
    """Take a text with commas in place of all tabs, by the old Drive v2 as gspread does."""
    book = changeable(store, call, file_id)
    read_csv(book, call.content.decode("utf-8"))
    store.touch(book)
    return answer_json(old_file_message(book, call.account))
