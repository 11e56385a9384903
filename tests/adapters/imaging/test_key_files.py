"""Slides whose main file is a text that names the others: Hamamatsu's .vms and .vmu, Aperio's .afi."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.key_files import channel_names, names_in_key
from app.adapters.imaging.pictures import draw_picture
from app.adapters.imaging.scan_facts import read_facts
from app.domain.scan import Layout, ScanSet
from app.domain.slide import PictureKind
from tests.adapters.imaging.samples import CODE128, SMALL_REGION
from tests.formats.made_vms import FILES, make_vms


def scan_of(folder: Path) -> ScanSet:
    (scan,) = FolderFinder().find(folder)
    return scan


def said_of(scan: ScanSet) -> str:
    facts = read_facts(scan)
    assert not facts.complete
    assert facts.problem is not None
    return facts.problem.message


@pytest.fixture
def vms(tmp_path: Path) -> Path:
    full = np.random.default_rng(7).integers(120, 240, (1024, 2048, 3), np.uint8)
    make_vms(tmp_path, full, full[:300, :400])
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8 of somebody's own")
    return tmp_path


def test_a_vms_slide_is_one_scan_with_the_files_that_it_names(vms: Path) -> None:
    scan = scan_of(vms)
    assert (scan.main, scan.layout) == ("made.vms", Layout.FOLDER)
    assert {member.path for member in scan.members} == {"made.vms", *FILES}
    facts = read_facts(scan)
    assert facts.problem is None
    assert (facts.format, facts.size, facts.mpp, facts.objective) == ("hamamatsu", (2048, 1024), (0.25, 0.25), 20.0)
    assert facts.associated == ("macro",)
    assert draw_picture(scan, PictureKind.THUMBNAIL, 256) is not None


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_vms_slide_that_is_missing_or_cut_is_named(vms: Path, name: str) -> None:
    data = (vms / name).read_bytes()
    (vms / name).write_bytes(b"" if name.endswith(".opt") else data[: len(data) // 2])
    assert said_of(scan_of(vms)).startswith(name)
    (vms / name).write_bytes(bytes(len(data)))
    assert said_of(scan_of(vms)).startswith(name)
    (vms / name).unlink()
    assert f"needs {name}" in said_of(scan_of(vms))


def test_names_are_found_whatever_their_case(vms: Path) -> None:
    (vms / "made_macro.jpg").rename(vms / "MADE_MACRO.JPG")
    assert len(scan_of(vms).members) == 1 + len(FILES)


def test_uncompressed_pixels_of_a_vmu_must_all_be_there(tmp_path: Path) -> None:
    named = "[Uncompressed Virtual Microscope Specimen]\r\nNoLayers=1\r\nImageFile=x.ngr\r\nMapFile=x_map2.ngr\r\n"
    key = tmp_path / "x.vmu"
    key.write_text(named + "BitsPerPixel=36\r\nPixelOrder=RGB\r\n", encoding="utf-8", newline="")
    ngr = struct.pack("<2sxxiii8xi", b"GN", 64, 32, 64, 28) + bytes(range(1, 129)) * 96
    for name in ("x.ngr", "x_map2.ngr"):
        (tmp_path / name).write_bytes(ngr)
    facts = read_facts(scan_of(tmp_path))
    assert (facts.complete, facts.size, len(scan_of(tmp_path).members)) == (True, (64, 32), 3)
    (tmp_path / "x.ngr").write_bytes(ngr[:-7])
    assert said_of(scan_of(tmp_path)).startswith("x.ngr: 7 bytes of its pixels are missing")
    (tmp_path / "x.ngr").write_bytes(ngr)
    key.write_text(named, encoding="utf-8", newline="")
    assert said_of(scan_of(tmp_path)) == "x.vmu: it does not say BitsPerPixel and PixelOrder."


def test_the_channels_of_an_aperio_set_are_one_scan(tmp_path: Path) -> None:
    names = ("slide_DAPI.svs", "slide_FITC.svs")
    for name, source in zip(names, (SMALL_REGION, CODE128), strict=True):
        shutil.copyfile(source, tmp_path / name)
    images = "".join(f"<Image><Path>{name}</Path><ID>{n}</ID></Image>" for n, name in enumerate(names))
    (tmp_path / "slide.afi").write_text(f"<?xml version='1.0'?><ImageList>{images}</ImageList>", encoding="utf-8")
    scan = scan_of(tmp_path)
    assert (scan.main, len(scan.members)) == ("slide.afi", 3)
    facts = read_facts(scan)
    assert (facts.complete, facts.format, facts.channels) == (True, "aperio", ("DAPI", "FITC"))
    (tmp_path / names[1]).unlink()
    assert "needs slide_FITC.svs" in said_of(scan_of(tmp_path))


def test_channels_wait_for_the_list_that_is_still_being_written(tmp_path: Path) -> None:
    for name in ("slide_DAPI.svs", "slide_FITC.svs", "slide2.svs"):
        shutil.copyfile(SMALL_REGION, tmp_path / name)
    text = "<ImageList><Image><Path>slide_DAPI.svs</Path></Image><Image><Path>slide_FITC.svs</Path></Image></ImageList>"
    key = tmp_path / "slide.afi"
    for written in (0, 20, 60, len(text) - 1):
        key.write_text(text[:written], encoding="utf-8")
        scan, other = FolderFinder().find(tmp_path)
        assert (scan.main, len(scan.members), other.main) == ("slide.afi", 3, "slide2.svs"), written
        assert said_of(scan) == "slide.afi: its list of channels is not written to its end."


def test_names_that_lead_elsewhere_are_not_followed() -> None:
    assert names_in_key("vms", "MapFile=..\\x.jpg\nImageFile=C:x.jpg\nImageFile(0,1)=a/b.jpg\nMacroImage=m.jpg\n") == (
        "m.jpg",
    )


def test_channels_are_what_differs_in_the_names() -> None:
    assert channel_names(("t3-DAPI 2 (387).ndpi", "t3-FITC 2 (485).ndpi")) == ("DAPI 2 (387", "FITC 2 (485")
    assert channel_names(("only.ndpi",)) == ()
    assert channel_names(("a.ndpi", "a.ndpi")) == ("a", "a")
