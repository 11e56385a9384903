"""Deep zoom as the window asks for it: geometry, exact pixels, damage, changed and closed files."""

import asyncio
import io
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import openslide
import psutil
import pytest
import tifffile
from PIL import Image

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.imaging.opened_slides import OpenedSlides
from app.adapters.imaging.slide_tiles import cut, describe
from app.adapters.imaging.tiff_pyramid import TiffPyramid
from app.adapters.imaging.tiles import draw_tile, pyramid_of
from app.domain.pyramid import TILE_PX, Box, Pyramid, TileAddress
from app.domain.scan import ScanSet
from tests.adapters.imaging.samples import (
    CODE128,
    DICOM,
    MALFORMED,
    MIRAX,
    NDTIFF,
    SLIDES,
    SMALL_REGION,
    STACKS,
    VENDOR,
    copy_tree,
)

OME = SLIDES / "ome-tiff" / "qupath_OS-1-detail.ome.tif"
NEAR = 14.0
"""Mean difference of grey values that JPEG and resampling may make; another place of the slide differs by far more."""


@pytest.fixture
async def images() -> AsyncIterator[DecoderImages]:
    images = DecoderImages()
    yield images
    await images.close()


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


def picture(jpeg: bytes | None) -> Image.Image:
    assert jpeg is not None
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def mosaic(scan: ScanSet, pyramid: Pyramid, level: int) -> Image.Image:
    """Put all tiles of a level together."""
    width, height = (-(-side // (1 << level)) for side in pyramid.size)
    whole = Image.new("RGB", (width, height), (255, 0, 255))
    for address in pyramid.tiles(level, Box(0, 0, *pyramid.size)):
        tile = picture(cut(scan, pyramid.stamp, address))
        assert tile.size == pyramid.tile_size(address)
        whole.paste(tile, (address.column * TILE_PX, address.row * TILE_PX))
    return whole


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one.convert("L"), float) - np.asarray(other.convert("L"), float)).mean())


async def test_a_person_zooms_into_a_slide(images: DecoderImages) -> None:
    scan = scan_of(SMALL_REGION)
    pyramid = await images.pyramid(scan)
    assert pyramid is not None
    assert (pyramid.size, pyramid.levels, pyramid.objective) == ((2220, 2967), 4, 20.0)
    assert pyramid.mpp == pytest.approx(0.499)
    tile = picture(await images.tile(scan, pyramid, TileAddress(0, 2, 3)))
    with openslide.OpenSlide(SMALL_REGION) as slide:
        truth = slide.read_region((1024, 1536), 0, (512, 512)).convert("RGB")
    assert difference(tile, truth) < 2
    assert await images.tile(scan, pyramid, TileAddress(0, 5, 0)) is None, "there is no such tile"


@pytest.mark.parametrize(
    "path",
    [
        SMALL_REGION, CODE128, MIRAX, DICOM, OME, VENDOR / "generic_pyramid.tif", VENDOR / "hamamatsu_nanozoomer.ndpi",
        VENDOR / "leica_scn400.scn", VENDOR / "philips_ufs.tiff", VENDOR / "ventana_dp200.bif",
        STACKS / "Exp_1_MMStack_Pos0.ome.tif",
    ],
    ids=lambda path: path.name,
)  # fmt: skip
def test_every_format_shows_the_same_slide_at_all_levels(path: Path) -> None:
    scan = scan_of(path)
    pyramid = describe(scan)
    assert pyramid is not None
    assert max(pyramid.tile_size(TileAddress(pyramid.levels - 1, 0, 0))) <= TILE_PX
    full = mosaic(scan, pyramid, min(2, pyramid.levels - 1))
    for level in range(min(2, pyramid.levels - 1), pyramid.levels):
        other = mosaic(scan, pyramid, level)
        assert difference(other, full.resize(other.size, Image.Resampling.BOX)) < NEAR, level


def test_the_full_resolution_is_the_slide_itself() -> None:
    with tifffile.TiffFile(OME) as file:
        truth = file.series[0].levels[0].pages[0].asarray()
    source = TiffPyramid(OME)
    try:
        pyramid = pyramid_of(source, "")
        tile = np.asarray(draw_tile(source, pyramid, TileAddress(0, 0, 0)))
    finally:
        source.close()
    height, width = tile.shape[:2]
    assert np.array_equal(tile, truth[:height, :width, :3])


def test_deep_colours_are_stretched_alike_in_all_tiles(tmp_path: Path) -> None:
    rows = np.linspace(1000, 9000, 1536, dtype=np.float64)
    full = np.tile(rows.astype(np.uint16), (1536, 1))
    path = tmp_path / "deep.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(full, tile=(256, 256), subifds=1, metadata={"axes": "YX"})
        writer.write(full[::2, ::2], tile=(256, 256), subfiletype=1)
    scan = scan_of(path)
    pyramid = describe(scan)
    assert pyramid is not None
    whole = np.asarray(mosaic(scan, pyramid, 0).convert("L"), float)
    steps = np.diff(whole.mean(axis=0))
    assert np.abs(steps).max() < 3, "no seam between two tiles"
    assert whole[:, 0].mean() < 10
    assert whole[:, -1].mean() > 245


def test_samples_in_planes_of_their_own(tmp_path: Path) -> None:
    colours = np.zeros((3, 700, 900), np.uint8)
    colours[0, :, :450], colours[2, 350:, :] = 200, 150
    path = tmp_path / "planes.ome.tif"
    tifffile.imwrite(path, colours, tile=(128, 128), photometric="rgb", planarconfig="separate", ome=True)
    scan = scan_of(path)
    pyramid = describe(scan)
    assert pyramid is not None
    whole = mosaic(scan, pyramid, 0)
    assert difference(whole, Image.fromarray(np.moveaxis(colours, 0, 2))) < 2


def test_a_damaged_tile_is_missing_and_the_others_are_there(tmp_path: Path) -> None:
    path = tmp_path / "damaged.svs"
    shutil.copy(SMALL_REGION, path)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        across = -(-page.imagewidth // page.tilewidth)
        hit = (600 // page.tilelength) * across + 600 // page.tilewidth
        offset, count = page.dataoffsets[hit], page.databytecounts[hit]
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\x00" * count)
    scan = scan_of(path)
    pyramid = describe(scan)
    assert pyramid is not None
    answers = {address: cut(scan, pyramid.stamp, address) for address in pyramid.tiles(0, Box(0, 0, *pyramid.size))}
    assert answers[TileAddress(0, 1, 1)] is None
    assert sum(answer is None for answer in answers.values()) <= 4, "only what touches the damage"


def test_tiles_of_other_bytes_are_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "slide.svs"
    shutil.copy(SMALL_REGION, path)
    scan = scan_of(path)
    pyramid = describe(scan)
    assert pyramid is not None
    assert cut(scan, pyramid.stamp, TileAddress(1, 0, 0)) is not None
    shutil.copy(CODE128, path)
    assert cut(scan, pyramid.stamp, TileAddress(1, 0, 0)) is None
    assert describe(scan) is None, "another slide lies there now"


def test_a_slide_is_let_go_when_nobody_looks(tmp_path: Path) -> None:
    path = copy_tree(OME, tmp_path / "scanner")
    slides = OpenedSlides(idle_seconds=0.05)
    with slides.using(path) as slide:
        draw_tile(slide.source, slide.pyramid, TileAddress(0, 0, 0))
        assert str(path) in {each.path for each in psutil.Process().open_files()}
    until = time.monotonic() + 10
    while str(path) in {each.path for each in psutil.Process().open_files()}:
        assert time.monotonic() < until, "it is still open"
        time.sleep(0.01)


def test_few_slides_are_open_at_a_time(tmp_path: Path) -> None:
    slides = OpenedSlides(most=2, idle_seconds=60)
    paths = [copy_tree(OME, tmp_path / str(number)) for number in range(4)]
    for path in paths:
        with slides.using(path):
            pass
    opened = {each.path for each in psutil.Process().open_files()}
    assert [str(path) in opened for path in paths] == [False, False, True, True]
    slides.close()
    assert not {str(path) for path in paths} & {each.path for each in psutil.Process().open_files()}


async def test_what_is_no_slide_has_no_tiles(images: DecoderImages, tmp_path: Path) -> None:
    plain = tmp_path / "label.png"
    Image.new("RGB", (64, 64)).save(plain)
    broken = tmp_path / "broken.svs"
    broken.write_bytes(b"II*\0" + b"\xff" * 100)
    assert await images.pyramid(scan_of(plain)) is None
    assert await images.pyramid(scan_of(broken)) is None
    assert await images.pyramid(scan_of(NDTIFF)) is None, "its files hold pieces, not levels"


async def test_every_malformed_file_gets_an_answer(images: DecoderImages) -> None:
    paths = sorted(path for path in MALFORMED.rglob("*") if path.is_file() and path.name != "SOURCES.tsv")
    scans = [scan_of(path) for path in paths]
    pyramids = await asyncio.gather(*(images.pyramid(scan) for scan in scans))
    shown = [(scan, pyramid) for scan, pyramid in zip(scans, pyramids, strict=True) if pyramid is not None]
    assert shown
    tiles = await asyncio.gather(*(images.tile(scan, pyramid, TileAddress(0, 0, 0)) for scan, pyramid in shown))
    assert all(tile is None or tile.startswith(b"\xff\xd8\xff") for tile in tiles)
    assert await images.pyramid(scan_of(CODE128)) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
async def test_a_reader_that_dies_is_replaced(images: DecoderImages) -> None:
    scan = scan_of(SMALL_REGION)
    pyramid = await images.pyramid(scan)
    assert pyramid is not None
    for child in psutil.Process().children():
        if any("spawn_main" in word for word in child.cmdline()):
            child.kill()
    answers = [await images.tile(scan, pyramid, TileAddress(0, column, 0)) for column in range(4)]
    assert answers[-1] is not None
    assert sum(answer is None for answer in answers) <= 2, "one job a reader at most is lost"
