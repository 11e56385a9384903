"""A lock on one folder of a destination, for programs on any number of PCs.

It is a file made with O_EXCL, which is atomic on local disks, SMB, NFS 3 and later and FUSE. The systems' own
locks are not used here: mounts may keep them to one PC (`nobrl`, `nolock`, most FUSE file systems) without saying so.
The price is that a dead holder leaves its file behind. A holder on this PC is known to be dead by its process id; for
others the holder's heartbeat is watched with our own clock, never compared with theirs. Whoever was taken for dead
wrongly finds out before it swaps anything (`require_held`). Should it fall asleep after that look, the swap itself
fails, because the next holder has removed what it would swap in (`manifest`). Publishing never overwrites, lock or no
lock.
"""

import hashlib
import json
import os
import platform as machine
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.adapters.files.in_use import InUseError, rename_patiently, seems_in_use
from app.domain.errors import RetryableError

_BEAT_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_MOST_BYTES = 4096
_LONGEST_LOOK_SECONDS = 1.0
"""A longer pause between two looks counts as this much: a PC that slept has watched nobody's heartbeat meanwhile."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a lock, and how long a holder on another PC may be silent before it counts as dead."""

    wait_seconds: float = 120.0
    silent_seconds: float = 45.0


class FolderLock:
    """Held inside `with`; raises RetryableError when another program keeps it too long."""

    def __init__(self, locks: Path, folder: str, station: str, patience: Patience) -> None:
        # By its twin key: on a share that ignores case two spellings are one folder, and must have one lock.
        key = hashlib.sha256(names.twin_key(folder).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._path = locks / f"{key}.lock"
        self._folder = folder
        self._station = station
        self._patience = patience
        self._token = secrets.token_hex(16)
        self._broken: set[str] = set()
        self._released = threading.Event()
        self._beats: threading.Thread | None = None
        self._fd = -1

    @property
    def token(self) -> str:
        """Hex digits that no other holding of a lock has: the name of what is only swapped in while it lasts."""
        return self._token

    @property
    def superseded(self) -> frozenset[str]:
        """The tokens of holders that were taken for dead when this one took over."""
        return frozenset(self._broken)

    def __enter__(self) -> Self:
        with at_destination(self._path):
            self._path.parent.mkdir(exist_ok=True)
            self._acquire()
        self._beats = threading.Thread(target=self._beat, name="folder-lock", daemon=True)
        self._beats.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        if self._beats is not None:
            self._beats.join()
        with at_destination(self._path):
            os.close(self._fd)
            self._give_back()

    def _give_back(self) -> None:
        """Take the own file away; a waiter on another system may just be reading it."""
        aside = self._aside()
        try:
            rename_patiently(lambda: self._path.rename(aside), self._path)
        except (FileNotFoundError, InUseError):
            # Taken over meanwhile, or to be taken over for its silence. What was done under it is done either way.
            return
        self._remove_if_meant(aside, lambda content: _field(content, "token") == self._token)

    def require_held(self) -> None:
        """Raise RetryableError when another program has taken the lock over meanwhile."""
        with at_destination(self._path):
            held = _token(self._path) == self._token
        if not held:
            raise self.lost()

    def lost(self) -> RetryableError:
        """Return the error that says that another program has taken the lock over."""
        message = f"Another program took over “{self._folder}” because this one had not answered for a while"
        return RetryableError("The folder's lock was lost", message, "It is tried again by itself.")

    def _acquire(self) -> None:
        started = looked = time.monotonic()
        seen, silent = b"", 0.0
        while not self._make():
            now, content = time.monotonic(), _content(self._path)
            silent = silent + min(now - looked, _LONGEST_LOOK_SECONDS) if content == seen else 0.0
            seen, looked = content, now
            is_dead = _holder_is_dead(content) or silent > self._patience.silent_seconds
            if is_dead and self._break(content):
                continue
            if now - started > self._patience.wait_seconds:
                holder = _field(content, "station") or "another program"
                message = f"“{self._folder}” is being changed by {holder}"
                raise RetryableError("A folder at the destination is busy", message, "It is tried again by itself.")
            time.sleep(_LOOK_SECONDS)

    def _make(self) -> bool:
        try:
            self._fd = platform.create_exclusively(self._path)
        except FileExistsError:
            return False
        try:
            self._write(0)
        except OSError:
            os.close(self._fd)
            platform.remove_if_there(self._path)
            raise
        return True

    def _write(self, beat: int) -> None:
        told = {"token": self._token, "station": self._station, "machine": _machine(), "pid": os.getpid()}
        line = json.dumps(told | {"started": _started(os.getpid()), "beat": f"{beat:012d}"})
        platform.write_at(self._fd, memoryview(line.encode()), 0)

    def _beat(self) -> None:
        beat = 0
        while not self._released.wait(_BEAT_SECONDS):
            beat += 1
            try:
                self._write(beat)
            except OSError:
                return  # silence is what the others then see; the holder meets the same trouble at its next call

    def _break(self, judged: bytes) -> bool:
        """Take a dead holder's file away; return False when it has become a living one's meanwhile, or cannot be."""
        aside = self._aside()
        try:
            self._path.rename(aside)
        except FileNotFoundError:
            return False
        except OSError as error:
            if not seems_in_use(error, self._path):
                raise
            return False  # its holder has it open, and so is alive
        broken = self._remove_if_meant(aside, lambda content: content == judged)
        token = _field(judged, "token")
        if broken and token is not None:
            self._broken.add(token)
        return broken

    def _aside(self) -> Path:
        return self._path.with_suffix(f".{self._token}{names.BROKEN_LOCK_SUFFIX}")

    def _remove_if_meant(self, aside: Path, meant: Callable[[bytes], bool]) -> bool:
        """Remove a lock's file that was put aside if it is the one that is meant.

        Between a look at the lock and its removal it could become another, so it is looked at when it is aside;
        another's goes back, unless somebody has made a new one by now: then its former holder finds out.
        """
        taken = meant(_content(aside))
        if not taken:
            with suppress(FileExistsError):
                platform.rename_exclusively(aside, self._path)
        platform.remove_if_there(aside)
        return taken


def _content(path: Path) -> bytes:
    """Return what a lock's file says, empty where there is none; its holder can take it away meanwhile."""
    try:
        fd = platform.open_source(path)
    except FileNotFoundError:
        return b""
    try:
        return platform.read_up_to(fd, _MOST_BYTES)
    finally:
        os.close(fd)


def _field(content: bytes, name: str) -> str | None:
    try:
        told = json.loads(content)
    except ValueError:
        return None  # caught while it was being written
    value = told.get(name) if isinstance(told, dict) else None
    return None if value is None else str(value)


def _token(path: Path) -> str | None:
    return _field(_content(path), "token")


def _holder_is_dead(content: bytes) -> bool:
    """Return True only for a holder on this PC whose process has ended; others are judged by their silence."""
    pid, started = _field(content, "pid"), _field(content, "started")
    if _field(content, "machine") != _machine() or pid is None or not pid.isdigit():
        return False
    try:
        return _started(int(pid)) != started
    except psutil.AccessDenied:
        return False  # alive, and of another account


def _started(pid: int) -> str | None:
    """Return a mark of the process that has this id now, which a later process with the same id does not share."""
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def _machine() -> str:
    return f"{machine.node()}-{uuid.getnode():012x}"
