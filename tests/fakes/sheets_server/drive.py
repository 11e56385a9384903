"""The part of Drive that gspread uses: files, copies, exports, permissions and comments."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.sheets_server.book import Book, Permission
from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.errors import InvalidError, drive_refusal
from tests.fakes.sheets_server.export import WRITERS as EXPORTS
from tests.fakes.sheets_server.export import read_csv
from tests.fakes.sheets_server.fields import parse_mask, pruned
from tests.fakes.sheets_server.store import READERS, Store
from tests.fakes.sheets_server.store import WRITERS as MAY_WRITE

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
FILE_FIELDS = "kind,id,name,mimeType"
PERMISSION_FIELDS = "kind,id,type,role,allowFileDiscovery"


def time_text(seconds: float) -> str:
    """Return a moment as Drive writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _masked(message: dict[str, Any], call: Call, usual: str) -> dict[str, Any]:
    """Return those parts of a message that were asked for, else the usual ones. Raises ApiError 400."""
    asked = call.parameter("fields") or usual
    try:
        answered: dict[str, Any] = pruned(message, parse_mask(asked))
    except InvalidError:
        message_text = f"Invalid field selection {asked}"
        raise drive_refusal(400, "invalidParameter", message_text, "fields") from None
    return answered


def file_message(store: Store, book: Book, account: str) -> dict[str, Any]:
    """Return a spreadsheet as Drive describes a file."""
    role = store.role(book, account)
    return {
        "kind": "drive#file",
        "id": book.id,
        "name": book.title,
        "mimeType": SPREADSHEET,
        "trashed": False,
        "parents": list(book.parents),
        "createdTime": time_text(book.created),
        "modifiedTime": time_text(book.modified),
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{book.id}/edit?usp=drivesdk",
        "owners": [user_message(each.email) for each in book.permissions if each.role == "owner"],
        "ownedByMe": role == "owner",
        "shared": len(book.permissions) > 1,
        "capabilities": {"canEdit": role in MAY_WRITE, "canDelete": role == "owner"},
        "permissions": [permission_message(each) for each in book.permissions],
    }


def user_message(email: str) -> dict[str, Any]:
    return {"kind": "drive#user", "displayName": email, "me": False, "emailAddress": email}


# --- files


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
    return answer_json(_masked(message, call, usual))


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
    return answer_json(_masked(file_message(store, book, call.account), call, FILE_FIELDS))


def create_file(store: Store, call: Call) -> Answer:
    body = call.json()
    if body.get("mimeType", SPREADSHEET) != SPREADSHEET:
        raise drive_refusal(400, "badRequest", "This server keeps spreadsheets only.")
    book = store.create(body.get("name") or "Untitled", call.account)
    book.parents = tuple(body.get("parents") or ())
    return answer_json(_masked(file_message(store, book, call.account), call, FILE_FIELDS))


def copy_file(store: Store, call: Call, file_id: str) -> Answer:
    source, body = store.file(file_id, call.account), call.json()
    book = store.copy(source, body.get("name") or f"Copy of {source.title}", call.account)
    book.parents = tuple(body.get("parents") or ())
    return answer_json(_masked(file_message(store, book, call.account), call, FILE_FIELDS))


def update_file(store: Store, call: Call, file_id: str) -> Answer:
    book, body = _changeable(store, call, file_id), call.json()
    book.title = body.get("name") or book.title
    added, removed = call.parameter("addParents").split(","), call.parameter("removeParents").split(",")
    book.parents = tuple(each for each in (*book.parents, *added) if each and each not in removed)
    store.touch(book)
    return answer_json(_masked(file_message(store, book, call.account), call, FILE_FIELDS))


def delete_file(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    if store.role(book, call.account) != "owner":
        raise drive_refusal(403, "insufficientFilePermissions", _NOT_ENOUGH)
    del store.books[file_id]
    return Answer(204, type="text/html")


_NOT_ENOUGH = "The user does not have sufficient permissions for this file."


def _changeable(store: Store, call: Call, file_id: str) -> Book:
    book = store.file(file_id, call.account)
    if store.role(book, call.account) not in MAY_WRITE:
        raise drive_refusal(403, "insufficientFilePermissions", f"{_NOT_ENOUGH[:-1]} {file_id}.")
    return book


def export_file(store: Store, call: Call, file_id: str) -> Answer:
    book, kind = store.file(file_id, call.account), call.parameter("mimeType")
    if kind not in EXPORTS:
        raise drive_refusal(400, "badRequest", "The requested conversion is not supported.", "convertTo")
    return Answer(200, EXPORTS[kind](book), kind, {"Content-Disposition": "attachment"})


def upload(store: Store, call: Call, file_id: str) -> Answer:
    """Take a text with commas in place of all tabs, by the old Drive v2 as gspread does."""
    book = _changeable(store, call, file_id)
    read_csv(book, call.content.decode("utf-8"))
    store.touch(book)
    return answer_json(_old_file_message(book, call.account))


def _old_file_message(book: Book, account: str) -> dict[str, Any]:
    """Return a spreadsheet as Drive v2 describes a file."""
    own = f"https://www.googleapis.com/drive/v2/files/{book.id}"
    link = f"https://docs.google.com/spreadsheets/d/{book.id}"
    owner = {"kind": "drive#user", "displayName": account, "isAuthenticatedUser": True, "emailAddress": account}
    right = {"kind": "drive#permission", "id": "me", "type": "user", "role": "owner", "pendingOwner": False}
    return {
        "kind": "drive#file",
        "id": book.id,
        "etag": f'"{book.modified}"',
        "selfLink": own,
        "alternateLink": f"{link}/edit?usp=drivesdk",
        "embedLink": f"{link}/htmlembed?usp=drivesdk",
        "iconLink": f"https://drive-thirdparty.googleusercontent.com/16/type/{SPREADSHEET}",
        "title": book.title,
        "mimeType": SPREADSHEET,
        "labels": dict.fromkeys(("starred", "hidden", "trashed", "restricted"), False) | {"viewed": True},
        "createdDate": time_text(book.created),
        "modifiedDate": time_text(book.modified),
        "modifiedByMeDate": time_text(book.modified),
        "lastViewedByMeDate": time_text(book.modified),
        "markedViewedByMeDate": time_text(0),
        "version": "1",
        "parents": [{"kind": "drive#parentReference", "id": each, "isRoot": False} for each in book.parents],
        "exportLinks": {kind: f"{link}/export?format={kind.rpartition('/')[2]}" for kind in EXPORTS},
        "userPermission": right | {"etag": f'"{book.created}"', "selfLink": f"{own}/permissions/me"},
        "quotaBytesUsed": "0",
        "ownerNames": [account],
        "owners": [owner],
        "lastModifyingUserName": account,
        "lastModifyingUser": owner,
        "capabilities": {"canCopy": True, "canEdit": True},
        "editable": True,
        "copyable": True,
        "writersCanShare": True,
        "copyRequiresWriterPermission": False,
        "shared": len(book.permissions) > 1,
        "explicitlyTrashed": False,
        "appDataContents": False,
        "spaces": ["drive"],
    }


# --- permissions and comments


def permission_message(permission: Permission) -> dict[str, Any]:
    """Return a permission with all its fields."""
    message = {"kind": "drive#permission", "id": permission.id, "type": permission.type, "role": permission.role}
    if permission.type in ("user", "group"):
        named = {"emailAddress": permission.email, "displayName": permission.email.partition("@")[0]}
        return message | named | {"deleted": False, "pendingOwner": permission.pending_owner}
    if permission.type == "domain":
        message |= {"domain": permission.domain, "displayName": permission.domain}
    return message | {"allowFileDiscovery": False}


def list_permissions(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    found = [permission_message(each) for each in book.permissions]
    usual = f"kind,nextPageToken,permissions({PERMISSION_FIELDS})"
    return answer_json(_masked({"kind": "drive#permissionList", "permissions": found}, call, usual))


def create_permission(store: Store, call: Call, file_id: str) -> Answer:
    book, body = _changeable(store, call, file_id), call.json()
    kind, role = body.get("type"), body.get("role")
    if kind not in ("user", "group", "domain", "anyone"):
        raise drive_refusal(400, "required", "The permission type field is required.", "permission.type")
    if role not in READERS:
        raise drive_refusal(400, "required", "The permission role field is required.", "permission.role")
    email, domain = str(body.get("emailAddress") or ""), str(body.get("domain") or "")
    if kind in ("user", "group") and "@" not in email:
        message = "The specified emailAddress is invalid or not applicable for the given permission type."
        raise drive_refusal(400, "invalid", message, "permission.emailAddress")
    made = store.share(book, role, kind=kind, email=email, domain=domain)
    return answer_json(_masked(permission_message(made), call, PERMISSION_FIELDS))


def _permission(book: Book, permission_id: str) -> Permission:
    for each in book.permissions:
        if each.id == permission_id:
            return each
    raise drive_refusal(404, "notFound", f"Permission not found: {permission_id}.", "permissionId")


def update_permission(store: Store, call: Call, file_id: str, permission_id: str) -> Answer:
    book, body = _changeable(store, call, file_id), call.json()
    permission = _permission(book, permission_id)
    permission.pending_owner = bool(body.get("pendingOwner", permission.pending_owner))
    if body.get("role") == "owner":
        if call.parameter("transferOwnership").lower() != "true":
            message = "The transferOwnership parameter must be enabled when the permission role is 'owner'."
            raise drive_refusal(403, "forbidden", message, "transferOwnership")
        for each in book.permissions:
            each.role = "writer" if each.role == "owner" else each.role
        permission.pending_owner = False
    permission.role = body.get("role") or permission.role
    return answer_json(_masked(permission_message(permission), call, PERMISSION_FIELDS))


def delete_permission(store: Store, call: Call, file_id: str, permission_id: str) -> Answer:
    book = _changeable(store, call, file_id)
    permission = _permission(book, permission_id)
    if permission.role == "owner":
        raise drive_refusal(403, "insufficientFilePermissions", _NOT_ENOUGH)
    book.permissions.remove(permission)
    return Answer(204, type="text/html")


def list_comments(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    if not call.parameter("fields"):
        message = "The 'fields' parameter is required for this method."
        raise drive_refusal(400, "required", message, "fields")
    return answer_json(_masked({"kind": "drive#commentList", "comments": book.comments}, call, ""))


def create_comment(store: Store, call: Call, file_id: str) -> Answer:
    book, body = store.file(file_id, call.account), call.json()
    if not call.parameter("fields"):
        message = "The 'fields' parameter is required for this method."
        raise drive_refusal(400, "required", message, "fields")
    moment = time_text(store.clock())
    comment = {"kind": "drive#comment", "id": store.new_id()[:11], "content": body.get("content") or ""}
    comment |= {"createdTime": moment, "modifiedTime": moment, "author": user_message(call.account)}
    comment |= {"deleted": False, "resolved": False} | ({"anchor": body["anchor"]} if body.get("anchor") else {})
    book.comments.append(comment)
    return answer_json(_masked(comment, call, ""))
