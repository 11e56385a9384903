"""Deep zoom through OpenSlide."""

from pathlib import Path

import openslide
from PIL import Image

from app.adapters.imaging.openslide_pictures import on_white, scanned_area
from app.domain.pyramid import Box


class OpenSlidePyramid:
    """A `PyramidSource`; what was not scanned is white. Raises what OpenSlide raises on opening and reading."""

    def __init__(self, path: Path) -> None:
        self._slide = openslide.OpenSlide(path)
        left, top, width, height = scanned_area(self._slide)
        self._corner = (left, top)
        self.size = (width, height)
        whole = self._slide.dimensions
        self.canvas = Box(-left, -top, *(float(side) for side in whole))
        self.downsamples = tuple(float(each) for each in self._slide.level_downsamples)

    def read(self, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Image.Image:
        """Return a piece of a level."""
        scale = self.downsamples[level]
        left, top = (start + round(place * scale) for start, place in zip(self._corner, corner, strict=True))
        return on_white(self._slide.read_region((left, top), level, size))

    def close(self) -> None:
        """Close the slide."""
        self._slide.close()
