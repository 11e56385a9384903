"""A spreadsheet as Drive describes a file, and who may change it."""

from datetime import UTC, datetime
from typing import Any

from tests.fakes.sheets_server.book import Book, Permission
from tests.fakes.sheets_server.call import Call
from tests.fakes.sheets_server.errors import InvalidError, drive_refusal
from tests.fakes.sheets_server.export import WRITERS as EXPORTS
from tests.fakes.sheets_server.fields import parse_mask, pruned
from tests.fakes.sheets_server.store import WRITERS as MAY_WRITE
from tests.fakes.sheets_server.store import Store

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
NOT_ENOUGH = "The user does not have sufficient permissions for this file."


def time_text(seconds: float) -> str:
    """Return a moment as Drive writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def masked(message: dict[str, Any], call: Call, usual: str) -> dict[str, Any]:
    """Return those parts of a message that were asked for, else the usual ones. Raises ApiError 400."""
    asked = call.parameter("fields") or usual
    try:
        answered: dict[str, Any] = pruned(message, parse_mask(asked))
    except InvalidError:
        message_text = f"Invalid field selection {asked}"
        raise drive_refusal(400, "invalidParameter", message_text, "fields") from None
    return answered


def changeable(store: Store, call: Call, file_id: str) -> Book:
    book = store.file(file_id, call.account)
    if store.role(book, call.account) not in MAY_WRITE:
        raise drive_refusal(403, "insufficientFilePermissions", f"{NOT_ENOUGH[:-1]} {file_id}.")
    return book


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


def permission_message(permission: Permission) -> dict[str, Any]:
    """Return a permission with all its fields."""
    message = {"kind": "drive#permission", "id": permission.id, "type": permission.type, "role": permission.role}
    if permission.type in ("user", "group"):
        named = {"emailAddress": permission.email, "displayName": permission.email.partition("@")[0]}
        return message | named | {"deleted": False, "pendingOwner": permission.pending_owner}
    if permission.type == "domain":
        message |= {"domain": permission.domain, "displayName": permission.domain}
    return message | {"allowFileDiscovery": False}


def old_file_message(book: Book, account: str) -> dict[str, Any]:
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
