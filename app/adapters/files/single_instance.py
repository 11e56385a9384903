"""One program per journal and per watch folder: a lock of the system, and who holds it."""

import getpass
import json
import os
import platform as machine
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.atomic import write_atomically
from app.domain.errors import SurroundingsError

_TRIES = 4
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a folder; times in ISO 8601 with their zone, to show."""

    pid: int
    host: str
    account: str
    since: str
    heartbeat: str


class HolderLock:
    """A lock on `<folder>/<name>.lock` that the system itself releases when the program ends, however it ends.

    With `in_foreign_folder` the folder is never made, and nothing stays in it after the release.
    """

    def __init__(self, folder: Path, name: str = "holder", *, in_foreign_folder: bool = False) -> None:
        self._lock = folder / f"{name}.lock"
        self._told = folder / f"{name}.json"
        self._is_foreign = in_foreign_folder
        self._fd: int | None = None
        self._since = ""

    def try_acquire(self) -> bool:
        """Take the lock; return False when another holds it. Raises SurroundingsError where no lock can be had."""
        if self._fd is not None:
            return True
        # A few tries: somebody who only asks for the holder has the lock for a moment.
        for attempt in range(_TRIES):
            fd = self._try()
            if fd is not None:
                self._fd = fd
                self._since = datetime.now(UTC).isoformat()
                self.beat()
                return True
            if attempt < _TRIES - 1:
                time.sleep(_PAUSE_SECONDS)
        return False

    def beat(self) -> None:
        """Write the time of day beside the lock, for people who ask whether the holder still lives."""
        if self._fd is None:
            return
        told = Holder(os.getpid(), machine.node(), _account(), self._since, datetime.now(UTC).isoformat())
        via = self._told.with_name(f".{self._told.name}.{secrets.token_hex(4)}.new")
        try:
            write_atomically(self._told, json.dumps(asdict(told)).encode(), via=via)
        except OSError as error:
            raise self._no_lock(error) from error

    def holder(self) -> Holder | None:
        """Return who holds the lock, None when nobody does; fields are empty when the holder has not said yet."""
        if self._fd is None:
            if not self._lock.exists():
                return None
            fd = self._try()
            if fd is not None:
                os.close(fd)
                return None
        return self._read()

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._fd is None:
            return
        with suppress(OSError):  # the folder may be gone by now, or its share
            platform.remove_if_there(self._told)
            if self._is_foreign:
                platform.remove_if_there(self._lock)  # Windows keeps what is open: there it stays, empty
        os.close(self._fd)
        self._fd = None

    def _try(self) -> int | None:
        try:
            if not self._is_foreign:
                self._lock.parent.mkdir(parents=True, exist_ok=True)
            fd = platform.open_lock(self._lock)
            try:
                if platform.try_lock(fd) and self._is_still_there(fd):
                    return fd
            except OSError:
                os.close(fd)
                raise
            os.close(fd)
        except OSError as error:
            raise self._no_lock(error) from error
        return None

    def _is_still_there(self, fd: int) -> bool:
        """Whether the locked file is the one that others would open: a holder may have removed it meanwhile."""
        try:
            return os.path.samestat(os.fstat(fd), self._lock.stat())
        except FileNotFoundError:
            return False

    def _read(self) -> Holder:
        try:
            told = json.loads(self._told.read_text(encoding="utf-8"))
            return Holder(**{name: told[name] for name in Holder.__slots__})
        except (OSError, ValueError, KeyError, TypeError):
            return Holder(0, "", "", "", "")

    def _no_lock(self, error: OSError) -> SurroundingsError:
        hint = "Give this account the right to write there, or choose another folder."
        return SurroundingsError("The folder cannot be locked", f"{self._lock}: {error.strerror}", hint)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
