"""Which method and path lead where."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.fakes.sheets_server import batch, drive, filtered, metadata, sharing, values, writing
from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.store import Store

Handler = Callable[..., Answer | dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """A call that is answered. `kind` says what it is counted as: `read` and `write` are the Sheets service's."""

    method: str
    pattern: re.Pattern[str]
    kind: str
    handler: Handler

    def answer(self, store: Store, call: Call) -> Answer:
        """Answer a call that this route is for. Raises ApiError or InvalidError."""
        match = self.pattern.fullmatch(call.path)
        assert match is not None
        result = self.handler(store, call, *(unquote(each) for each in match.groups()))
        return result if isinstance(result, Answer) else answer_json(result)


def _route(method: str, path: str, kind: str, handler: Handler) -> Route:
    return Route(method, re.compile(path), kind, handler)


_BOOKS, _FILES = "/v4/spreadsheets", "/drive/v3/files"
_BOOK, _FILE = f"{_BOOKS}/([^/:]+)", f"{_FILES}/([^/]+)"

ROUTES = (
    _route("POST", _BOOKS, "write", batch.create),
    _route("GET", _BOOK, "read", metadata.get),
    _route("POST", f"{_BOOK}:getByDataFilter", "read", metadata.get_by_data_filter),
    _route("POST", f"{_BOOK}:batchUpdate", "write", batch.batch_update),
    _route("POST", f"{_BOOK}/sheets/([0-9]+):copyTo", "write", batch.copy_to),
    _route("POST", f"{_BOOK}/developerMetadata:search", "read", filtered.search),
    _route("GET", f"{_BOOK}/developerMetadata/([0-9]+)", "read", filtered.get_metadata),
    _route("POST", f"{_BOOK}/values:batchGetByDataFilter", "read", filtered.batch_get),
    _route("POST", f"{_BOOK}/values:batchUpdateByDataFilter", "write", filtered.batch_update),
    _route("POST", f"{_BOOK}/values:batchClearByDataFilter", "write", filtered.batch_clear),
    _route("GET", f"{_BOOK}/values:batchGet", "read", values.batch_get),
    _route("POST", f"{_BOOK}/values:batchUpdate", "write", writing.batch_update),
    _route("POST", f"{_BOOK}/values:batchClear", "write", writing.batch_clear),
    _route("POST", f"{_BOOK}/values/(.+):append", "write", writing.append),
    _route("POST", f"{_BOOK}/values/(.+):clear", "write", writing.clear),
    _route("GET", f"{_BOOK}/values/(.+)", "read", values.get),
    _route("PUT", f"{_BOOK}/values/(.+)", "write", writing.update),
    _route("GET", _FILES, "drive", drive.list_files),
    _route("POST", _FILES, "drive", drive.create_file),
    _route("GET", _FILE, "drive", drive.get_file),
    _route("PATCH", _FILE, "drive", drive.update_file),
    _route("DELETE", _FILE, "drive", drive.delete_file),
    _route("POST", f"{_FILE}/copy", "drive", drive.copy_file),
    _route("GET", f"{_FILE}/export", "drive", drive.export_file),
    _route("GET", f"{_FILE}/permissions", "drive", sharing.list_permissions),
    _route("POST", f"{_FILE}/permissions", "drive", sharing.create_permission),
    _route("PATCH", f"{_FILE}/permissions/([^/]+)", "drive", sharing.update_permission),
    _route("DELETE", f"{_FILE}/permissions/([^/]+)", "drive", sharing.delete_permission),
    _route("GET", f"{_FILE}/comments", "drive", sharing.list_comments),
    _route("POST", f"{_FILE}/comments", "drive", sharing.create_comment),
    _route("PUT", "/upload/drive/v2/files/([^/]+)", "drive", drive.upload),
)


def route_for(method: str, path: str) -> Route | None:
    """Return the route of a method and an undecoded path."""
    return next((each for each in ROUTES if each.method == method and each.pattern.fullmatch(path)), None)
