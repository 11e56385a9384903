"""One program at a time saves a sheet file, on whichever PC it runs; spreadsheet programs have locks of their own.

The lock is a file beside the sheet, made with O_EXCL, which is atomic on local disks, SMB and NFS. It is held for one
save only, so its age tells a program that was ended in between; on this PC its process id tells at once.
"""

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
    started, lead = time.monotonic(), None
    while not _make(lock):
        there, waited = _content(lock.path), time.monotonic() - started
        if lead is None:
            lead = _file_system_time(sheet) - time.monotonic()
        if there and (_holder_is_dead(there) or _age(lock.path, time.monotonic() + lead) > STALE_SECONDS):
            _take_away(lock.path, there)
        elif waited > _WAIT_SECONDS:
            raise _in_use(sheet, there)
        else:
            time.sleep(_LOOK_SECONDS)
    return lock


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


def _make(lock: SaveLock) -> bool:
    try:
        file = lock.path.open("xb")
    except FileExistsError:
        return False
    except PermissionError:
        if sys.platform != _WINDOWS:
            raise
        return False  # so it says of a file that is just being removed; that files can be made here was seen
    try:
        with file:
            file.write(lock.content)
    except OSError:
        lock.path.unlink(missing_ok=True)
        raise
    return True


def _take_away(path: Path, meant: bytes) -> bool:
    """Remove the lock if it still is the one that is meant: it is looked at where nobody else can reach it.

    Another's goes back, unless somebody has made a new one by now; its holder finds out before it saves (`is_held`).
    Returns False where it could not be looked at.
    """
    aside = path.with_name(f".~slideferry-{secrets.token_hex(6)}.tmp")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    content = _content(aside)
    if content != meant:
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
    aside.unlink(missing_ok=True)
    return True


def _age(path: Path, now: float) -> float:
    """Return how far the lock's time is from now, 0 when it has gone; a time to come is no better than an old one."""
    try:
        return abs(now - path.stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def _file_system_time(sheet: Path) -> float:
    probe = sheet.with_name(f".~slideferry-{secrets.token_hex(6)}.tmp")
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


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except PermissionError:
        if sys.platform != _WINDOWS:
            raise
        return b""  # just being removed


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
