"""Gross blur on a working image, equal to the original lab's scikit-image recipe but without its cost."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIGMA = 7.0
LIMIT = 0.05
BLOCK_PX = 1024
REACH_PX = 29
"""Pixels around one that its result depends on: 28 of the Gaussian (4 sigma), 1 of the Laplacian."""
LUMA = (0.2125, 0.7154, 0.0721)
LAPLACE = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)


def find_blurred(rgb: NDArray[np.uint8], wanted: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Return where an RGB working image has too little fine structure: height x width, bool.

    The same as `gaussian(abs(laplace(rgb2gray(rgb))), sigma=7) <= 0.05` of scikit-image, whose Laplacian mirrors
    the border and whose Gaussian repeats it and ends at 4 sigma. Works in blocks, so that memory stays flat; a block
    that holds nothing of the mask `wanted` is not looked at: False.
    """
    height, width = rgb.shape[:2]
    blurred = np.zeros((height, width), np.bool_)
    for top in range(0, height, BLOCK_PX):
        for left in range(0, width, BLOCK_PX):
            block = np.s_[top : top + BLOCK_PX, left : left + BLOCK_PX]
            if wanted is None or wanted[block].any():
                y, x = max(0, top - REACH_PX), max(0, left - REACH_PX)
                activity = _activity(rgb[y : top + BLOCK_PX + REACH_PX, x : left + BLOCK_PX + REACH_PX])
                own = activity[top - y : top - y + BLOCK_PX, left - x : left - x + BLOCK_PX]
                np.less_equal(own, LIMIT, out=blurred[block])
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
