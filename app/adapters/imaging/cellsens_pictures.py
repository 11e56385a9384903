"""The picture of an Olympus/Evident slide: the tiles of one resolution of its largest .ets file side by side."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.cellsens import (
    JPEG,
    JPEG_2000,
    JPEG_LOSSLESS,
    CellSensError,
    EtsImage,
    EtsPiece,
    read_ets,
)
from app.adapters.imaging.mosaic import MOST_DECODED_PX, Tile, join_tiles, thinned
from app.adapters.imaging.pixels import fits

RAW, PNG, BMP = 0, 8, 9
VALUES = {2: "u1", 4: "<u2"}
"""Olympus's number of a kind of pixels: 8 or 16 bits."""


def largest_ets(paths: Sequence[Path]) -> EtsImage | None:
    """Return the file with the largest image, which is the slide's; None where none tells its size.

    Raises CellSensError, OSError.
    """
    images = [image for image in map(read_ets, paths) if all(image.tile)]
    return max(images, key=_area, default=None)


def _area(image: EtsImage) -> int:
    width, height = image.size(0)
    return width * height


def ets_thumbnail(image: EtsImage, size_px: int) -> Image.Image | None:
    """Return the smallest resolution with a long side of at least `size_px`, else the largest of few enough tiles.

    None where there is none. Raises CellSensError, OSError, what decoders raise.
    """
    tile_px = image.tile[0] * image.tile[1]
    levels = sorted({piece.level for piece in image.pieces})
    usable = [level for level in levels if len(_shown(image, level)) * tile_px <= MOST_DECODED_PX]
    if not usable:
        return None
    enough = [level for level in usable if max(image.size(level)) >= size_px]
    level = enough[-1] if enough else usable[0]
    width, height = image.size(level)
    step = max(max(width, height) // max(2 * size_px, 1), 1)
    size = (-(-width // step), -(-height // step))
    if not fits(*size):
        return None
    with image.path.open("rb") as stream:
        tiles = []
        for piece in _shown(image, level):
            stream.seek(piece.offset)
            pixels = _pixels(image, stream.read(piece.length))
            tiles.append(thinned(Tile(piece.column * image.tile[0], piece.row * image.tile[1], pixels), step))
    return join_tiles([tiles], size)


def _shown(image: EtsImage, level: int) -> list[EtsPiece]:
    """Return the tiles of the first plane of a resolution."""
    pieces = [piece for piece in image.pieces if piece.level == level]
    plane = min(piece.plane for piece in pieces)
    return [piece for piece in pieces if piece.plane == plane]


def _pixels(image: EtsImage, data: bytes) -> NDArray[np.generic]:
    """Decode one tile: height x width, or height x width x 3."""
    if image.compression in (JPEG, JPEG_LOSSLESS):
        return np.asarray(imagecodecs.jpeg_decode(data))
    if image.compression == JPEG_2000:
        return np.asarray(imagecodecs.jpeg2k_decode(data))
    if image.compression in (PNG, BMP):
        with Image.open(BytesIO(data)) as picture:
            return np.asarray(picture.convert("RGB") if fits(*picture.size) else picture.crop((0, 0, 0, 0)))
    if image.compression != RAW or image.pixel_type not in VALUES or image.samples not in (1, 3):
        raise CellSensError(f"the packing {image.compression} of its pixels is not read")
    flat = np.frombuffer(data, np.dtype(VALUES[image.pixel_type]))
    shape = (image.tile[1], image.tile[0], 3) if image.samples == 3 else (image.tile[1], image.tile[0])
    return flat[: np.prod(shape)].reshape(shape)
