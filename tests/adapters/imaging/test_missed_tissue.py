from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import tifffile

from app.adapters.imaging.missed_tissue import read_macro, share_outside
from app.adapters.imaging.quality import measure
from app.adapters.imaging.scanned_area import Box, ScannedArea, find_scanned_area, match, stain_of
from app.adapters.imaging.slide_maker import SlideSpec, make_slide
from app.adapters.imaging.working_image import plan_sampling, read_working_image
from app.domain.quality import QualityLimits, Verdict, judge
from tests.adapters.imaging.samples import CODE128, MIRAX, SMALL_REGION, VENDOR

OTHERS = ("hamamatsu_nanozoomer.ndpi", "leica_scn400.scn", "philips_ufs.tiff", "ventana_dp200.bif")
WITH_MACRO = [SMALL_REGION, CODE128, MIRAX, *(VENDOR / name for name in OTHERS)]


def macro_of(path: Path) -> np.ndarray:
    with openslide.OpenSlide(path) as slide:
        macro = read_macro(slide)
    assert macro is not None
    return macro


def without_outline(macro: np.ndarray) -> np.ndarray:
    """Paint the glass's colour over the green outline of CMU-1's real macro, and over the mark inside it."""
    bare = macro.copy()
    smooth = macro.astype(int)
    lead = smooth[:, :, 1] - smooth[:, :, [0, 2]].max(axis=2)
    bare[cv2.dilate((lead > 20).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = (243, 243, 243)
    return bare


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("outlined", [True, False])
def test_a_piece_of_tissue_that_was_not_scanned_is_for_a_person_to_look_at(
    tmp_path: Path, seed: int, outlined: bool
) -> None:
    make_slide(tmp_path / "missed.svs", SlideSpec(seed=seed, tissue_beside=True, outlined=outlined))
    numbers, _ = measure(tmp_path / "missed.svs", with_map=False)
    quality = judge(numbers, QualityLimits())
    assert numbers.missed_percent is not None
    assert 20.0 < numbers.missed_percent < 70.0
    assert quality.verdict is Verdict.REVIEW
    words = f"about {numbers.missed_percent:.0f} % of the tissue on the glass was not scanned"
    assert quality.reason == f"Tissue outside the scanned area: {words}"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("outlined", [True, False])
def test_a_slide_scanned_whole_misses_nothing(tmp_path: Path, seed: int, outlined: bool) -> None:
    make_slide(tmp_path / "whole.svs", SlideSpec(seed=seed, outlined=outlined))
    numbers, _ = measure(tmp_path / "whole.svs", with_map=False)
    assert numbers.missed_percent == 0.0
    assert judge(numbers, QualityLimits()).verdict is Verdict.PASS


@pytest.mark.parametrize("slide", WITH_MACRO, ids=lambda path: path.suffix)
def test_sample_slides_raise_no_alarm(slide: Path) -> None:
    numbers, _ = measure(slide, with_map=False)
    assert numbers.missed_percent == 0.0


def test_without_a_macro_nothing_is_said() -> None:
    numbers, _ = measure(VENDOR / "generic_pyramid.tif", with_map=False)
    assert numbers.blurry_percent is not None
    assert numbers.missed_percent is None


LEICA_XML = """<?xml version="1.0"?>
<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"><collection sizeX="4310000" sizeY="12800000">
<image><pixels sizeX="431" sizeY="1280"><dimension sizeX="431" sizeY="1280" r="0" ifd="0"/></pixels>
<view sizeX="4310000" sizeY="12800000" offsetX="0" offsetY="0" spacingZ="0"/>
<scanSettings><objectiveSettings><objective>0.6</objective></objectiveSettings><illuminationSettings>
<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings></image>
<image><pixels sizeX="4096" sizeY="3072"><dimension sizeX="4096" sizeY="3072" r="0" ifd="1"/></pixels>
<view sizeX="2048000" sizeY="1536000" offsetX="1000000" offsetY="{top}" spacingZ="0"/>
<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings>
<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings></image>
</collection></scn>"""


def pixels_of(path: Path, seed: int) -> np.ndarray:
    make_slide(path, SlideSpec(seed=seed))
    with openslide.OpenSlide(path) as made:
        return np.asarray(made.read_region((0, 0), 0, made.dimensions).convert("RGB"))


def write_leica(path: Path, said_top: int) -> Path:
    """Write a slide without an outline, 10 micrometres a pixel of its macro.

    It was scanned at (100, 400) there, says that it was at (100, `said_top`), and has a second piece at (100, 800).
    """
    scanned, other = (pixels_of(path.with_suffix(f".{seed}"), seed) for seed in (6, 7))
    macro = np.full((1280, 431, 3), 243, np.uint8)
    macro[:300] = 16
    for pixels, top in ((scanned, 400), (other, 800)):
        macro[top : top + 154, 100:305] = cv2.resize(pixels, (205, 154), interpolation=cv2.INTER_AREA)
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        common = {"tile": (512, 512), "photometric": "rgb", "compression": "jpeg", "metadata": None}
        tiff.write(macro, description=LEICA_XML.format(top=said_top * 10_000), **common)
        tiff.write(scanned, **common)
    return path


@pytest.mark.parametrize("said_top", [400, 600], ids=["where it was scanned", "elsewhere"])
def test_the_place_that_the_file_says_is_believed_if_the_macro_looks_like_it(tmp_path: Path, said_top: int) -> None:
    path = write_leica(tmp_path / "leica.scn", said_top)
    numbers, _ = measure(path, with_map=False)
    assert numbers.missed_percent is not None
    assert 30.0 < numbers.missed_percent < 70.0
    with openslide.OpenSlide(path) as slide:
        assert slide.properties["openslide.vendor"] == "leica"
        working = read_working_image(slide, plan_sampling(slide))
        area = find_scanned_area(slide, macro_of(path), working)
    assert area is not None
    (found,) = area.boxes
    apart = [
        a - b for a, b in zip((found.left, found.top, found.right, found.bottom), (100, 400, 305, 554), strict=True)
    ]
    assert max(map(abs, apart)) <= (1 if said_top == 400 else 16)


def test_a_damaged_macro_takes_nothing_from_what_is_measured_of_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "damaged.svs"
    make_slide(path, SlideSpec(width=2048, height=1536))
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[-1].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start : start + 64] = bytes(64)
    path.write_bytes(content)
    numbers, picture = measure(path, with_map=True)
    assert numbers.missed_percent is None
    assert numbers.blurry_percent is not None
    assert numbers.focus is not None
    assert picture is not None


def test_the_real_macro_of_cmu_1_shows_the_outline_of_the_whole_scan() -> None:
    """The small region was cut out of the scan by a program; the scanner had scanned all four pieces."""
    with openslide.OpenSlide(SMALL_REGION) as slide:
        area = find_scanned_area(slide, macro_of(SMALL_REGION), np.full((185, 139, 3), 240, np.uint8))
    assert area == ScannedArea((Box(399, 63, 753, 323),), 1.0)


@pytest.mark.parametrize(
    ("box", "missed"),
    [(Box(399, 63, 753, 323), (0, 0)), (Box(399, 150, 580, 323), (40, 60)), (Box(590, 63, 690, 215), (55, 80))],
    ids=["all four pieces", "the two left ones", "the large right one"],
)
def test_of_the_real_macro_of_cmu_1_the_pieces_outside_a_box_are_missed(box: Box, missed: tuple[float, float]) -> None:
    share = share_outside(macro_of(SMALL_REGION), ScannedArea((box,), 1.0))
    assert share is not None
    assert missed[0] <= share <= missed[1]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_scanned_area_is_found_by_matching_however_the_glass_lies(turns: int) -> None:
    macro = without_outline(macro_of(SMALL_REGION))
    box = Box(410, 150, 570, 315)
    scan = cv2.resize(macro[box.inside], None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    scan = np.clip(0.85 * cv2.GaussianBlur(scan, (0, 0), 2).astype(np.float32) + 20, 0, 255).astype(np.uint8)
    area = match(macro, stain_of(np.ascontiguousarray(np.rot90(scan, turns))))
    assert area is not None
    found = area.boxes[0]
    assert max(abs(found.left - 410), abs(found.top - 150), abs(found.right - 570), abs(found.bottom - 315)) <= 16
    share = share_outside(macro, area)
    assert share is not None
    assert 40 <= share <= 60


def test_another_slides_macro_is_not_trusted() -> None:
    macro = without_outline(macro_of(SMALL_REGION))
    for seed in range(8):
        random = np.random.default_rng(seed)
        scan = np.full((600, 800, 3), 240, np.uint8)
        for _ in range(5):
            centre = (int(random.integers(100, 700)), int(random.integers(100, 500)))
            axes = (int(random.integers(30, 160)), int(random.integers(30, 160)))
            cv2.ellipse(scan, centre, axes, float(random.uniform(0, 180)), 0, 360, (200, 120, 170), -1)
        assert match(macro, stain_of(scan)) is None, seed


def test_bare_glass_and_grey_pictures_say_nothing() -> None:
    grey = np.full((431, 1280, 3), 200, np.uint8)
    assert match(grey, stain_of(macro_of(SMALL_REGION))) is None
    assert share_outside(grey, ScannedArea((Box(400, 60, 700, 300),), 1.0)) is None
    shaded = cv2.cvtColor(cv2.cvtColor(macro_of(SMALL_REGION), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert share_outside(shaded, ScannedArea((Box(399, 150, 580, 323),), 1.0)) is None


def test_ink_labels_and_edges_are_no_tissue() -> None:
    macro = macro_of(SMALL_REGION).copy()
    for number, ink in enumerate(((20, 40, 200), (80, 70, 170), (10, 150, 60), (15, 15, 15), (210, 20, 30))):
        cv2.ellipse(macro, (820 + 60 * number, 200), (25, 90), 0, 0, 360, ink, 9, cv2.LINE_AA)
    macro[40:400, 20:250] = (230, 150, 190)
    macro[:, 1255:] = (220, 140, 180)
    assert share_outside(macro, ScannedArea((Box(399, 63, 753, 323),), 1.0)) == 0.0
