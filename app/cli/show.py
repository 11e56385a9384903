"""What a command prints: one JSON document, or lines for people; errors on stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from app import bootstrap
from app.domain.errors import SlideferryError


class Output:
    """Where a command's answer goes. With JSON, stdout is one document and nothing else."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def document(self, document: dict[str, Any], text: str) -> None:
        """Print the answer: the document for scripts, or the text for people."""
        self.line(json.dumps(document, ensure_ascii=False, indent=2) if self.as_json else text)

    def line(self, text: str) -> None:
        """Print a line, in UTF-8 whatever the console's own encoding is."""
        sys.stdout.buffer.write((text + "\n").encode("utf-8", errors="replace"))
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Print what happens meanwhile, where it does not mix with the answer."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def error(self, error: SlideferryError) -> None:
        """Print an error in words; with JSON also as the document."""
        if self.as_json:
            parts = {"title": error.title, "message": error.message, "hint": error.hint}
            self.document({"error": parts}, "")
        self.say("\n".join(part for part in (f"{error.title}: {error.message}", error.hint) if part))


def absolute(path: str) -> Path:
    """Return the full path of a file or folder that a person named; raises UseError for an empty one."""
    bootstrap.refuse_empty(path)
    return Path(path).expanduser().absolute()
