"""Refusals in Google's own words: the Sheets service and Drive shape theirs differently."""

from typing import Any

NO_CREDENTIALS = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
BAD_CREDENTIALS = NO_CREDENTIALS.replace(
    "is missing required authentication credential", "had invalid authentication credentials"
)
PROTECTED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if "
    "you need to edit."
)


class ApiError(Exception):
    """An answer other than success: its status and its JSON body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class InvalidError(Exception):
    """A request that makes no sense; whoever knows where in the body it stands puts that before the message."""


def refusal(status: int, name: str, message: str, details: list[dict[str, Any]] | None = None) -> ApiError:
    """Return an error as the Sheets service words it."""
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = details
    return ApiError(status, {"error": error})


def invalid_argument(message: str) -> ApiError:
    return refusal(400, "INVALID_ARGUMENT", message)


def bad_field(field: str, description: str) -> ApiError:
    """Return what a body or a parameter of the wrong type is answered with."""
    violation = {"field": field, "description": description} if field else {"description": description}
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    return refusal(400, "INVALID_ARGUMENT", description, details)


def not_found() -> ApiError:
    return refusal(404, "NOT_FOUND", "Requested entity was not found.")


def forbidden() -> ApiError:
    return refusal(403, "PERMISSION_DENIED", "The caller does not have permission")


def unauthenticated(message: str) -> ApiError:
    return refusal(401, "UNAUTHENTICATED", message)


def drive_refusal(status: int, reason: str, message: str, location: str = "") -> ApiError:
    """Return an error as Drive words it; `location` names the parameter that is to blame."""
    one = {"message": message, "domain": "global", "reason": reason}
    if location:
        one |= {"location": location, "locationType": "parameter"}
    return ApiError(status, {"error": {"code": status, "message": message, "errors": [one]}})


def file_not_found(file_id: str) -> ApiError:
    return drive_refusal(404, "notFound", f"File not found: {file_id}.", "fileId")
