from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.pictures import draw_picture
from app.adapters.imaging.scan_facts import read_facts
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, SlideFacts
from tests.adapters.imaging.samples import (
    CODE128,
    DAMAGE,
    DICOM,
    MIRAX,
    MULTIFILE,
    NDTIFF,
    SLIDES,
    SMALL_REGION,
    STACKS,
    VENDOR,
    copy_tree,
)

METADATA, LABEL, MACRO = BarcodeSource.METADATA, BarcodeSource.LABEL, BarcodeSource.MACRO


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


def facts_of(path: Path) -> SlideFacts:
    return read_facts(scan_of(path))


EXPECTED = [
    (SMALL_REGION, "aperio", (2220, 2967), 1, 0.499, 20.0, "label macro thumbnail", []),
    (
        CODE128,
        "aperio", (4096, 3072), 2, 0.2528, 40.0, "label macro thumbnail",
        [("S24-001003-A1-1", "Code128", LABEL)],
    ),
    (MIRAX, "mirax", (2048, 1536), 3, 0.25, 20.0, "label macro thumbnail", [("S24-002005-A1-1", "QRCode", LABEL)]),
    (
        VENDOR / "ventana_dp200.bif",
        "ventana", (2048, 1536), 3, 0.25, 40.0, "macro thumbnail",
        [("S24-002004-A1-1", "DataMatrix", MACRO)],
    ),
    (
        VENDOR / "leica_scn400.scn",
        "leica", (53130, 153470), 3, 0.5, 20.0, "macro",
        [("S24-002002-A1-1", "", METADATA), ("S24-002002-A1-1", "DataMatrix", MACRO)],
    ),
    (
        VENDOR / "philips_ufs.tiff",
        "philips", (2048, 1536), 3, 0.25, None, "label macro",
        [("S24-002003-A1-1", "", METADATA), ("S24-002003-A1-1", "Code128", LABEL)],
    ),
    (
        VENDOR / "hamamatsu_nanozoomer.ndpi",
        "hamamatsu", (2048, 1536), 6, 0.2528, 40.0, "macro",
        [("S24-002006-A1-1", "DataMatrix", MACRO)],
    ),
    (
        DICOM,
        "dicom", (4096, 3072), 2, 0.2528, None, "label macro thumbnail",
        [("S24-001001-A1-1", "DataMatrix", LABEL)],
    ),
    (VENDOR / "generic_pyramid.tif", "generic-tiff", (2048, 1536), 3, 0.2528, None, "", []),
    (SLIDES / "ome-tiff" / "qupath_OS-1-detail.ome.tif", "ome-tiff", (1101, 1101), 1, 0.2271, None, "", []),
    (MULTIFILE, "ome-tiff", (18, 24), 1, None, None, "", []),
    (STACKS, "micromanager", (256, 256), 1, 0.325, None, "", []),
    (NDTIFF, "ndtiff", (384, 320), 8, 1.0, None, "", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "word", "size", "levels", "mpp", "objective", "associated", "barcodes"),
    EXPECTED,
    ids=[entry[0].name for entry in EXPECTED],
)
def test_facts_of_each_format(path, word, size, levels, mpp, objective, associated, barcodes) -> None:
    facts = facts_of(path)
    assert (facts.format, facts.size, facts.levels, facts.objective) == (word, size, levels, objective)
    assert (facts.mpp is None) == (mpp is None)
    assert mpp is None or facts.mpp == pytest.approx((mpp, mpp), abs=1e-4)
    assert facts.associated == tuple(associated.split())
    assert facts.barcodes == tuple(BarcodeReading(*each) for each in barcodes)
    assert facts.complete
    assert facts.problem is None


def test_of_two_descriptions_the_first_one_counts(tmp_path: Path) -> None:
    pixels = (
        '<Pixels SizeX="32" SizeY="24" PhysicalSizeX="0.5" PhysicalSizeY="0.5"><Channel Name="A"/><Channel Name="B"/>'
    )
    words = f"<OME><Image>{pixels}</Pixels></Image></OME>"
    path = tmp_path / "x_MMStack_Pos0.ome.tif"
    imagej = [(270, "s", 0, "ImageJ=1.53", True)]
    tifffile.imwrite(path, np.zeros((24, 32), np.uint8), description=words, metadata=None, extratags=imagej)
    facts = read_facts(scan_of(path))
    assert (facts.size, facts.mpp, facts.channels) == ((32, 24), (0.5, 0.5), ("A", "B"))


def test_dates_and_serial_numbers() -> None:
    small = facts_of(SMALL_REGION)
    assert (small.scanned_at, small.scanner_serial) == ("2009-12-29T09:59:15", "CPAPERIOCS")
    assert facts_of(MIRAX).scanned_at == "2024-03-08T09:59:15"
    assert facts_of(VENDOR / "ventana_dp200.bif").scanner_serial == "2000515"


def test_properties_are_bounded_and_name_no_patient() -> None:
    facts = facts_of(DICOM)
    assert len(facts.properties) <= 200
    assert not any("Patient" in key for key in facts.properties)
    assert all(len(value) <= 200 for value in facts.properties.values())


DAMAGED = [
    ("02_header_only_8.svs", "not complete"),
    ("03_truncated_90pc.svs", "not complete"),
    ("04_last_byte_missing.svs", "not complete"),
    ("05_preallocated_zero_tail.svs", "not complete"),
    ("06_all_zero.svs", "not complete"),
    ("07_zero_hole_in_pixels.svs", "not complete"),
    ("12_huge_dimensions.svs", "not complete"),
    ("14_unknown_compression.svs", "cannot be read"),
    ("15_tile_offset_beyond_eof.svs", "not complete"),
    ("16_tile_bytecount_zero.svs", "not complete"),
    ("24_big_endian_magic.svs", "not complete"),
    ("27_zip_named_svs.svs", "Not a slide"),
]


@pytest.mark.parametrize(("name", "title"), DAMAGED)
def test_damage_is_named_in_words(name: str, title: str) -> None:
    facts = facts_of(DAMAGE / name)
    assert not facts.complete
    assert facts.problem is not None
    assert title in facts.problem.title
    assert name in facts.problem.message
    assert facts.problem.hint


def test_a_tile_without_bytes_is_named() -> None:
    problem = facts_of(DAMAGE / "16_tile_bytecount_zero.svs").problem
    assert problem is not None
    assert "tile 0 of image 1 (1024 x 768) has no bytes" in problem.message


def test_the_barcode_of_a_truncated_slide_is_still_read() -> None:
    facts = facts_of(DAMAGE / "03_truncated_90pc.svs")
    assert [reading.text for reading in facts.barcodes] == ["S24-000001-A1-1"]
    assert facts.size == (1024, 768)


def cut(data: bytes, kept: int) -> bytes:
    return data[:kept]


def zeroed(data: bytes, kept: int) -> bytes:
    return data[:kept] + bytes(len(data) - kept)


@pytest.mark.parametrize("spoil", [cut, zeroed])
@pytest.mark.parametrize(
    "source",
    [SMALL_REGION, CODE128, *(VENDOR / n for n in ("ventana_dp200.bif", "leica_scn400.scn", "philips_ufs.tiff"))],
    ids=lambda path: path.name,
)
def test_a_file_spoilt_at_any_of_20_places_is_never_complete(
    tmp_path: Path, source: Path, spoil: Callable[[bytes, int], bytes]
) -> None:
    data = source.read_bytes()
    path = tmp_path / source.name
    for place in [len(data) * part // 20 for part in range(20)] + [len(data) - 1]:
        path.write_bytes(spoil(data, place))
        facts = facts_of(path)
        assert not facts.complete, place
        assert facts.problem is not None


@pytest.mark.parametrize("spoil", [cut, zeroed])
@pytest.mark.parametrize("source", [MIRAX.with_suffix(""), DICOM, STACKS])
def test_every_pixel_file_of_a_set_must_be_whole(
    tmp_path: Path, source: Path, spoil: Callable[[bytes, int], bytes]
) -> None:
    folder = copy_tree(source, tmp_path)
    named = copy_tree(MIRAX, tmp_path) if source.name == MIRAX.stem else folder
    assert facts_of(named).complete
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".dat", ".dcm", ".tif")):
        data = path.read_bytes()
        for part in (0, 3, 9, 19):
            path.write_bytes(spoil(data, len(data) * part // 20))
            assert not read_facts(scan_of(named)).complete, (path.name, part)
        path.write_bytes(data)
    assert facts_of(named).complete


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    copy_tree(MIRAX, tmp_path)
    folder = copy_tree(MIRAX.with_suffix(""), tmp_path)
    (folder / "Data0000.dat").unlink()
    problem = facts_of(tmp_path / MIRAX.name).problem
    assert problem is not None
    assert "Data0000.dat is missing" in problem.message


def test_an_ndtiff_set_whose_index_lags_behind_is_not_complete(tmp_path: Path) -> None:
    folder = copy_tree(NDTIFF, tmp_path)
    index = folder / "Full resolution" / "NDTiff.index"
    data = index.read_bytes()
    for kept in (0, len(data) // 2, len(data) * 17 // 18):
        index.write_bytes(data[:kept])
        assert not facts_of(folder).complete, kept


def test_a_plain_picture_is_a_label(tmp_path: Path) -> None:
    png = draw_picture(scan_of(CODE128), PictureKind.LABEL, 2000)
    assert png is not None
    path = tmp_path / "label.png"
    path.write_bytes(png)
    facts = facts_of(path)
    assert (facts.format, facts.complete) == ("picture", True)
    assert facts.barcodes == (BarcodeReading("S24-001003-A1-1", "Code128", LABEL),)


def test_a_picture_under_a_slides_name_and_a_vanished_file(tmp_path: Path) -> None:
    path = tmp_path / "x.svs"
    Image.new("RGB", (8, 8)).save(path, "PNG")
    scan = scan_of(path)
    problem = read_facts(scan).problem
    assert problem is not None
    assert problem.title == "Not a slide"
    path.unlink()
    gone = read_facts(scan).problem
    assert gone is not None
    assert "cannot be opened" in gone.title


PICTURES = [
    SMALL_REGION,
    MIRAX,
    DICOM,
    *(VENDOR / n for n in ("ventana_dp200.bif", "leica_scn400.scn", "philips_ufs.tiff", "hamamatsu_nanozoomer.ndpi")),
]


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_have_the_size_asked_for(path: Path) -> None:
    scan = scan_of(path)
    for kind in (PictureKind.THUMBNAIL, PictureKind.LABEL, PictureKind.MACRO):
        png = draw_picture(scan, kind, 300)
        assert png is not None, kind
        with Image.open(BytesIO(png)) as image:
            assert image.format == "PNG"
            assert max(image.size) == 300
            extremes = image.convert("L").getextrema()
        assert extremes[0] != extremes[1]


@pytest.mark.parametrize("name", ["hamamatsu_nanozoomer.ndpi", "ventana_dp200.bif", "leica_scn400.scn"])
def test_the_label_is_the_labels_end_of_the_macro(tmp_path: Path, name: str) -> None:
    png = draw_picture(scan_of(VENDOR / name), PictureKind.LABEL, 2000)
    assert png is not None
    path = tmp_path / "label.png"
    path.write_bytes(png)
    assert [reading.text[:4] for reading in facts_of(path).barcodes] == ["S24-"]


def test_no_picture_where_there_is_none() -> None:
    scan = scan_of(VENDOR / "generic_pyramid.tif")
    assert draw_picture(scan, PictureKind.LABEL, 300) is None
    assert draw_picture(scan, PictureKind.THUMBNAIL, 300) is not None


def test_a_picture_over_the_cap_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (9000, 9000)).save(path)
    facts = facts_of(path)
    assert not facts.complete
    assert draw_picture(scan_of(path), PictureKind.LABEL, 300) is None
