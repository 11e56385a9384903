"""The working image at 1.25x that blur and tissue are measured on, sampled exactly as the original lab samples it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.level_tiles import LevelTiles, open_level
from app.adapters.imaging.tiff import TiffError

Rgb = NDArray[np.uint8]

WORKING_MAGNIFICATION = 1.25
WINDOW_PX = 2048
HIGHEST_MAGNIFICATION = 400.0
MOST_LEVEL_PX = 3_000_000_000
MOST_WORKING_PX = 80_000_000
KERNEL_REACH_PX = 3
"""Output pixels that PIL's bicubic filter looks past the last one wanted, rounded up."""

EXACT_PX, NEAR_PX = 0.01, 0.25
"""How far from a whole pixel a window may begin to be read past OpenSlide, which would smooth it by that fraction."""


class NotMeasurableError(Exception):
    """The slide cannot be measured; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a slide is brought to 1.25x.

    `factor` is base magnification / 1.25, `level` the pyramid level read, `downsample` its own,
    `window_out` the side of a window after resizing, `size` (width, height) of the working image, all in pixels.
    """

    factor: float
    level: int
    downsample: float
    window_out: int
    size: tuple[int, int]

    @property
    def step(self) -> int:
        """Level-0 pixels from one window to the next."""
        return round(WINDOW_PX * self.downsample)


@dataclass(frozen=True, slots=True)
class _Window:
    """One window: where it is read (level 0) and where it lands in the working image."""

    source: tuple[int, int]
    target: tuple[int, int]
    wanted: tuple[int, int]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def base_magnification(properties: Mapping[str, str]) -> float:
    """Return the magnification of level 0: objective power, else `aperio.AppMag`, else 10 / mpp.

    Raises NotMeasurableError when the file says none of them, or nothing credible.
    """
    said = _number(properties.get("openslide.objective-power")) or _number(properties.get("aperio.AppMag"))
    if said is None:
        mpp = _number(properties.get("openslide.mpp-x"))
        said = 10.0 / mpp if mpp else None
    if said is None:
        raise NotMeasurableError("The file names neither its objective power nor its pixel size")
    if not WORKING_MAGNIFICATION <= said <= HIGHEST_MAGNIFICATION:
        raise NotMeasurableError(f"The file says it was scanned at {said:.3g}x, which cannot be measured")
    return said


def plan_sampling(slide: openslide.OpenSlide) -> Sampling:
    """Choose level and window for a slide; raise NotMeasurableError when that would cost too much."""
    factor = base_magnification(slide.properties) / WORKING_MAGNIFICATION
    fitting = [level for level, downsample in enumerate(slide.level_downsamples) if downsample <= factor]
    level = fitting[-1] if fitting else 0
    downsample = float(slide.level_downsamples[level])
    level_width, level_height = slide.level_dimensions[level]
    width, height = slide.dimensions
    step, window_out = round(WINDOW_PX * downsample), int(WINDOW_PX / (factor / downsample))
    columns, rows = math.ceil(width / step), math.ceil(height / step)
    size = (min(round(width / factor), columns * window_out), min(round(height / factor), rows * window_out))
    if level_width * level_height > MOST_LEVEL_PX or size[0] * size[1] > MOST_WORKING_PX:
        raise NotMeasurableError("The file has no level small enough to be measured in reasonable time")
    if min(size) < 1:
        raise NotMeasurableError(f"The picture is too small to be measured ({width} x {height} pixels)")
    return Sampling(factor, level, downsample, window_out, size)


def sample_slide(path: Path, slide: openslide.OpenSlide, sampling: Sampling) -> Rgb:
    """Return the working image: from the file's own tiles where they give the same, several times as fast.

    Else, and where they are damaged, through OpenSlide. Raises openslide.OpenSlideError, OSError.
    """
    if lies_on_pixels(sampling):
        with path.open("rb") as stream:
            tiles = open_level(stream, slide, sampling.level)
            try:
                if tiles is not None:
                    return read_working_image(slide, sampling, tiles)
            except TiffError:
                pass  # OpenSlide has the last word on what can be read, and says it in its own words
    return read_working_image(slide, sampling)


def read_working_image(slide: openslide.OpenSlide, sampling: Sampling, tiles: LevelTiles | None = None) -> Rgb:
    """Return the working image: height x width x 3, 8 bit RGB; what was not scanned is black.

    Equal to reading all windows whole: only pixels that reach the result are read, and windows
    beside the scanned areas, which would come back transparent, are left black. `tiles` are those of the level, where
    they can be read without OpenSlide.
    Raises openslide.OpenSlideError, with `tiles` TiffError, on damaged files.
    """
    width, height = sampling.size
    picture = np.zeros((height, width, 3), np.uint8)
    for window in _windows(slide, sampling):
        (left, top), (across, down) = window.target, window.wanted
        _sample(slide, sampling, window, tiles, picture[top : top + down, left : left + across])
    return picture


def lies_on_pixels(sampling: Sampling) -> bool:
    """Say whether windows begin on whole pixels of their level, or so near that reducing it hides the difference."""
    apart = sampling.step / sampling.downsample
    windows = max(sampling.size) / sampling.window_out
    return windows * abs(apart - round(apart)) <= (NEAR_PX if sampling.factor >= 2 * sampling.downsample else EXACT_PX)


def _windows(slide: openslide.OpenSlide, sampling: Sampling) -> Iterator[_Window]:
    scanned = _scanned_box(slide)
    reach = WINDOW_PX * sampling.downsample
    out = sampling.window_out
    for column, x in enumerate(range(0, slide.dimensions[0], sampling.step)):
        for row, y in enumerate(range(0, slide.dimensions[1], sampling.step)):
            wanted = min(out, sampling.size[0] - column * out), min(out, sampling.size[1] - row * out)
            beside = x >= scanned[2] or y >= scanned[3] or x + reach <= scanned[0] or y + reach <= scanned[1]
            if min(wanted) > 0 and not beside:
                yield _Window((x, y), (column * out, row * out), wanted)


def _scanned_box(slide: openslide.OpenSlide) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom (level 0) of what was scanned, with a margin for rounding."""
    bounds = [_number(slide.properties.get(f"openslide.bounds-{name}")) for name in ("x", "y", "width", "height")]
    left, top, width, height = bounds
    if width is None or height is None:
        return (0.0, 0.0, float(slide.dimensions[0]), float(slide.dimensions[1]))
    left, top, margin = left or 0.0, top or 0.0, 2.0 * WINDOW_PX
    return (left - margin, top - margin, left + width + margin, top + height + margin)


def _sample(
    slide: openslide.OpenSlide, sampling: Sampling, window: _Window, tiles: LevelTiles | None, target: Rgb
) -> None:
    """Fill a window's part of the working image: the level's pixels, made smaller where the level is larger."""
    if sampling.window_out == WINDOW_PX:
        if tiles is None:
            target[:] = _region(slide, sampling, window.source, window.wanted, tiles)[:, :, :3]
        else:
            left, top = _level_place(sampling, window.source)
            tiles.read(left, top, target)
        return
    scale = WINDOW_PX / sampling.window_out
    across, down = (min(sampling.window_out, wanted + KERNEL_REACH_PX) for wanted in window.wanted)
    size = (math.ceil(across * scale), math.ceil(down * scale))
    read = Image.fromarray(_region(slide, sampling, window.source, size, tiles))
    small = read.resize((across, down), Image.Resampling.BICUBIC, box=(0.0, 0.0, across * scale, down * scale))
    target[:] = np.asarray(small)[: window.wanted[1], : window.wanted[0], :3]


def _region(
    slide: openslide.OpenSlide,
    sampling: Sampling,
    source: tuple[int, int],
    size: tuple[int, int],
    tiles: LevelTiles | None,
) -> NDArray[np.uint8]:
    """Return a region of the level, height x width x 4; x 3 where all of it is opaque."""
    if tiles is not None:
        return _tiled_region(tiles, *_level_place(sampling, source), size)
    rgba = np.asarray(slide.read_region(source, sampling.level, size))
    opaque = rgba[:, :, 3].min() == 255
    return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8) if opaque else rgba


def _level_place(sampling: Sampling, source: tuple[int, int]) -> tuple[int, int]:
    return round(source[0] / sampling.downsample), round(source[1] / sampling.downsample)


def _tiled_region(tiles: LevelTiles, left: int, top: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Read past OpenSlide; what lies beside the level is transparent, as OpenSlide has it."""
    read = np.zeros((size[1], size[0], 3), np.uint8)
    width, height = tiles.read(left, top, read)
    if (width, height) == size:
        return read
    alpha = np.zeros((size[1], size[0]), np.uint8)
    alpha[:height, :width] = 255
    return np.dstack((read, alpha))
