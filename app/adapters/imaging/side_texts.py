"""Whether the text files that programs write beside the pixels (settings, metadata, comments) reach their end."""

import re
from pathlib import Path

COUNTED_BYTES = 4 << 20
"""Longer texts are judged by their end alone."""

ENDINGS = {b"{": b"}", b"[": b"]"}
SPACE = b" \r\n\t"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
OBJECT = re.compile(rb'\{\s*["}]')


def is_cut_text(path: Path) -> bool:
    """Say whether a text that must close what it opens does not. False for other files. Raises OSError.

    That is JSON by its name, and Micro-Manager's comments where they are JSON; in others only zeros are a sign.
    """
    name = path.name
    is_json = name.endswith((".json", "_metadata.txt", "display_settings.txt"))
    if not is_json and name != "comments.txt":
        return False
    with path.open("rb") as stream:
        data = stream.read(COUNTED_BYTES).removeprefix(BYTE_ORDER_MARK).strip(SPACE)
        is_whole = not stream.read(1)
        stream.seek(max(stream.seek(0, 2) - 256, 0))
        tail = stream.read().rstrip(SPACE)
    if not is_json and not OBJECT.match(data):
        written = tail.rstrip(b"\0")  # people's own words, in UTF-16 with zeros among them
        return written != tail and b"\0" not in written
    return not tail.endswith(ENDINGS.get(data[:1], b"}")) or (is_whole and _leaves_open(data))


def _leaves_open(data: bytes) -> bool:
    """Say whether more brackets open than close, strings left out; False where a quote is astray: then who can tell."""
    outside = STRING.sub(lambda found: b"" if found[1] else b'"', data)
    opened, closed = (sum(outside.count(mark) for mark in marks) for marks in (ENDINGS, ENDINGS.values()))
    return b'"' not in outside and opened > closed
