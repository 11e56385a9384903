"""The JPEG tiles of one pyramid level, decoded straight from the TIFF file: much faster than through OpenSlide."""

from collections import OrderedDict
from io import BufferedReader

import imagecodecs
import numpy as np
import openslide
from numpy.typing import NDArray

from app.adapters.imaging import tiff
from app.adapters.imaging.pixel_blocks import JPEG, Blocks, read_blocks
from app.adapters.imaging.tiff import Directory, TiffError, TiffSkeleton, read_skeleton

Rgb = NDArray[np.uint8]
VENDORS = frozenset(("aperio", "generic-tiff"))
"""Here a level is one directory of the file, its tiles laid edge to edge; others shift, overlap or join them."""
PHOTOMETRIC = 262
COLOURS = {2: "RGB", 6: "YCBCR"}
"""How TIFF numbers the colours that JPEG tiles are stored in, and what the decoder calls them."""
START, END = b"\xff\xd8", b"\xff\xd9"
TAIL_BYTES = 24
HOLE = bytes(64)
"""What a lost part of a file reads as. This decoder passes over it in silence, OpenSlide's does not always."""
KEPT_BYTES = 64 << 20
"""Decoded tiles kept for the next region, which shares a row or a column of tiles with this one."""


class LevelTiles:
    """Reads regions of one level; `size` is (width, height) in pixels of the level."""

    def __init__(self, skeleton: TiffSkeleton, directory: Directory) -> None:
        """Take a directory of JPEG tiles; raise TiffError where its tables are damaged."""
        self.size = (skeleton.number(directory, tiff.WIDTH), skeleton.number(directory, tiff.HEIGHT))
        self._stream = skeleton.stream
        self._tile = (skeleton.number(directory, tiff.TILE_WIDTH), skeleton.number(directory, tiff.TILE_HEIGHT))
        self._blocks: Blocks = read_blocks(skeleton, directory)
        self._tables = skeleton.bytes_of(directory, tiff.JPEG_TABLES) or None
        self._colours = COLOURS[skeleton.number(directory, PHOTOMETRIC)]
        self._kept: OrderedDict[int, Rgb] = OrderedDict()

    def read(self, left: int, top: int, region: Rgb) -> tuple[int, int]:
        """Fill what of a region, height x width x 3, lies inside the level; return its (width, height).

        `left` and `top` are not negative. Raises TiffError on damaged tiles.
        """
        width = max(0, min(region.shape[1], self.size[0] - left))
        height = max(0, min(region.shape[0], self.size[1] - top))
        if not width or not height:
            return 0, 0
        across, down = self._tile
        for row in range(top // down, -(-(top + height) // down)):
            for column in range(left // across, -(-(left + width) // across)):
                tile = self._decoded(row * -(-self.size[0] // across) + column)
                x, y = column * across - left, row * down - top
                from_x, from_y = max(0, -x), max(0, -y)
                to_x, to_y = min(across, width - x), min(down, height - y)
                region[y + from_y : y + to_y, x + from_x : x + to_x] = tile[from_y:to_y, from_x:to_x]
        return width, height

    def _decoded(self, index: int) -> Rgb:
        kept = self._kept.get(index)
        if kept is not None:
            self._kept.move_to_end(index)
            return kept
        self._stream.seek(self._blocks.offsets[index])
        data = self._stream.read(self._blocks.counts[index])
        if not data.startswith(START) or END not in data[-TAIL_BYTES:] or HOLE in data:
            raise TiffError(f"tile {index} is not the JPEG it should be")
        try:
            tile: Rgb = imagecodecs.jpeg8_decode(
                data, tables=self._tables, colorspace=self._colours, outcolorspace="RGB"
            )
        except (imagecodecs.Jpeg8Error, ValueError) as error:
            raise TiffError(f"tile {index} cannot be decoded: {error}") from error
        if tile.shape != (self._tile[1], self._tile[0], 3):
            raise TiffError(f"tile {index} has another size than the others")
        self._kept[index] = tile
        while len(self._kept) * tile.nbytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return tile


def open_level(stream: BufferedReader, slide: openslide.OpenSlide, level: int) -> LevelTiles | None:
    """Return the tiles of a slide's level, None where only OpenSlide knows how to read them.

    A slide with tiles left out is OpenSlide's: it draws them from the level above.
    """
    if slide.properties.get("openslide.vendor") not in VENDORS:
        return None
    try:
        skeleton = read_skeleton(stream)
        tiled = [each for each in skeleton.directories if tiff.TILE_OFFSETS in each.entries and not each.is_sub]
        fitting = [each for each in tiled if _size(skeleton, each) == tuple(slide.level_dimensions[level])]
        if len(fitting) != 1 or not _is_plain_jpeg(skeleton, fitting[0]):
            return None
        if any(0 in skeleton.integers(each, tiff.TILE_COUNTS) for each in tiled):
            return None
        return LevelTiles(skeleton, fitting[0])
    except TiffError:
        return None


def _size(skeleton: TiffSkeleton, directory: Directory) -> tuple[int, int]:
    return skeleton.number(directory, tiff.WIDTH), skeleton.number(directory, tiff.HEIGHT)


def _is_plain_jpeg(skeleton: TiffSkeleton, directory: Directory) -> bool:
    return (
        skeleton.number(directory, tiff.COMPRESSION) == JPEG
        and skeleton.number(directory, tiff.SAMPLES) == 3
        and skeleton.number(directory, tiff.PLANAR, 1) == 1
        and set(skeleton.integers(directory, tiff.BITS)) == {8}
        and skeleton.number(directory, PHOTOMETRIC) in COLOURS
    )
