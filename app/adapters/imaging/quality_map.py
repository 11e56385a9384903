"""The quality map: a slide's thumbnail with its blurred tissue tinted."""

import io

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray
from PIL import Image

LONGEST_PX = 512
MOST_THUMBNAIL_SOURCE_PX = 16_000_000
TINT = (235, 30, 30)
OPACITY = 0.45


def draw_map(slide: openslide.OpenSlide, working: NDArray[np.uint8], blurred: NDArray[np.bool_] | None) -> bytes:
    """Return a PNG with a long side of at most 512 px.

    `blurred` is a mask of the working image, None for a blank slide. Raises openslide.OpenSlideError.
    """
    picture = _thumbnail(slide, working)
    if blurred is not None and blurred.any():
        share = cv2.resize(blurred.astype(np.float32), picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        weight = (OPACITY * share)[:, :, np.newaxis]
        picture = np.rint(picture * (1 - weight) + np.array(TINT, np.float32) * weight).astype(np.uint8)
        _outline(picture, share)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def _outline(picture: NDArray[np.uint8], share: NDArray[np.float32]) -> None:
    """Draw the border of blurred areas, so that they show without colour vision too."""
    edges, _ = cv2.findContours((share > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, edges, -1, TINT, 1)


def _thumbnail(slide: openslide.OpenSlide, working: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take the working image, or, where that is smaller than the map and it costs little, a finer level."""
    height, width = working.shape[:2]
    if max(width, height) < LONGEST_PX:
        level = slide.get_best_level_for_downsample(max(slide.dimensions) / LONGEST_PX)
        across, down = slide.level_dimensions[level]
        if across * down <= MOST_THUMBNAIL_SOURCE_PX:
            return np.array(slide.get_thumbnail((LONGEST_PX, LONGEST_PX)))
    scale = min(1.0, LONGEST_PX / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(working, size, interpolation=cv2.INTER_AREA), np.uint8)
