"""Notes beside a slide's own file travel with it: annotations, measurements."""

from pathlib import Path

import pytest

from app.adapters.imaging.finder import FolderFinder
from app.domain.members import member_finals
from app.domain.scan import Layout
from tests.adapters.imaging.samples import CODE128


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    path = tmp_path / "0a1b.svs"
    path.write_bytes(CODE128.read_bytes())
    return path


def write(*paths: Path) -> None:
    for path in paths:
        path.write_text("<Annotations/>", encoding="utf-8")


def members(folder: Path) -> dict[str, list[str]]:
    return {scan.main: [member.path for member in scan.members] for scan in FolderFinder().find(folder)}


def test_annotations_belong_to_the_slide_they_are_named_after(slide: Path, tmp_path: Path) -> None:
    write(*(tmp_path / name for name in ("0a1b.xml", "0A1B.XML.bak", "0a1b.svs.ndpa", "0a1b-2.xml", "notes.txt")))
    assert members(tmp_path) == {"0a1b.svs": ["0a1b.svs", "0a1b.svs.ndpa", "0a1b.xml"]}
    (scan,) = FolderFinder().find(tmp_path)
    assert scan.layout is Layout.FILE
    assert FolderFinder().find_named(tmp_path / "0a1b.xml") == (scan,)


def test_the_slide_and_its_notes_are_renamed_together() -> None:
    finals = member_finals(Layout.FILE, "0a1b.svs", ["0a1b.svs", "0a1b.xml", "0a1b.svs.ndpa"], "S", "620995_P1")
    assert list(finals.values()) == ["S/620995_P1.svs", "S/620995_P1.xml", "S/620995_P1.svs.ndpa"]


def test_a_note_that_could_be_of_two_slides_is_nobodys(slide: Path, tmp_path: Path) -> None:
    other = tmp_path / "0a1b.tif"
    other.write_bytes(slide.read_bytes())
    write(tmp_path / "0a1b.xml", tmp_path / "0a1b.tif.xml")
    assert members(tmp_path) == {"0a1b.svs": ["0a1b.svs"], "0a1b.tif": ["0a1b.tif", "0a1b.tif.xml"]}


@pytest.mark.parametrize("below", ["", "day 1"])
def test_a_look_sees_notes_that_come_and_go(tmp_path: Path, below: str) -> None:
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    (folder / "a.svs").write_bytes(CODE128.read_bytes())
    finder = FolderFinder()
    (alone,) = finder.find(tmp_path)
    write(folder / "a.xml")
    with_notes = finder.look(alone)
    assert with_notes is not None
    assert with_notes == finder.find(tmp_path)[0]
    assert [Path(member.path).name for member in with_notes.members] == ["a.svs", "a.xml"]
    (folder / "a.xml").unlink()
    assert finder.look(with_notes) == alone


def test_notes_do_not_make_it_another_image(slide: Path, tmp_path: Path) -> None:
    (alone,) = FolderFinder().find(tmp_path)
    write(tmp_path / "0a1b.xml")
    (with_notes,) = FolderFinder().find(tmp_path)
    assert with_notes.fingerprint() != alone.fingerprint()
    assert with_notes.image_fingerprint() == alone.image_fingerprint() == alone.fingerprint()
    with slide.open("ab") as file:
        file.write(b"more")
    assert FolderFinder().find(tmp_path)[0].image_fingerprint() != alone.image_fingerprint()
