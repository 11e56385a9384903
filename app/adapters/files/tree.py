"""The folders below a destination's root, entered without ever following a link."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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

    def files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Yield every file and link below the root but the program's own folder, links not followed. Raises OSError."""
        yield from _walk(self.root, skipped=names.CONTROL_FOLDER)


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


def _walk(folder: Path, *, skipped: str = "") -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode) and not platform.is_link(status):
            if entry.name != skipped:
                yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path), status


def regular_status(path: Path) -> os.stat_result | None:
    """Return the `lstat` of a plain file, None where nothing is; raise SlideError for anything else there."""
    with at_destination(path):
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if platform.is_link(status) or not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ELOOP, "it is a link or a device, not a plain file", str(path))
    return status


def plain_status(path: Path) -> os.stat_result | None:
    """Return the `lstat` of a plain file, None where nothing or anything else is."""
    with at_destination(path):
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
    return status if stat.S_ISREG(status.st_mode) and not platform.is_link(status) else None
