"""Gross blur on a working image, equal to the original lab's scikit-image recipe but without its cost."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIGMA = 7.0
LIMIT = 0.05
STRIP_ROWS = 1024
REACH_ROWS = 29
"""Rows that a result depends on above and below: 28 of the Gaussian (4 sigma), 1 of the Laplacian."""
LUMA = (0.2125, 0.7154, 0.0721)
LAPLACE = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)


def find_blurred(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where an RGB working image has too little fine structure: height x width, bool.

    The same as `gaussian(abs(laplace(rgb2gray(rgb))), sigma=7) <= 0.05` of scikit-image, whose Laplacian mirrors
    the border and whose Gaussian repeats it and ends at 4 sigma. Works in strips, so that memory stays flat.
    """
    height, width = rgb.shape[:2]
    blurred = np.empty((height, width), np.bool_)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(height, top + STRIP_ROWS)
        first, last = max(0, top - REACH_ROWS), min(height, bottom + REACH_ROWS)
        activity = _activity(rgb[first:last])
        np.less_equal(activity[top - first : bottom - first], LIMIT, out=blurred[top:bottom])
    return blurred


def blurry_percent(tissue: NDArray[np.bool_], blurred: NDArray[np.bool_]) -> float:
    """Return the share of the tissue mask that is blurred, in percent."""
    sharp = int(np.count_nonzero(tissue & ~blurred))
    return 100.0 * (1.0 - sharp / int(np.count_nonzero(tissue)))


def _activity(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    weights = np.array([LUMA], np.float32) / np.float32(255.0)
    grey = cv2.transform(rgb.astype(np.float32), weights)
    edges = np.abs(cv2.filter2D(grey, cv2.CV_32F, LAPLACE, borderType=cv2.BORDER_REFLECT))
    side = 2 * int(4.0 * SIGMA + 0.5) + 1
    smooth: NDArray[np.float32] = cv2.GaussianBlur(edges, (side, side), SIGMA, borderType=cv2.BORDER_REPLICATE)
    return smooth
