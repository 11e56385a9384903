"""Tiles whose colours say where in the slide each pixel lies, so that a test sees a tile in a wrong place."""

import io

import numpy as np
from PIL import Image

from app.domain.pyramid import Box, Pyramid, TileAddress, level_count

SIDE = 8192


def a_pyramid(*, width: int = SIDE, height: int = SIDE, mpp: float | None = 0.5) -> Pyramid:
    """Return a slide of that size at 20x."""
    size = (width, height)
    return Pyramid(size, level_count(size, 1 << 10), Box(0, 0, width, height), "a stamp", mpp, 20.0)


def colour_at(pyramid: Pyramid, x: float, y: float) -> tuple[int, int]:
    """Return (red, green) of a place of the slide, in pixels of full resolution."""
    return round(255 * x / pyramid.size[0]), round(255 * y / pyramid.size[1])


def tile_of(pyramid: Pyramid, address: TileAddress) -> bytes:
    """Return a tile as PNG; its blue names the level."""
    box, (width, height) = pyramid.box(address), pyramid.tile_size(address)
    across = (box.left + (np.arange(width) + 0.5) * (1 << address.level)) / pyramid.size[0]
    down = (box.top + (np.arange(height) + 0.5) * (1 << address.level)) / pyramid.size[1]
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.round(255 * across)[None, :]
    pixels[:, :, 1] = np.round(255 * down)[:, None]
    pixels[:, :, 2] = 20 * address.level
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()
