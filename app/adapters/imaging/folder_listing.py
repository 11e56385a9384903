"""A watch folder as it lies on disk at one moment: every file with its size and time, by folder."""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.imaging.names import is_ignored
from app.domain import long_path
from app.domain.errors import SurroundingsError
from app.domain.scan import Member

REPARSE_POINT = 0x400
MAX_DEPTH = 24
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""ELOOP: a link lies there now, and none is followed."""

Wanted = Callable[[str], bool]


@dataclass(slots=True)
class FolderListing:
    """Folders by POSIX path relative to the root ("" is the root itself); each holds its files by name.

    `unseen` holds why files and folders could not be looked at, by path. Such a file is listed, without size and time.
    """

    root: Path
    folders: dict[str, dict[str, Member]] = field(default_factory=dict)
    unseen: dict[str, OSError] = field(default_factory=dict)

    def below(self, folder: str) -> Iterable[str]:
        """Return this folder and all folders inside it."""
        prefix = folder + "/" if folder else ""
        return [each for each in self.folders if each == folder or each.startswith(prefix)]

    def members(self, folder: str) -> tuple[Member, ...]:
        """Return all files in this folder and in those inside it, in order of their paths."""
        found = [member for each in self.below(folder) for member in self.folders[each].values()]
        return tuple(sorted(found, key=lambda member: member.path))

    def trouble(self) -> SurroundingsError | None:
        """Return what there is to say of what could not be looked at, None where all was seen."""
        if not self.unseen:
            return None
        path, error = next(iter(sorted(self.unseen.items())))
        return _cannot_list(self.root / path, error, others=len(self.unseen) - 1)


def join(folder: str, name: str) -> str:
    """Return the path of a name inside a folder, POSIX-style."""
    return f"{folder}/{name}" if folder else name


def parent_of(path: str) -> str:
    """Return the folder of a POSIX-style path, "" for the root."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last part of a POSIX-style path."""
    return path.rpartition("/")[2]


def list_folder(root: Path, *, start: str = "", wanted: Wanted | None = None) -> FolderListing:
    """List every file below `root/start`, never through a link; what vanishes meanwhile is simply absent.

    `wanted` chooses among the folders directly inside `start`; others are listed whole.
    Raises SurroundingsError when the first folder cannot be listed. What cannot be looked at in it is noted: a scan
    must not be left out in silence, nor a set be taken for smaller than it is.
    """
    listing = FolderListing(root)
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            inner = _list_one(listing, folder)
        except OSError as error:
            if folder == start:
                raise _cannot_list(root / folder, error) from error
            if not is_absent(error, root / folder):
                listing.unseen[folder] = error
            continue
        if folder == start and wanted is not None:
            inner = [each for each in inner if wanted(name_of(each))]
        if folder.count("/") < MAX_DEPTH:
            waiting.extend(inner)
    return listing


def _list_one(listing: FolderListing, folder: str) -> list[str]:
    """Note the files of one folder; return the folders inside it."""
    files: dict[str, Member] = {}
    inner: list[str] = []
    with os.scandir(long_path.reachable(listing.root / folder)) as entries:
        for entry in entries:
            if is_ignored(entry.name):
                continue
            path = join(folder, entry.name)
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                if not is_absent(error, entry.path):
                    listing.unseen[path] = error
                    files[entry.name] = Member(path, 0, 0)
                continue
            if stat.S_ISREG(status.st_mode):
                files[entry.name] = Member(path, status.st_size, status.st_mtime_ns)
            elif stat.S_ISDIR(status.st_mode) and not getattr(status, "st_file_attributes", 0) & REPARSE_POINT:
                inner.append(path)
    listing.folders[folder] = dict(sorted(files.items()))
    return sorted(inner)


def is_absent(error: OSError, path: Path | str) -> bool:
    """Return whether an error says that something is gone; any other leaves open what is there."""
    return error.errno in _NOT_THERE and not long_path.is_too_long(error, path)


def _cannot_list(path: Path, error: OSError, *, others: int = 0) -> SurroundingsError:
    message = f"{path}: {error.strerror or error}" + (f", and {others} more" if others else "")
    hint = "Check that the folder exists, that its disk or share is connected, and that you may read it."
    if long_path.is_too_long(error, path):
        hint = long_path.HINT
    return SurroundingsError("The watch folder cannot be read", message, hint)
