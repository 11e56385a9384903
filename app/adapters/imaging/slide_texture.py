"""The virtual scanner's tissue: islands of CMU-1's texture on white glass, drawn cell by cell."""

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray

from app.domain.errors import SlideError

Rgb = NDArray[np.uint8]
TEXTURE = Path(__file__).parents[3] / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs"
CELL_PX = 2048
"""Side of a cell at level 0: islands never cross it, so each cell is drawn, and blurred, on its own."""
GLASS = (243, 243, 243)
COARSE = 16
"""The island's outline is drawn this much smaller and enlarged."""
SMALLEST_ISLAND_PX = 160
PLACES = 4
BORDER_PX = 40.0
FADE_PX = 10.0
RAGGEDNESS_PX = 130.0
HEART = (640, 1700, 1300, 2967)
"""Where CMU-1 is nearly all tissue: x from, x to, y from, y to."""
CONTRAST = 1.55
"""Stained this much stronger than CMU-1, so that sharp and slightly blurred slides stay below the blur limit."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a slide: its column and row, and its size in level-0 pixels."""

    column: int
    row: int
    width: int
    height: int


@functools.lru_cache(maxsize=1)
def load_texture(path: Path = TEXTURE) -> Rgb:
    """Return the sample slide, height x width x 3; raise SlideError when it is not there."""
    try:
        with openslide.OpenSlide(path) as slide:
            picture = np.array(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
    except (openslide.OpenSlideError, OSError) as error:
        raise SlideError("The sample slide is missing", str(path), "Install the program again.") from error
    left, right, top, bottom = HEART
    stain = GLASS[0] - CONTRAST * (GLASS[0] - picture[top:bottom, left:right].astype(np.float32))
    texture: Rgb = np.clip(stain, 0, 255).astype(np.uint8)
    return texture


def draw_cell(cell: Cell, *, seed: int, blur_sigma: float) -> Rgb:
    """Return one cell as height x width x 3; the same for the same cell, seed and blur."""
    random = np.random.default_rng((seed, cell.row, cell.column))
    picture = np.full((cell.height, cell.width, 3), GLASS, np.uint8)
    if min(cell.width, cell.height) >= SMALLEST_ISLAND_PX:
        weight = _island(cell, random)
        texture = _texture_block(cell, random)
        picture = cv2.blendLinear(texture, picture, weight, 1.0 - weight)
    if blur_sigma > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_sigma, borderType=cv2.BORDER_REFLECT)
    return picture


def _island(cell: Cell, random: np.random.Generator) -> NDArray[np.float32]:
    """Return the island's weight, 0 to 1: an ellipse with a ragged outline that stays inside the cell."""
    across, down = -(-cell.width // COARSE), -(-cell.height // COARSE)
    radius = np.array([cell.width, cell.height]) / 2 - BORDER_PX - FADE_PX
    radius *= random.uniform(0.8, 1.0, 2)
    raggedness = RAGGEDNESS_PX * min(cell.width, cell.height) / CELL_PX
    y, x = np.mgrid[0:down, 0:across].astype(np.float32)
    dx = ((x + 0.5) * COARSE - cell.width / 2) / radius[0]
    dy = ((y + 0.5) * COARSE - cell.height / 2) / radius[1]
    inside = (1.0 - np.hypot(dx, dy)) * radius.min() - raggedness * _roughness(down, across, random)
    depth = cv2.resize(inside.astype(np.float32), (cell.width, cell.height), interpolation=cv2.INTER_CUBIC)
    weight: NDArray[np.float32] = np.clip(depth / FADE_PX, 0.0, 1.0)
    return weight


def _roughness(down: int, across: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Return smooth noise between 0 and 1 of two scales."""
    total = np.zeros((down, across), np.float32)
    for points, share in ((6, 0.8), (30, 0.2)):
        knots = random.random((points, points), np.float32)
        total += share * cv2.resize(knots, (across, down), interpolation=cv2.INTER_CUBIC)
    return np.clip(total, 0.0, 1.0)


def _texture_block(cell: Cell, random: np.random.Generator) -> Rgb:
    """Cut a block out of the texture, turned, mirrored and continued by mirroring, which leaves no seams.

    Of some places drawn by lot the one with the most structure is taken: that is tissue rather than a hole in it.
    """
    texture = np.rot90(load_texture(), int(random.integers(4)))
    if random.integers(2):
        texture = texture[:, ::-1]
    starts = [(int(random.integers(texture.shape[0])), int(random.integers(texture.shape[1]))) for _ in range(PLACES)]
    places = [
        (_mirrored(cell.height, texture.shape[0], top), _mirrored(cell.width, texture.shape[1], left))
        for top, left in starts
    ]
    rows, columns = max(places, key=lambda place: _structure(texture[place[0][::COARSE]][:, place[1][::COARSE]]))
    return np.ascontiguousarray(texture[rows][:, columns])


def _structure(sample: Rgb) -> float:
    grey = cv2.cvtColor(np.ascontiguousarray(sample), cv2.COLOR_RGB2GRAY)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean())


def _mirrored(length: int, period: int, start: int) -> NDArray[np.int64]:
    phase = np.arange(start, start + length) % (2 * period)
    return np.where(phase < period, phase, 2 * period - 1 - phase)
