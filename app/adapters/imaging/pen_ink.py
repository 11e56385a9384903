"""Pen ink on a working image: strokes of blue, green, red or black, told from stain by what light they swallow."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Density = NDArray[np.float32]
REDUCTION = 4
"""Ink is looked for on the working image made this much smaller: 32 micrometres a pixel where that is known."""
STROKE_PX = 5
"""A stroke is at least this wide there, 0.16 mm; the finest felt pens draw 0.3 mm."""
LEAST_STROKE_PX = 250
"""And covers at least this much, 0.25 square millimetres: what is smaller is dust, pigment or a fold."""
BRIGHTEST_PERCENTILE = 99.0

RED_TO_GREEN = 1.3
"""Blue and green inks swallow red light more than green. Haematoxylin, eosin and DAB do not: red to green, their
optical densities are 0.65 to 0.70, 0.07 to 0.99, 0.27 to 0.57 (Ruifrok and Johnston, Anal Quant Cytol Histol 2001)."""
LEAST_COLOUR_DENSITY = 0.35
RED_INK = (0.3, 0.75, 0.5)
"""Red ink swallows little red (at most this share of green) and nearly as much blue as green (at least this share),
densely (at least this). Eosin lets blue pass, DAB swallows red, too."""
LEAST_BLACK_DENSITY = 0.9
MOST_BLACK_SPREAD = 0.25
"""Black ink swallows all colours alike, so densely; they differ by at most this share."""


def find_pen(rgb: NDArray[np.uint8], scanned: Mask) -> Mask:
    """Return where pen ink lies on a working image: a mask made `REDUCTION` times smaller, height x width.

    `scanned` is what is not filler, in the size of the image.
    """
    size = (max(1, rgb.shape[1] // REDUCTION), max(1, rgb.shape[0] // REDUCTION))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    beside = cv2.resize((~scanned).view(np.uint8), size, interpolation=cv2.INTER_NEAREST).view(np.bool_)
    red, green, blue = (_density(plane, ~beside) for plane in cv2.split(small))
    coloured, black = _strokes(_coloured(red, green)), _strokes(_black(red, green, blue))
    return np.asarray((coloured | _strokes(_red(red, green, blue)) | _inside(black, beside)) & ~beside)


def pen_percent(pen: Mask, area: Mask, *, of: Mask) -> float:
    """Return how much of the mask `of`, in percent, is ink inside `area`; both in the size of the working image."""
    whole = int(np.count_nonzero(of))
    if not whole or not pen.any():
        return 0.0
    ink = cv2.resize(pen.view(np.uint8), area.shape[1::-1], interpolation=cv2.INTER_NEAREST).view(np.bool_)
    return 100.0 * int(np.count_nonzero(ink & area)) / whole


def _density(plane: NDArray[np.uint8], scanned: Mask) -> Density:
    """Return the optical density of one colour against the brightest glass."""
    glass = float(np.percentile(plane[scanned], BRIGHTEST_PERCENTILE)) + 1.0 if scanned.any() else 1.0
    table = np.maximum(np.log10(glass / (np.arange(256) + 1.0)), 0.0).astype(np.float32)
    return np.asarray(cv2.LUT(plane, table), np.float32)


def _coloured(red: Density, green: Density) -> Mask:
    return (red > LEAST_COLOUR_DENSITY) & (red > RED_TO_GREEN * green)


def _red(red: Density, green: Density, blue: Density) -> Mask:
    most_red, least_blue, least = RED_INK
    return (green > least) & (red < most_red * green) & (blue > least_blue * green)


def _black(red: Density, green: Density, blue: Density) -> Mask:
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    return np.asarray((least > LEAST_BLACK_DENSITY) & (most - least < MOST_BLACK_SPREAD * most))


def _strokes(candidates: Mask) -> Mask:
    """Keep what is as wide and as large as a stroke."""
    if not candidates.any():
        return candidates
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (STROKE_PX, STROKE_PX))
    opened = cv2.morphologyEx(candidates.view(np.uint8), cv2.MORPH_OPEN, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    kept = stats[:, cv2.CC_STAT_AREA] >= LEAST_STROKE_PX
    kept[0] = False
    return np.asarray(kept[labels])


def _inside(black: Mask, beside: Mask) -> Mask:
    """Keep what touches neither the picture's edge nor filler: the glass's edge and its holder are black and do."""
    if not black.any():
        return black
    count, labels = cv2.connectedComponents(black.view(np.uint8))
    outside = cv2.dilate(beside.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    outside[[0, -1]] = True
    outside[:, [0, -1]] = True
    kept = np.ones(count, np.bool_)
    kept[0] = False
    kept[np.unique(labels[outside])] = False
    return np.asarray(kept[labels])
