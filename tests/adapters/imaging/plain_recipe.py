"""The original lab's blur recipe, written plainly with OpenSlide, Pillow, OpenCV and scikit-image, to compare with."""

from pathlib import Path

import cv2
import numpy as np
import openslide
from skimage.color import rgb2gray
from skimage.filters import gaussian, laplace

WINDOW = 2048


def plain_blurry_percent(path: Path) -> float:
    with openslide.OpenSlide(path) as slide:
        picture = working_image(slide)
    tissue = tissue_mask(picture)
    sharp = tissue & ~blurred_mask(picture)
    return 100.0 * (1.0 - sharp.sum() / tissue.sum())


def working_image(slide: openslide.OpenSlide) -> np.ndarray:
    properties = slide.properties
    power = properties.get("openslide.objective-power") or properties.get("aperio.AppMag")
    base = float(power) if power else 10.0 / float(properties["openslide.mpp-x"])
    factor = base / 1.25
    level = max(index for index, downsample in enumerate(slide.level_downsamples) if downsample <= factor)
    downsample = slide.level_downsamples[level]
    side = int(WINDOW / (factor / downsample))
    step = round(WINDOW * downsample)
    columns = []
    for x in range(0, slide.dimensions[0], step):
        windows = [
            np.asarray(slide.read_region((x, y), level, (WINDOW, WINDOW)).resize((side, side)))
            for y in range(0, slide.dimensions[1], step)
        ]
        columns.append(np.concatenate(windows, axis=0)[:, :, :3])
    joined = np.concatenate(columns, axis=1)
    return joined[: round(slide.dimensions[1] / factor), : round(slide.dimensions[0] / factor)]


def tissue_mask(picture: np.ndarray) -> np.ndarray:
    grey = 255 - cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2GRAY)
    grey[grey == 255] = 0
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    core = (grey > threshold).astype(np.uint8)
    return cv2.dilate(core, np.ones((5, 5), np.uint8), iterations=3) > 0


def blurred_mask(picture: np.ndarray) -> np.ndarray:
    return gaussian(np.abs(laplace(rgb2gray(picture))), sigma=7) <= 0.05
