"""How two answers differ: in their shape, and in what they say."""

from collections.abc import Iterator
from typing import Any

VOLATILE = (
    "createdTime",
    "modifiedTime",
    "createdDate",
    "modifiedDate",
    "emailAddress",
    "displayName",
    "users",
    "etag",
)
"""Keys whose values depend on when the recording was made, and by whom."""


def shape_differences(recorded: Any, answered: Any, where: str = "") -> Iterator[str]:
    """Yield each difference in keys, in types, and in the lengths of lists."""
    if _kind(recorded) != _kind(answered):
        yield f"{where or 'body'}: {_kind(recorded)} became {_kind(answered)}"
    elif isinstance(recorded, dict):
        for key in sorted(recorded.keys() - answered.keys()):
            yield f"{where}.{key}: missing"
        for key in sorted(answered.keys() - recorded.keys()):
            yield f"{where}.{key}: not in the recording"
        for key in sorted(recorded.keys() & answered.keys()):
            yield from shape_differences(recorded[key], answered[key], f"{where}.{key}")
    elif isinstance(recorded, list):
        if len(recorded) != len(answered):
            yield f"{where}: {len(recorded)} entries became {len(answered)}"
        for index, (theirs, ours) in enumerate(zip(recorded, answered, strict=False)):
            yield from shape_differences(theirs, ours, f"{where}[{index}]")


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "bool"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "text"


def value_differences(recorded: Any, answered: Any, where: str = "") -> Iterator[str]:
    """Yield each place where two answers of one shape say something else; what is volatile is passed over."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for key in sorted(recorded.keys() & answered.keys()):
            if key not in VOLATILE:
                yield from value_differences(recorded[key], answered[key], f"{where}.{key}")
    elif isinstance(recorded, list) and isinstance(answered, list):
        for index, (theirs, ours) in enumerate(zip(recorded, answered, strict=False)):
            yield from value_differences(theirs, ours, f"{where}[{index}]")
    elif recorded != answered:
        yield f"{where or 'body'}: {recorded!r} became {answered!r}"
