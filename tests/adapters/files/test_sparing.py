"""Scans are read past the cache, unless it holds them anyway: on real disks, by what the kernel and the disk count."""

import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.adapters.files import platform, platform_posix
from app.adapters.files.blocks import ALIGNMENT_BYTES
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.medium import make_buffer
from tests.adapters.files.conftest import CHUNK
from tests.adapters.files.scene import bytes_read_from, carry, plan_of, require_published, write
from tests.faults.disks import image


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own for the scanner, whose reads are counted."""
    with image(tmp_path_factory.mktemp("scanner") / "disk", "ext4", 64) as folder:
        yield folder


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, int, int]]:
    """Open a file through the cache; yield its descriptor and its whole range."""
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd, 0, path.stat().st_size
    finally:
        os.close(fd)


def forget(path: Path) -> None:
    """Write a file out and drop it from the cache, as a day of other work does."""
    with opened(path) as whole:
        assert platform.drop_cache(*whole)


def share_in_cache(path: Path) -> float:
    with opened(path) as whole:
        return platform_posix.cached_share(*whole)


def test_a_copied_scan_does_not_fill_the_cache(destination: FolderDestination, root: Path, disk: Path) -> None:
    scan = write(disk / "cold.svs", 40 * CHUNK + 5)
    forget(scan)
    plan = plan_of((scan, "cold.svs"))
    carry(destination, plan)
    assert share_in_cache(scan) < 0.05, "no more than what does not fill a block"
    require_published(root, plan)


def test_what_the_cache_holds_is_not_fetched_from_the_disk(
    destination: FolderDestination, root: Path, disk: Path
) -> None:
    scan = write(disk / "warm.svs", 40 * CHUNK)
    forget(scan)
    scan.read_bytes()
    plan = plan_of((scan, "warm.svs"))
    before = bytes_read_from(disk)
    carry(destination, plan)
    assert bytes_read_from(disk) - before < CHUNK
    require_published(root, plan)


@pytest.mark.parametrize("size_bytes", [1, ALIGNMENT_BYTES, 3 * CHUNK - 1, 3 * CHUNK + ALIGNMENT_BYTES + 1])
def test_every_byte_is_the_same_however_much_of_it_the_cache_holds(disk: Path, size_bytes: int) -> None:
    """From any offset, any number of bytes: whole blocks and parts of them, cold, warm and changed in the cache."""
    chance = random.Random(size_bytes)
    path = write(disk / f"{size_bytes}.svs", size_bytes)
    whole = bytearray(path.read_bytes())
    fd = platform.open_source(path)
    buffer = make_buffer(2 * CHUNK)
    try:
        for _ in range(60):
            match chance.choice(["forget", "warm", "change"]):
                case "forget":
                    forget(path)
                case "warm":
                    with path.open("rb") as file:
                        file.seek(chance.randrange(size_bytes))
                        file.read(CHUNK)
                case _:
                    at = chance.randrange(size_bytes)
                    whole[at] ^= 0xFF
                    with path.open("r+b") as file:
                        file.seek(at)
                        file.write(whole[at : at + 1])
            offset = chance.choice([0, CHUNK, chance.randrange(size_bytes + CHUNK)])
            length = chance.choice([CHUNK, 2 * CHUNK, chance.randrange(1, 2 * CHUNK)])
            with memoryview(buffer) as view:
                count = platform.read_sparing_cache(fd, view[:length], offset)
                assert view[:count] == whole[offset : offset + count]
            assert count > 0 or offset >= size_bytes
    finally:
        os.close(fd)


@pytest.mark.parametrize("refused", ["switching it on", "reading"])
def test_where_it_is_refused_the_scan_is_read_through_the_cache(
    destination: FolderDestination, root: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    import fcntl

    scan = write(disk / "refused.svs", 5 * CHUNK + 1)
    forget(scan)
    asked = []

    def refuse(fd: int) -> bool:
        is_scan = os.path.samestat(os.fstat(fd), scan.stat())
        asked.append(is_scan)
        return is_scan

    switch, read = platform_posix.set_direct, os.preadv

    def set_direct(fd: int) -> None:
        if refused == "switching it on" and refuse(fd):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        switch(fd)

    def preadv(fd: int, views: list[memoryview], offset: int) -> int:
        if refused == "reading" and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT and refuse(fd):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return read(fd, views, offset)

    monkeypatch.setattr(platform_posix, "set_direct", set_direct)
    monkeypatch.setattr(os, "preadv", preadv)
    plan = plan_of((scan, "refused.svs"))
    carry(destination, plan)
    monkeypatch.undo()
    assert any(asked)
    require_published(root, plan)


@pytest.mark.parametrize("kind", ["network", "win32", "darwin"])
def test_elsewhere_scans_are_read_as_before(disk: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A server or FUSE reads ahead only through the cache; Windows and macOS have their own ways."""
    scan = write(disk / "elsewhere.svs", CHUNK)
    forget(scan)

    def never(_fd: int) -> None:
        raise AssertionError("asked for reads past the cache")

    monkeypatch.setattr(platform_posix, "set_direct", never)
    if kind == "network":
        monkeypatch.setattr(platform_posix, "_DISK_FILE_SYSTEMS", frozenset({0x6969}))
    fd = os.open(scan, os.O_RDONLY)
    try:
        with memoryview(make_buffer(CHUNK)) as view:
            count = platform.read_sparing_cache(fd, view, 0, system="linux" if kind == "network" else kind)
            assert view[:count] == scan.read_bytes()[:count]
            assert count
    finally:
        os.close(fd)
