import functools
import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from app.adapters.imaging.blur import find_blurred
from app.adapters.imaging.focus import choose_patches, focus_ratio
from app.adapters.imaging.quality import measure
from app.adapters.imaging.slide_maker import SlideSpec, make_slide
from app.adapters.imaging.working_image import NotMeasurableError, base_magnification, plan_sampling, read_working_image
from app.domain.quality import QualityLimits, Verdict, judge
from tests.adapters.imaging.plain_recipe import blurred_mask, plain_blurry_percent, working_image

ROOT = Path(__file__).parents[3]
SLIDES = ROOT / "tests" / "data" / "slides"
CMU_1 = ROOT / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs"
CODE128 = SLIDES / "synthetic-aperio" / "code128_S24-001003-A1-1.svs"
BIF = SLIDES / "synthetic-vendor" / "ventana_dp200.bif"
RANK = (Verdict.PASS, Verdict.REVIEW, Verdict.RESCAN)
MRXS = SLIDES / "synthetic-vendor" / "mirax_slide.mrxs"


def write_tiff(path: Path, picture: np.ndarray, *, mpp: float | None = 0.5) -> Path:
    """Write a plain tiled TIFF that OpenSlide reads as generic-tiff, `mpp` micrometres a pixel."""
    tifffile.imwrite(
        path,
        picture,
        tile=(256, 256),
        photometric="rgb",
        compression="zlib",
        metadata=None,
        resolution=None if mpp is None else (10_000 / mpp, 10_000 / mpp),
        resolutionunit=None if mpp is None else "CENTIMETER",
    )
    return path


@functools.cache
def cmu_1_pixels() -> np.ndarray:
    with openslide.OpenSlide(CMU_1) as slide:
        return np.array(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))


def cells_on_glass(sigma: float) -> np.ndarray:
    """Return another texture than CMU-1's: dark nuclei on white glass, smoothed by `sigma`."""
    random = np.random.default_rng(5)
    picture = np.full((1536, 2048, 3), 240, np.uint8)
    for _ in range(1500):
        centre = (int(random.integers(200, 1700)), int(random.integers(200, 1300)))
        axes = (int(random.integers(5, 30)), int(random.integers(5, 30)))
        colour = tuple(int(value) for value in random.integers(40, 190, 3))
        cv2.ellipse(picture, centre, axes, float(random.uniform(0, 180)), 0, 360, colour, -1)
    return cv2.GaussianBlur(picture, (0, 0), sigma)


@pytest.mark.parametrize(
    ("slide", "expected"),
    [(CMU_1, 3.22), (CODE128, 2.41), (BIF, 0.37), (MRXS, 0.72)],
    ids=lambda value: str(value)[-12:],
)
def test_blur_of_known_slides_is_the_original_labs(slide: Path, expected: float) -> None:
    numbers, _ = measure(slide, with_map=False)
    assert numbers.blurry_percent == pytest.approx(expected, abs=0.05)
    assert numbers.focus == pytest.approx(0.15, abs=0.02)
    assert judge(numbers, QualityLimits()).verdict is Verdict.PASS


@pytest.mark.parametrize("sigma", [0.8, 5.0, 12.0])
def test_blur_equals_the_plain_recipe_on_another_texture(tmp_path: Path, sigma: float) -> None:
    slide = write_tiff(tmp_path / "cells.tif", cells_on_glass(sigma), mpp=0.37)
    numbers, _ = measure(slide, with_map=False)
    assert numbers.blurry_percent == pytest.approx(plain_blurry_percent(slide), abs=0.2)


@pytest.mark.parametrize("sigma", [8, 16])
def test_blur_equals_the_plain_recipe_on_blurred_slides(tmp_path: Path, sigma: int) -> None:
    slide = write_tiff(tmp_path / "blurred.tif", cv2.GaussianBlur(cmu_1_pixels(), (0, 0), sigma), mpp=0.499)
    numbers, _ = measure(slide, with_map=False)
    plain = plain_blurry_percent(slide)
    assert 5.0 < plain < 95.0
    assert numbers.blurry_percent == pytest.approx(plain, abs=0.2)


@pytest.mark.parametrize("slide", [CMU_1, MRXS], ids=["svs", "mrxs"])
def test_the_working_image_is_the_plain_recipes(slide: Path) -> None:
    """Pillow rounds a cut window differently now and then, by one grey level."""
    with openslide.OpenSlide(slide) as opened:
        ours = read_working_image(opened, plan_sampling(opened))
        plain = working_image(opened)
    assert ours.shape == plain.shape
    difference = np.abs(ours.astype(int) - plain)
    assert np.count_nonzero(difference) < 0.015 * difference.size
    assert np.count_nonzero(difference > 1) < 0.001 * difference.size


def test_blurred_mask_is_the_same_across_strips() -> None:
    random = np.random.default_rng(1)
    picture = cv2.GaussianBlur(random.integers(0, 255, (2200, 90, 3), np.uint8), (0, 0), 1.2)
    differing = np.count_nonzero(find_blurred(picture) != blurred_mask(picture))
    assert differing <= 3


def test_blurred_mask_is_the_plain_recipes_across_blocks_and_where_it_is_wanted() -> None:
    """Single precision and blocks move a border by a pixel at most, and hardly ever."""
    small = cv2.resize(cmu_1_pixels(), None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    tissue = np.tile(small, (7, 4, 1))[:2300, :1000]
    picture = np.concatenate([cv2.GaussianBlur(tissue, (0, 0), sigma) for sigma in (0.3, 0.6, 0.9)], axis=1)
    plain = blurred_mask(picture)
    assert 0.2 < plain.mean() < 0.9
    assert np.count_nonzero(find_blurred(picture) != plain) < 1e-4 * plain.size
    wanted = np.zeros(plain.shape, np.bool_)
    wanted[1100:1900, 1200:1300] = wanted[10:20, 2900:] = True
    assert np.array_equal(find_blurred(picture, wanted)[wanted], find_blurred(picture)[wanted])


@pytest.mark.parametrize(("sigma", "verdict"), [(0, Verdict.PASS), (2, Verdict.REVIEW), (32, Verdict.RESCAN)])
def test_verdicts_of_blurred_copies_of_cmu_1(tmp_path: Path, sigma: int, verdict: Verdict) -> None:
    pixels = cmu_1_pixels()
    picture = cv2.GaussianBlur(pixels, (0, 0), sigma) if sigma else pixels
    numbers, _ = measure(write_tiff(tmp_path / "copy.tif", picture, mpp=0.499), with_map=False)
    assert judge(numbers, QualityLimits()).verdict is verdict


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blurred_copies_are_ranked_by_focus_and_by_verdict(tmp_path: Path, seed: int) -> None:
    found = []
    for sigma in (0.0, 1.0, 2.0, 4.0):
        make_slide(tmp_path / "copy.svs", SlideSpec(width=3072, height=2048, seed=seed, blur_sigma=sigma))
        found.append(judge(measure(tmp_path / "copy.svs", with_map=False)[0], QualityLimits()))
    focus = [quality.numbers.focus for quality in found]
    ranks = [RANK.index(quality.verdict) for quality in found]
    assert all(ratio is not None for ratio in focus)
    assert focus == sorted(set(focus))
    assert ranks == sorted(ranks)
    assert (ranks[0], ranks[-1]) == (0, 1)


def test_focus_grows_with_blur() -> None:
    grey = cv2.cvtColor(cmu_1_pixels()[1800:2056, 1000:1256], cv2.COLOR_RGB2GRAY).astype(np.float32)
    ratios = [focus_ratio(cv2.GaussianBlur(grey, (0, 0), sigma) if sigma else grey) for sigma in (0, 1, 2, 4)]
    assert ratios == sorted(ratios)
    assert focus_ratio(np.full((128, 128), 200, np.float32)) is None


def test_patches_lie_on_tissue_inside_the_slide_and_never_change() -> None:
    with openslide.OpenSlide(CODE128) as slide:
        tissue = np.zeros((96, 128), np.bool_)
        tissue[40:80, 30:110] = True
        corners = choose_patches(slide, tissue, 32.0)
        assert corners == choose_patches(slide, tissue, 32.0)
    assert len(corners) == 64
    assert all(30 * 32 - 128 < x < 110 * 32 and 40 * 32 - 128 < y < 80 * 32 for x, y in corners)


def blank_pictures() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    noise = random.normal(240, 4, (768, 1024, 3))
    shade = np.linspace(240, 225, 1024)[np.newaxis, :, np.newaxis]
    return {
        "even": np.full((768, 1024, 3), 243, np.uint8),
        "black": np.zeros((768, 1024, 3), np.uint8),
        "noise": np.clip(noise, 0, 255).astype(np.uint8),
        "shaded": np.broadcast_to(shade, (768, 1024, 3)).astype(np.uint8),
    }


@pytest.mark.parametrize("name", ["even", "black", "noise", "shaded"])
def test_empty_glass_is_blank(tmp_path: Path, name: str) -> None:
    numbers, picture = measure(write_tiff(tmp_path / "blank.tif", blank_pictures()[name]), with_map=True)
    assert numbers.blank
    assert numbers.blurry_percent is None
    assert numbers.tissue_percent == 0.0
    assert picture is not None
    assert judge(numbers, QualityLimits()).verdict is Verdict.REVIEW


def test_pale_tissue_is_not_blank(tmp_path: Path) -> None:
    pale = (240 - 0.2 * (240 - cells_on_glass(0.8).astype(np.float32))).astype(np.uint8)
    numbers, _ = measure(write_tiff(tmp_path / "pale.tif", pale), with_map=False)
    assert not numbers.blank


@pytest.mark.parametrize("colour", [(0.05, 0.1, 1.0), (0.1, 1.0, 0.2), (1.0, 0.5, 0.9)], ids=["DAPI", "FITC", "merged"])
def test_sharp_fluorescence_is_not_called_blurred(tmp_path: Path, colour: tuple[float, float, float]) -> None:
    glow = 255 - cells_on_glass(0.8).min(axis=2).astype(np.float32)
    picture = (glow[:, :, np.newaxis] * np.array(colour, np.float32)).astype(np.uint8)
    numbers, _ = measure(write_tiff(tmp_path / "glow.tif", picture), with_map=False)
    quality = judge(numbers, QualityLimits())
    assert quality.verdict is Verdict.NOT_CHECKED
    assert "fluorescence" in quality.reason


def test_dark_tissue_that_fills_the_picture_is_measured(tmp_path: Path) -> None:
    dense = cv2.resize(cmu_1_pixels()[1700:2300, 700:1300], (2048, 2048)).astype(np.float32) * 0.8
    numbers, _ = measure(write_tiff(tmp_path / "dense.tif", dense.astype(np.uint8)), with_map=False)
    assert numbers.blurry_percent is not None


def test_tissue_percent_is_of_the_scanned_area(tmp_path: Path) -> None:
    picture = np.full((2048, 2048, 3), 240, np.uint8)
    random = np.random.default_rng(3)
    picture[:, :1024] = 0
    picture[512:1536, 1024:] = random.integers(60, 160, (64, 64, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    numbers, _ = measure(write_tiff(tmp_path / "half.tif", picture), with_map=False)
    assert numbers.tissue_percent == pytest.approx(50.0, abs=2.0)


def test_the_map_tints_only_what_is_blurred(tmp_path: Path) -> None:
    picture = cells_on_glass(0.8)
    picture[:, 1000:] = cv2.GaussianBlur(picture, (0, 0), 20)[:, 1000:]
    numbers, drawn = measure(write_tiff(tmp_path / "half.tif", picture), with_map=True)
    assert numbers.blurry_percent is not None
    assert numbers.blurry_percent > 20.0
    assert drawn is not None
    shown = Image.open(io.BytesIO(drawn))
    assert max(shown.size) <= 512
    pixels = np.asarray(shown.convert("RGB")).astype(int)
    red = pixels[:, :, 0] - pixels[:, :, 1:].max(axis=2) > 60
    middle = round(1000 * pixels.shape[1] / 2048)
    assert red[:, middle + 10 :].mean() > 5 * max(red[:, : middle - 20].mean(), 0.001)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"openslide.objective-power": "40", "aperio.AppMag": "20"}, 40.0),
        ({"aperio.AppMag": "20", "openslide.mpp-x": "0.25"}, 20.0),
        ({"openslide.mpp-x": "0.25"}, 40.0),
        ({"openslide.objective-power": "nonsense", "openslide.mpp-x": "0.5"}, 20.0),
        ({"openslide.objective-power": "0", "aperio.AppMag": "nan", "openslide.mpp-x": "0.5"}, 20.0),
    ],
)
def test_base_magnification(properties: dict[str, str], expected: float) -> None:
    assert base_magnification(properties) == expected


@pytest.mark.parametrize("properties", [{}, {"openslide.mpp-x": "28.9"}, {"openslide.objective-power": "1e9"}])
def test_without_a_credible_magnification_nothing_is_measured(properties: dict[str, str]) -> None:
    with pytest.raises(NotMeasurableError):
        base_magnification(properties)


def not_slides(folder: Path) -> dict[str, Path]:
    text, cut = folder / "slide.svs", folder / "cut.svs"
    text.write_bytes(b"not a slide at all")
    cut.write_bytes(CODE128.read_bytes()[: CODE128.stat().st_size // 2])
    return {
        "no pixel size": write_tiff(folder / "plain.tif", cells_on_glass(1.0), mpp=None),
        "no slide": text,
        "truncated": cut,
        "gone": folder / "gone.svs",
    }


@pytest.mark.parametrize("kind", ["no pixel size", "no slide", "truncated", "gone"])
def test_what_cannot_be_measured_is_not_checked_with_a_reason(tmp_path: Path, kind: str) -> None:
    numbers, picture = measure(not_slides(tmp_path)[kind], with_map=True)
    assert numbers.blurry_percent is None
    assert numbers.reason.startswith("Not checked: ")
    assert picture is None
    assert judge(numbers, QualityLimits()).verdict is Verdict.NOT_CHECKED


def test_a_damaged_tile_is_a_reason_not_an_error(tmp_path: Path) -> None:
    path = tmp_path / "damaged.svs"
    make_slide(path, SlideSpec(width=1024, height=768))
    with tifffile.TiffFile(path) as tiff:
        places = tiff.pages[0].dataoffsets
    content = bytearray(path.read_bytes())
    for start in places:
        content[start : start + 64] = bytes(64)
    path.write_bytes(content)
    numbers, _ = measure(path, with_map=False)
    assert numbers.blurry_percent is None
    assert "cannot be read" in numbers.reason


def test_measuring_leaves_the_slide_as_it_is() -> None:
    before = hashlib.sha256(CMU_1.read_bytes()).hexdigest()
    measure(CMU_1, with_map=True)
    assert hashlib.sha256(CMU_1.read_bytes()).hexdigest() == before
