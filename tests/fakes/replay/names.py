"""Ids: Google made some up when it was recorded, the server makes up others; one stands for the other."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.replay.cassette import parsed

ID_KEYS = ("id", "spreadsheetId", "sheetId", "namedRangeId", "protectedRangeId")
"""Keys of answers under which an id is made up."""
REFERENCES = (*ID_KEYS, "sourceSheetId", "destinationSpreadsheetId")
"""Keys of requests that name one."""
LISTINGS = ("files",)
"""Lists whose order need not be the same on both sides: nothing is learnt from them."""


@dataclass(slots=True)
class Names:
    """Which id of the server stands for which recorded one."""

    ours: dict[str | int, str | int] = field(default_factory=dict)

    def learn(self, recorded: Any, answered: Any) -> None:
        """Take in what two answers to the same request call the same thing."""
        for theirs, our in _pairs(recorded, answered):
            if theirs not in self.ours and our not in self.ours.values():
                self.ours[theirs] = our

    def text(self, text: str) -> str:
        """Return a text, such as a path, with our ids in place of recorded ones."""
        for theirs, our in self.ours.items():
            if isinstance(theirs, str) and len(theirs) > 20:
                text = text.replace(theirs, str(our))
            elif isinstance(theirs, int) and theirs:
                text = text.replace(f"/sheets/{theirs}:", f"/sheets/{our}:")
        return text

    def message(self, message: Any) -> Any:
        """Return a message with our ids in place of recorded ones."""
        return _mapped(
            message, lambda key, value: self.ours.get(value, value) if key in REFERENCES else self._long(value)
        )

    def _long(self, value: Any) -> Any:
        return self.text(value) if isinstance(value, str) and len(value) > 20 else value

    def body(self, body: str) -> str:
        """Return a request's body with our ids in place of recorded ones."""
        message = parsed(body)
        return body if message is None else json.dumps(self.message(message))


def _pairs(recorded: Any, answered: Any) -> Iterator[tuple[str | int, str | int]]:
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for key in recorded.keys() & answered.keys():
            theirs, our = recorded[key], answered[key]
            if key in ID_KEYS and isinstance(theirs, str | int) and type(theirs) is type(our):
                yield theirs, our
            elif key not in LISTINGS:
                yield from _pairs(theirs, our)
    elif isinstance(recorded, list) and isinstance(answered, list):
        for theirs, our in zip(recorded, answered, strict=False):
            yield from _pairs(theirs, our)


def _mapped(message: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    if isinstance(message, dict):
        return {name: _mapped(value, change, name) for name, value in message.items()}
    if isinstance(message, list):
        return [_mapped(each, change, key) for each in message]
    return change(key, message)
