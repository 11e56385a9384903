"""Whether an Olympus/Evident slide is whole: each .ets file beside the .vsi lists where its pieces lie."""

import struct
from pathlib import Path

HEAD = struct.Struct("<4siiiqiiqi")
MAX_CHUNKS = 1 << 22


class CellSensError(Exception):
    """The set is not whole; the text says what is missing."""


def check_ets(path: Path) -> None:
    """Raise CellSensError unless every piece that the file lists lies inside it. Raises OSError."""
    size_bytes = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEAD.size)
        if len(head) < HEAD.size or not head.startswith(b"SIS\0"):
            raise CellSensError(f"{path.name} does not begin as it should, or is still being written")
        _, _, _, dimensions, _, _, _, table, chunks = HEAD.unpack(head)
        entry = 4 + 4 * dimensions + 16
        if not 2 <= dimensions <= 16 or not 0 < chunks <= MAX_CHUNKS:
            raise CellSensError(f"{path.name} lists no images yet")
        if table <= 0 or table + chunks * entry > size_bytes:
            end = table + chunks * entry
            raise CellSensError(f"{path.name} must be at least {end:,} bytes long, but it has {size_bytes:,}")
        stream.seek(table)
        data = stream.read(chunks * entry)
    for number in range(chunks):
        offset, length = struct.unpack_from("<qi", data, number * entry + 4 + 4 * dimensions)
        if offset <= 0 or length <= 0 or offset + length > size_bytes:
            raise CellSensError(f"{path.name}: piece {number} lies outside the file")
