"""Real limits of real media: a full tmpfs, a file-size limit that makes writes short."""

import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import DestinationError, SlideError
from app.domain.transfer import CheckGrade
from tests.adapters.files.conftest import CHUNK
from tests.adapters.files.scene import (
    QUIET,
    bytes_read_from,
    carry,
    make_destination,
    open_destination,
    plan_of,
    require_published,
    write,
)
from tests.faults.disks import image


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB in memory (the tests run as root)."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_the_destination_and_goes_on_when_there_is_room(
    tmpfs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmpfs / "share"
    destination = make_destination(root)
    ballast = write(tmpfs / "ballast", 700_000)
    plan = plan_of((write(tmp_path / "a.svs", 8 * CHUNK), "a.svs"))
    with pytest.raises(DestinationError, match="full"):
        destination.copy(plan, QUIET)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**40, 0, 2**40))
        with pytest.raises(DestinationError, match="full") as caught:
            destination.copy(plan, QUIET)
        assert "a.svs" in caught.value.message
    ballast.unlink()
    carry(open_destination(root), plan)
    require_published(root, plan)


def test_a_short_write_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    root = tmp_path / "share"
    destination = make_destination(root)
    plan = plan_of((write(tmp_path / "a.svs", 5 * CHUNK), "a.svs"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK + 1000, before[1]))
    try:
        with pytest.raises(SlideError, match="too large") as caught:
            destination.copy(plan, QUIET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert "a.svs" in caught.value.message
    carry(open_destination(root), plan)
    require_published(root, plan)


def test_a_read_only_mount_is_said_by_check(tmpfs: Path) -> None:
    destination = make_destination(tmpfs / "share")
    destination.check()
    subprocess.run(["mount", "-o", "remount,ro", str(tmpfs)], check=True)
    with pytest.raises(DestinationError, match="read-only"):
        destination.check()


def squeezable(path: Path, size_bytes: int) -> Path:
    """Write bytes that a disk which compresses stores in half the room."""
    path.write_bytes(random.Random(path.name).randbytes(size_bytes // 2).hex().encode())
    return path


@pytest.mark.parametrize("sizes", [[3_000_000], [6000] * 60, [6000] * 250], ids=["one", "some", "hundreds"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("ext4", "loop"), ("ext4", "loop,data=journal"), ("xfs", "loop"), ("btrfs", "loop,compress-force"),
     ("btrfs", "loop,nodatasum")],
)  # fmt: skip
def test_what_is_called_read_back_was_read_from_the_disk(
    tmp_path: Path, kind: str, options: str, sizes: list[int]
) -> None:
    """Some file systems take the flag of direct reads and answer from the cache."""
    with image(tmp_path / "disk", kind, 320, options=options) as disk:
        destination = make_destination(disk / "share")
        plan = plan_of(*((squeezable(tmp_path / f"{n}.svs", size), f"{n}.svs") for n, size in enumerate(sizes)))
        before = bytes_read_from(disk)
        files = destination.copy(plan, QUIET)
        assert {file.check for file in files} == {CheckGrade.READ_BACK.value}
        assert bytes_read_from(disk) - before > plan.size_bytes / 3
