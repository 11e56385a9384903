"""Unfinished and cut-off scans whose pixels alone would pass for whole."""

import shutil
from pathlib import Path

import pytest
import tifffile

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.scan_facts import read_facts
from app.domain.slide import SlideFacts
from tests.adapters.imaging.samples import CODE128, DAMAGE, MULTIFILE, NDTIFF, STACKS, copy_tree

METADATA = "Exp_1_MMStack_Pos1_metadata.txt"


def facts_of(folder: Path) -> SlideFacts:
    (scan,) = FolderFinder().find(folder.parent)
    return read_facts(scan)


def message_of(folder: Path) -> str:
    facts = facts_of(folder)
    assert not facts.complete
    assert facts.problem is not None
    return facts.problem.message


@pytest.mark.parametrize(
    ("source", "name"),
    [(STACKS, METADATA), (STACKS, "DisplaySettings.json"), (NDTIFF, "display_settings.txt")],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_text_cut_off_behind_an_inner_brace_is_not_whole(tmp_path: Path, source: Path, name: str) -> None:
    folder = copy_tree(source, tmp_path)
    data = (folder / name).read_bytes().rstrip()
    inner = data.rindex(b"}", 0, len(data) - 1) + 1
    (folder / name).write_bytes(data[:inner])
    assert f"{name}: it ends in the middle of its text" in message_of(folder)


def test_comments_that_were_only_reserved_or_end_early_are_not_whole(tmp_path: Path) -> None:
    folder = copy_tree(STACKS, tmp_path)
    path = folder / "comments.txt"
    for data in (bytes(40), b'{"map": {}'.ljust(40, b"\0"), b'{"map": {"Summary": {}}'):
        path.write_bytes(data)
        assert "comments.txt: it ends in the middle of its text" in message_of(folder), data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("comments.txt", b""),
        ("comments.txt", "made by José on the old stage :-{\n".encode()),
        ("comments.txt", b"{ the left one is better"),
        ("comments.txt", "made on the old stage\r\n".encode("utf-16")),
        (METADATA, b'{"Summary": {"Prefix": "a {b \\" {", "UserName": "\\\\"}}\r\n'),
        (METADATA, b'{"Comment": "an "unescaped { quote", "More": {}}'),
        ("DisplaySettings.json", b'{"map": {"{": "}"}}\n'),
    ],
)
def test_texts_that_are_whole_stay_whole(tmp_path: Path, name: str, data: bytes) -> None:
    folder = copy_tree(STACKS, tmp_path)
    (folder / name).write_bytes(data)
    assert facts_of(folder).complete


@pytest.mark.parametrize("name", ["multifile-Z1.ome.tiff", "multifile-Z4.ome.tiff", "multifile.companion.ome"])
def test_a_file_that_an_ome_set_names_and_that_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    folder = copy_tree(MULTIFILE, tmp_path)
    assert facts_of(folder).complete
    (folder / name).unlink()
    assert message_of(folder).endswith(f" needs {name}.")


def test_a_renamed_file_that_speaks_of_its_original_misses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "renamed"
    folder.mkdir()
    named = b'MetadataFile="multifile.companion.ome"'
    data = (MULTIFILE / "multifile-Z1.ome.tiff").read_bytes()
    assert named in data
    (folder / "copy.ome.tiff").write_bytes(
        data.replace(named, b'FileName="the-original-of-it.ome.tiff"'.ljust(len(named)))
    )
    (folder / "copy.ome.xml").write_text("<note/>", encoding="utf-8")
    assert facts_of(folder).complete


def test_room_behind_a_tile_and_a_tile_without_its_end_mark_are_as_scanners_write_them(tmp_path: Path) -> None:
    folder = tmp_path / "slides"
    path = copy_tree(CODE128, folder)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0].aspage()
        offset, count = page.dataoffsets[0], page.databytecounts[0]
    data = path.read_bytes()
    end = offset + count
    assert data[end - 2 : end] == b"\xff\xd9"
    path.write_bytes(data[: end - 2] + b"\x5a\x5a" + data[end:])
    assert facts_of(path).complete, "decoders take a JPEG without its end mark"
    shorter = data.index(b"\xff\xd9", offset) - 40
    path.write_bytes(data[:shorter] + b"\xff\xd9" + bytes(end - shorter - 2) + data[end:])
    assert facts_of(path).complete, "there is room between the tile's end and the next one"
    path.write_bytes(data[:shorter] + bytes(end - shorter) + data[end:])
    assert "its last bytes are missing or zeros" in message_of(path)


@pytest.mark.parametrize("name", ["x.xml", "x.json", "x.svs.csv"])
def test_a_slide_with_notes_beside_it_must_be_as_whole_as_one_without(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "slides"
    path = copy_tree(CODE128, folder).rename(folder / "x.svs")
    (folder / name).write_text("[]", encoding="utf-8")
    assert facts_of(folder).complete
    shutil.copy(DAMAGE / "07_zero_hole_in_pixels.svs", path)
    assert "x.svs: tile 0 of image 1 (1024 x 768): only zeros where pixels should be" in message_of(folder)
