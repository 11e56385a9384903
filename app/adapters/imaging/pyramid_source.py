"""What deep zoom needs of a slide that is open: its levels, and any piece of them."""

from typing import Protocol

from PIL import Image

from app.domain.pyramid import Box


class PyramidSource(Protocol):
    """An open slide. `size` and `canvas` as `Pyramid` has them; `downsamples` of the levels in the file, full first."""

    size: tuple[int, int]
    canvas: Box
    downsamples: tuple[float, ...]

    def read(self, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Image.Image:
        """Return a piece of a level in RGB; `corner` is in that level's pixels, from that of the scanned area.

        Raises what decoders raise.
        """

    def close(self) -> None:
        """Close the files."""
