"""The virtual scanner's studio: writes whole slides in Aperio's format, as large as wanted, in little memory."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from app.adapters.imaging.slide_label import draw_label, draw_macro
from app.adapters.imaging.slide_texture import CELL_PX, GLASS, Cell, draw_cell

Rgb = NDArray[np.uint8]
TILE_PX = 256
STEP = 4
"""Each level is this much smaller than the one before."""
SMALLEST_LEVEL_PX = 200
CLASSIC_TIFF_PX = 3_000_000_000
THUMBNAIL_PX = 1024
FINE_OVERVIEW_PX = 4096
"""Slides up to this size keep their full picture until the thumbnail is made."""
MPP = 0.499
LABEL_TYPE, MACRO_TYPE = 1, 9


@dataclass(frozen=True, slots=True)
class SlideSpec:
    """What a made slide is like; equal specs give equal files.

    `width` and `height` in pixels of level 0 (20x, 0.499 micrometres each), `barcode` None for a label without a
    symbol, `symbology` as zxing-cpp names it, `readable` False for a label whose symbol is worn off,
    `blur_sigma` of a Gaussian at full resolution in pixels, `jpeg_quality` 1 to 100. `tissue_beside` True for a macro
    that shows a second piece of tissue, which was not scanned, `outlined` False for one that does not outline what was.
    """

    width: int = 4096
    height: int = 3072
    seed: int = 0
    barcode: str | None = None
    symbology: str = "DataMatrix"
    label_text: tuple[str, ...] = ()
    readable: bool = True
    blur_sigma: float = 0.0
    jpeg_quality: int = 85
    tissue_beside: bool = False
    outlined: bool = True


@dataclass(slots=True)
class _TileShelf:
    """Encoded tiles put aside on disk until their level's turn comes, kept by (row, column)."""

    file: IO[bytes]
    places: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def put(self, place: tuple[int, int], tile: bytes) -> None:
        self.places[place] = (self.file.tell(), len(tile))
        self.file.write(tile)

    def take_rows(self, first: int, last: int, columns: int) -> Iterator[bytes]:
        """Yield the tiles of these rows in the order of the file."""
        for row in range(first, last):
            for column in range(columns):
                start, length = self.places[row, column]
                self.file.seek(start)
                yield self.file.read(length)

    def clear(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.places.clear()


def make_slide(out: Path, spec: SlideSpec) -> None:
    """Write a tiled JPEG pyramid with thumbnail, label and macro that readers take for an Aperio slide.

    Raises OSError when `out` cannot be written, SlideError when the program's sample slide is missing.
    """
    label = draw_label(spec.barcode, spec.symbology, spec.label_text, readable=spec.readable, seed=spec.seed)
    with (
        tempfile.TemporaryFile() as row_file,
        tempfile.TemporaryFile() as level_file,
        tifffile.TiffWriter(out, bigtiff=spec.width * spec.height > CLASSIC_TIFF_PX) as tiff,
    ):
        press = _Press(spec, _TileShelf(row_file), _TileShelf(level_file))
        _write_level(tiff, spec, 1, press.full_tiles())
        thumbnail = press.overview()
        size = f"{thumbnail.shape[1]}x{thumbnail.shape[0]}"
        _write_picture(tiff, thumbnail, _description(spec, f"{spec.width}x{spec.height} -> {size} - "), 0)
        for reduction in _reductions(spec):
            _write_level(tiff, spec, reduction, press.level_tiles(reduction))
        _write_picture(tiff, label, _associated("label", label), LABEL_TYPE)
        macro = draw_macro(label, thumbnail, beside=_second_piece(spec), outlined=spec.outlined)
        _write_picture(tiff, macro, _associated("macro", macro), MACRO_TYPE)


def _second_piece(spec: SlideSpec) -> Rgb | None:
    """Return another piece of tissue as the macro shows it, None where the slide has none."""
    if not spec.tissue_beside:
        return None
    piece = draw_cell(Cell(0, 0, CELL_PX, CELL_PX), seed=spec.seed + 1, blur_sigma=0.0)
    return np.asarray(cv2.resize(piece, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA), np.uint8)


def _reductions(spec: SlideSpec) -> tuple[int, ...]:
    """Return the reductions of the lower levels: 4, and 16 where that leaves something to look at."""
    return tuple(n for n in (STEP, STEP * STEP) if min(spec.width, spec.height) // n >= SMALLEST_LEVEL_PX)


class _Press:
    """Draws the slide cell by cell; hands out full tiles at once and keeps the smaller levels."""

    def __init__(self, spec: SlideSpec, cell_row: _TileShelf, quarter: _TileShelf) -> None:
        self._spec = spec
        self._cell_row = cell_row
        self._quarter = quarter
        shape = (-(-spec.height // CELL_PX) * CELL_PX // 16, -(-spec.width // CELL_PX) * CELL_PX // 16, 3)
        self._sixteenth = np.full(shape, GLASS, np.uint8)
        fine = max(spec.width, spec.height) <= FINE_OVERVIEW_PX
        self._fine = np.full((spec.height, spec.width, 3) if fine else (0, 0, 3), GLASS, np.uint8)

    def full_tiles(self) -> Iterator[bytes]:
        """Yield level 0, row by row; one row of cells waits on disk at any time."""
        columns = -(-self._spec.width // TILE_PX)
        rows = -(-self._spec.height // TILE_PX)
        a_cell = CELL_PX // TILE_PX
        for cell_row in range(-(-self._spec.height // CELL_PX)):
            for cell_column in range(-(-self._spec.width // CELL_PX)):
                self._draw(cell_row, cell_column)
            first = cell_row * a_cell
            yield from self._cell_row.take_rows(first, min(first + a_cell, rows), columns)
            self._cell_row.clear()

    def level_tiles(self, reduction: int) -> Iterator[bytes]:
        """Yield a smaller level, row by row; only after `full_tiles` has ended."""
        columns = -(-(self._spec.width // reduction) // TILE_PX)
        rows = -(-(self._spec.height // reduction) // TILE_PX)
        if reduction == STEP:
            yield from self._quarter.take_rows(0, rows, columns)
            return
        for row in range(rows):
            for column in range(columns):
                top, left = row * TILE_PX, column * TILE_PX
                tile = np.full((TILE_PX, TILE_PX, 3), GLASS, np.uint8)
                part = self._sixteenth[top : top + TILE_PX, left : left + TILE_PX]
                tile[: part.shape[0], : part.shape[1]] = part
                yield self._encoded(tile)

    def overview(self) -> Rgb:
        """Return the whole slide with a long side of at most 1024 px."""
        whole = self._fine
        if not whole.size:
            whole = self._sixteenth[: self._spec.height // 16, : self._spec.width // 16]
        scale = min(1.0, THUMBNAIL_PX / max(whole.shape[:2]))
        size = (max(1, round(whole.shape[1] * scale)), max(1, round(whole.shape[0] * scale)))
        return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)

    def _draw(self, cell_row: int, cell_column: int) -> None:
        left, top = cell_column * CELL_PX, cell_row * CELL_PX
        width, height = min(CELL_PX, self._spec.width - left), min(CELL_PX, self._spec.height - top)
        block = np.full((CELL_PX, CELL_PX, 3), GLASS, np.uint8)
        cell = Cell(cell_column, cell_row, width, height)
        block[:height, :width] = draw_cell(cell, seed=self._spec.seed, blur_sigma=self._spec.blur_sigma)
        if self._fine.size:
            self._fine[top : top + height, left : left + width] = block[:height, :width]
        self._shelve(self._cell_row, block, (top, left))
        quarter = cv2.resize(block, None, fx=1 / STEP, fy=1 / STEP, interpolation=cv2.INTER_AREA)
        self._shelve(self._quarter, quarter, (top // STEP, left // STEP))
        small = cv2.resize(quarter, None, fx=1 / STEP, fy=1 / STEP, interpolation=cv2.INTER_AREA)
        self._sixteenth[top // 16 : top // 16 + small.shape[0], left // 16 : left // 16 + small.shape[1]] = small

    def _shelve(self, shelf: _TileShelf, block: Rgb, origin: tuple[int, int]) -> None:
        for top in range(0, block.shape[0], TILE_PX):
            for left in range(0, block.shape[1], TILE_PX):
                place = ((origin[0] + top) // TILE_PX, (origin[1] + left) // TILE_PX)
                shelf.put(place, self._encoded(block[top : top + TILE_PX, left : left + TILE_PX]))

    def _encoded(self, tile: Rgb) -> bytes:
        bgr = cv2.cvtColor(tile, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self._spec.jpeg_quality])
        if not done:
            raise RuntimeError("OpenCV could not encode a JPEG tile")
        return bytes(data)


def _write_level(tiff: tifffile.TiffWriter, spec: SlideSpec, reduction: int, tiles: Iterator[bytes]) -> None:
    width, height = spec.width // reduction, spec.height // reduction
    arrow = f" -> {width}x{height}" if reduction > 1 else ""
    geometry = f"{spec.width}x{spec.height} [0,0 {spec.width}x{spec.height}] ({TILE_PX}x{TILE_PX}){arrow}"
    tiff.write(
        tiles,
        shape=(height, width, 3),
        dtype=np.uint8,
        tile=(TILE_PX, TILE_PX),
        photometric="ycbcr",
        subsampling=(2, 2),
        compression="jpeg",
        description=_description(spec, f"{geometry} JPEG/RGB Q={spec.jpeg_quality}"),
        metadata=None,
        software=False,
        resolution=(10_000 / (MPP * reduction), 10_000 / (MPP * reduction)),
        resolutionunit="CENTIMETER",
    )


def _write_picture(tiff: tifffile.TiffWriter, picture: Rgb, description: str, subfile_type: int) -> None:
    """Write an associated picture in strips, as Aperio does: the label lossless, the others as JPEG."""
    lossless = subfile_type == LABEL_TYPE
    tiff.write(
        picture,
        photometric="rgb",
        compression="lzw" if lossless else "jpeg",
        compressionargs={} if lossless else {"level": 90},
        predictor=lossless,
        rowsperstrip=picture.shape[0],
        subfiletype=subfile_type,
        description=description,
        metadata=None,
        software=False,
    )


def _description(spec: SlideSpec, first_line: str) -> str:
    return (
        f"Aperio Image Library v12.4.0\r\n{first_line}|AppMag = 20|StripeWidth = 2032|ScanScope ID = SS0000"
        f"|Filename = {240_000 + spec.seed % 10_000}|Date = 03/08/24|Time = 09:59:15|Time Zone = GMT+00:00"
        f"|MPP = {MPP}|ImageID = {1_000_000 + spec.seed % 1_000_000}|OriginalWidth = {spec.width}"
        f"|OriginalHeight = {spec.height}"
    )


def _associated(name: str, picture: Rgb) -> str:
    return f"Aperio Image Library v12.4.0\r\n{name} {picture.shape[1]}x{picture.shape[0]}"
