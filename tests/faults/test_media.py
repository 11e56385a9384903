"""Real media at their limits: full, out of inodes, size-limited, failing beneath the file system, of other kinds."""

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import DestinationError, ErrorKind, NameTakenError, SlideferryError
from app.domain.transfer import Relocation, TransferPlan
from tests.adapters.files.scene import (
    QUIET,
    carry,
    make_destination,
    open_destination,
    plan_of,
    require_manifests_hold,
    require_published,
    sha256,
    write,
)
from tests.faults.collector import Faults
from tests.faults.conftest import CHUNK
from tests.faults.disks import foreign_image, image, memory, mount
from tests.faults.operations import FILE, MANY, MOVED, SET

pytestmark = pytest.mark.usefixtures("_small_chunks")

SCANS = {"a file": FILE, "a set": SET, "many small files": MANY}


def planned(folder: Path, members: tuple[tuple[str, int, str], ...]) -> TransferPlan:
    return plan_of(*((write(folder / "scanner" / source, size), final) for source, size, final in members))


def outcome_of(act: Callable[[], None]) -> ErrorKind | None:
    try:
        act()
    except SlideferryError as error:
        return error.kind
    return None


def require_only_verified(root: Path, plan: TransferPlan) -> None:
    for member in plan.members:
        if (root / member.final).exists():
            assert sha256(root / member.final) == sha256(member.source)


@pytest.fixture
def _says_that_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another program takes after the look at the free space."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**40, 0, 2**40))


@pytest.mark.usefixtures("_says_that_there_is_room")
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize(
    "step",
    [pytest.param(6, id="some", marks=pytest.mark.quick_share), pytest.param(1, id="all", marks=pytest.mark.long)],
)
def test_a_full_disk(tmp_path: Path, faults: Faults, scan: str, step: int) -> None:
    """With ever more pages free, until it fits: its queue stops, and goes on when there is room."""
    plan = planned(tmp_path, SCANS[scan])
    for pages in range(0, 200, step):
        with memory(tmp_path / f"disk{pages}", "size=1m") as disk:
            root = disk / "share"
            destination = make_destination(root)
            ballast = disk / "ballast"
            fill(ballast, pages)
            kind = outcome_of(lambda destination=destination: carry(destination, plan))
            require_only_verified(root, plan)
            ballast.unlink()
            carry(open_destination(root), plan)
            require_published(root, plan)
        if kind is None:
            break
        assert kind is ErrorKind.DESTINATION
        faults.note(f"copy and publish of {scan}", f"{pages} pages free", "full disk", "its queue stops, then goes on")
    assert pages


def fill(ballast: Path, pages: int) -> None:
    """Fill the disk this lies on, but for so many pages."""
    with ballast.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(bytes(4096)):
                pass
        file.truncate(max(0, file.tell() - pages * 4096))


@pytest.mark.parametrize("scan", SCANS)
def test_a_disk_without_inodes(tmp_path: Path, faults: Faults, scan: str) -> None:
    """With ever more inodes, until they are enough."""
    plan = planned(tmp_path, SCANS[scan])
    for inodes in range(7, 60):
        with memory(tmp_path / f"disk{inodes}", f"size=8m,nr_inodes={inodes}") as disk:
            root = disk / "share"
            try:
                destination = make_destination(root)
            except DestinationError:
                continue
            kind = outcome_of(lambda destination=destination: carry(destination, plan))
            require_only_verified(root, plan)
            mount("-o", "remount,nr_inodes=1000", disk)
            carry(open_destination(root), plan)
            require_published(root, plan)
        if kind is None:
            break
        assert kind is ErrorKind.DESTINATION
        faults.note(f"copy and publish of {scan}", f"{inodes} inodes", "no inode left", "its queue stops, then goes on")


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)


@pytest.mark.parametrize("scan", SCANS)
def test_a_limit_on_the_size_of_files(tmp_path: Path, faults: Faults, scan: str) -> None:
    """Writes end short, then fail: an error of this slide that says so, whatever the limit cuts."""
    plan = planned(tmp_path, SCANS[scan])
    largest = max(member.size_bytes for member in plan.members)
    for limit in sorted({1, 100, 4096, 4097, CHUNK, CHUNK + 1, largest // 2, largest - 1}):
        if limit >= largest:
            continue
        root = tmp_path / f"share{limit}"
        make_destination(root)
        with file_size_limit(limit):
            kind = outcome_of(lambda root=root: carry(open_destination(root), plan))
        assert kind in {ErrorKind.THIS_SLIDE, ErrorKind.RETRYABLE}
        require_only_verified(root, plan)
        carry(open_destination(root), plan)
        require_published(root, plan)
        faults.note(
            f"copy and publish of {scan}", f"limit of {limit} bytes", "short write, then EFBIG", "said; tried again"
        )


@pytest.mark.parametrize("scan", ["a file", "many files through the cache"])
def test_a_disk_that_fails_beneath_its_file_system(tmp_path: Path, faults: Faults, scan: str) -> None:
    """The image lies on a disk too small for it: what goes through the cache is taken, and flushing it fails."""
    count = 1 if scan == "a file" else 12
    plan = planned(tmp_path, tuple((f"{each}.svs", 2_000_000, f"2026/{each}.svs") for each in range(count)))
    if count == 1:
        plan = planned(tmp_path, (("y.svs", 24_000_000, "2026/S.svs"),))
    with memory(tmp_path / "small", "size=14m") as small, image(tmp_path / "disk", "ext4", 64, within=small) as disk:
        root = disk / "share"
        destination = make_destination(root)
        kind = outcome_of(lambda: carry(destination, plan))
        assert kind in {ErrorKind.RETRYABLE, ErrorKind.DESTINATION, ErrorKind.CORRUPTION}
        assert not [member.final for member in plan.members if (root / member.final).exists()]
    faults.note(f"copy of {scan}", "flushing", "the disk beneath is full", "said, nothing published")


@pytest.mark.parametrize(
    ("kind", "size_mb"),
    [
        pytest.param("ext4", 64, marks=pytest.mark.long),
        pytest.param("xfs", 320, marks=pytest.mark.long),
        pytest.param("btrfs", 160, marks=pytest.mark.long),
    ],
)
def test_real_file_systems(tmp_path: Path, faults: Faults, kind: str, size_mb: int) -> None:
    """The whole way on each, until it is full."""
    with image(tmp_path / "disk", kind, size_mb) as disk:
        require_the_whole_way(tmp_path, disk)
        ballast = disk / "ballast"
        fill(ballast, 10)
        plan = planned(tmp_path / "more", (("y.svs", 3_000_000, "more/S.svs"),))
        destination = open_destination(disk / "share")
        assert outcome_of(lambda: carry(destination, plan)) is ErrorKind.DESTINATION
        require_only_verified(disk / "share", plan)
        ballast.unlink()
        os.sync()  # some give back what was removed only then
        carry(destination, plan)
        assert open_destination(disk / "share").scrub(QUIET).findings == ()
    faults.note(f"the whole way on {kind}", "copy", "full disk", "its queue stops, then goes on")
    faults.note(f"the whole way on {kind}", "publish", "name taken", "refused")


@pytest.mark.long
@pytest.mark.parametrize(("kind", "program"), [("exfat", "mount.exfat-fuse"), ("ntfs", "ntfs-3g")])
def test_file_systems_of_other_systems(tmp_path: Path, faults: Faults, kind: str, program: str) -> None:
    """As a USB disk or an old share has them: no hard links or no exclusive rename, names that ignore case."""
    with foreign_image(tmp_path / "disk", kind, program) as disk:
        require_the_whole_way(tmp_path, disk)
    faults.note(f"the whole way on {kind}", "publish", "name taken", "refused")
    faults.note(f"the whole way on {kind}", "publish", "no exclusive rename or no hard link", "done another way")


def require_the_whole_way(folder: Path, disk: Path) -> None:
    """Copy, publish, refuse to overwrite, move, scrub, find a flipped bit."""
    plan, root = planned(folder, SET), disk / "share"
    destination = make_destination(root)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    require_published(root, plan)
    other = plan_of((write(folder / "scanner" / "other", 1000), "2026/S.mrxs"))
    for final in ("2026/S.mrxs", "2026/s.MRXS"):
        rival = replace(other, fingerprint="fedcba9876543210", members=(replace(other.members[0], final=final),))
        with pytest.raises(NameTakenError):
            carry(destination, rival)
        destination.discard(rival)
    require_published(root, plan)
    destination.relocate(Relocation(files, MOVED))
    assert require_manifests_hold(root) == set(MOVED)
    many = planned(folder, MANY)
    carry(destination, many)
    moved = root / MOVED[0]
    content = bytearray(moved.read_bytes())
    content[5] ^= 1
    moved.write_bytes(content)
    assert [each.path for each in open_destination(root).scrub(QUIET).findings] == [MOVED[0]]
    content[5] ^= 1
    moved.write_bytes(content)
    assert open_destination(root).scrub(QUIET).findings == ()
