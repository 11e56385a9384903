"""Hamamatsu's uncompressed pixels (.ngr, named by a .vmu): a head with the image's size, then three values a pixel."""

import struct
from pathlib import Path

HEAD = struct.Struct("<2sxxiii8xi")
PIXEL_BYTES = 6


def missing_ngr_bytes(path: Path) -> int:
    """Return how many bytes of pixels are missing, 0 for other files. Raises OSError."""
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        stream.seek(0)
        data = stream.read(HEAD.size)
    if len(data) < HEAD.size or not data.startswith(b"GN"):
        return 0
    _, width, height, _, start = HEAD.unpack(data)
    missing: int = start + width * height * PIXEL_BYTES - size_bytes
    return max(missing, 0)
