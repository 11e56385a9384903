"""A scan that changes under our hands: while it is copied, before it is published, before it is released."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.source_disk import ScannerDisk
from app.domain.errors import ErrorKind, SlideError, SlideferryError, SourceChangedError
from app.domain.scan import Member, ScanSet
from app.domain.transfer import TransferPlan, TransferWatch
from tests.adapters.files.scene import (
    QUIET,
    Watching,
    after_a_tick,
    become_link,
    carry,
    grow,
    make_destination,
    open_destination,
    overwrite,
    plan_of,
    replace,
    require_published,
    sha256,
    write,
)
from tests.faults.collector import Faults
from tests.faults.operations import FILE, MANY, SET

pytestmark = pytest.mark.usefixtures("_small_chunks")

SCANS = {"a file": FILE, "a set": SET, "many small files": MANY}


def become_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: dict[str, Callable[[Path], None]] = {
    "grows": grow,
    "shrinks": lambda path: os.truncate(path, path.stat().st_size // 2),
    "other bytes, same size and mtime": overwrite,
    "other inode": replace,
    "vanishes": Path.unlink,
    "becomes a link": become_link,
    "becomes a pipe": become_pipe,
    "becomes a folder": become_folder,
    "is touched": lambda path: os.utime(path, (1, 1)),
}
SOME = pytest.param(range(2, 8, 5), id="some", marks=pytest.mark.quick_share)
EVERY = pytest.param(range(1, 12), id="every", marks=pytest.mark.long)
CHANGED = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.replace(" ", "-"))


def made(folder: Path, scan: str) -> list[tuple[Path, str]]:
    return [(write(folder / "scanner" / source, size), final) for source, size, final in SCANS[scan]]


@CHANGED
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("looks", [SOME, EVERY])
def test_while_it_is_copied(tmp_path: Path, faults: Faults, scan: str, change: str, looks: range) -> None:
    """At every moment that the engine looks up; which member it is takes turns."""
    for when in looks:
        folder = tmp_path / str(when)
        pairs = made(folder, scan)
        plan, root = plan_of(*pairs), folder / "share"
        destination = make_destination(root)
        victim = pairs[when % len(pairs)][0]
        done: list[int] = []
        acting = Watching(act=lambda victim=victim, done=done: done.append(CHANGES[change](victim) is None), when=when)
        outcome = copy_or_refuse(destination, plan, acting.watch)
        if not done:
            break
        if outcome is None:
            assert change in UNSEEN
            assert sha256(victim) == sha256(next((root / "2026").rglob(f".{Path(pairs[when % len(pairs)][1]).name}.*")))
        else:
            assert outcome is ErrorKind.SOURCE_CHANGED
            assert not [final for _, final in pairs if (root / final).exists()]
        told = "not opened yet: copied as it is" if outcome is None else "goes back to Wait Until Written"
        faults.note(f"copy of {scan}", f"look #{when}", f"the source {change}", told)
    assert when > looks.start


UNSEEN = ("other bytes, same size and mtime", "other inode")
"""Until a file is opened only its size and time are known: with both the same, what lies there is the scan."""


def copy_or_refuse(destination: FolderDestination, plan: TransferPlan, watch: TransferWatch) -> ErrorKind | None:
    try:
        destination.copy(plan, watch)
    except SlideferryError as error:
        return error.kind
    return None


@CHANGED
@pytest.mark.parametrize("scan", SCANS)
def test_before_it_is_published(tmp_path: Path, faults: Faults, scan: str, change: str) -> None:
    """What was verified is what is published: the bytes that were read, never what lies at the source now."""
    pairs = made(tmp_path, scan)
    plan, root = plan_of(*pairs), tmp_path / "share"
    held = {final: sha256(source) for source, final in pairs}
    destination = make_destination(root)
    files = destination.copy(plan, QUIET)
    CHANGES[change](pairs[-1][0])
    destination.publish(plan, files)
    assert {final: sha256(root / final) for final in held} == held
    assert open_destination(root).scrub(QUIET).findings == ()
    faults.note(f"publish of {scan}", "before it", f"the source {change}", "the verified bytes were published")


@CHANGED
@pytest.mark.parametrize("scan", SCANS)
def test_before_it_is_released(tmp_path: Path, faults: Faults, scan: str, change: str) -> None:
    """Nothing is removed unless size, time and the checksum read at that moment are those of the journal."""
    pairs = made(tmp_path, scan)
    plan, root = plan_of(*pairs), tmp_path / "share"
    destination = make_destination(root)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    scanner = tmp_path / "scanner"
    members = tuple(
        Member(each.source.relative_to(scanner).as_posix(), each.size_bytes, each.mtime_ns) for each in plan.members
    )
    victim = pairs[-1][0]
    CHANGES[change](victim)
    lying = sorted(path for path in scanner.rglob("*"))
    if change == "other inode":  # the same bytes, size and time: this is the scan, wherever it lies
        assert ScannerDisk().sha256(victim, QUIET) == files[-1].sha256
    elif change == "other bytes, same size and mtime":
        assert ScannerDisk().sha256(victim, QUIET) != files[-1].sha256
    elif change == "vanishes":
        with pytest.raises(SourceChangedError):
            ScannerDisk().sha256(victim, QUIET)
    else:
        with pytest.raises(SlideError, match="not removed"):
            ScannerDisk().remove(ScanSet(scanner, members[0].path, members))
    assert sorted(path for path in scanner.rglob("*")) == lying
    require_manifests(root, files)
    faults.note(f"release of {scan}", "before it", f"the source {change}", "nothing was removed")


def require_manifests(root: Path, files: tuple[object, ...]) -> None:
    assert open_destination(root).scrub(QUIET).files == len(files)
    assert open_destination(root).scrub(QUIET).findings == ()


@contextmanager
def nobody() -> Iterator[None]:
    """Be another account for a moment: the administrator may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("scan", ["a file", "many small files"])
@pytest.mark.parametrize("moment", ["before", "while"])
def test_it_loses_its_permission(faults: Faults, scan: str, moment: str) -> None:
    """Before: this slide's own trouble, told as such. While it is read: its ctime moved, it goes back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        with nobody():
            pairs = made(folder, scan)
            plan, root = plan_of(*pairs), folder / "share"
            destination = make_destination(root)
            victim = pairs[0][0]
            after_a_tick(victim)
            if moment == "before":
                victim.chmod(0)
            acting = Watching(act=lambda: victim.chmod(0), when=2)
            with pytest.raises((SlideError, SourceChangedError)) as caught:
                destination.copy(plan, acting.watch)
            assert isinstance(caught.value, SlideError) or moment == "while"
            assert str(victim) in caught.value.message
            assert not (root / plan.members[0].final).exists()
            victim.chmod(stat.S_IRUSR | stat.S_IWUSR)
            carry(open_destination(root), plan)
            require_published(root, plan)
    faults.note(f"copy of {scan}", moment, "the source loses its permission", "said; copied when it is back")


def test_a_pipe_from_the_start_does_not_hang(tmp_path: Path, faults: Faults) -> None:
    pipe = tmp_path / "pipe.svs"
    os.mkfifo(pipe)
    with pytest.raises(SourceChangedError):
        make_destination(tmp_path / "share").copy(plan_of((pipe, "a.svs")), QUIET)
    faults.note("copy of a file", "before", "the source is a pipe", "goes back to Wait Until Written")
