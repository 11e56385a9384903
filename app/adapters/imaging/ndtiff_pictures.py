"""The picture of an NDTiff data set: the tiles of one resolution side by side, as its index places them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.mosaic import Tile, join_tiles, thinned
from app.adapters.imaging.ndtiff import IndexedImage, NdTiffGrid, read_grid, read_index
from app.adapters.imaging.pixels import fits

DOWNSAMPLED = re.compile(r"_x(\d{1,9})$")
MOST_READ_BYTES = 512 << 20
"""What is read for one picture; larger mosaics that have no smaller resolution show one tile."""


@dataclass(frozen=True, slots=True)
class _Resolution:
    """One resolution: its images, and where what was scanned lies among its tiles (left, top, width, height)."""

    folder: Path
    tile: tuple[int, int]
    images: list[IndexedImage]
    area: tuple[int, int, int, int]

    @property
    def long_side(self) -> int:
        return max(self.area[2:])


def ndtiff_thumbnail(folders: Sequence[Path], size_px: int) -> Image.Image | None:
    """Return the mosaic of the smallest resolution with a long side of at least `size_px`, else of the largest.

    `folders` are those of the resolutions, the full one first. None where it would be too large, or holds nothing.
    Raises NdTiffError, OSError.
    """
    full = read_index(folders[0] / "NDTiff.index")
    if not full:
        return None
    grid = read_grid(folders[0], full)
    resolutions = [_resolution(folder, grid) for folder in folders]
    found = [each for each in resolutions if each.images]
    enough = [each for each in found if each.long_side >= size_px]
    chosen = min(enough, key=_long_side) if enough else max(found, key=_long_side)
    return _mosaic(chosen, size_px)


def _long_side(resolution: _Resolution) -> int:
    return resolution.long_side


def _resolution(folder: Path, grid: NdTiffGrid) -> _Resolution:
    """Return one resolution; smaller ones are cut into tiles of their own, which reach beyond what was scanned."""
    images = read_index(folder / "NDTiff.index")
    by = int(found.group(1)) if (found := DOWNSAMPLED.search(folder.name)) else 1
    left, top = grid.first_column * grid.tile[0], grid.first_row * grid.tile[1]
    right, bottom = left + grid.size[0], top + grid.size[1]
    area = (left // by, top // by, -(-right // by) - left // by, -(-bottom // by) - top // by)
    tile = read_grid(folder, images).tile if images else grid.tile
    return _Resolution(folder, tile, images, area)


def _mosaic(chosen: _Resolution, size_px: int) -> Image.Image | None:
    channels = [_one_plane(shown) for shown in _by_channel(chosen.images)]
    if sum(image.end - image.offset for shown in channels for image in shown) > MOST_READ_BYTES:
        return None
    step = max(chosen.long_side // max(2 * size_px, 1), 1)
    size = (-(-chosen.area[2] // step), -(-chosen.area[3] // step))
    if not fits(*size):
        return None
    tiles = ([thinned(_tile(chosen, image), step) for image in shown] for shown in channels)
    return join_tiles(tiles, size)


def _by_channel(images: Iterable[IndexedImage]) -> list[list[IndexedImage]]:
    found: dict[object, list[IndexedImage]] = {}
    for image in images:
        found.setdefault(image.axes.get("channel"), []).append(image)
    return list(found.values())


def _one_plane(images: list[IndexedImage]) -> list[IndexedImage]:
    """Return the images of one depth, time and position, one for each place: those that the most tiles share."""
    planes: dict[tuple[tuple[str, object], ...], dict[tuple[int, int], IndexedImage]] = {}
    for image in images:
        others = tuple(sorted((k, v) for k, v in image.axes.items() if k not in ("row", "column", "channel")))
        planes.setdefault(others, {})[image.row_and_column] = image
    return list(max(planes.values(), key=len).values())


def _tile(chosen: _Resolution, image: IndexedImage) -> Tile:
    """Read one image without the margin that its neighbours show as well."""
    row, column = image.row_and_column
    across, down = chosen.tile
    with (chosen.folder / image.file).open("rb") as stream:
        stream.seek(image.offset)
        data = stream.read(image.width * image.height * image.pixel_bytes)
    pixels = _pixels(data, image)
    left, top = (image.width - across) // 2, (image.height - down) // 2
    inner = pixels[top : top + down, left : left + across]
    return Tile(column * across - chosen.area[0], row * down - chosen.area[1], inner)


def _pixels(data: bytes, image: IndexedImage) -> NDArray[np.generic]:
    kind = np.dtype("<u2") if image.pixel_bytes == 2 else np.dtype("u1")
    shape = (image.height, image.width, 3) if image.pixel_bytes == 3 else (image.height, image.width)
    return np.frombuffer(data, kind).reshape(shape)
