"""Recordings of HTTP traffic as vcrpy and betamax keep them: what was asked, and what came back."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded request and its answer. Bodies are texts, empty where there was none."""

    method: str
    uri: str
    body: str
    content_type: str
    status: int
    answer: str

    @property
    def host(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def path(self) -> str:
        """The path as it was sent, without the query."""
        return urlsplit(self.uri).path

    @property
    def target(self) -> str:
        """Path and query."""
        parts = urlsplit(self.uri)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def message(self) -> Any:
        """Return the answer's JSON, or None where it is none."""
        return parsed(self.answer)


def parsed(text: str) -> Any:
    """Return a text's JSON, or None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def recordings(folder: Path) -> Iterator[tuple[str, list[Interaction]]]:
    """Yield name and interactions of every recording below a folder, or of one file; other JSON is passed over."""
    paths = sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]
    for path in paths:
        content = parsed(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            found = content.get("interactions") or content.get("http_interactions")
            if isinstance(found, list):
                yield path.stem, [_interaction(each) for each in found]


def _interaction(record: dict[str, Any]) -> Interaction:
    request, response = record["request"], record["response"]
    headers = {name.lower(): value for name, value in (request.get("headers") or {}).items()}
    kind = headers.get("content-type") or ""
    return Interaction(
        request["method"],
        request["uri"],
        _text(request.get("body")),
        kind[0] if isinstance(kind, list) else kind,
        int(response["status"]["code"]),
        _text(response.get("body")),
    )


def _text(body: Any) -> str:
    if isinstance(body, dict):
        if "base64_string" in body:
            return base64.b64decode(body["base64_string"]).decode("utf-8", "replace")
        body = body.get("string")
    return body or ""
