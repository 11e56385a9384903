"""Deep zoom through tifffile: pieces of tiled and of whole images, of any depth of colour."""

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.pixels import Stretch, fits, stretch_of, to_image
from app.adapters.imaging.tiff_pictures import level_pages
from app.domain.pyramid import Box

Pixels = NDArray[np.generic]
MOST_TILE_PX = 4096 * 4096
SAMPLED_PX = 2048
"""The side of the piece that tells how deep colours are stretched, where no level is small."""

JPEG_LIKE = frozenset((6, 7, 34892, 33007))
"""Compressions whose tiles may share tables; only their decoders take them."""


class TiffPyramid:
    """A `PyramidSource`. Deep colours are stretched alike in all tiles, as the smallest level shows them.

    Raises what decoders raise on opening and reading, ValueError for an image that is not cut into usable pieces.
    """

    def __init__(self, path: Path) -> None:
        self._file = tifffile.TiffFile(path)
        try:
            self._pages = [page for page in level_pages(self._file) if _is_usable(page)]
            if not self._pages:
                raise ValueError("no image in it can be read piece by piece")
            self._whole: dict[int, Pixels] = {}
            self._stretch: Stretch | None = None
            self._describe()
        except BaseException:
            self._file.close()
            raise

    def _describe(self) -> None:
        full = self._pages[0]
        self.size = (int(full.imagewidth), int(full.imagelength))
        self.canvas = Box(0.0, 0.0, float(self.size[0]), float(self.size[1]))
        self.downsamples = tuple(_downsample(self.size[0], page.imagewidth) for page in self._pages)
        if full.dtype != np.uint8:
            self._stretch = self._measured_stretch()

    def _measured_stretch(self) -> Stretch:
        """Return how the smallest level is stretched; of a large one its middle speaks for all."""
        last = len(self._pages) - 1
        width, height = self._pages[last].imagewidth, self._pages[last].imagelength
        across, down = min(width, SAMPLED_PX), min(height, SAMPLED_PX)
        corner = (width - across) // 2, (height - down) // 2
        return stretch_of(self._pixels(last, corner, (across, down)))

    def read(self, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Image.Image:
        """Return a piece of a level."""
        inverted = self._pages[level].photometric == tifffile.PHOTOMETRIC.MINISWHITE
        return to_image(self._pixels(level, corner, size), invert=inverted, stretch=self._stretch)

    def _pixels(self, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Pixels:
        """Return an array of shape (y, x) or (y, x, samples)."""
        page, (left, top), (width, height) = self._pages[level], corner, size
        if page.is_tiled:
            return _from_tiles(page, corner, size)
        if level not in self._whole:
            self._whole = {level: _as_plane(page.asarray(maxworkers=1))}
        return self._whole[level][top : top + height, left : left + width]

    def close(self) -> None:
        """Close the file."""
        self._whole.clear()
        self._file.close()


def _is_usable(page: tifffile.TiffPage) -> bool:
    if page.is_tiled:
        return 0 < int(page.tilewidth) * int(page.tilelength) <= MOST_TILE_PX and int(page.tiledepth) <= 1
    return fits(page.imagewidth, page.imagelength * max(page.imagedepth, 1))


def _downsample(full: int, width: int) -> float:
    """Return how many pixels of the full width one of a level is; a width that was rounded hides no whole number."""
    whole = max(1, round(full / width))
    return float(whole) if abs(full / whole - width) <= 1 else full / width


def _as_plane(pixels: Pixels) -> Pixels:
    """Return (y, x) or (y, x, samples), also of samples that are stored one plane after the other."""
    array = np.squeeze(pixels)
    while array.ndim > 3:
        array = array[0]
    return np.moveaxis(array, 0, 2) if array.ndim == 3 and array.shape[0] <= 4 < array.shape[2] else array


def _from_tiles(page: tifffile.TiffPage, corner: tuple[int, int], size: tuple[int, int]) -> Pixels:
    """Put a piece together from the tiles that it touches; a tile without bytes stays empty."""
    (left, top), (width, height) = corner, size
    planes = page.samplesperpixel if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE else 1
    samples = page.samplesperpixel if planes == 1 else planes
    piece = np.full((height, width, samples), page.nodata, page.dtype)
    across = -(-page.imagewidth // page.tilewidth)
    down = -(-page.imagelength // page.tilelength)
    for plane in range(planes):
        for row in range(top // page.tilelength, -(-(top + height) // page.tilelength)):
            for column in range(left // page.tilewidth, -(-(left + width) // page.tilewidth)):
                tile = _tile(page, (plane * down + row) * across + column)
                if tile is not None:
                    target = piece if planes == 1 else piece[:, :, plane : plane + 1]
                    _paste(target, tile, (column * page.tilewidth - left, row * page.tilelength - top))
    return piece if samples > 1 else piece[:, :, 0]


def _tile(page: tifffile.TiffPage, number: int) -> Pixels | None:
    """Return the pixels of a tile as (y, x, samples), None where it has no bytes. Raises what decoders raise."""
    offset, count = page.dataoffsets[number], page.databytecounts[number]
    if not offset or not count:
        return None
    handle = page.parent.filehandle
    handle.seek(offset)
    encoded = handle.read(count)
    more = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader} if page.compression in JPEG_LIKE else {}
    data, _, _ = page.decode(encoded, number, **more)
    return None if data is None else data[0]


def _paste(piece: Pixels, tile: Pixels, at: tuple[int, int]) -> None:
    """Put a tile into a piece with its corner at (left, top) there; what lies outside is left away."""
    left, top = at
    x, y = max(0, left), max(0, top)
    part = tile[y - top : piece.shape[0] - top, x - left : piece.shape[1] - left]
    piece[y : y + part.shape[0], x : x + part.shape[1]] = part
