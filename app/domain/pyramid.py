"""A slide's picture in levels of detail, cut into tiles: what deep zoom asks for piece by piece."""

import math
from dataclasses import dataclass

TILE_PX = 512
"""The side of a tile in its own pixels; those at the right and lower edge are smaller."""

SHARP_ENOUGH = 1.2
"""So many screen pixels may one pixel of a tile cover before the next finer level is asked for."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of full resolution, from the upper left corner of the scanned area."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TileAddress:
    """One tile: `level` says how often the resolution is halved (0: full), `column` and `row` count from the corner."""

    level: int
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Pyramid:
    """The geometry of a slide for deep zoom.

    `size` is (width, height) of the scanned area at full resolution, `levels` how many levels of detail there are,
    `canvas` where the whole slide lies around that area, `mpp` micrometres a pixel, `objective` the power (20.0 is
    20x). `stamp` tells the bytes it was read from: tiles of other bytes do not belong to it.
    """

    size: tuple[int, int]
    levels: int
    canvas: Box
    stamp: str
    mpp: float | None = None
    objective: float | None = None

    def box(self, address: TileAddress) -> Box:
        """Return what a tile shows."""
        side = TILE_PX << address.level
        left, top = address.column * side, address.row * side
        return Box(left, top, min(side, self.size[0] - left), min(side, self.size[1] - top))

    def tile_size(self, address: TileAddress) -> tuple[int, int]:
        """Return (width, height) of a tile in its own pixels."""
        box, scale = self.box(address), 1 << address.level
        return math.ceil(box.width / scale), math.ceil(box.height / scale)

    def holds(self, address: TileAddress) -> bool:
        """Say whether there is such a tile."""
        if not 0 <= address.level < self.levels or min(address.column, address.row) < 0:
            return False
        box = self.box(address)
        return box.width > 0 and box.height > 0

    def level_for(self, scale: float) -> int:
        """Return the coarsest level that is sharp when a full-resolution pixel covers `scale` screen pixels."""
        halvings = math.log2(SHARP_ENOUGH / scale) if scale > 0 else math.inf
        return max(0, min(self.levels - 1, math.floor(min(halvings, float(self.levels)))))

    def tiles(self, level: int, area: Box) -> tuple[TileAddress, ...]:
        """Return the tiles of a level that an area touches, those nearest to its middle first."""
        side = TILE_PX << level
        columns = _touched(area.left, area.width, self.size[0], side)
        rows = _touched(area.top, area.height, self.size[1], side)
        middle = (area.left + area.width / 2) / side - 0.5, (area.top + area.height / 2) / side - 0.5
        found = [TileAddress(level, column, row) for row in rows for column in columns]
        found.sort(key=lambda each: math.hypot(each.column - middle[0], each.row - middle[1]))
        return tuple(found)


def level_count(size: tuple[int, int], coarsest: float) -> int:
    """Return how many halvings of a slide are worth having: down to one tile, but never past `coarsest`."""
    one_tile = math.ceil(math.log2(max(1.0, max(size) / TILE_PX)))
    return 1 + min(one_tile, math.floor(math.log2(max(1.0, coarsest))))


def _touched(start: float, length: float, whole: int, side: int) -> range:
    """Return the numbers of the tiles between `start` and `start + length`, none outside the slide."""
    first, last = max(0.0, start), min(float(whole), start + length)
    return range(int(first // side), math.ceil(last / side)) if last > first else range(0)
