"""The folders below a destination's root, entered without ever following a link."""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.domain.errors import SlideError


@dataclass(frozen=True, slots=True)
class Tree:
    """A root folder; the root itself may be a link or a mount, nothing below it may."""

    root: Path

    @property
    def control(self) -> Path:
        """The program's own folder at the destination."""
        return self.root / names.CONTROL_FOLDER

    def path(self, relative: str) -> Path:
        """Return where a relative name lies; raise SlideError when the name or a link would lead elsewhere."""
        parts = names.components(relative)
        folder = self.root
        for part in parts[:-1]:
            folder = folder / part
            if not _is_real_folder(folder):
                break
        return self.root.joinpath(*parts)

    def make_folder(self, relative: str) -> Path:
        """Make the folders a relative name lies in, durable; return the name's own path. Raises as `path` does."""
        target = self.path(relative)
        folder = self.root
        for part in names.components(relative)[:-1]:
            folder = folder / part
            with at_destination(folder):
                _make(folder)
            _is_real_folder(folder)
        return target

    def relative(self, path: Path) -> str:
        """Return a path below the root in the form plans and manifests use."""
        return path.relative_to(self.root).as_posix()

    def status(self, path: Path) -> os.stat_result | None:
        """Return the `lstat` of what lies below the root, that of a link in the place of one of its folders.

        None where nothing is. Raises as the destination does.
        """
        found, place = None, self.root
        for part in path.relative_to(self.root).parts:
            place = place / part
            with at_destination(place):
                try:
                    found = place.lstat()
                except (FileNotFoundError, NotADirectoryError):
                    return None
            if platform.is_link(found):
                break
        return found

    def folders(self) -> Iterator["FolderContents"]:
        """Yield the root and every folder below it but the program's own, links not followed, one at a time.

        Raises OSError when the root itself cannot be listed; what else cannot be looked at is told as `failed`.
        """
        return _walk(self.root, skipped=names.CONTROL_FOLDER)

    def control_folders(self) -> Iterator["FolderContents"]:
        """Yield the program's own folder and those in it, as `folders` does; nothing where it is missing."""
        if self.control.is_dir():
            yield from _walk(self.control)


class Place(NamedTuple):
    """A folder and a name in it. `prefix` is the folder's path up to the name, in text.

    A scan may have ten thousand members, and making and reading a Path for each takes longer than moving it.
    """

    folder: Path
    prefix: str
    name: str


def places(enter: Callable[[str], Path], relatives: Iterable[str]) -> Iterator[Place]:
    """Yield where relative names lie. `enter` is `Tree.path` or `Tree.make_folder`, asked once for a folder.

    Raises as `enter` does.
    """
    folders: dict[str, tuple[Path, str]] = {}
    for relative in relatives:
        above, _, name = relative.rpartition("/")
        entered = folders.get(above)
        if entered is None:
            path = enter(relative)
            entered = folders[above] = path.parent, str(path).removesuffix(name)
        else:
            names.require_sibling(relative, above)
        yield Place(*entered, name)


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        return
    platform.sync_folder(folder.parent)


def _is_real_folder(folder: Path) -> bool:
    """Return False where nothing is; raise SlideError for a link or a plain file in a folder's place."""
    with at_destination(folder):
        try:
            status = folder.lstat()
        except FileNotFoundError:
            return False
    if platform.is_link(status):
        message = f"{folder} is a link, and links at the destination are never followed"
        raise SlideError("A link is in the way", message, "Put a real folder in its place, then restart.")
    if not stat.S_ISDIR(status.st_mode):
        with at_destination(folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return True


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What is not a folder in one folder, links included, by name and in order; `failed` could not be looked at."""

    folder: Path
    entries: Mapping[str, os.stat_result]
    failed: tuple[tuple[Path, OSError], ...] = ()

    def holds(self, name: str) -> bool:
        """Whether there is such a name, also one that could not be looked at."""
        return name in self.entries or any(path == self.folder / name for path, _ in self.failed)


def _walk(root: Path, *, skipped: str = "") -> Iterator[FolderContents]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            contents, inner = _list(folder)
        except OSError as error:
            if folder == root:
                raise
            contents, inner = FolderContents(folder, {}, ((folder, error),)), []
        yield contents
        waiting += [each for each in reversed(inner) if each.name != skipped or folder != root]


def _list(folder: Path) -> tuple[FolderContents, list[Path]]:
    """Return a folder's contents and the folders in it, both in order; what vanished meanwhile is left out."""
    entries: dict[str, os.stat_result] = {}
    failed: list[tuple[Path, OSError]] = []
    inner: list[Path] = []
    with os.scandir(folder) as listing:
        found = sorted(listing, key=lambda entry: entry.name)
    for entry in found:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # vanished since the folder was listed
        except OSError as error:
            failed.append((Path(entry.path), error))
            continue
        if stat.S_ISDIR(status.st_mode) and not platform.is_link(status):
            inner.append(Path(entry.path))
        else:
            entries[entry.name] = status
    return FolderContents(folder, entries, tuple(failed)), inner


def regular_status(path: Path | str) -> os.stat_result | None:
    """Return the `lstat` of a plain file, None where nothing is; raise SlideError for anything else there."""
    with at_destination(path):
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if platform.is_link(status) or not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ELOOP, "it is a link or a device, not a plain file", str(path))
    return status


def plain_status(path: Path | str) -> os.stat_result | None:
    """Return the `lstat` of a plain file, None where nothing or anything else is."""
    with at_destination(path):
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return status if stat.S_ISREG(status.st_mode) and not platform.is_link(status) else None


def is_folder(path: Path) -> bool:
    """Return whether a real folder is there; raises as the destination does where it cannot be told."""
    with at_destination(path):
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return stat.S_ISDIR(status.st_mode) and not platform.is_link(status)
