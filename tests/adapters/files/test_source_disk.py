"""The scanner's disk: what is hashed, and that only what was copied is ever removed."""

import os
from pathlib import Path

import pytest

from app.adapters.files.source_disk import ScannerDisk
from app.domain.errors import SlideError, SourceChangedError, StoppedError, SurroundingsError
from app.domain.scan import Layout, Member, ScanSet
from app.domain.transfer import TransferWatch
from tests.adapters.files.scene import QUIET, sha256, write


@pytest.fixture
def scan(tmp_path: Path) -> ScanSet:
    root = tmp_path / "scanner"
    paths = [write(root / "day" / name, 5000) for name in ("x.mrxs", "x/Slidedat.ini", "x/Data0000.dat")]
    members = tuple(
        Member(path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in paths
    )
    return ScanSet(root, "day/x.mrxs", members, Layout.FILE_AND_FOLDER)


@pytest.mark.parametrize("size", [0, 1, 4096, 100_001])
def test_hash(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a", size)
    assert ScannerDisk().sha256(path, QUIET) == sha256(path)


def test_hashing_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        ScannerDisk().sha256(write(tmp_path / "a", 10), TransferWatch(lambda _: None, lambda: True))


def test_what_is_no_file_is_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write(tmp_path / "a", 10))
    for name in ("link", "missing"):
        with pytest.raises(SourceChangedError):
            ScannerDisk().sha256(tmp_path / name, QUIET)


def test_remove_takes_the_members_and_their_emptied_folders(scan: ScanSet) -> None:
    other = write(scan.root / "day" / "other.mrxs", 3)
    ScannerDisk().remove(scan)
    assert [path for path in scan.root.rglob("*") if path.is_file()] == [other]
    assert not (scan.root / "day" / "x").exists()
    ScannerDisk().remove(scan)
    assert scan.root.is_dir()


def replaced_by_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def folder_replaced_by_link(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"newer"),
        lambda path: os.utime(path, (1, 1)),
        replaced_by_link,
        folder_replaced_by_link,
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["written", "touched", "link", "folder link", "folder"],
)
def test_nothing_is_removed_when_one_member_is_not_what_it_was(scan: ScanSet, change) -> None:
    change(scan.root / "day/x/Data0000.dat")
    before = sorted(scan.root.rglob("*"))
    with pytest.raises(SlideError, match="not removed"):
        ScannerDisk().remove(scan)
    assert sorted(scan.root.rglob("*")) == before


def test_free_bytes(tmp_path: Path) -> None:
    assert ScannerDisk().free_bytes(tmp_path) > 0
    with pytest.raises(SurroundingsError):
        ScannerDisk().free_bytes(tmp_path / "missing")
