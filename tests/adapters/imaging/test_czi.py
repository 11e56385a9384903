"""ZEISS slides: split into parts, with zeros inside, in fluorescence; made by hand as ZEISS's document says."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.adapters.imaging.czi_wholeness import SAMPLED_PIECES
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.pictures import draw_picture
from app.adapters.imaging.scan_facts import read_facts
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind
from tests.formats.made_czi import Attachment, make_czi, make_fluorescence, make_split_czi

FULL = np.random.default_rng(3).integers(1, 255, (256, 256, 3), np.uint8)


def scan_of(folder: Path) -> ScanSet:
    (scan,) = FolderFinder().find(folder)
    return scan


def said_of(scan: ScanSet) -> str:
    facts = read_facts(scan)
    assert not facts.complete
    assert facts.problem is not None
    return f"{facts.problem.title}: {facts.problem.message}"


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Write a slide of three files into a folder; return the folder."""
    for name, data in zip(("x.czi", "x(1).czi", "x(2).czi"), make_split_czi([FULL, FULL[::2, ::2]]), strict=True):
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_split_slide_is_one_scan_and_whole_with_all_its_parts(split: Path) -> None:
    scan = scan_of(split)
    assert {member.path for member in scan.members} == {"x.czi", "x(1).czi", "x(2).czi"}
    facts = read_facts(scan)
    assert facts.problem is None
    assert (facts.size, facts.levels, facts.objective) == ((256, 256), 2, 20.0)


@pytest.mark.parametrize(("gone", "named"), [("x(1).czi", "x(1).czi"), ("x(2).czi", "x(2).czi")])
def test_a_part_that_is_not_there_is_named(split: Path, gone: str, named: str) -> None:
    (split / gone).unlink()
    said = said_of(scan_of(split))
    assert said.startswith("Parts of the scan are missing")
    assert f"needs {named}" in said


def test_without_any_part_the_main_file_still_says_that_there_were_some(split: Path) -> None:
    for number in (1, 2):
        (split / f"x({number}).czi").unlink()
    assert "needs x(1).czi, x(2).czi" in said_of(scan_of(split))


@pytest.mark.parametrize("part", [0, 1, 5, 10, 15, 19])
def test_a_part_that_is_cut_or_was_only_reserved_is_not_whole(split: Path, part: int) -> None:
    path = split / "x(2).czi"
    data = path.read_bytes()
    kept = data[: len(data) * part // 20]
    path.write_bytes(kept)
    assert "x(2).czi" in said_of(scan_of(split))


def test_a_copy_that_got_a_parts_name_is_a_slide_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "x.czi").write_bytes(make_czi([FULL]))
    shutil.copyfile(tmp_path / "x.czi", tmp_path / "x(1).czi")
    assert [scan.main for scan in FolderFinder().find(tmp_path)] == ["x(1).czi", "x.czi"]


def test_zeros_anywhere_in_a_closed_file_are_seen_where_its_tables_point(tmp_path: Path) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(FULL[::4, ::4]).save(jpeg, "JPEG")
    levels = [FULL[:32, :32] for _ in range(12)]
    data = make_czi(
        levels, {"Thumbnail": Attachment("JPG", jpeg.getvalue()), "Label": Attachment("CZI", make_czi([FULL]))}
    )
    path = tmp_path / "x.czi"
    path.write_bytes(data)
    assert read_facts(scan_of(tmp_path)).complete
    assert len(levels) < SAMPLED_PIECES
    hole = 6000  # larger than a piece, so that it takes a piece's head or a table with it
    for start in range(0, len(data) - hole, hole // 2):
        if b"ZISRAWFILE" in data[start + 1 : start + hole]:
            continue  # the pixels of the label inside, which nothing points into
        path.write_bytes(data[:start] + bytes(hole) + data[start + hole :])
        holds_heads = any(mark in data[start : start + hole] for mark in (b"ZISRAW", b"\xff\xd8"))
        assert not holds_heads or not read_facts(scan_of(tmp_path)).complete, start


def test_packed_pixels_that_were_never_written_are_named(tmp_path: Path) -> None:
    planes = [np.random.default_rng(n).integers(0, 4000, (64, 64), np.uint16) for n in range(2)]
    data = make_fluorescence(planes, ("DAPI", "Cy5"))
    start = data.index(b"\x28\xb5\x2f\xfd", data.index(b"\x28\xb5\x2f\xfd") + 4)
    path = tmp_path / "x.czi"
    path.write_bytes(data[:start] + bytes(4000) + data[start + 4000 :])
    assert "piece 1 of its image" in said_of(scan_of(tmp_path))
    assert "only zeros where pixels should be" in said_of(scan_of(tmp_path))


def test_fluorescence_that_openslide_does_not_open_is_read_and_shown(tmp_path: Path) -> None:
    planes = [np.zeros((200, 300), np.uint16) for _ in range(2)]
    planes[0][:, :100] = 900
    planes[1][:, 200:] = 4000
    (tmp_path / "x.czi").write_bytes(make_fluorescence(planes, ("DAPI", "Cy5")))
    scan = scan_of(tmp_path)
    facts = read_facts(scan)
    assert facts.complete
    assert (facts.size, facts.channels, facts.mpp) == ((300, 200), ("DAPI", "Cy5"), (0.25, 0.25))
    png = draw_picture(scan, PictureKind.THUMBNAIL, 300)
    assert png is not None
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (300, 200)
        left, middle, right = (image.getpixel((x, 100)) for x in (50, 150, 250))
    assert middle == (0, 0, 0)
    assert isinstance(left, tuple)
    assert left[2] > left[0]
    assert isinstance(right, tuple)
    assert right[1] > right[2]
