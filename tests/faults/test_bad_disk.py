"""A share that hangs, lies, flips bits or refuses: a FUSE file system between the engine and the disk."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import CorruptionError, ErrorKind, NameTakenError, SlideferryError, StoppedError
from app.domain.transfer import CheckGrade, Relocation, TransferPlan, TransferWatch
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
from tests.faults.disks import BadDisk, bad_disk
from tests.faults.operations import MOVED, SET, snapshot

pytestmark = pytest.mark.usefixtures("_small_chunks")

MOST_CALLS = 400
CODES = ("EIO", "ENOSPC", "ESTALE", "EACCES", "ENOTCONN", "EDQUOT", "EROFS", "ETIMEDOUT")
CALLS = (
    "write", "read", "fsync", "fsyncdir", "flush", "truncate", "create", "open", "rename", "unlink", "mkdir", "rmdir",
    "getattr", "readdir", "statfs",
)  # fmt: skip


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[BadDisk]:
    with bad_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def plan(tmp_path: Path) -> TransferPlan:
    return plan_of(*((write(tmp_path / "scanner" / source, size), final) for source, size, final in SET))


@pytest.fixture
def slide(tmp_path: Path) -> TransferPlan:
    return plan_of((write(tmp_path / "scanner" / "a.svs", 3 * CHUNK + 100), "2026/A.svs"))


def require_only_verified(root: Path, plan: TransferPlan) -> None:
    for member in plan.members:
        if (root / member.final).exists():
            assert sha256(root / member.final) == sha256(member.source)


def run_with(disk: BadDisk, root: Path, plan: TransferPlan, rule: dict[str, object]) -> bool:
    """Copy and publish while one call goes wrong; afterwards a fresh handle ends it and a second one rests.

    Returns False when there was no such call.
    """
    disk.misbehave()
    make_destination(root)
    disk.misbehave(rule)
    try:
        carry(open_destination(root), plan)
    except SlideferryError as error:
        said = error.kind
    else:
        said = None
    hit = disk.hits > 0
    disk.misbehave()
    if hit:
        assert said not in {ErrorKind.CORRUPTION, ErrorKind.STOPPED}
        require_recovery(disk, root, plan)
    return hit


def require_recovery(disk: BadDisk, root: Path, plan: TransferPlan) -> None:
    require_only_verified(disk.backing / root.name, plan)
    again = open_destination(root)
    files = again.copy(plan, QUIET)
    again.publish(plan, files)
    require_published(root, plan)
    before = snapshot(disk.backing / root.name)
    open_destination(root).publish(plan, files)
    assert snapshot(disk.backing / root.name) == before


@pytest.mark.parametrize(
    ("calls", "most", "step"),
    [
        pytest.param(("write", "fsync", "flush", "rename"), 6, 2, id="some", marks=pytest.mark.quick_share),
        pytest.param(CALLS, MOST_CALLS, 1, id="all", marks=pytest.mark.long),
    ],
)
def test_the_share_answers_a_call_with_an_error(
    disk: BadDisk, plan: TransferPlan, faults: Faults, calls: tuple[str, ...], most: int, step: int
) -> None:
    """The Nth call of each kind until a run is not hit, of the most frequent ones every third; errors take turns."""
    for call in calls:
        for number in range(1, most, 3 if call in {"getattr", "open"} else step):
            error = CODES[number % len(CODES)]
            if not run_with(disk, disk.mount / f"{call}{number}", plan, {"op": call, "nth": number, "error": error}):
                break
            faults.note("copy and publish on FUSE", f"{call} #{number}", error, "tried again on a new handle")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_short_writes_are_finished(disk: BadDisk, slide: TransferPlan, faults: Faults, number: int) -> None:
    rule = {"op": "write", "nth": number, "error": "short", "part": ".part"}
    assert run_with(disk, disk.mount / "share", slide, rule)
    faults.note("copy and publish on FUSE", f"write #{number}", "short", "the rest was written")


@pytest.mark.parametrize("op", ["write", "read"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_disk_that_lies_once_is_found_out_and_the_copy_repeated(
    disk: BadDisk, slide: TransferPlan, faults: Faults, op: str, number: int
) -> None:
    """It stores a flipped bit and says that all is well, or gives back a flipped bit of what it stored."""
    root = disk.mount / "share"
    destination = make_destination(root)
    disk.misbehave({"op": op, "nth": number, "error": "flip", "part": ".part"})
    carry(destination, slide)
    assert disk.hits == 1
    require_published(root, slide)
    faults.note("copy and publish on FUSE", f"{op} #{number}", "flipped bit", "found, copied again")


@pytest.mark.parametrize("op", ["write", "read"])
@pytest.mark.parametrize("number", [1, 3])
def test_a_disk_that_always_lies_ends_in_an_alarm(
    disk: BadDisk, slide: TransferPlan, faults: Faults, op: str, number: int
) -> None:
    root = disk.mount / "share"
    destination = make_destination(root)
    disk.misbehave({"op": op, "nth": number, "error": "flip", "part": ".part", "lasting": True})
    with pytest.raises(CorruptionError, match="twice"):
        carry(destination, slide)
    disk.misbehave()
    assert not (root / "2026/A.svs").exists()
    assert destination.leftovers() == ()
    carry(open_destination(root), slide)
    require_published(root, slide)
    faults.note("copy and publish on FUSE", f"{op} #{number} and on", "flipped bit", "alarm, nothing published")


@pytest.mark.parametrize("op", ["write", "read", "fsync", "truncate"])
def test_a_hanging_share_holds_only_the_call_it_holds(
    disk: BadDisk, slide: TransferPlan, faults: Faults, op: str
) -> None:
    """Nothing can end a call the system holds. The stop is heard when it comes back, and nothing is published."""
    root = disk.mount / "share"
    destination = make_destination(root)
    disk.misbehave({"op": op, "nth": 1, "error": "hang", "part": ".part"})
    stop = threading.Event()
    ended: list[SlideferryError] = []

    def transfer() -> None:
        try:
            carry_watched(destination, slide, stop)
        except SlideferryError as error:
            ended.append(error)

    thread = threading.Thread(target=transfer)
    thread.start()
    while not disk.hits:
        thread.join(0.02)
    assert thread.is_alive()
    stop.set()
    disk.misbehave()
    thread.join()
    assert [type(error) for error in ended] == ([StoppedError] if ended else [])
    require_only_verified(disk.backing / "share", slide)
    carry(open_destination(root), slide)
    require_published(root, slide)
    faults.note("copy and publish on FUSE", f"{op} #1", "hang", "stopped when it came back")


def carry_watched(destination: FolderDestination, plan: TransferPlan, stop: threading.Event) -> None:
    watch = TransferWatch(progress=lambda _: None, stopped=stop.is_set)
    destination.publish(plan, destination.copy(plan, watch))


TRAITS = ((), ("no-direct",), ("no-rename-flags",), ("no-links",), ("no-rename-flags", "no-links"), ("folds-case",))


@pytest.mark.parametrize("traits", TRAITS, ids=" ".join)
def test_what_a_share_cannot_do_is_done_another_way(
    tmp_path: Path, plan: TransferPlan, faults: Faults, traits: tuple[str, ...]
) -> None:
    """Publishing, moving and refusing to overwrite work without renameat2, hard links or O_DIRECT."""
    with bad_disk(tmp_path / "disk", *traits) as disk:
        root = disk.mount / "share"
        destination = make_destination(root)
        files = destination.copy(plan, QUIET)
        assert {file.check for file in files} <= {grade.value for grade in CheckGrade}
        destination.publish(plan, files)
        require_published(root, plan)
        other = plan_of((write(tmp_path / "scanner" / "other.mrxs", 1000), "2026/S.mrxs"))
        with pytest.raises(NameTakenError):
            carry(destination, replace(other, fingerprint="fedcba9876543210"))
        twin = plan_of((tmp_path / "scanner" / "other.mrxs", "2026/s.MRXS"))
        with pytest.raises(NameTakenError):
            carry(destination, replace(twin, fingerprint="fedcba9876543210"))
        destination.discard(replace(twin, fingerprint="fedcba9876543210"))
        destination.discard(replace(other, fingerprint="fedcba9876543210"))
        require_published(root, plan)
        destination.relocate(Relocation(files, MOVED))
        assert require_manifests_hold(root) == set(MOVED)
    for trait in traits:
        faults.note("publish, refuse and move on FUSE", "the whole way", trait, "done another way")


@pytest.mark.long
@pytest.mark.parametrize("traits", [("no-rename-flags",), ("no-rename-flags", "no-links")], ids=" ".join)
@pytest.mark.parametrize("call", ["link", "rename", "unlink"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_failing_in_the_middle_of_the_other_way(
    tmp_path: Path, plan: TransferPlan, faults: Faults, traits: tuple[str, ...], call: str, number: int
) -> None:
    with bad_disk(tmp_path / "disk", *traits) as disk:
        if run_with(disk, disk.mount / "share", plan, {"op": call, "nth": number, "error": "EIO"}):
            faults.note(f"copy and publish, {' '.join(traits)}", f"{call} #{number}", "EIO", "tried again")
