"""What is read without OpenSlide and tifffile: Sakura's wholeness, iSyntax, NDTiff mosaics, formats nobody reads."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.names import NO_READER
from app.adapters.imaging.pictures import draw_picture
from app.adapters.imaging.scan_facts import read_facts
from app.adapters.imaging.slide_label import draw_label, draw_macro
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind, SlideFacts
from tests.adapters.imaging.samples import NDTIFF
from tests.formats.made_isyntax import make_isyntax
from tests.formats.made_sakura import make_sakura

BARCODE = "S24-002008-A1-1"
FULL = np.random.default_rng(7).integers(120, 240, (512, 512, 3), np.uint8)
LABEL = draw_label(BARCODE, "DataMatrix", (), readable=True, seed=7)
MACRO = draw_macro(LABEL, FULL)


def facts_of(path: Path) -> SlideFacts:
    (scan,) = FolderFinder().find_named(path)
    return read_facts(scan)


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


def drawn(scan: ScanSet, kind: PictureKind, size_px: int = 512) -> Image.Image:
    png = draw_picture(scan, kind, size_px)
    assert png is not None
    return Image.open(io.BytesIO(png))


@pytest.fixture
def sakura(tmp_path: Path) -> Path:
    path = tmp_path / "x.svslide"
    make_sakura(path, FULL, LABEL, MACRO)
    return path


def test_a_sakura_slide_is_read_and_nothing_is_written_beside_it(sakura: Path) -> None:
    facts = facts_of(sakura)
    assert facts.problem is None
    assert (facts.format, facts.size, facts.levels, facts.mpp) == ("sakura", (512, 512), 2, (0.25, 0.25))
    assert [each.text for each in facts.barcodes] == [BARCODE]
    assert [each.name for each in sakura.parent.iterdir()] == ["x.svslide"]


def test_a_sakura_slide_that_is_cut_reserved_or_in_the_middle_of_a_change_is_not_whole(sakura: Path) -> None:
    data = sakura.read_bytes()
    for part in range(20):
        kept = len(data) * part // 20
        for damaged in (data[:kept], data[:kept].ljust(len(data), b"\0")):
            sakura.write_bytes(damaged)
            assert not facts_of(sakura).complete, part
    sakura.write_bytes(data)
    assert facts_of(sakura).complete
    sakura.with_name("x.svslide-journal").write_bytes(b"changes to be taken back")
    problem = facts_of(sakura).problem
    assert problem is not None
    assert "x.svslide-journal" in problem.message


def test_an_isyntax_file_tells_its_words_and_pictures_though_nobody_reads_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "x.isyntax"
    path.write_bytes(make_isyntax(BARCODE, LABEL, MACRO))
    facts = facts_of(path)
    assert facts.complete
    assert (facts.vendor, facts.scanner_serial, facts.scanned_at) == ("philips", "FMT0002", "2024-03-08T09:59:15")
    assert {(each.text, each.source.value) for each in facts.barcodes} == {(BARCODE, "metadata"), (BARCODE, "label")}
    assert drawn(scan_of(path), PictureKind.LABEL, 600).size == (560, 520)
    assert draw_picture(scan_of(path), PictureKind.THUMBNAIL, 512) is None


def test_an_isyntax_file_that_is_cut_or_was_only_reserved_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.isyntax"
    data = make_isyntax(BARCODE, LABEL, MACRO)
    for kept in [len(data) * part // 20 for part in range(20)] + [len(data) - 1]:
        for damaged in (data[:kept], data[:kept].ljust(len(data), b"\0")):
            path.write_bytes(damaged)
            facts = facts_of(path)
            written_out = kept == len(data) - 1 and len(damaged) == len(data)
            assert written_out or (not facts.complete and facts.structure_known), kept


@pytest.mark.parametrize("kind", sorted(NO_READER))
def test_a_format_without_an_open_reader_is_said_and_not_called_complete(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(b"a head that nobody knows" + bytes(range(256)) * 1000)
    facts = facts_of(path)
    assert (facts.format, facts.complete, facts.structure_known) == (NO_READER[kind][0], False, False)
    assert facts.problem is not None
    assert f"there is no open reader of {NO_READER[kind][2]}" in facts.problem.message
    path.write_bytes(b"a head that nobody knows".ljust(300_000, b"\0"))
    facts = facts_of(path)
    assert (facts.complete, facts.structure_known) == (False, True)
    assert facts.problem is not None
    assert "only zeros" in facts.problem.message


def test_an_ndtiff_thumbnail_shows_all_tiles_where_the_index_places_them(tmp_path: Path) -> None:
    image = drawn(scan_of(NDTIFF), PictureKind.THUMBNAIL, 512)
    assert image.size == (384, 320)
    tile = drawn(scan_of(NDTIFF), PictureKind.THUMBNAIL, 100)
    assert tile.size == (100, 83)
    assert np.asarray(image).std() > 10


def test_tiles_that_overlap_are_laid_without_their_margins() -> None:
    scan = scan_of(NDTIFF.parent / "ndtiff3.2_magellan_explore_rgb")
    assert read_facts(scan).size == (93, 93)
    image = drawn(scan, PictureKind.THUMBNAIL, 512)
    assert image.size == (93, 93)
    assert image.getpixel((80, 10)) == (255, 255, 255)  # no tile was taken there


def test_a_damaged_index_costs_the_picture_alone(tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(NDTIFF, copy)
    for index in copy.rglob("NDTiff.index"):
        index.write_bytes(index.read_bytes()[:-3])
    scan = scan_of(copy)
    assert not read_facts(scan).complete
    draw_picture(scan, PictureKind.THUMBNAIL, 512)
