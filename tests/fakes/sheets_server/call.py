"""A request as it came in and an answer as it goes out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.sheets_server.errors import bad_field, invalid_argument


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks, for what. `content` holds the body's bytes."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    content: bytes = b""
    account: str = ""

    def parameter(self, name: str, default: str = "") -> str:
        return self.query[name][-1] if self.query.get(name) else default

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false, in whatever case. Raises ApiError 400."""
        text = self.parameter(name, "false").lower()
        if text not in ("true", "false", "1", "0"):
            raise bad_field(name, f"Invalid value at '{name}' (TYPE_BOOL), \"{self.parameter(name)}\"")
        return text in ("true", "1")

    def choice(self, name: str, kind: str, choices: Sequence[str]) -> str:
        """Return a parameter that is one of some words, the first where it is not given. Raises ApiError 400."""
        return chosen(self.parameter(name), name, kind, choices)

    def json(self) -> dict[str, Any]:
        """Return the body, an empty one where there is none. Raises ApiError 400."""
        if not self.content.strip():
            return {}
        try:
            body = json.loads(self.content)
        except ValueError:
            raise invalid_argument(
                'Invalid JSON payload received. Unknown name "": Root element must be a message.'
            ) from None
        if not isinstance(body, dict):
            raise invalid_argument('Invalid JSON payload received. Unknown name "": Root element must be a message.')
        return body


def chosen(text: str, name: str, kind: str, choices: Sequence[str]) -> str:
    """Return one of some words, the first where `text` is empty. Raises ApiError 400."""
    if text and text not in choices:
        field_name = "".join(f"_{each.lower()}" if each.isupper() else each for each in name)
        message = f"Invalid value at '{field_name}' (type.googleapis.com/google.apps.sheets.v4.{kind}), \"{text}\""
        raise bad_field(field_name, message)
    return text or choices[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: a status, a body, further headers. With `half` the connection ends in the middle of the body."""

    status: int
    content: bytes = b""
    type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    half: bool = False


def answer_json(message: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer in JSON, laid out as Google lays it out."""
    text = json.dumps(message, indent=2, ensure_ascii=False)
    return Answer(status, (text + "\n").encode("utf-8"), headers=headers or {})
