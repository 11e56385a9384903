"""A destination folder as its writers share it: the tree, its marker, its locks, and what lies under a name."""

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.atomic import write_new
from app.adapters.files.failures import at_destination, from_destination
from app.adapters.files.manifest import change_manifest
from app.adapters.files.share_lock import FolderLock, Patience
from app.adapters.files.tree import Tree, is_folder
from app.domain.errors import DestinationError, SlideError

_MARKER_NAME = "destination.json"


@dataclass(frozen=True, slots=True)
class Site:
    """One destination seen from one station."""

    tree: Tree
    station: str
    patience: Patience = field(default_factory=Patience)

    @property
    def marker(self) -> Path:
        """The file that says: this is the destination, not an empty mount point."""
        return self.tree.control / _MARKER_NAME

    def read_id(self) -> str | None:
        """Return the id in the marker, None where there is no marker. Raises DestinationError for a damaged one."""
        with about_the_root(self.marker):
            try:
                told = json.loads(self.marker.read_text(encoding="utf-8"))
            except (FileNotFoundError, NotADirectoryError):
                return None
            except ValueError as error:
                message = f"{self.marker} is damaged: {error}"
                raise DestinationError("The destination's marker cannot be read", message) from error
        found = told.get("id") if isinstance(told, dict) else None
        if not isinstance(found, str) or not found:
            raise DestinationError("The destination's marker cannot be read", f"{self.marker} has no id in it")
        return found

    def require_id(self) -> str:
        """Return the id in the marker; raise DestinationError when there is none, for then nothing may be written."""
        found = self.read_id()
        if found is None:
            message = f"{self.tree.root} has no marker ({names.CONTROL_FOLDER}/{_MARKER_NAME})"
            hint = "Is the share mounted? A new destination is made with “destination init”."
            raise DestinationError("This is not a destination, or it is not mounted", message, hint)
        return found

    def write_marker(self) -> str:
        """Make the marker and return its id; raises FileExistsError when there is one, other OSErrors as they come."""
        made = {"id": secrets.token_hex(16), "made_at": datetime.now(UTC).isoformat(), "by": self.station}
        self.tree.control.mkdir(exist_ok=True)
        waiting = self.tree.control / f"{_MARKER_NAME}.{made['id']}.new"
        write_new(waiting, (json.dumps(made, indent=2) + "\n").encode())
        try:
            platform.rename_exclusively(waiting, self.marker)
        finally:
            platform.remove_if_there(waiting)
        platform.sync_folder(self.tree.control)
        platform.sync_folder(self.tree.root)
        return made["id"]

    def require_writable(self) -> None:
        """Write and remove a file of no meaning; raise DestinationError when that does not work."""
        probe = self.tree.control / f"probe-{secrets.token_hex(8)}"
        with about_the_root(self.tree.root):
            try:
                os.close(platform.create_exclusively(probe))
            finally:
                platform.remove_if_there(probe)

    @contextmanager
    def locked(self, folders: Iterable[Path]) -> Iterator[Mapping[Path, FolderLock]]:
        """Hold the locks of several folders, always taken in the same order, so that two never wait for each other."""
        with ExitStack() as stack:
            held: dict[Path, FolderLock] = {}
            for folder in sorted(set(folders)):
                lock = FolderLock(
                    self.tree.control / names.LOCKS_FOLDER, self.tree.relative(folder), self.station, self.patience
                )
                held[folder] = stack.enter_context(lock)
            yield held

    def change_manifests(
        self, held: Mapping[Path, FolderLock], add: Mapping[Path, Mapping[str, str]], drop: Iterable[Path] = ()
    ) -> None:
        """Add lines (folder to name to SHA-256), then drop those of files, in folders whose locks are `held`."""
        dropped: dict[Path, set[str]] = {}
        for path in drop:
            dropped.setdefault(path.parent, set()).add(path.name)
        for folder, lines in add.items():
            change_manifest(folder, add=lines, drop=set(), lock=held[folder])
        for folder, gone in dropped.items():
            if is_folder(folder):
                change_manifest(folder, add={}, drop=gone, lock=held[folder])


@contextmanager
def about_the_root(path: Path) -> Iterator[None]:
    """Turn any OSError about the root itself into a DestinationError: it concerns every scan."""
    try:
        yield
    except OSError as error:
        meant = from_destination(error, path)
        if isinstance(meant, DestinationError):
            raise meant from error
        hint = "Check that the share is mounted and that this account may write there."
        raise DestinationError("The destination cannot be used", meant.message, hint) from error


def names_in(folder: Path) -> frozenset[str]:
    """Return the names in a folder, none where it is not there; raises as the destination does."""
    with at_destination(folder):
        try:
            with os.scandir(folder) as listing:
                return frozenset(entry.name for entry in listing)
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()


def same_or_twin(name: str, present: frozenset[str]) -> str | None:
    """Return the name among `present` that some file system takes for `name`, the very same one first."""
    if name in present:
        return name
    key = names.twin_key(name)
    return next((each for each in sorted(present) if names.twin_key(each) == key), None)


def require_distinct(finals: Iterable[str]) -> None:
    """Raise SlideError when two final names of one scan are the same, or would be on some file system."""
    seen: dict[str, str] = {}
    for final in finals:
        other = seen.setdefault(names.twin_key(final), final)
        if other is not final:  # `setdefault` gave back an earlier one
            message = f"“{other}” and “{final}” cannot be told apart everywhere"
            raise SlideError("Two files of one scan would get one name", message)
