"""A made-up slide for the demo lab, and the port to the studio that writes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VirtualSlide:
    """What a made slide is like; equal values give equal files. Sizes in pixels, blur as sigma in pixels of level 0.

    With `tissue_beside` the picture of the whole glass shows a second piece of tissue, which was not scanned.
    """

    barcode: str
    label_text: tuple[str, ...]
    seed: int
    width: int = 4096
    height: int = 3072
    symbology: str = "DataMatrix"
    blur_sigma: float = 0.0
    tissue_beside: bool = False


class SlideStudio(Protocol):
    """Writes made-up slides."""

    async def make(self, out: Path, slide: VirtualSlide) -> None:
        """Write the slide under this name, all of it or nothing."""
