"""A small .ets file as Olympus's scanners write it: two heads, JPEG tiles of a pyramid, the table of tiles."""

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
TILE_PX = 512
EIGHT_BITS, COLOUR, JPEG = 2, 4, 2


def make_ets(full: Rgb, levels: int = 3) -> bytes:
    """Return a file of so many resolutions; `full` is height x width x 3."""
    data, entries = b"", b""
    start = 64 + 64
    for level in range(levels):
        pixels = full[:: 2**level, :: 2**level]
        for top in range(0, pixels.shape[0], TILE_PX):
            for left in range(0, pixels.shape[1], TILE_PX):
                tile = _jpeg(pixels[top : top + TILE_PX, left : left + TILE_PX])
                place = (left // TILE_PX, top // TILE_PX, 0, level)
                entries += struct.pack("<i4iqii", 0, *place, start + len(data), len(tile), 0)
                data += tile
    table = start + len(data)
    head = struct.pack("<4siiiqiiqi", b"SIS\0", 64, 2, 4, 64, 64, 0, table, len(entries) // 36)
    pixel_head = struct.pack("<4siiiiiiiii", b"ETS\0", 0x30001, EIGHT_BITS, 3, COLOUR, JPEG, 90, TILE_PX, TILE_PX, 1)
    return head.ljust(64, b"\0") + pixel_head.ljust(64, b"\0") + data + entries


def _jpeg(pixels: Rgb) -> bytes:
    whole = np.full((TILE_PX, TILE_PX, 3), 255, np.uint8)
    whole[: pixels.shape[0], : pixels.shape[1]] = pixels
    out = io.BytesIO()
    Image.fromarray(whole).save(out, "JPEG", quality=90)
    return out.getvalue()
