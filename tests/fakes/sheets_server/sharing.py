"""What people do beside a file in Drive: they let others at it, and comment on it."""

from tests.fakes.sheets_server.book import Book, Permission
from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.drive_file import (
    NOT_ENOUGH,
    changeable,
    masked,
    permission_message,
    time_text,
    user_message,
)
from tests.fakes.sheets_server.errors import drive_refusal
from tests.fakes.sheets_server.store import READERS, Store

PERMISSION_FIELDS = "kind,id,type,role,allowFileDiscovery"


def list_permissions(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    found = [permission_message(each) for each in book.permissions]
    usual = f"kind,nextPageToken,permissions({PERMISSION_FIELDS})"
    return answer_json(masked({"kind": "drive#permissionList", "permissions": found}, call, usual))


def create_permission(store: Store, call: Call, file_id: str) -> Answer:
    book, body = changeable(store, call, file_id), call.json()
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
    return answer_json(masked(permission_message(made), call, PERMISSION_FIELDS))


def _permission(book: Book, permission_id: str) -> Permission:
    for each in book.permissions:
        if each.id == permission_id:
            return each
    raise drive_refusal(404, "notFound", f"Permission not found: {permission_id}.", "permissionId")


def update_permission(store: Store, call: Call, file_id: str, permission_id: str) -> Answer:
    book, body = changeable(store, call, file_id), call.json()
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
    return answer_json(masked(permission_message(permission), call, PERMISSION_FIELDS))


def delete_permission(store: Store, call: Call, file_id: str, permission_id: str) -> Answer:
    book = changeable(store, call, file_id)
    permission = _permission(book, permission_id)
    if permission.role == "owner":
        raise drive_refusal(403, "insufficientFilePermissions", NOT_ENOUGH)
    book.permissions.remove(permission)
    return Answer(204, type="text/html")


def list_comments(store: Store, call: Call, file_id: str) -> Answer:
    book = store.file(file_id, call.account)
    if not call.parameter("fields"):
        message = "The 'fields' parameter is required for this method."
        raise drive_refusal(400, "required", message, "fields")
    return answer_json(masked({"kind": "drive#commentList", "comments": book.comments}, call, ""))


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
    return answer_json(masked(comment, call, ""))
