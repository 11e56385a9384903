"""Where the tissue is on a working image, and whether there is any at all."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FILLER = 255
LEAST_GREY_CONTRAST = 12.0
"""Grey levels between tissue and background, at 1.25x. Dust, noise and vignetting on empty glass stay below 10."""
LEAST_COLOUR_CONTRAST = 10.0
"""The same for colourfulness (largest minus smallest channel): pale stains are coloured, empty glass is not."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """Masks of one working image, height x width, bool.

    `core` is what is darker than Otsu's threshold, `mask` the same dilated as the blur recipe wants it,
    `scanned` what is not black filler.
    """

    core: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    scanned: NDArray[np.bool_]

    @property
    def percent(self) -> float:
        """The share of tissue in the scanned area, in percent."""
        scanned = int(np.count_nonzero(self.scanned))
        return 100.0 * int(np.count_nonzero(self.core)) / scanned if scanned else 0.0


def find_tissue(rgb: NDArray[np.uint8]) -> Tissue | None:
    """Return the masks of an RGB working image; None where the slide is blank.

    The weights of red and blue are exchanged on purpose: the original recipe applies BGR2GRAY to RGB data.
    """
    grey: NDArray[np.uint8] = np.subtract(255, cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    scanned = grey != FILLER
    grey[~scanned] = 0
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    core = grey > threshold
    if not core.any() or _is_blank(rgb, grey, core, scanned):
        return None
    mask = cv2.dilate(core.astype(np.uint8), np.ones((5, 5), np.uint8), iterations=3) > 0
    return Tissue(core, mask, scanned)


def _is_blank(
    rgb: NDArray[np.uint8], grey: NDArray[np.uint8], core: NDArray[np.bool_], scanned: NDArray[np.bool_]
) -> bool:
    """Otsu always finds something; it is tissue only if it differs from the glass around it."""
    glass = scanned & ~core
    if not glass.any():
        return float(grey[core].std()) < LEAST_GREY_CONTRAST / 2
    if float(grey[core].mean()) - float(grey[glass].mean()) >= LEAST_GREY_CONTRAST:
        return False
    colour = cv2.subtract(rgb.max(axis=2), rgb.min(axis=2))
    return float(colour[core].mean()) - float(colour[glass].mean()) < LEAST_COLOUR_CONTRAST
