"""`manifest-sha256.txt`: the SHA-256 of every published file of one folder, as `sha256sum -c` reads it."""

import os
import re
import stat
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.atomic import write_atomically
from app.adapters.files.failures import at_destination
from app.adapters.files.in_use import rename_patiently
from app.adapters.files.share_lock import FolderLock
from app.domain.errors import SlideError

_LINE = re.compile(r"(?P<escaped>\\?)(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<name>.+)", re.DOTALL)
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS = {"\\": "\\", "n": "\n", "r": "\r"}


def format_line(name: str, sha256: str) -> str:
    """Return one line; GNU's rule for odd names: a leading backslash says that the name is escaped."""
    escaped = name.translate(_ESCAPES)
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"


def parse_line(line: str) -> tuple[str, str] | None:
    """Return (name, SHA-256) of one line without its end, None when it is no such line."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    name = match["name"]
    if match["escaped"]:
        name = _ESCAPED.sub(lambda found: _MEANINGS.get(found[1], found[0]), name)
    return name, match["sha256"].lower()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder's manifest says: name → SHA-256, and the numbers of lines that are none of sha256sum's.

    A name may be a path to a folder below, without “.” and “..”; lines whose names lead `outside` are numbered only.
    """

    listed: Mapping[str, str]
    faulty: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()


def load_manifest(folder: Path) -> Manifest:
    """Return a folder's manifest without faulty lines; an empty one where there is none. Raises as `at_destination`.

    No link is followed.
    """
    path = folder / names.MANIFEST_NAME
    listed: dict[str, str] = {}
    faulty: list[int] = []
    outside: list[int] = []
    with at_destination(path):
        try:
            with os.fdopen(platform.open_source(path), "rb") as file:
                for number, raw in enumerate(file, 1):
                    line = raw.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
                    entry = parse_line(line) if line else None
                    name = names.below_folder(entry[0]) if entry is not None else None
                    if entry is not None and name is not None:
                        listed[name] = entry[1]
                    elif line:
                        (faulty if entry is None else outside).append(number)
        except (FileNotFoundError, NotADirectoryError):
            return Manifest({})
    return Manifest(listed, tuple(faulty), tuple(outside))


def read_manifest(folder: Path) -> dict[str, str]:
    """Return name → SHA-256 of what a folder's manifest lists, empty where there is none.

    Raises SlideError for a manifest that is not one, for nobody may overwrite it then.
    """
    manifest = load_manifest(folder)
    for number in sorted((*manifest.faulty, *manifest.outside)):
        reason = "it names something outside its folder" if number in manifest.outside else "it is not one of sha256sum"
        message = f"{folder / names.MANIFEST_NAME}, line {number}: {reason}"
        raise SlideError("A manifest cannot be read", message, "Correct or remove that line, then restart.")
    return dict(manifest.listed)


def change_manifest(folder: Path, *, add: Mapping[str, str], drop: Set[str], lock: FolderLock) -> None:
    """Add and drop lines; a manifest left without lines is removed. The folder's lock must be held.

    What takes the old manifest's place is prepared under a name made of the lock's token, and whoever holds the lock
    next removes such names first. So a holder that was taken for dead, asleep between its last look at the lock and the
    swap, has nothing left to swap in when it wakes. Raises RetryableError when the lock is lost; changes nothing when
    all is as wanted.
    """
    with at_destination(folder):
        _remove_what_others_prepared(folder, lock)
    before = read_manifest(folder)
    after = {name: sha256 for name, sha256 in before.items() if name not in drop} | dict(add)
    if after == before:
        return
    path, via = folder / names.MANIFEST_NAME, folder / names.new_manifest_name(lock.token)
    with at_destination(path):
        try:
            if after:
                lines = "".join(format_line(name, after[name]) for name in sorted(after))
                content = lines.encode("utf-8", "surrogateescape")
                write_atomically(path, content, via=via, before_swap=lock.require_held)
            else:
                _take_away(path, via, lock)
        except FileNotFoundError as error:
            raise lock.lost() from error


def _take_away(path: Path, via: Path, lock: FolderLock) -> None:
    """Remove a manifest by moving it into a folder that the next holder of the lock would have removed."""
    via.mkdir()
    try:
        lock.require_held()
        rename_patiently(lambda: path.rename(via / path.name), path)
    finally:
        _remove_prepared(via)
    platform.sync_folder(path.parent)


def _remove_what_others_prepared(folder: Path, lock: FolderLock) -> None:
    # By name too: over NFS a listing may be some seconds old.
    prepared = {names.new_manifest_name(token) for token in lock.superseded}
    try:
        prepared.update(entry.name for entry in os.scandir(folder) if names.is_new_manifest(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in prepared:
        _remove_prepared(folder / name)


def _remove_prepared(path: Path) -> None:
    """Remove what a holder prepared: a file, or the folder into which it wanted to move an empty manifest."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode) and not platform.is_link(status):
        platform.remove_if_there(path / names.MANIFEST_NAME)
        with suppress(FileNotFoundError):
            path.rmdir()
    else:
        platform.remove_if_there(path)
