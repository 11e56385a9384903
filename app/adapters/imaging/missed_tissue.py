"""Tissue that the macro, the picture of the whole glass, shows outside the scanned area."""

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray

from app.adapters.imaging.pixels import fits
from app.adapters.imaging.scanned_area import Rgb, ScannedArea, find_scanned_area
from app.adapters.imaging.tissue import extremes

Mask = NDArray[np.bool_]
LABEL_SHARE = 0.3
"""The part of the long side at the label's end that is not looked at: labels and frosted ends may be coloured."""
EDGE_SHARE = 0.06
"""The same, of the short side, along the glass's edges, where light is scattered."""
AROUND_SHARE = 0.03
"""How far, of the short side, the scanned area may be misplaced."""
LEAST_CONTRAST = 12.0
"""How much more colourful (largest minus smallest channel) scanned tissue must be than the glass around it."""
DRAWN_COLOUR = 150
"""More colourful is nothing but lines drawn by the scanner, and ink."""
STRONGEST = 2.0
"""What is so many times as colourful as the strongest scanned tissue is ink."""
HUE_DEGREES = 45.0
"""How far the hue of tissue elsewhere may be from that of the scanned tissue."""
LEAST_SHARE = 0.005
"""A piece of tissue covers at least this share of the short side squared: about 3 square millimetres of a glass."""


def missed_percent(slide: openslide.OpenSlide, working: Rgb) -> float | None:
    """Return which share of the tissue on the glass lies outside the scanned area, in percent.

    `working` is the slide's working image. What is looked for is what looks like the scanned tissue. None where there
    is no macro or it is damaged, where what of it was scanned is not certain, or where the tissue does not stand out.
    """
    try:
        macro = read_macro(slide)
    except openslide.OpenSlideError:  # the scan itself was read: what was measured of it holds
        return None
    if macro is None:
        return None
    area = find_scanned_area(slide, macro, working)
    return None if area is None else share_outside(macro, area)


def read_macro(slide: openslide.OpenSlide) -> Rgb | None:
    """Return the macro, None where the slide has none. Raises openslide.OpenSlideError where it is damaged."""
    width, height = (
        int(slide.properties.get(f"openslide.associated.macro.{side}", "0")) for side in ("width", "height")
    )
    return np.asarray(slide.associated_images["macro"].convert("RGB")) if fits(width, height) else None


def share_outside(macro: Rgb, area: ScannedArea) -> float | None:
    """Return the share of what looks like the scanned tissue that lies outside the scanned area, in percent."""
    smooth = cv2.medianBlur(macro, 3)
    colour: NDArray[np.uint8] = cv2.subtract(*extremes(smooth))
    drawn = cv2.dilate((colour > DRAWN_COLOUR).view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    scanned = np.zeros(colour.shape, np.bool_)
    for box in area.boxes:
        scanned[box.inside] = True
    threshold = _threshold(colour, scanned & ~drawn)
    if threshold is None:
        return None
    tissue = _like(smooth, colour, threshold, scanned & ~drawn) & ~drawn
    around = max(1, round(AROUND_SHARE * min(colour.shape)))
    beside = cv2.dilate(scanned.view(np.uint8), np.ones((2 * around + 1, 2 * around + 1), np.uint8)) == 0
    outside = _pieces(tissue & beside & _glass(macro))
    inside = int(np.count_nonzero(tissue & scanned))
    missed = int(np.count_nonzero(outside))
    return 100.0 * missed / (missed + inside) if inside else None


def _threshold(colour: NDArray[np.uint8], scanned: Mask) -> float | None:
    """Return the colourfulness that parts tissue from glass inside the scanned area; None where nothing stands out."""
    values = colour[scanned][:, np.newaxis]
    if not values.size:
        return None
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    tissue, glass = values[values > threshold], values[values <= threshold]
    if not tissue.size or not glass.size or float(tissue.mean()) - float(glass.mean()) < LEAST_CONTRAST:
        return None
    return float(threshold)


def _like(rgb: Rgb, colour: NDArray[np.uint8], threshold: float, scanned: Mask) -> Mask:
    """Return what is coloured as the scanned tissue is: enough, not far more, and in its hue."""
    coloured = colour > threshold
    strongest = float(np.percentile(colour[scanned & coloured], 99.0))
    x, y = _chroma(rgb)
    own_x, own_y = float(x[scanned & coloured].mean()), float(y[scanned & coloured].mean())
    along = (x * own_x + y * own_y) / (np.hypot(x, y) * np.hypot(own_x, own_y) + 1e-6)
    alike: Mask = coloured & (colour <= STRONGEST * strongest) & (along >= np.cos(np.radians(HUE_DEGREES)))
    return alike


def _chroma(rgb: Rgb) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the two coordinates of hue and colourfulness: grey is the origin."""
    red, green, blue = (rgb[:, :, channel].astype(np.float32) for channel in range(3))
    return red - 0.5 * (green + blue), np.float32(np.sqrt(3) / 2) * (green - blue)


def _glass(macro: Rgb) -> Mask:
    """Return the part of the glass where tissue may lie: not the label's end, not the edges."""
    height, width = macro.shape[:2]
    edge = round(EDGE_SHARE * min(height, width))
    glass = np.zeros((height, width), np.bool_)
    glass[edge : height - edge, edge : width - edge] = True
    along, shown = (glass, macro) if width >= height else (glass.T, macro.swapaxes(0, 1))
    label = round(LABEL_SHARE * max(height, width))
    if float(shown[:, :label].std()) >= float(shown[:, -label:].std()):
        along[:, :label] = False
    else:
        along[:, -label:] = False
    return glass


def _pieces(tissue: Mask) -> Mask:
    """Keep what is a piece of tissue rather than noise or dirt."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    whole = cv2.morphologyEx(tissue.view(np.uint8), cv2.MORPH_CLOSE, kernel)
    whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(whole)
    kept = stats[:, cv2.CC_STAT_AREA] >= LEAST_SHARE * min(tissue.shape) ** 2
    kept[0] = False
    return np.asarray(kept[labels] & tissue)
