"""Reading and replacing a sheet file that people and other programs use at the same time.

A save writes a new file beside the old one, forces it to the disk and takes the old one's name in one act: whoever
looks sees the old or the new file whole. The first save of a day keeps the version before it in
`.slideferry-backup/<name>.<day>.bak` beside the sheet, the last seven of them.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from app.adapters.sheets.save_lock import saving_alone
from app.domain.errors import SlideferryError, SurroundingsError

BACKUP_FOLDER = ".slideferry-backup"
BACKUPS_KEPT = 7
_NEW_PREFIX = ".~slideferry-"
_NEW_SUFFIX = ".tmp"
_STALE_SECONDS = 3600.0
_READ_TRIES = 5
_MOST_BYTES = 512 * 2**20


class Stamp(NamedTuple):
    """What tells one version of a file from the next."""

    size_bytes: int
    mtime_ns: int
    inode: int


class Snapshot(NamedTuple):
    """One whole reading of a file and its stamp at that moment."""

    data: bytes
    stamp: Stamp


def read_snapshot(path: Path) -> Snapshot:
    """Read a file that others may be replacing; raises SurroundingsError when it is away, locked or never still."""
    with _in_words(path):
        for _ in range(_READ_TRIES):
            before = _stamp(path)
            if before.size_bytes > _MOST_BYTES:
                raise SurroundingsError("The slide sheet is too large", f"{path} has {before.size_bytes} bytes.")
            data = path.read_bytes()
            if _stamp(path) == before and len(data) == before.size_bytes:
                return Snapshot(data, before)
    raise SurroundingsError("The slide sheet is in use", f"{path.name} changes while it is read.", "It is tried again.")


def refuse_if_open(path: Path) -> None:
    """Raise SurroundingsError when a spreadsheet program has the file open, naming who where it says so."""
    for lock in (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#")):
        with _in_words(path):
            if not lock.exists():
                continue
            who = _owner(lock)
        raise SurroundingsError(
            "The slide sheet is in use",
            f"{path.name} is open{f' at {who}' if who else ''}; what is to be written waits.",
            f"Close it there. If nobody has it open, remove {lock.name} beside it.",
        )


def back_up(path: Path, snapshot: Snapshot, day: date) -> None:
    """Keep this version before the first save of the day; a copy of that day that is there already stays."""
    folder = path.with_name(BACKUP_FOLDER)
    kept = folder / f"{path.name}.{day.isoformat()}.bak"
    with _in_words(path):
        if kept.exists():
            return
        folder.mkdir(exist_ok=True)
        new = _write_beside(kept, snapshot.data)
        new.replace(kept)
        for old in sorted(folder.glob(f"{_glob_safe(path.name)}.????-??-??.bak"))[:-BACKUPS_KEPT]:
            old.unlink(missing_ok=True)


def replace_if_same(path: Path, data: bytes, expected: Stamp) -> bool:
    """Give the file these bytes if it is still the version of the stamp; False, and nothing done, when it is not.

    Another program of ours cannot save it between the look and the replacing, on whichever PC it runs.
    Raises SurroundingsError when it is open in a spreadsheet program, being saved by another PC, or may not be changed.
    """
    with _in_words(path):
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{path.name} is read-only")
        _clear_stale(path.parent)
        new = _write_beside(path, data)
        try:
            shutil.copymode(path, new)
            with saving_alone(path) as lock:
                refuse_if_open(path)
                if _newest_stamp(path) != expected or not lock.is_held():
                    return False
                new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    return True


def _write_beside(path: Path, data: bytes) -> Path:
    new = path.with_name(f"{_NEW_PREFIX}{secrets.token_hex(6)}{_NEW_SUFFIX}")
    try:
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new


def _clear_stale(folder: Path) -> None:
    """Remove what a killed program left; the age keeps away from what another PC is writing now."""
    for left in folder.glob(f"{_NEW_PREFIX}*{_NEW_SUFFIX}"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            left.unlink(missing_ok=True)


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)


def _newest_stamp(path: Path) -> Stamp:
    """Return the stamp as the share has it: its client answers from memory but for a file that is being opened."""
    with path.open("rb"):
        return _stamp(path)


def _owner(lock: Path) -> str:
    """Return who holds the file: Excel writes a length and a name, LibreOffice a line of names with commas."""
    try:
        data = lock.read_bytes()[:512]
    except OSError:  # Excel keeps its lock file to itself while it runs: open, by whom it does not say
        return ""
    if lock.name.startswith("~$"):
        return data[1 : 1 + data[0]].decode("cp1252", "replace").strip("\0 ") if data else ""
    return next((part for part in data.decode("utf-8", "replace").split(",") if part.strip()), "")


def _glob_safe(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what the system says into what a person can act on."""
    try:
        yield
    except SlideferryError:
        raise
    except FileNotFoundError as error:
        raise SurroundingsError(
            "The slide sheet is not there",
            f"{path} cannot be found.",
            "Check [sheet] path and that the share is connected.",
        ) from error
    except PermissionError as error:
        raise SurroundingsError(
            "The slide sheet is in use",
            f"{path.name} is in use by another program or may not be changed ({error.strerror or error}).",
            "Close it where it is open; if it is not, ask for the right to change it and its folder.",
        ) from error
    except OSError as error:
        raise SurroundingsError(
            "The slide sheet cannot be reached", f"{path}: {error.strerror or error}.", "It is tried again."
        ) from error
