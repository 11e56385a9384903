"""One picture put together from many tiles: bare ground where there is none, a colour for each channel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.pixels import BRIGHT_PERCENT, DARK_PERCENT

COLOURS = ((0.2, 0.4, 1.0), (0.1, 1.0, 0.2), (1.0, 0.2, 0.1), (1.0, 0.2, 1.0), (0.1, 1.0, 1.0), (1.0, 1.0, 0.2))
GLASS = 255
MOST_DECODED_PX = 100_000_000
"""What is decoded for one mosaic; a resolution that holds more is not drawn."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Pixels, height x width or height x width x 3, and where their left upper corner lies in the mosaic."""

    left: int
    top: int
    pixels: NDArray[np.generic]


def thinned(tile: Tile, step: int) -> Tile:
    """Return every `step`-th pixel of a tile, placed in a mosaic that is as much smaller."""
    if step <= 1:
        return tile
    left, top = -(-tile.left // step), -(-tile.top // step)
    kept = tile.pixels[top * step - tile.top :: step, left * step - tile.left :: step]
    return Tile(left, top, np.ascontiguousarray(kept))  # a view would keep the whole tile in memory


def join_tiles(channels: Iterable[Sequence[Tile]], size: tuple[int, int]) -> Image.Image | None:
    """Return the mosaic of (width, height) pixels; several channels are laid over each other, each in its colour.

    Colour tiles lie on white glass; grey ones are stretched to what they hold, on black. None where there is no tile.
    """
    layers = [_layer(tiles, size) for tiles in channels if tiles]
    if not layers:
        return None
    if len(layers) == 1:
        return Image.fromarray(layers[0]).convert("RGB")
    sum_of_all = np.zeros((size[1], size[0], 3), np.float32)
    for index, layer in enumerate(layers):
        grey = layer if layer.ndim == 2 else layer.max(axis=2)
        sum_of_all += grey[:, :, np.newaxis] * np.array(COLOURS[index % len(COLOURS)], np.float32)
    return Image.fromarray(np.clip(sum_of_all, 0, 255).astype(np.uint8))


def _layer(tiles: Sequence[Tile], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return one channel as 8 bits, height x width or height x width x 3."""
    width, height = size
    first = tiles[0].pixels
    coloured = first.ndim == 3
    canvas = np.zeros((height, width, 3) if coloured else (height, width), first.dtype)
    there = np.zeros((height, width), np.bool_)
    for tile in tiles:
        left, top = max(tile.left, 0), max(tile.top, 0)
        part = tile.pixels[top - tile.top : max(height - tile.top, 0), left - tile.left : max(width - tile.left, 0)]
        rows, columns = slice(top, top + part.shape[0]), slice(left, left + part.shape[1])
        canvas[rows, columns] = part
        there[rows, columns] = True
    if coloured:
        shown = canvas if canvas.dtype == np.uint8 else _stretched(canvas, there)
        shown[~there] = GLASS
        return shown
    return _stretched(canvas, there)


def _stretched(canvas: NDArray[np.generic], there: NDArray[np.bool_]) -> NDArray[np.uint8]:
    values = np.nan_to_num(canvas.astype(np.float32))
    seen = values[there]
    if not seen.size:
        return np.zeros(canvas.shape, np.uint8)
    low, high = np.percentile(seen, (DARK_PERCENT, BRIGHT_PERCENT))
    scaled = np.clip((values - low) * (255.0 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8)
    scaled[~there] = 0
    return np.asarray(scaled, np.uint8)
