"""What the engine does with files, each as one thing that can be disturbed, finished later and judged."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.adapters.files import bundle, names
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import Patience
from app.adapters.files.source_disk import ScannerDisk
from app.domain.errors import CorruptionError, SourceChangedError, UseError
from app.domain.scan import Member, ScanSet, VerifiedFile
from app.domain.share import LeftoverKind
from app.domain.transfer import Relocation, TransferPlan
from tests.adapters.files.scene import (
    FINGERPRINT,
    QUIET,
    make_destination,
    plan_of,
    require_manifests_hold,
    require_published,
    sha256,
    write,
)

FILE = (("y.svs", 150_000, "2026/S.svs"),)
SET = (("y.mrxs", 70_000, "2026/S.mrxs"), ("y/d.dat", 5000, "2026/S/d.dat"))
MANY = (("z.mrxs", 900, "2026/Z.mrxs"), *((f"z/d{each}.dat", 700 * each, f"2026/Z/d{each}.dat") for each in range(9)))
"""Enough small files to be carried together."""
HURRIED = Patience(wait_seconds=5, silent_seconds=0.05)
"""A lock whose holder could not remove it, because that failed, is waited for; here not for long."""
MOVED = ("Rescans/2026/S__1.mrxs", "Rescans/2026/S__1/d.dat")


@dataclass(frozen=True)
class World:
    """A scanner's folder with one scan and a destination, below one folder of a test."""

    folder: Path
    members: tuple[tuple[str, int, str], ...]
    known: FolderDestination | None = None
    """The destination as a running program sees it; None for one that has just been started."""

    @property
    def scanner(self) -> Path:
        return self.folder / "scanner"

    @property
    def root(self) -> Path:
        return self.folder / "share"

    @property
    def parts(self) -> tuple[Path, ...]:
        finals = (self.root / final for _, _, final in self.members)
        return tuple(each.with_name(names.part_name(each.name, FINGERPRINT)) for each in finals)

    @property
    def destination(self) -> FolderDestination:
        """The destination as the program sees it."""
        return self.known or FolderDestination(self.root, "Rescans", "raven-pc", patience=HURRIED)


@dataclass(frozen=True)
class Case:
    """A world, the plan for it, what was verified in it before, the hash that each final name may hold.

    `damage` are the hashes of files that were damaged on purpose after they had been published.
    """

    world: World
    plan: TransferPlan
    files: tuple[VerifiedFile, ...]
    allowed: dict[str, str]
    damage: dict[str, str]

    def require_only_verified(self) -> None:
        """Raise when any file under a final name holds other bytes than those of its scan."""
        for path in self.world.root.rglob("*"):
            relative = path.relative_to(self.world.root)
            if path.is_file() and names.CONTROL_FOLDER not in relative.parts and not names.is_own(path.name):
                assert sha256(path) == (self.allowed | self.damage)[relative.as_posix()], relative

    def require_sources(self) -> None:
        """Raise when the scanner's files are not what they were."""
        for (source, _, final), held in zip(self.world.members, self.plan.members, strict=True):
            status = (self.world.scanner / source).stat()
            assert sha256(self.world.scanner / source) == self.allowed[final]
            assert (status.st_size, status.st_mtime_ns) == (held.size_bytes, held.mtime_ns)


@dataclass(frozen=True)
class Operation:
    """One act of the engine. `begin` lays out what it finds; `finish` is what a restart does, however often."""

    name: str
    members: tuple[tuple[str, int, str], ...]
    begin: Callable[[World], tuple[VerifiedFile, ...]]
    act: Callable[[Case], None]
    finish: Callable[[Case], None]
    require_end: Callable[[Case], None]
    keeps_source: bool = True
    is_variant: bool = False
    """Most of its calls are those of another operation: the errors take turns."""


class Stage:
    """Lays out an operation once and gives each disturbed run a copy of that."""

    def __init__(self, operation: Operation, folder: Path) -> None:
        self._operation = operation
        self._folder = folder
        self._runs = 0
        self._pattern = World(folder / "pattern", operation.members)
        for source, size_bytes, _ in operation.members:
            write(self._pattern.scanner / source, size_bytes)
        if operation is not INITIALISE:
            make_destination(self._pattern.root)
        self._files = operation.begin(self._pattern)
        self._damage: dict[str, str] = {}
        self._allowed = {final: sha256(self._pattern.scanner / source) for source, _, final in operation.members}
        self._allowed |= dict(zip(MOVED, self._allowed.values(), strict=False))
        if operation.begin is _damaged:
            damaged = operation.members[-1][2]
            self._damage = {damaged: sha256(self._pattern.root / damaged)}

    def case(self) -> Case:
        """Return a fresh copy of what was laid out."""
        self._runs += 1
        world = World(self._folder / f"run{self._runs}", self._operation.members)
        shutil.copytree(self._pattern.folder, world.folder, copy_function=_copy_or_link())
        files = tuple(
            replace(file, source=str(world.scanner / source))
            for file, (source, _, _) in zip(self._files, self._operation.members, strict=bool(self._files))
        )
        return Case(world, plan_for(world), files, self._allowed, self._damage)

    def clear(self, case: Case) -> None:
        shutil.rmtree(case.world.folder)


def _copy_or_link() -> Callable[[str, str], str]:
    """Return a copy function that keeps two names of one file two names of one file."""
    seen: dict[int, str] = {}

    def copy(source: str, target: str) -> str:
        inode = Path(source).stat().st_ino
        if inode in seen:
            os.link(seen[inode], target)
            return target
        seen[inode] = target
        return shutil.copy2(source, target)

    return copy


def snapshot(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, size and mtime of all that lies below a root; of the program's own folder the names alone."""
    found = {}
    for path in sorted(root.rglob("*")):
        status, relative = path.lstat(), path.relative_to(root)
        own = names.CONTROL_FOLDER in relative.parts
        found[relative.as_posix()] = (0, 0, 0) if own else (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def plan_for(world: World) -> TransferPlan:
    return plan_of(*((world.scanner / source, final) for source, _, final in world.members))


# --- the acts


def _nothing(world: World) -> tuple[VerifiedFile, ...]:
    return ()


def _half_a_part(world: World) -> tuple[VerifiedFile, ...]:
    """What a killed program leaves: good bytes, then others, and more of them than the scan has."""
    source = (world.scanner / world.members[0][0]).read_bytes()
    part = world.parts[0]
    part.parent.mkdir()
    part.write_bytes(source[:100_000] + bytes(80_000))
    return ()


def _copied(world: World) -> tuple[VerifiedFile, ...]:
    return world.destination.copy(plan_for(world), QUIET)


def _between_link_and_unlink(world: World) -> tuple[VerifiedFile, ...]:
    files = _copied(world)
    for part, (_, _, final) in zip(world.parts, world.members, strict=True):
        os.link(part, world.root / final)
    return files


def _published(world: World) -> tuple[VerifiedFile, ...]:
    destination, plan = world.destination, plan_for(world)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    return files


def _named_in_part(world: World) -> tuple[VerifiedFile, ...]:
    """Cut before the main member had its name."""
    files = _copied(world)
    for part, (_, _, final) in list(zip(world.parts, world.members, strict=True))[1:]:
        part.rename(world.root / final)
    return files


def _not_listed(world: World) -> tuple[VerifiedFile, ...]:
    """Cut after the main member had its name."""
    files = _published(world)
    for manifest in world.root.rglob(names.MANIFEST_NAME):
        manifest.unlink()
    return files


def _half_moved(world: World) -> tuple[VerifiedFile, ...]:
    files = _published(world)
    new = world.root / MOVED[0]
    new.parent.mkdir(parents=True)
    os.link(world.root / files[0].destination, new)
    return files


def _damaged(world: World) -> tuple[VerifiedFile, ...]:
    files = _published(world)
    path = world.root / files[-1].destination
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    return files


def _copy(case: Case) -> None:
    case.world.destination.copy(case.plan, QUIET)


def _copy_at_once(case: Case) -> None:
    """Copy small files as a set of hundreds is copied: many of them read with one call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "_WORTH_SETTING_UP", 0)
        _copy(case)


def _carry(case: Case) -> None:
    destination, plan = case.world.destination, case.plan
    destination.publish(plan, destination.copy(plan, QUIET))


def _carry_or_publish(case: Case) -> None:
    """What a restart does: what is published and listed already is known to the journal as verified."""
    world = case.world
    if all((world.root / final).exists() for _, _, final in world.members):
        files = tuple(
            VerifiedFile(str(world.scanner / source), final, size_bytes, case.allowed[final], "read back")
            for source, size_bytes, final in world.members
        )
        world.destination.publish(case.plan, files)
    else:
        _carry(case)


def _publish(case: Case) -> None:
    case.world.destination.publish(case.plan, case.files)


def _relocate(case: Case) -> None:
    case.world.destination.relocate(Relocation(case.files, MOVED, own_folder="2026/S"))


def _take_back(case: Case) -> None:
    assert case.world.destination.conclude(case.plan, case.files) is False


def _conclude(case: Case) -> None:
    assert case.world.destination.conclude(case.plan, case.files) is True


def _discard(case: Case) -> None:
    case.world.destination.discard(case.plan)


def _scrub(case: Case) -> None:
    """Whatever fails meanwhile: the damage is told, or that the file, its list or its folder cannot be read.

    Never is there a result that says all is well.
    """
    damaged = Path(case.files[-1].destination)
    unknown = {"unreadable", "bad manifest"}
    told = {finding.path: finding.problem for finding in case.world.destination.scrub(QUIET).findings}
    lists = {(folder / names.MANIFEST_NAME).as_posix() for folder in damaged.parents}
    folders = {folder.as_posix() for folder in damaged.parents}
    assert told.get(damaged.as_posix()) in {"differs", "unreadable"} or any(
        told.get(path) in unknown for path in lists | folders
    )


def _check_file(case: Case) -> None:
    destination = case.world.destination
    assert destination.check_file(case.files[-1]) is None
    destination.check_file(case.files[0])


def _release(case: Case) -> None:
    """As the step does: both ends of every member are read before any is removed."""
    disk, destination = ScannerDisk(), case.world.destination
    for file in case.files:
        with suppress(SourceChangedError):  # an interrupted removal took it already
            if disk.sha256(Path(file.source), QUIET) != file.sha256:
                raise CorruptionError("The two ends differ", file.source)
        if not destination.check_file(file):
            raise CorruptionError("The two ends differ", file.destination)
    members = zip(case.world.members, case.plan.members, strict=True)
    found = tuple(Member(source, planned.size_bytes, planned.mtime_ns) for (source, _, _), planned in members)
    disk.remove(ScanSet(case.world.scanner, found[0].path, found))


def _initialise(case: Case) -> None:
    try:
        case.world.destination.initialise()
    except UseError:
        case.world.destination.adopt()


# --- what each must end in


def _require_published(case: Case) -> None:
    require_published(case.world.root, case.plan)


def _require_moved(case: Case) -> None:
    assert require_manifests_hold(case.world.root) == set(MOVED)
    assert case.world.destination.scrub(QUIET).findings == ()
    assert not (case.world.root / "2026/S").exists()


def _require_no_part(case: Case) -> None:
    assert case.world.destination.leftovers() == ()
    assert require_manifests_hold(case.world.root) == set()


def _require_parts(case: Case) -> None:
    parts = [each for each in case.world.destination.leftovers() if each.kind is LeftoverKind.PART]
    assert len(parts) == len(case.files)
    assert require_manifests_hold(case.world.root) == set()
    for part, (source, _, final) in zip(case.world.parts, case.world.members, strict=True):
        assert sha256(part) == sha256(case.world.scanner / source)
        assert not (case.world.root / final).exists()


def _require_untouched(case: Case) -> None:
    findings = case.world.destination.scrub(QUIET).findings
    assert [(each.path, each.problem) for each in findings] == [(case.files[-1].destination, "differs")]


def _require_released(case: Case) -> None:
    assert not [path for path in case.world.scanner.rglob("*") if path.is_file()]
    assert require_manifests_hold(case.world.root) == {final for _, _, final in case.world.members}


def _require_marker(case: Case) -> None:
    destination = case.world.destination
    assert destination.adopt() == destination.adopt()
    destination.check()


INITIALISE = Operation("making a destination", FILE, _nothing, _initialise, _initialise, _require_marker)
OPERATIONS = (
    Operation("copy of a file", FILE, _nothing, _copy, _carry_or_publish, _require_published),
    Operation("copy of a set", SET, _nothing, _copy, _carry_or_publish, _require_published, is_variant=True),
    Operation("copy of many small files", MANY, _nothing, _copy, _carry_or_publish, _require_published),
    Operation(
        "copy of files read at once",
        MANY,
        _nothing,
        _copy_at_once,
        _carry_or_publish,
        _require_published,
        is_variant=True,
    ),
    Operation("copy and publish", FILE, _nothing, _carry, _carry_or_publish, _require_published, is_variant=True),
    Operation("resume of a part", FILE, _half_a_part, _copy, _carry_or_publish, _require_published),
    Operation("publish", SET, _copied, _publish, _publish, _require_published),
    Operation(
        "publish after link", SET, _between_link_and_unlink, _publish, _publish, _require_published, is_variant=True
    ),
    Operation("end of a cut publication", SET, _not_listed, _conclude, _conclude, _require_published),
    Operation("taking a cut publication back", SET, _named_in_part, _take_back, _take_back, _require_parts),
    Operation("relocate", SET, _published, _relocate, _relocate, _require_moved),
    Operation("relocate after link", SET, _half_moved, _relocate, _relocate, _require_moved, is_variant=True),
    Operation("discard", SET, _copied, _discard, _discard, _require_no_part),
    Operation("scrub", SET, _damaged, _scrub, _scrub, _require_untouched),
    Operation("check of a file", SET, _damaged, _check_file, _check_file, _require_untouched),
    Operation("release", SET, _published, _release, _release, _require_released, keeps_source=False),
    INITIALISE,
)
