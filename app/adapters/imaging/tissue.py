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

SPARSE_STEP = 4
DARK_GREY = 100
LEAST_LIGHT_SHARE, LEAST_WHITE_SHARE = 0.5, 0.05
"""In transmitted light most of a scan is lighter than this grey in some colour; or, where dark filler is saved with it,
at least the glass is so in all three."""


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


def extremes(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the largest and the smallest channel of each pixel; their difference is its colourfulness."""
    red, green, blue = cv2.split(rgb)
    return cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)


def is_dark_field(rgb: NDArray[np.uint8]) -> bool:
    """Say whether a working image shows bright structures on a dark ground, as fluorescence does, and nothing white."""
    brightest, darkest = extremes(np.ascontiguousarray(rgb[::SPARSE_STEP, ::SPARSE_STEP]))
    scanned = int(np.count_nonzero(brightest))
    light, white = (int(np.count_nonzero(each > DARK_GREY)) for each in (brightest, darkest))
    return scanned > 0 and light < LEAST_LIGHT_SHARE * scanned and white < LEAST_WHITE_SHARE * scanned


def find_tissue(rgb: NDArray[np.uint8]) -> Tissue | None:
    """Return the masks of an RGB working image; None where the slide is blank.

    The weights of red and blue are exchanged on purpose: the original recipe applies BGR2GRAY to RGB data.
    """
    grey: NDArray[np.uint8] = cv2.bitwise_not(cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY))
    scanned = grey != FILLER
    if not scanned.all():
        grey[~scanned] = 0
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    core = grey > threshold
    if not core.any() or _is_blank(rgb, grey, core, scanned):
        return None
    mask = cv2.dilate(core.view(np.uint8), np.ones((5, 5), np.uint8), iterations=3).view(np.bool_)
    return Tissue(core, mask, scanned)


def _is_blank(
    rgb: NDArray[np.uint8], grey: NDArray[np.uint8], core: NDArray[np.bool_], scanned: NDArray[np.bool_]
) -> bool:
    """Otsu always finds something; it is tissue only if it differs from the glass around it."""
    glass = scanned & ~core
    if not glass.any():
        return float(grey[core].std()) < LEAST_GREY_CONTRAST / 2
    if _contrast(grey, core, glass) >= LEAST_GREY_CONTRAST:
        return False
    return _contrast(cv2.subtract(*extremes(rgb)), core, glass) < LEAST_COLOUR_CONTRAST


def _contrast(picture: NDArray[np.uint8], tissue: NDArray[np.bool_], glass: NDArray[np.bool_]) -> float:
    return _mean(picture, tissue) - _mean(picture, glass)


def _mean(picture: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the mean where the mask is set; a product and two sums take a quarter of the time of OpenCV's own."""
    return float(cv2.sumElems(cv2.multiply(picture, mask.view(np.uint8)))[0]) / int(np.count_nonzero(mask))
