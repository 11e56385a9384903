"""DICOM: what the files say themselves, images split over files, names without an ending, other kinds of pictures."""

import shutil
import struct
from pathlib import Path

import pytest

from app.adapters.imaging import dicom
from app.adapters.imaging.dicom_series import read_instance
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.scan_facts import read_facts
from app.domain.slide import SlideFacts
from tests.adapters.imaging.samples import DICOM, SLIDES, copy_tree

PART = SLIDES / "dicom" / "google_test_wsi2" / "google_test_wsi2.dcm"


def facts_of(folder: Path) -> SlideFacts:
    (scan,) = FolderFinder().find(folder)
    return read_facts(scan)


def test_a_label_whose_slide_is_missing_still_tells_its_facts() -> None:
    facts = facts_of(PART.parent)
    assert (facts.format, facts.size, facts.associated) == ("dicom", (234, 117), ("label",))
    assert facts.mpp == pytest.approx((100.0, 100.0), rel=0.01)
    assert [each.text for each in facts.barcodes] == ["CBF-1234"]
    assert facts.problem is not None
    assert "part 1, 2, 3, 4 of 5 of an image" in facts.problem.message


def test_the_files_own_words_agree_with_openslides(tmp_path: Path) -> None:
    facts = facts_of(DICOM)
    largest = max((read_instance(path) for path in DICOM.glob("*.dcm")), key=lambda each: each.size)
    assert largest.size == facts.size
    spacing = [float(text) * 1000 for text in largest.text(0x00280030).split("\\")]
    assert facts.mpp == pytest.approx(tuple(spacing))
    assert {read_instance(path).kind for path in DICOM.glob("*.dcm")} == {"VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"}


def test_files_named_by_their_number_are_one_series_and_a_table_of_contents_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "slide"
    folder.mkdir()
    for number, path in enumerate(sorted(DICOM.glob("*.dcm"))):
        shutil.copyfile(path, folder / (path.stem if number % 2 else f"IM{number}"))
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00")
    (scan,) = FolderFinder().find(tmp_path)
    assert len(scan.members) == 1 + len(list(DICOM.glob("*.dcm")))
    assert read_facts(scan).complete


def test_a_picture_of_another_kind_is_no_slide(tmp_path: Path) -> None:
    path = copy_tree(PART, tmp_path)
    data = path.read_bytes()
    assert data.count(b"\x08\x00\x60\x00CS\x02\x00SM") == 1
    path.write_bytes(data.replace(b"\x08\x00\x60\x00CS\x02\x00SM", b"\x08\x00\x60\x00CS\x02\x00CT"))
    facts = facts_of(tmp_path)
    assert facts.problem is not None
    assert (facts.problem.title, "CT" in facts.problem.message) == ("Not a slide", True)


def test_frames_that_were_reserved_and_not_written_are_seen(tmp_path: Path) -> None:
    folder = copy_tree(DICOM, tmp_path)
    path = max(folder.glob("*.dcm"), key=lambda each: each.stat().st_size)
    data = path.read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(b"\xff\xd8\xff", at)]
    middle = starts[len(starts) // 2]
    path.write_bytes(data[:middle] + bytes(200) + data[middle + 200 :])
    facts = facts_of(folder.parent)
    assert facts.problem is not None
    assert "begins or ends with zeros" in facts.problem.message


@pytest.mark.parametrize("with_table", [True, False])
def test_files_of_very_many_frames_are_judged_by_a_sample_and_their_end(tmp_path: Path, with_table: bool) -> None:
    frame = b"\xff\xd8" + bytes(range(1, 101)) + b"\xff\xd9"
    frames, item = 5000, b"\xfe\xff\x00\xe0"
    table = struct.pack(f"<{frames}I", *(number * (8 + len(frame)) for number in range(frames))) if with_table else b""
    head = bytes(128) + b"DICM\x28\x00\x08\x00IS\x04\x005000" + b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
    pieces = (item + struct.pack("<I", len(frame)) + frame) * frames
    data = head + item + struct.pack("<I", len(table)) + table + pieces + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    path = tmp_path / "x.dcm"
    path.write_bytes(data)
    assert read_instance(path).fault == ""
    for kept in (len(data) - 1, len(data) - 9, len(data) - 200, len(data) // 2, len(head) + 4):
        path.write_bytes(data[:kept])
        assert read_instance(path).fault, kept
        path.write_bytes(data[:kept].ljust(len(data), b"\0"))
        assert read_instance(path).fault or kept > len(data) - 9, kept


def test_a_sequence_that_claims_to_go_on_is_an_error_not_a_hang(tmp_path: Path) -> None:
    path = tmp_path / "x.dcm"
    nested = b"\x00\x52\x29\x92SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path.write_bytes(bytes(128) + b"DICM" + nested * 40)
    with pytest.raises(dicom.DicomError):
        list(dicom.read_elements(path))
