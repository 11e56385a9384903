"""Moving a published older scan to another place of the destination, its manifest lines with it."""

from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.failures import at_destination
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.site import Site, names_in, require_distinct, same_or_twin
from app.adapters.files.tree import plain_status, regular_status
from app.domain.errors import NameTakenError, SlideError
from app.domain.transfer import Relocation


@dataclass(frozen=True, slots=True)
class _Step:
    """One member: where it lies, where it goes, what it holds."""

    old: Path
    new: Path
    sha256: str
    size_bytes: int


def relocate(site: Site, move: Relocation) -> None:
    """Move every member, main first, without overwriting; finishes what an interrupted call began.

    Raises SlideError when a member is neither here nor there or is no longer the verified file, NameTakenError.
    """
    if len(move.files) != len(move.new):
        raise SlideError("This scan cannot be moved", "The list of new names does not fit the list of files")
    require_distinct(move.new)
    steps = tuple(
        _Step(site.tree.path(file.destination), site.tree.path(new), file.sha256, file.size_bytes)
        for file, new in zip(move.files, move.new, strict=True)
    )
    with site.locked({step.old.parent for step in steps} | {step.new.parent for step in steps}) as held:
        waiting = [step for step in steps if not _is_done(site, step)]
        for step in waiting:
            _require_movable(site, step)
        for step in waiting:
            site.tree.make_folder(site.tree.relative(step.new))
            with at_destination(step.new):
                platform.rename_exclusively(step.old, step.new)
        _sync(steps)
        left = [step.old for step in steps if regular_status(step.old) is None]
        site.change_manifests(held, {step.new: step.sha256 for step in steps}, left)
        _remove_empty_folders(site, steps)


def _is_done(site: Site, step: _Step) -> bool:
    """Return whether the new place holds the member; whatever lies at the old one is another file by then."""
    there = same_or_twin(step.new.name, names_in(step.new.parent))
    if there is None:
        return False
    occupant = step.new.with_name(there)
    status = plain_status(occupant)
    if there == step.new.name and status is not None and status.st_size == step.size_bytes:
        before = regular_status(step.old)
        if before is not None and status.st_ino and (before.st_dev, before.st_ino) == (status.st_dev, status.st_ino):
            with at_destination(step.old):
                step.old.unlink()  # a second name of one file: killed between link and unlink
            return True
        if hash_medium(occupant, lambda _: None)[0] == step.sha256:
            return True
    message = f"“{site.tree.relative(occupant)}” is there already, with other bytes"
    raise NameTakenError("The older scan's new place is taken", message, "Move or rename what lies there.")


def _require_movable(site: Site, step: _Step) -> None:
    status = regular_status(step.old)
    name = site.tree.relative(step.old)
    if status is None:
        message = f"“{name}” is neither there nor at its new place"
        raise SlideError("The older scan is not there", message, "Choose: find it, or go on without moving it.")
    listed = read_manifest(step.old.parent).get(step.old.name, step.sha256)
    if status.st_size != step.size_bytes or listed != step.sha256:
        message = f"“{name}” is not the file that was verified"
        raise SlideError("The older scan was changed or replaced", message, "Verify the destination, then decide.")


def _sync(steps: tuple[_Step, ...]) -> None:
    """Make the new names durable before the loss of the old ones."""
    for folder in [
        *dict.fromkeys(step.new.parent for step in steps),
        *dict.fromkeys(step.old.parent for step in steps),
    ]:
        with at_destination(folder):
            if folder.is_dir():
                platform.sync_folder(folder)


def _remove_empty_folders(site: Site, steps: tuple[_Step, ...]) -> None:
    """Remove the scan's own emptied folders: those below the folder of its main member."""
    main = steps[0].old.parent if steps else site.tree.root
    for folder in sorted({step.old.parent for step in steps}, key=lambda each: len(each.parts), reverse=True):
        emptied = [each for each in (folder, *folder.parents) if main in each.parents]
        for each in emptied:
            if not each.is_dir() or names_in(each):
                break
            with at_destination(each):
                each.rmdir()
