"""Rules of other systems, the meaning of error codes, markers and addresses of destinations."""

import ctypes
import errno
import hashlib
import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.adapters.files import platform, platform_macos, platform_windows
from app.adapters.files.failures import from_destination, from_source
from app.adapters.files.folder_destination import FolderDestination, folder_of
from app.adapters.files.medium import hash_medium
from app.adapters.files.source_disk import ScannerDisk
from app.domain.errors import DestinationError, ErrorKind, HeldError, SlideError, UseError
from app.domain.ports import Destination, SourceDisk
from app.domain.transfer import CheckGrade
from tests.adapters.files.scene import open_destination


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EIO, ErrorKind.RETRYABLE), (errno.ESTALE, ErrorKind.RETRYABLE), (errno.ETIMEDOUT, ErrorKind.RETRYABLE),
        (errno.ENOSPC, ErrorKind.DESTINATION), (errno.EDQUOT, ErrorKind.DESTINATION),
        (errno.EROFS, ErrorKind.DESTINATION), (errno.ENOTCONN, ErrorKind.DESTINATION),
        (errno.EACCES, ErrorKind.THIS_SLIDE), (errno.ENOTDIR, ErrorKind.THIS_SLIDE),
        (errno.EISDIR, ErrorKind.THIS_SLIDE), (errno.ENAMETOOLONG, ErrorKind.THIS_SLIDE),
    ],
)  # fmt: skip
def test_error_codes(code: int, kind: ErrorKind) -> None:
    error = from_destination(OSError(code, "reason"), "/share/a.svs")
    assert error.kind is kind
    assert error.title
    assert error.hint
    assert "/share/a.svs" in error.message


@pytest.mark.parametrize(
    ("code", "winerror", "kind"),
    [
        (errno.ENOSPC, 112, ErrorKind.DESTINATION), (errno.EACCES, 19, ErrorKind.DESTINATION),
        (errno.ENOENT, 53, ErrorKind.DESTINATION), (errno.EACCES, 32, ErrorKind.RETRYABLE),
        (errno.EINVAL, 64, ErrorKind.RETRYABLE), (errno.EACCES, 5, ErrorKind.THIS_SLIDE),
        (errno.EINVAL, 123, ErrorKind.THIS_SLIDE), (errno.ENOENT, 206, ErrorKind.THIS_SLIDE),
    ],
)  # fmt: skip
def test_windows_codes_say_more_than_errno(code: int, winerror: int, kind: ErrorKind) -> None:
    error = OSError(code, "reason")
    error.winerror = winerror
    assert from_destination(error, "a").kind is kind


def test_source_codes() -> None:
    assert from_source(OSError(errno.ENOENT, ""), "a").kind is ErrorKind.SOURCE_CHANGED
    assert from_source(OSError(errno.EIO, ""), "a").kind is ErrorKind.RETRYABLE
    assert from_source(OSError(errno.EACCES, ""), "a").kind is ErrorKind.THIS_SLIDE


@pytest.mark.parametrize("meaning", [from_source, from_destination])
@pytest.mark.parametrize("winerror", [32, 33])
def test_a_file_that_another_program_holds_on_windows_is_waited_for(meaning, winerror: int) -> None:
    sharing = OSError(errno.EACCES, "The process cannot access the file")
    sharing.winerror = winerror
    error = meaning(sharing, "a.svs")
    assert isinstance(error, HeldError)
    assert error.kind is ErrorKind.RETRYABLE
    assert "a.svs" in error.message


def test_windows_has_no_folder_sync(tmp_path: Path) -> None:
    platform.sync_folder(tmp_path / "missing", system="win32")
    with pytest.raises(FileNotFoundError):
        platform.sync_folder(tmp_path / "missing")


def test_rename_never_replaces(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    new.write_text("new")
    with pytest.raises(FileExistsError):
        platform.rename_exclusively(old, new)
    assert (old.read_text(), new.read_text()) == ("old", "new")
    new.unlink()
    platform.rename_exclusively(old, new)
    assert (old.exists(), new.read_text()) == (False, "old")


@pytest.mark.parametrize(
    ("url", "system", "expected"),
    [
        ("/mnt/share", "linux", "/mnt/share"),
        ("file:///mnt/a%20b", "linux", "/mnt/a b"),
        ("file://localhost/mnt/a", "linux", "/mnt/a"),
        ("file:///C:/scans", "win32", "C:\\scans"),
        ("file://host/share/scans", "win32", "\\\\host\\share\\scans"),
    ],
)
def test_addresses(url: str, system: str, expected: str) -> None:
    assert str(folder_of(url, system=system)) == expected


@pytest.mark.parametrize("url", ["s3://bucket/x", "file://host/share"])
def test_addresses_that_are_no_folder(url: str) -> None:
    with pytest.raises(UseError):
        folder_of(url, system="linux")


def test_marker(tmp_path: Path) -> None:
    destination = open_destination(tmp_path / "share")
    with pytest.raises(DestinationError):
        destination.check()
    with pytest.raises(DestinationError):
        FolderDestination(tmp_path / "a" / "b", "Rescans", "pc").initialise()
    (tmp_path / "share").mkdir()
    with pytest.raises(UseError):
        destination.adopt()
    found = destination.initialise()
    assert destination.adopt() == found
    destination.check()
    with pytest.raises(UseError):
        destination.initialise()
    assert destination.adopt() == found
    assert (tmp_path / "share" / "Rescans").is_dir()
    (tmp_path / "share" / ".slideferry" / "destination.json").write_text("{")
    with pytest.raises(DestinationError, match="cannot be read"):
        destination.check()


def test_absolute_and_free_bytes(destination: FolderDestination, root: Path) -> None:
    assert destination.absolute("2026/a.svs") == str(root / "2026/a.svs")
    with pytest.raises(SlideError):
        destination.absolute("../a.svs")
    free = destination.free_bytes()
    assert free is not None
    assert free > 0
    assert FolderDestination(root / "missing", "R", "pc").free_bytes() is None


def test_the_classes_meet_their_ports(destination: FolderDestination) -> None:
    port: Destination = destination
    disk: SourceDisk = ScannerDisk()
    for name in ("check", "initialise", "adopt", "copy", "publish", "occupant", "relocate", "discard", "leftovers"):
        assert callable(getattr(port, name))
    assert callable(disk.remove)


@pytest.mark.parametrize(
    ("path", "far"),
    [
        (r"C:\Users\mira\Slideferry", False), (r"\\?\C:\Users\mira\Slideferry", False), ("data", False),
        (r"Z:\Slideferry", True), (r"\\?\Z:\Slideferry", True), (r"\\nas\home\mira", True), ("//nas/home/mira", True),
        (r"\\?\UNC\nas\home\mira", True), (r"\\?\unc\nas\home", True),
    ],
)  # fmt: skip
def test_windows_shares_by_name_and_by_letter(path: str, far: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    remote, fixed = 4, 3
    monkeypatch.setattr(platform_windows, "_drive_type", lambda root: remote if root == "Z:\\" else fixed)
    assert platform.is_remote(Path(path), system="win32") is far


@pytest.mark.parametrize("name", ["statfs$INODE64", "statfs"])
@pytest.mark.parametrize(("flags", "code", "far"), [(0x04809000, 0, False), (0x04800000, 0, True), (0, -1, None)])
def test_macos_says_by_a_flag_whether_a_disk_is_its_own(
    name: str, flags: int, code: int, far: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statfs(path: bytes, told: "ctypes.Array[ctypes.c_char]") -> int:
        assert path == bytes(tmp_path)
        told[64:68] = flags.to_bytes(4, "little")
        return code

    monkeypatch.setattr(platform_macos, "_c_library", lambda: SimpleNamespace(**{name: statfs}))
    assert platform.is_remote(tmp_path / "not" / "made", system="darwin") is far


def test_on_macos_nothing_written_stays_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its uncached reads take from the cache what is there already."""
    asked: list[int] = []
    monkeypatch.setattr(platform.platform_macos, "bypass_cache", asked.append)
    fd, direct = platform.open_part(tmp_path / "large", system="darwin")
    fds = [fd, platform.create_exclusively(tmp_path / "small", system="darwin")]
    for each in fds:
        os.close(each)
    assert asked == fds
    assert not direct


class UnbufferedRefused:
    """Windows' way to open a file, on a share that will not be read unbuffered: it says so at once, or at the read."""

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self.unbuffered: set[int] = set()

    def open_shared(self, path: Path, *, past_cache: bool) -> int:
        if past_cache and self._at_once:
            raise OSError(errno.EINVAL, "The parameter is incorrect")
        fd = os.open(path, os.O_RDONLY)
        self.unbuffered = {fd} if past_cache else set()
        return fd

    def read_at(self, fd: int, view: memoryview, offset: int) -> int:
        if fd in self.unbuffered:
            raise OSError(errno.EINVAL, "The parameter is incorrect")
        return os.preadv(fd, [view], offset)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_windows_share_that_refuses_unbuffered_reads_is_read_with_the_lower_grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    share = UnbufferedRefused(at_once=at_once)
    monkeypatch.setattr(platform.platform_windows, "open_shared", share.open_shared)
    monkeypatch.setattr(platform, "read_at", share.read_at)
    for call in ("open_past_cache", "leave_direct", "drop_cache"):
        monkeypatch.setattr(platform, call, partial(getattr(platform, call), system="win32"))
    path = tmp_path / "a.svs"
    path.write_bytes(b"scan" * 2000)
    sha256, size_bytes, grade = hash_medium(path, lambda _: None)
    assert (sha256, size_bytes) == (hashlib.sha256(b"scan" * 2000).hexdigest(), 8000)
    assert grade is CheckGrade.CACHE_NOT_BYPASSED


def test_a_file_that_was_exchanged_is_not_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Windows opens a file anew to leave unbuffered reads: by its name."""
    monkeypatch.setattr(platform.platform_windows, "open_shared", UnbufferedRefused(at_once=False).open_shared)
    path = tmp_path / "a.svs"
    path.write_bytes(b"mine")
    fd = os.open(path, os.O_RDONLY)
    path.rename(tmp_path / "b.svs")
    path.write_bytes(b"another's")
    with pytest.raises(OSError, match="another file"):
        platform.leave_direct(fd, path, system="win32")
    os.close(fd)
