"""A destination that goes away, is exchanged, taken or rots: said in words, and nothing written where it must not."""

import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.files import names
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import DestinationError, ErrorKind, NameTakenError, SlideferryError
from app.domain.transfer import TransferPlan
from tests.adapters.files.scene import (
    QUIET,
    Watching,
    carry,
    make_destination,
    open_destination,
    plan_of,
    require_published,
    sha256,
    write,
)
from tests.faults.collector import Faults
from tests.faults.disks import memory, mount, unmount
from tests.faults.injection import Fault, injected
from tests.faults.operations import FILE, MANY, OPERATIONS, SET, Operation, Stage, snapshot

pytestmark = pytest.mark.usefixtures("_small_chunks")

SCANS = {"a file": FILE, "a set": SET, "many small files": MANY}
AT_ROOT = (("y.svs", 200_000, "S.svs"),)
"""A final name right below the root: the empty folder under a mount would take it."""


def planned(folder: Path, members: tuple[tuple[str, int, str], ...]) -> TransferPlan:
    return plan_of(*((write(folder / "scanner" / source, size), final) for source, size, final in members))


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


# --- it goes away


@pytest.mark.parametrize("scan", [*SCANS, "a file at the root"])
def test_unmounted_in_the_middle(tmp_path: Path, faults: Faults, scan: str) -> None:
    """Whatever is there afterwards is not the share: nothing is published, nothing stays in the mount point."""
    for when in range(1, 9):
        folder = tmp_path / str(when)
        plan = planned(folder, SCANS.get(scan, AT_ROOT))
        point = folder / "share"
        point.mkdir()
        done: list[int] = []

        def leave(point: Path = point, done: list[int] = done) -> None:
            done.append(1)
            unmount(point)

        with memory(point, "size=8m"):
            kind = outcome_of(make_destination(point), plan, Watching(act=leave, when=when))
        if not done:
            break
        assert kind in {ErrorKind.DESTINATION, ErrorKind.RETRYABLE}
        assert files_below(point) == []
        with pytest.raises(DestinationError, match="not mounted"):
            carry(open_destination(point), plan)
        faults.note(f"copy of {scan}", f"look #{when}", "unmounted", "stopped, said; nothing in the mount point")
    assert when > 1


def outcome_of(destination: FolderDestination, plan: TransferPlan, watching: Watching) -> ErrorKind | None:
    """Copy and publish; return what kind of error came of it, None when none did."""
    try:
        destination.publish(plan, destination.copy(plan, watching.watch))
    except SlideferryError as error:
        return error.kind
    return None


def replace_by_empty(root: Path) -> None:
    root.rename(root.with_name("away"))
    root.mkdir()


def remove_marker(root: Path) -> None:
    (root / names.CONTROL_FOLDER / "destination.json").unlink()


def spoil_marker(root: Path) -> None:
    (root / names.CONTROL_FOLDER / "destination.json").write_text("{", encoding="utf-8")


def exchange_marker(root: Path) -> None:
    remove_marker(root)
    open_destination(root).initialise()


def vanish(root: Path) -> None:
    root.rename(root.with_name("away"))


GOING: dict[str, Callable[[Path], None]] = {
    "an empty folder in its place": replace_by_empty,
    "its marker gone": remove_marker,
    "its marker damaged": spoil_marker,
    "another's marker": exchange_marker,
    "the folder gone": vanish,
}
ACTS = [each for each in OPERATIONS if each.name not in {"making a destination", "release"}]


ALL = [(going, operation) for going in GOING for operation in ACTS]
SHARE = ALL[::4]
"""Each act and each way of going at least once, when not all are tried."""


@pytest.mark.parametrize(
    ("going", "operation"),
    [pytest.param(*each, marks=() if each in SHARE else pytest.mark.long) for each in ALL],
    ids=lambda each: str(getattr(each, "name", each)).replace(" ", "-"),
)
def test_without_its_marker_nothing_is_done(tmp_path: Path, faults: Faults, operation: Operation, going: str) -> None:
    """Every act that would change or judge it refuses, and leaves it as it is."""
    case = Stage(operation, tmp_path).case()
    known = case.world.destination
    known.check()
    GOING[going](case.world.root)
    before = snapshot(case.world.root)
    again = replace(case, world=replace(case.world, known=known))
    with pytest.raises(DestinationError):
        operation.act(again)
    assert snapshot(case.world.root) == before
    case.require_sources()
    faults.note(operation.name, "before it", going, "refused, nothing changed")


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("moment", ["while it is copied", "before it is published"])
def test_a_folder_swapped_for_a_link(tmp_path: Path, faults: Faults, scan: str, moment: str) -> None:
    """A link leads elsewhere: nothing final is written there, and what lies there stays."""
    plan = planned(tmp_path, SCANS[scan])
    root, elsewhere = tmp_path / "share", tmp_path / "elsewhere"
    theirs = write(elsewhere / "theirs.svs", 1000)
    held = sha256(theirs)
    destination = make_destination(root)

    def swap() -> None:
        (root / "2026").rename(root / "2025")
        (root / "2026").symlink_to(elsewhere)

    if moment == "before it is published":
        files = destination.copy(plan, QUIET)
        swap()
        with pytest.raises(SlideferryError, match="link"):
            destination.publish(plan, files)
    else:
        assert outcome_of(destination, plan, Watching(act=swap, when=3)) in {ErrorKind.THIS_SLIDE, ErrorKind.RETRYABLE}
    assert sha256(theirs) == held
    assert not [path for path in files_below(elsewhere) if path != theirs and not names.is_part(path.name)]
    (root / "2026").unlink()
    shutil.rmtree(root / "2025")
    carry(open_destination(root), plan)
    require_published(root, plan)
    faults.note(
        f"copy and publish of {scan}", moment, "folder swapped for a link", "refused; done when it was put right"
    )


@pytest.mark.parametrize("operation", ACTS, ids=lambda operation: operation.name.replace(" ", "-"))
def test_made_read_only(tmp_path: Path, faults: Faults, operation: Operation) -> None:
    """What must write stops its queue, and ends when it can; what only reads goes on."""
    with memory(tmp_path / "disk", "size=8m") as disk:
        case = Stage(operation, disk).case()
        known = case.world.destination
        known.check()
        mount("-o", "remount,ro", disk)
        kind = None
        try:
            operation.act(replace(case, world=replace(case.world, known=known)))
        except SlideferryError as error:
            kind = error.kind
        assert kind == (None if operation.name in {"scrub", "check of a file"} else ErrorKind.DESTINATION)
        mount("-o", "remount,rw", disk)
        operation.finish(case)
        operation.require_end(case)
    faults.note(operation.name, "before it", "read-only", "its queue stops; goes on when it can")


# --- its names are taken

TAKEN: dict[str, Callable[[str], str]] = {
    "the same name": lambda name: name,
    "the name in another case": str.swapcase,
    "the name in another Unicode form": lambda name: unicodedata.normalize("NFD", name),
}


MOMENTS = [(taken, moment) for taken in TAKEN for moment in ("before the copy", "before publishing")]
MOMENTS.append(("the same name", "before the rename"))


@pytest.mark.parametrize(("taken", "moment"), MOMENTS, ids=lambda text: text.replace(" ", "-"))
@pytest.mark.parametrize("members", [1, 3], ids=["file", "set"])
def test_a_name_is_taken(tmp_path: Path, faults: Faults, taken: str, members: int, moment: str) -> None:
    """Never overwritten, at whatever moment it comes; all members of the scan or none appear.

    A twin that comes between the look and the rename can be refused by the file system alone.
    """
    pairs = [(write(tmp_path / "scanner" / f"{each}.svs", 3000 + each), f"2026/É{each}.svs") for each in range(members)]
    plan, root = plan_of(*pairs), tmp_path / "share"
    destination = make_destination(root)
    occupant = root / "2026" / TAKEN[taken](Path(pairs[0][1]).name)

    def take() -> None:
        write(occupant, 10)

    fault = Fault("renameat2", members if moment == "before the rename" else 99, "EEXIST", look=take)
    if moment == "before the copy":
        take()
    files = destination.copy(plan, QUIET)
    if moment == "before publishing":
        take()
    with injected(fault), pytest.raises(NameTakenError, match=r"is there already"):
        destination.publish(plan, files)
    assert occupant.stat().st_size == 10
    others = [root / final for _, final in pairs if root / final != occupant]
    assert not [each for each in others if each.exists()]
    occupant.unlink()
    destination.publish(plan, files)
    require_published(root, plan)
    faults.note(f"publish of {members}", moment, taken, "refused; published when it was free")


# --- it rots


@pytest.mark.parametrize("at", [0, 4095, 4096, 70_000, -1])
@pytest.mark.parametrize("scan", SCANS)
def test_a_bit_flips_after_publishing(tmp_path: Path, faults: Faults, scan: str, at: int) -> None:
    """Scrubbing and checking find it in whichever member it is; the others are as they were."""
    plan = planned(tmp_path, SCANS[scan])
    root = tmp_path / "share"
    destination = make_destination(root)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    for file in files:
        path = root / file.destination
        whole = path.read_bytes()
        if not whole:
            continue
        spoiled = bytearray(whole)
        spoiled[min(at, len(whole) - 1)] ^= 4
        path.write_bytes(spoiled)
        findings = open_destination(root).scrub(QUIET).findings
        assert [(each.path, each.problem) for each in findings] == [(file.destination, "differs")]
        assert [each for each in files if not destination.check_file(each)] == [file]
        path.write_bytes(whole)
        faults.note(f"scrub and check of {scan}", f"{file.destination} at {at}", "flipped bit", "found, named")
    assert open_destination(root).scrub(QUIET).findings == ()
