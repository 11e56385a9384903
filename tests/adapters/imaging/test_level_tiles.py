"""The level read straight from the file must be what OpenSlide reads; what it cannot read is OpenSlide's."""

from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import tifffile

from app.adapters.imaging.blur import blurry_percent, find_blurred
from app.adapters.imaging.level_tiles import LevelTiles, open_level
from app.adapters.imaging.quality import measure
from app.adapters.imaging.slide_maker import SlideSpec, make_slide
from app.adapters.imaging.tiff import TiffError
from app.adapters.imaging.tissue import find_tissue
from app.adapters.imaging.working_image import Sampling, lies_on_pixels, plan_sampling, read_working_image
from tests.adapters.imaging.plain_recipe import plain_blurry_percent
from tests.adapters.imaging.samples import CODE128, MIRAX, SMALL_REGION, VENDOR


def both_ways(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the working image through OpenSlide and straight from the file."""
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream:
        sampling = plan_sampling(slide)
        tiles = open_level(stream, slide, sampling.level)
        assert tiles is not None
        return read_working_image(slide, sampling), read_working_image(slide, sampling, tiles)


def percent_of(working: np.ndarray) -> float:
    tissue = find_tissue(working)
    assert tissue is not None
    return blurry_percent(tissue.mask, find_blurred(working, tissue.mask))


@pytest.mark.parametrize("slide", [SMALL_REGION, CODE128, VENDOR / "generic_pyramid.tif"], ids=lambda path: path.name)
def test_sample_slides_are_read_the_same_both_ways(slide: Path) -> None:
    through_openslide, straight = both_ways(slide)
    assert np.array_equal(through_openslide, straight)


@pytest.mark.parametrize("size", [(8192, 4096), (8192, 5000), (6000, 3520), (9000, 3000)])
def test_made_slides_are_read_the_same_both_ways(tmp_path: Path, size: tuple[int, int]) -> None:
    make_slide(tmp_path / "made.svs", SlideSpec(width=size[0], height=size[1], seed=size[1]))
    through_openslide, straight = both_ways(tmp_path / "made.svs")
    assert np.array_equal(through_openslide, straight)


def test_levels_that_are_no_whole_times_smaller_give_the_same_percentage(tmp_path: Path) -> None:
    """Real slides' sides are seldom multiples of 16; OpenSlide then begins its windows beside the pixels."""
    path = tmp_path / "odd.svs"
    make_slide(path, SlideSpec(width=20_003, height=9_001, seed=4))
    with openslide.OpenSlide(path) as slide:
        sampling = plan_sampling(slide)
    assert sampling.downsample == pytest.approx(4.0, abs=0.01)
    assert lies_on_pixels(sampling)
    through_openslide, straight = both_ways(path)
    assert percent_of(straight) == pytest.approx(percent_of(through_openslide), abs=0.05)
    assert measure(path, with_map=False)[0].blurry_percent == pytest.approx(plain_blurry_percent(path), abs=0.2)


def test_a_window_beside_a_level_that_is_narrower_than_it_should_be_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "narrow.tif"
    make_slide(tmp_path / "made.svs", SlideSpec(width=8250, height=4096, seed=8))
    with openslide.OpenSlide(tmp_path / "made.svs") as made:
        full = np.asarray(made.read_region((0, 0), 0, made.dimensions).convert("RGB"))
    common = {"tile": (256, 256), "photometric": "rgb", "compression": "jpeg", "metadata": None}
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(full, resolution=(20_000, 20_000), resolutionunit="CENTIMETER", **common)
        tiff.write(cv2.resize(full, (2046, 1032), interpolation=cv2.INTER_AREA), subfiletype=1, **common)
    through_openslide, straight = both_ways(path)
    assert through_openslide.shape == straight.shape
    assert percent_of(straight) == pytest.approx(percent_of(through_openslide), abs=0.05)
    assert measure(path, with_map=False)[0].blurry_percent is not None


def test_windows_that_begin_far_from_pixels_are_openslides() -> None:
    near = Sampling(factor=16.0, level=1, downsample=4.0001, window_out=512, size=(2000, 1000))
    assert lies_on_pixels(near)
    assert not lies_on_pixels(Sampling(16.0, 1, 4.01, 512, (4000, 1000)))
    assert not lies_on_pixels(Sampling(16.0, 2, 15.99, 2047, (4000, 1000)))
    assert lies_on_pixels(Sampling(16.0, 2, 16.0, 2048, (4000, 1000)))


@pytest.mark.parametrize(
    "name", ["ventana_dp200.bif", "philips_ufs.tiff", "leica_scn400.scn", "hamamatsu_nanozoomer.ndpi"]
)
def test_formats_that_join_or_shift_their_tiles_are_openslides(name: str) -> None:
    path = VENDOR / name
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream:
        assert open_level(stream, slide, 0) is None


def test_a_slide_in_many_files_is_openslides() -> None:
    with openslide.OpenSlide(MIRAX) as slide, MIRAX.open("rb") as stream:
        assert open_level(stream, slide, 0) is None


def test_lossless_tiles_are_openslides(tmp_path: Path) -> None:
    path = tmp_path / "deflate.tif"
    picture = np.full((512, 512, 3), 200, np.uint8)
    tifffile.imwrite(path, picture, tile=(256, 256), photometric="rgb", compression="zlib", metadata=None)
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream:
        assert open_level(stream, slide, 0) is None


def spoilt(path: Path, offset: int, data: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)
    return path


def tiles_of(path: Path, slide: openslide.OpenSlide, stream) -> LevelTiles:
    tiles = open_level(stream, slide, plan_sampling(slide).level)
    assert tiles is not None
    return tiles


def openslides_answer(path: Path) -> float | None:
    with openslide.OpenSlide(path) as slide:
        try:
            return percent_of(read_working_image(slide, plan_sampling(slide)))
        except openslide.OpenSlideError:
            return None


@pytest.mark.parametrize(("place", "length"), [(0.0, 32), (0.5, 64), (0.2, 4096), (1.0, 32)])
def test_of_a_damaged_tile_openslide_has_the_last_word(tmp_path: Path, place: float, length: int) -> None:
    path = tmp_path / "damaged.svs"
    make_slide(path, SlideSpec(width=4096, height=3072))
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[2]
        start, count = page.dataoffsets[0], page.databytecounts[0]
    spoilt(path, start + int(place * (count - length)), bytes(length))
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream, pytest.raises(TiffError):
        tiles_of(path, slide, stream).read(0, 0, np.empty((100, 100, 3), np.uint8))
    expected = openslides_answer(path)
    numbers, _ = measure(path, with_map=False)
    assert numbers.blurry_percent == expected
    assert ("cannot be read" in numbers.reason) is (expected is None)


def test_a_slide_with_tiles_left_out_is_openslides(tmp_path: Path) -> None:
    path = tmp_path / "sparse.svs"
    make_slide(path, SlideSpec(width=4096, height=3072))
    with tifffile.TiffFile(path) as tiff:
        counts = tiff.pages[0].tags["TileByteCounts"].valueoffset
    spoilt(path, counts, bytes(4))
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream:
        assert open_level(stream, slide, 1) is None


def test_regions_at_any_place_are_cut_right(tmp_path: Path) -> None:
    path = tmp_path / "made.svs"
    make_slide(path, SlideSpec(width=3000, height=2000, seed=2))
    with openslide.OpenSlide(path) as slide, path.open("rb") as stream:
        tiles = open_level(stream, slide, 0)
        assert tiles is not None
        whole = cv2.cvtColor(np.asarray(slide.read_region((0, 0), 0, slide.dimensions)), cv2.COLOR_RGBA2RGB)
        for left, top, width, height in ((0, 0, 1, 1), (255, 255, 2, 2), (700, 300, 900, 1100), (2990, 1990, 10, 10)):
            region = np.empty((height, width, 3), np.uint8)
            tiles.read(left, top, region)
            assert np.array_equal(region, whole[top : top + height, left : left + width])
