"""One program at a time saves a sheet file, on whichever PC it runs; spreadsheet programs have locks of their own.

The lock is a file beside the sheet. It is written under another name and then linked to its own, which is atomic on
local disks and NFS; where there are no links it is made with O_EXCL, as SMB can, too, and may be met before it says
anything. It is held for one save only, so its age tells a program that was ended in between; on this PC its process id
tells at once.
"""

import errno
import json
import os
import secrets
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

import psutil

from app.domain.errors import SurroundingsError

STALE_SECONDS = 60.0
"""A lock this old was left behind. By the file system's own clock: those of two PCs may differ by more."""
_WINDOWS = "win32"
_WAIT_SECONDS = 3.0
_LOOK_SECONDS = 0.05
_RELEASE_TRIES = 20
_NO_LINKS = frozenset({errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What file systems answer where a file has one name only (exFAT, some shares)."""


@dataclass(frozen=True, slots=True)
class SaveLock:
    """A lock that is held: this file has these bytes while it is."""

    path: Path
    content: bytes

    def is_held(self) -> bool:
        """Say whether nobody has taken the lock over, believing its holder gone."""
        return _content(self.path) == self.content


@contextmanager
def saving_alone(sheet: Path) -> Iterator[SaveLock]:
    """Keep other programs of ours from saving a sheet file; wait a moment for one that does.

    Raises SurroundingsError, naming the other's PC, when it takes longer.
    """
    lock = _acquire(sheet)
    try:
        yield lock
    finally:
        _release(lock)


def _acquire(sheet: Path) -> SaveLock:
    lock = SaveLock(sheet.with_name(f".~slideferry-{sheet.name}.lock"), _told())
    waiting = _beside(sheet)
    try:
        _write_new(waiting, lock.content)
        _wait_for(lock, waiting, sheet)
    finally:
        waiting.unlink(missing_ok=True)
    return lock


def _wait_for(lock: SaveLock, waiting: Path, sheet: Path) -> None:
    """Give the written lock its name as soon as nobody else's has it."""
    started, lead = time.monotonic(), None
    while not _take_name(waiting, lock):
        there, waited = _content(lock.path), time.monotonic() - started
        if lead is None:
            lead = _file_system_time(sheet) - time.monotonic()
        if there is not None and (_holder_is_dead(there) or _age(lock.path, time.monotonic() + lead) > STALE_SECONDS):
            _take_away(lock.path, there)
        elif waited > _WAIT_SECONDS:
            raise _in_use(sheet, there or b"")
        else:
            time.sleep(_LOOK_SECONDS)


def _release(lock: SaveLock) -> None:
    """Give the lock up; on Windows it cannot be moved in the instant in which somebody who waits reads it."""
    for _ in range(_RELEASE_TRIES):
        if _take_away(lock.path, lock.content):
            return
        time.sleep(_LOOK_SECONDS)


def _told() -> bytes:
    told = {
        "station": gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "token": secrets.token_hex(8),
    }
    return json.dumps(told).encode()


def _write_new(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(fd, "wb", buffering=0) as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)  # a full disk must leave no lock that says nothing
        raise


def _take_name(waiting: Path, lock: SaveLock) -> bool:
    """Give a lock that is written whole its name; return False where there is one already."""
    try:
        _name_exclusively(waiting, lock.path)
    except FileExistsError:
        return lock.is_held()  # over NFS a call may have done its work and be repeated, its answer having got lost
    except PermissionError:
        if sys.platform != _WINDOWS:
            raise
        return False  # so it says of a file that is just being removed; that files can be made here was seen
    return True


def _name_exclusively(written: Path, path: Path) -> None:
    """Let a file have this name, too, or instead; raises FileExistsError where it is taken."""
    if sys.platform == _WINDOWS:
        os.rename(written, path)  # noqa: PTH104 - on Windows os.rename refuses to replace, which is what is wanted here
        return
    try:
        os.link(written, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write_new(path, written.read_bytes())


def _take_away(path: Path, meant: bytes) -> bool:
    """Remove the lock if it still is the one that is meant: it is looked at where nobody else can reach it.

    Another's goes back, unless somebody has made a new one by now; its holder finds out before it saves (`is_held`).
    Returns False where it could not be looked at.
    """
    aside = _beside(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    if _content(aside) != meant:
        with suppress(FileExistsError):
            _name_exclusively(aside, path)
    aside.unlink(missing_ok=True)
    return True


def _beside(path: Path) -> Path:
    """Return a name of no meaning in the same folder; what is left under such a name is removed when it is old."""
    return path.with_name(f".~slideferry-{secrets.token_hex(6)}.tmp")


def _age(path: Path, now: float) -> float:
    """Return how far the lock's time is from now, 0 when it has gone; a time to come is no better than an old one."""
    try:
        return abs(now - path.stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def _file_system_time(sheet: Path) -> float:
    probe = _beside(sheet)
    try:
        probe.touch(exist_ok=False)
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _in_use(sheet: Path, content: bytes) -> SurroundingsError:
    return SurroundingsError(
        "The slide sheet is in use",
        f"{sheet.name} is being saved by Slideferry at {_field(content, 'station') or 'another PC'};"
        " what is to be written waits.",
        "It is tried again.",
    )


def _content(path: Path) -> bytes | None:
    """Return what a lock says, nothing where its program was ended while it wrote it; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except PermissionError:
        if sys.platform != _WINDOWS:
            raise
        return None  # just being removed


def _field(content: bytes, name: str) -> str:
    try:
        told = json.loads(content)
    except ValueError:
        return ""  # caught while it was being written
    return str(told.get(name, "")) if isinstance(told, dict) else ""


def _holder_is_dead(content: bytes) -> bool:
    """Return True only for a program on this PC that has ended."""
    pid = _field(content, "pid")
    if _field(content, "machine") != _machine() or not pid.isdigit():
        return False
    try:
        return _started(int(pid)) != _field(content, "started")
    except psutil.AccessDenied:
        return False  # alive, and of another account


def _started(pid: int) -> str:
    """Return a mark of the process that has this id now, empty for none."""
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def _machine() -> str:
    return f"{gethostname()}-{uuid.getnode():012x}"
