"""Where on the macro, the picture of the whole glass, the scanned area lies.

The scanner drew it there, or the file says it, or it is found by matching the scan with the macro.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Stain = NDArray[np.float32]

LEAST_BOX_PX = 12
LEAST_GREEN, LEAST_LEAD = 120, 60
"""Scanners draw the outline in green: so bright, and so much brighter than red and blue."""
CLOSED_SHARE = 0.9
LINE_PX = 4

SEARCH_PX = 240
"""The macro's long side while a match is looked for."""
SCAN_PX = 1024
"""The working image's long side when it is compared: no macro shows more."""
LEAST_SCAN_PX = 24
"""The scan's short side on the macro thus reduced: smaller ones match anywhere."""
SCALE_STEP = 1.05
LEAST_STAIN = 3.0
"""Grey levels by which a picture must vary to be matched."""
LEAST_MATCH = 0.8
LEAST_CONFIRMED = 0.5
"""Correlations from which a place found by matching, and one said by the file, are believed."""
WHOLE_SCAN_SHARE = 0.5
"""A picture that shows less of its scan than this is an excerpt, which is found nowhere by matching."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the macro in its pixels: left and top inside, right and bottom beside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def inside(self) -> tuple[slice, slice]:
        """The index of the box in a picture."""
        return np.s_[max(0, self.top) : self.bottom, max(0, self.left) : self.right]


@dataclass(frozen=True, slots=True)
class ScannedArea:
    """What was scanned, as one or more boxes, and how sure that is: 1 where the scanner drew it, else a correlation."""

    boxes: tuple[Box, ...]
    confidence: float


def find_scanned_area(slide: openslide.OpenSlide, macro: Rgb, working: Rgb) -> ScannedArea | None:
    """Return the scanned area on the macro, None where nothing says it and no match is to be trusted."""
    drawn = tuple(_outlines(macro))
    if drawn:
        return ScannedArea(drawn, 1.0)
    scan = stain_of(_reduced(working))
    said = _said_box(slide, macro)
    if said is not None and (found := _confirmed(said, stain_of(macro), scan)) >= LEAST_CONFIRMED:
        return ScannedArea((said,), found)
    return None if _is_excerpt(slide) else match(macro, scan)


def _reduced(working: Rgb) -> Rgb:
    """Return the working image without the filler around what was scanned, no larger than the macro can show it."""
    left, top, width, height = cv2.boundingRect(cv2.cvtColor(working, cv2.COLOR_RGB2GRAY))
    scanned = working[top : top + height, left : left + width]
    scale = min(1.0, SCAN_PX / max(width, height))
    return np.asarray(cv2.resize(scanned, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def stain_of(rgb: Rgb) -> Stain:
    """Return how much green light the tissue swallows, height x width; nothing where black filler stands for glass."""
    green = rgb[:, :, 1]
    scanned = rgb.max(axis=2) > 0
    glass = float(np.median(green[scanned])) if scanned.any() else 0.0
    stain: Stain = np.maximum(glass - green.astype(np.float32), 0.0)
    stain[~scanned] = 0.0
    return stain


def outline_mask(macro: Rgb) -> NDArray[np.bool_]:
    """Return where the macro has the green in which scanners draw."""
    red, green, blue = (macro[:, :, channel].astype(np.int16) for channel in range(3))
    return np.asarray((green >= LEAST_GREEN) & (green - np.maximum(red, blue) >= LEAST_LEAD))


def _outlines(macro: Rgb) -> Iterator[Box]:
    """Yield every rectangle drawn in green."""
    green = outline_mask(macro)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(green.view(np.uint8), connectivity=8)
    for number in range(1, count):
        left, top, width, height, _ = (int(value) for value in stats[number])
        if min(width, height) >= LEAST_BOX_PX:
            box = Box(left, top, left + width, top + height)
            if _is_closed(labels[box.inside] == number):
                yield box


def _is_closed(line: NDArray[np.bool_]) -> bool:
    """Say whether a line runs along all four sides of its picture and not across it."""
    sides = (line[:LINE_PX], line[-LINE_PX:], line[:, :LINE_PX].T, line[:, -LINE_PX:].T)
    within = line[LINE_PX:-LINE_PX, LINE_PX:-LINE_PX]
    return all(float(side.any(axis=0).mean()) >= CLOSED_SHARE for side in sides) and not within.any(axis=0).all()


def _said_box(slide: openslide.OpenSlide, macro: Rgb) -> Box | None:
    """Return where the file says that it was scanned: Leica's level 0 is the whole glass, as its macro is."""
    if slide.properties.get("openslide.vendor") != "leica":
        return None
    try:
        left, top, width, height = (
            int(slide.properties[f"openslide.bounds-{name}"]) for name in ("x", "y", "width", "height")
        )
    except (KeyError, ValueError):
        return None
    across, down = macro.shape[1] / slide.dimensions[0], macro.shape[0] / slide.dimensions[1]
    edges = left * across, top * down, (left + width) * across, (top + height) * down
    box = Box(*(round(edge) for edge in edges))
    return box if min(box.right - box.left, box.bottom - box.top) >= LEAST_BOX_PX else None


def _confirmed(box: Box, macro: Stain, scan: Stain) -> float:
    """Return how well the scan correlates with the macro at a box and a little around it."""
    around = (box.right - box.left) // 10, (box.bottom - box.top) // 10
    wide = Box(box.left - around[0], box.top - around[1], box.right + around[0], box.bottom + around[1])
    template = cv2.resize(scan, (box.right - box.left, box.bottom - box.top), interpolation=cv2.INTER_AREA)
    place = macro[wide.inside]
    if place.shape[0] < template.shape[0] or place.shape[1] < template.shape[1] or not template.any():
        return 0.0
    return float(cv2.matchTemplate(place, template, cv2.TM_CCOEFF_NORMED).max())


def _is_excerpt(slide: openslide.OpenSlide) -> bool:
    """Say whether a program cut the file out of a larger scan: Aperio's files keep that one's size."""
    try:
        whole = float(slide.properties["aperio.OriginalWidth"]) * float(slide.properties["aperio.OriginalHeight"])
    except (KeyError, ValueError):
        return False
    width, height = slide.dimensions
    return float(width * height) < WHOLE_SCAN_SHARE * whole


def match(macro: Rgb, scan: Stain) -> ScannedArea | None:
    """Return where the scan, in any size and turned by quarters, looks most like the macro, if enough so."""
    reduction = SEARCH_PX / max(macro.shape[:2])
    size = (max(1, round(macro.shape[1] * reduction)), max(1, round(macro.shape[0] * reduction)))
    field = cv2.resize(stain_of(macro), size, interpolation=cv2.INTER_AREA)
    best, box = 0.0, None
    for template in _templates(scan, size):
        highest, (left, top) = _best_place(field, template)
        if highest > best:
            edges = left, top, left + template.shape[1], top + template.shape[0]
            best, box = highest, Box(*(round(edge / reduction) for edge in edges))
    return ScannedArea((box,), best) if box is not None and best >= LEAST_MATCH else None


def _best_place(field: Stain, template: Stain) -> tuple[float, tuple[int, int]]:
    """Return the highest correlation and where (left, top) it is.

    Empty glass counts nowhere: a correlation with what is even is no number, though OpenCV gives one.
    """
    found = cv2.matchTemplate(field, template, cv2.TM_CCOEFF_NORMED)
    height, width = template.shape
    mean, square = (
        cv2.boxFilter(each, cv2.CV_32F, (width, height), anchor=(0, 0))[: found.shape[0], : found.shape[1]]
        for each in (field, field * field)
    )
    found[square - mean * mean < LEAST_STAIN**2] = 0.0
    _, highest, _, place = cv2.minMaxLoc(found)
    return float(highest), (int(place[0]), int(place[1]))


def _templates(scan: Stain, room: tuple[int, int]) -> Iterator[Stain]:
    """Yield the scan in every size that fits, turned by quarters."""
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(scan, turns))
        height, width = turned.shape
        scale = LEAST_SCAN_PX / min(height, width)
        while width * scale <= room[0] and height * scale <= room[1]:
            template = cv2.resize(
                turned, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
            )
            if float(template.std()) >= LEAST_STAIN:
                yield template
            scale *= SCALE_STEP
