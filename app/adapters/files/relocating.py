"""Moving a published older scan to another place of the destination, its manifest lines with it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.failures import at_destination
from app.adapters.files.listing import Listing
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.site import Site, names_in, require_distinct
from app.adapters.files.tree import is_folder, plain_status, regular_status
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
        present = {folder: Listing(folder) for folder in {step.new.parent for step in steps}}
        waiting = [step for step in steps if not _is_done(site, step, present[step.new.parent])]
        manifests = {folder: read_manifest(folder) for folder in {step.old.parent for step in waiting}}
        for step in waiting:
            _require_movable(site, step, manifests[step.old.parent])
        for step in {step.new.parent: step for step in waiting}.values():
            site.tree.make_folder(site.tree.relative(step.new))
        for step in waiting:
            with at_destination(step.new):
                platform.rename_exclusively(step.old, step.new)
        _sync(steps)
        left = [step.old for step in steps if regular_status(step.old) is None]
        lines: dict[Path, dict[str, str]] = {}
        for step in steps:
            lines.setdefault(step.new.parent, {})[step.new.name] = step.sha256
        site.change_manifests(held, lines, left)
        _remove_empty_folders(site, steps, move.own_folder)


def _is_done(site: Site, step: _Step, present: Listing) -> bool:
    """Return whether the new place holds the member; whatever lies at the old one is another file by then."""
    there = present.find(step.new.name)
    if there is None:
        return False
    occupant = step.new.with_name(there)
    status = plain_status(occupant)
    if there == step.new.name and status is not None and status.st_size == step.size_bytes:
        if _is_second_name(step, status):
            with at_destination(step.old):
                step.old.unlink()  # killed between link and unlink
            return True
        if hash_medium(occupant, lambda _: None)[0] == step.sha256:
            return True
    message = f"“{site.tree.relative(occupant)}” is there already, with other bytes"
    raise NameTakenError("The older scan's new place is taken", message, "Move or rename what lies there.")


def _is_second_name(step: _Step, there: os.stat_result) -> bool:
    """Return whether the old and the new name are two names of one file; a member that stays has only one."""
    before = regular_status(step.old)
    if before is None or not there.st_ino or step.old == step.new:
        return False
    return (before.st_dev, before.st_ino) == (there.st_dev, there.st_ino)


def _require_movable(site: Site, step: _Step, manifest: Mapping[str, str]) -> None:
    status = regular_status(step.old)
    name = site.tree.relative(step.old)
    if status is None:
        message = f"“{name}” is neither there nor at its new place"
        raise SlideError("The older scan is not there", message, "Choose: find it, or go on without moving it.")
    listed = manifest.get(step.old.name, step.sha256)
    if status.st_size != step.size_bytes or listed != step.sha256:
        message = f"“{name}” is not the file that was verified"
        raise SlideError("The older scan was changed or replaced", message, "Verify the destination, then decide.")


def _sync(steps: tuple[_Step, ...]) -> None:
    """Make the new names durable before the loss of the old ones."""
    for folder in [
        *dict.fromkeys(step.new.parent for step in steps),
        *dict.fromkeys(step.old.parent for step in steps),
    ]:
        if is_folder(folder):
            with at_destination(folder):
                platform.sync_folder(folder)


def _remove_empty_folders(site: Site, steps: tuple[_Step, ...], own_folder: str) -> None:
    """Remove the scan's own emptied folders: its own folder, or those below the folder of its main member."""
    if not steps:
        return
    outside = site.tree.path(own_folder).parent if own_folder else steps[0].old.parent
    for folder in sorted({step.old.parent for step in steps}, key=lambda each: len(each.parts), reverse=True):
        emptied = [each for each in (folder, *folder.parents) if outside in each.parents]
        for each in emptied:
            if not is_folder(each) or names_in(each):
                break
            with at_destination(each):
                each.rmdir()
