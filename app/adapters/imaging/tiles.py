"""Tiles for deep zoom: halved levels of any slide, whatever levels its file holds."""

import math

from PIL import Image

from app.adapters.imaging.pyramid_source import PyramidSource
from app.domain.pyramid import Pyramid, TileAddress, level_count

MOST_HALVED = 8.0
"""So many times at most is what is read wider and higher than the tile made of it."""

MARGIN_PX = 2
"""What the filter looks past the edges of a tile, in pixels of the level that is read."""

NEARLY = 1.01


def pyramid_of(source: PyramidSource, stamp: str) -> Pyramid:
    """Return the geometry of an open slide."""
    coarsest = max(source.downsamples) * MOST_HALVED
    return Pyramid(source.size, level_count(source.size, coarsest), source.canvas, stamp)


def draw_tile(source: PyramidSource, pyramid: Pyramid, address: TileAddress) -> Image.Image:
    """Return a tile; at full resolution it holds the slide's very pixels. Raises what decoders raise."""
    level = _level_read(source, address.level)
    scale = source.downsamples[level]
    box, size = pyramid.box(address), pyramid.tile_size(address)
    if level == 0 and address.level == 0:
        return source.read(0, (int(box.left), int(box.top)), size)
    left, top = box.left / scale, box.top / scale
    right, bottom = (box.left + box.width) / scale, (box.top + box.height) / scale
    ends = tuple(math.ceil(side / scale) for side in source.size)
    first = max(0, math.floor(left) - MARGIN_PX), max(0, math.floor(top) - MARGIN_PX)
    last = min(ends[0], math.ceil(right) + MARGIN_PX), min(ends[1], math.ceil(bottom) + MARGIN_PX)
    piece = source.read(level, first, (last[0] - first[0], last[1] - first[1]))
    inside = (left - first[0], top - first[1], right - first[0], bottom - first[1])
    return piece.resize(size, Image.Resampling.BILINEAR, box=_within(inside, piece.size), reducing_gap=2.0)


def _level_read(source: PyramidSource, halved: int) -> int:
    """Return the coarsest level in the file that is as fine as the tile."""
    fine_enough = [level for level, scale in enumerate(source.downsamples) if scale <= (1 << halved) * NEARLY]
    return max(fine_enough, key=lambda level: source.downsamples[level], default=0)


def _within(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the box cut at the edges of what was read: the last pixels of a level may be halves."""
    left, top, right, bottom = box
    return left, top, max(left + 1e-3, min(right, size[0])), max(top + 1e-3, min(bottom, size[1]))
