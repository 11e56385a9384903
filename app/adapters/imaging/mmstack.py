"""Whether a Micro-Manager image stack is closed: its head says where the tables lie that it writes last."""

import struct
from pathlib import Path

HEAD_BYTES = 32
TABLES = {54773648: 20, 483765892: 1, 99384722: 1}
"""The mark before each offset in the head (index, display settings, comments), and the bytes of one item there."""


class StackError(Exception):
    """The stack is not whole; the text says what is missing."""


def check_stack(path: Path) -> None:
    """Raise StackError unless every table that the head announces lies inside the file. Raises OSError."""
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        stream.seek(0)
        head = stream.read(HEAD_BYTES)
        order = "<" if head.startswith(b"II") else ">"
        if len(head) < HEAD_BYTES:
            raise StackError("it ends in its head")
        values = struct.unpack(order + "8x6I", head)
        for mark, place in zip(values[::2], values[1::2], strict=True):
            if mark not in TABLES:
                continue
            stream.seek(place)
            found = stream.read(8)
            table_mark, count = struct.unpack(order + "II", found) if len(found) == 8 else (0, 0)
            end = place + 8 + count * TABLES[mark]
            if not place or not table_mark:
                raise StackError("the tables at its end are not written yet")
            if end > size_bytes:
                raise StackError(f"it must be at least {end:,} bytes long, but it has {size_bytes:,}")
