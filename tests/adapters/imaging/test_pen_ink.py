from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import tifffile

from app.adapters.imaging.pen_ink import find_pen, pen_percent
from app.adapters.imaging.quality import measure
from app.adapters.imaging.slide_maker import SlideSpec, make_slide
from app.adapters.imaging.working_image import plan_sampling, sample_slide
from app.domain.quality import QualityLimits, Verdict, judge
from tests.adapters.imaging.samples import CODE128, MIRAX, SMALL_REGION, VENDOR

INKS = {
    "blue": (40, 70, 190),
    "green": (20, 140, 80),
    "turquoise": (40, 160, 190),
    "red": (200, 30, 40),
    "black": (18, 18, 20),
}
HAEMATOXYLIN, EOSIN, DAB = (0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)
"""Optical densities of red, green, blue (Ruifrok and Johnston, 2001)."""


def working_image(seed: int = 5) -> np.ndarray:
    """Return a picture of tissue at 1.25x: CMU-1's real texture, reduced, on glass."""
    with openslide.OpenSlide(SMALL_REGION) as slide:
        tissue = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB").resize((1110, 1480)))
    picture = np.full((1600, 2000, 3), 243, np.uint8)
    picture[60:1540, 60:1170] = tissue
    return picture


def marked(picture: np.ndarray, ink: tuple[int, int, int], width: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Draw a stroke as felt pens leave it, out of focus; return the picture and where the ink is."""
    drawn = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(drawn, (1400, 800), (400, 500), 20, 0, 300, 255, width)
    weight = cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), 4)[:, :, np.newaxis]
    through = picture.astype(np.float32) / 243 * np.array(ink, np.float32)
    return (picture * (1 - weight) + through * weight).astype(np.uint8), drawn > 0


def stained(density: tuple[float, ...], seed: int) -> np.ndarray:
    """Return tissue of one stain, pale to dense, in patches."""
    random = np.random.default_rng(seed)
    depth = cv2.GaussianBlur(random.random((800, 1000), np.float32), (0, 0), 8)
    depth = 1.6 * (depth - depth.min()) / (depth.max() - depth.min())
    return (243 * 10 ** -(depth[:, :, np.newaxis] * np.array(density, np.float32))).astype(np.uint8)


@pytest.mark.parametrize("ink", INKS)
def test_pen_strokes_are_found(ink: str) -> None:
    picture, truth = marked(working_image(), INKS[ink])
    scanned = np.ones(truth.shape, np.bool_)
    found = pen_percent(find_pen(picture, scanned), scanned, of=scanned)
    assert found == pytest.approx(100.0 * truth.mean(), rel=0.25)


def test_unmarked_tissue_has_no_ink() -> None:
    picture = working_image()
    assert not find_pen(picture, np.ones(picture.shape[:2], np.bool_)).any()


@pytest.mark.parametrize("stain", [HAEMATOXYLIN, EOSIN, DAB], ids=["haematoxylin", "eosin", "DAB"])
@pytest.mark.parametrize("seed", [1, 2])
def test_stains_are_no_ink(stain: tuple[float, ...], seed: int) -> None:
    picture = stained(stain, seed)
    assert not find_pen(picture, np.ones(picture.shape[:2], np.bool_)).any()


def test_the_glasss_edge_and_what_was_not_scanned_are_no_ink() -> None:
    picture = working_image()
    picture[:, :50] = (12, 12, 13)
    picture[:, 1700:] = 0
    scanned = picture.max(axis=2) > 0
    picture[:, 1660:1700] = (15, 14, 15)
    assert not find_pen(picture, scanned).any()


def test_specks_and_thin_lines_are_no_ink() -> None:
    picture = working_image()
    for x in range(1250, 1950, 100):
        cv2.circle(picture, (x, 800), 25, INKS["black"], -1)
    cv2.line(picture, (1250, 200), (1950, 300), INKS["blue"], 8)
    assert not find_pen(picture, np.ones(picture.shape[:2], np.bool_)).any()


@pytest.mark.parametrize(
    "slide", [SMALL_REGION, CODE128, MIRAX, VENDOR / "ventana_dp200.bif"], ids=lambda path: path.name
)
def test_sample_slides_have_no_ink(slide: Path) -> None:
    assert measure(slide, with_map=False)[0].pen_percent == 0.0


def test_made_slides_have_no_ink(tmp_path: Path) -> None:
    make_slide(tmp_path / "made.svs", SlideSpec(width=16_384, height=8192, seed=9, jpeg_quality=60))
    with openslide.OpenSlide(tmp_path / "made.svs") as slide:
        working = sample_slide(tmp_path / "made.svs", slide, plan_sampling(slide))
    assert not find_pen(working, np.ones(working.shape[:2], np.bool_)).any()


def test_a_marked_slide_says_so_and_tells_blurred_ink_from_blurred_tissue(tmp_path: Path) -> None:
    """The slide is written at 1.25x: its working image is its pixels."""
    picture, _ = marked(working_image(), INKS["green"], width=160)
    path = tmp_path / "marked.tif"
    resolution = {"resolution": (1250, 1250), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(path, picture, tile=(256, 256), photometric="rgb", compression="zlib", metadata=None, **resolution)
    numbers, _ = measure(path, with_map=False)
    assert numbers.blurry_percent is not None
    assert numbers.blurry_pen_percent is not None
    assert 0.5 * numbers.blurry_percent < numbers.blurry_pen_percent <= numbers.blurry_percent
    quality = judge(numbers, QualityLimits())
    assert quality.verdict is Verdict.RESCAN
    assert f"{numbers.blurry_pen_percent:.1f} of the {numbers.blurry_percent:.1f} % blurred is ink" in quality.reason
