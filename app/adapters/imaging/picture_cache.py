"""Pictures kept on disk, so that what was drawn once is not decoded again; a shortcut that may vanish at any time."""

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.domain.scan import ScanSet
from app.domain.slide import PictureKind

LIMIT_BYTES = 512 << 20
KEPT_SHARE = 0.9
"""What is left when it was full: so much that the next picture does not make it full again."""

DRAWN_AS = 1
"""Grows when the same files give other pictures than before."""

DIGEST_BYTES = 16
DAY_SECONDS = 86_400.0
ABANDONED_SECONDS = 3600.0
ENTRY = ".picture"
PASSING = ".new"

log = logging.getLogger(__name__)


def picture_key(scan: ScanSet, kind: PictureKind, size_px: int) -> str:
    """Return the name of a picture in the cache: it changes with the scan's files, never tells what they are called."""
    parts = (str(scan.root), scan.image_fingerprint(), kind.value, str(size_px), str(DRAWN_AS))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class _Entry:
    used_at: float
    size_bytes: int
    path: Path


class PictureCache:
    """A folder of pictures, at most `limit_bytes` of them; those not looked at for longest go first.

    Only the account that runs the program can read it: labels name patients. Several programs may share it. With
    `unused_days` a picture goes when nobody looked at it for so long. Blocking calls; one thread at a time.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES, unused_days: float = 0.0) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._unused_seconds = unused_days * DAY_SECONDS
        self._held_bytes: int | None = None

    def get(self, key: str) -> bytes | None:
        """Return a picture, None where there is none; one that is not what was put there is removed."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            if content[:DIGEST_BYTES] != _digest(content[DIGEST_BYTES:]):
                log.warning("a kept picture was damaged and is drawn again")
                path.unlink(missing_ok=True)
                return None
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("a kept picture cannot be read: %s", error.strerror)
            return None
        return content[DIGEST_BYTES:]

    def put(self, key: str, picture: bytes) -> None:
        """Keep a picture; where that is not possible it is drawn anew the next time."""
        path = self._path(key)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write(path, _digest(picture) + picture)
            if self._held_bytes is None:
                self._held_bytes = self._sweep()
            else:
                self._held_bytes += DIGEST_BYTES + len(picture)
            if self._held_bytes > self._limit_bytes:
                self._held_bytes = self._sweep()
        except OSError as error:
            log.warning("a picture cannot be kept: %s", error.strerror)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{ENTRY}"

    def _sweep(self) -> int:
        """Remove what is too old or too much; return how many bytes are left."""
        entries = sorted(self._entries(), key=lambda each: each.used_at)
        held, now = sum(each.size_bytes for each in entries), time.time()
        target = self._limit_bytes * KEPT_SHARE if held > self._limit_bytes else held
        for entry in entries:
            forgotten = self._unused_seconds and now - entry.used_at > self._unused_seconds
            if held <= target and not forgotten:
                break
            with suppress(PermissionError):  # another program reads it at this moment (Windows)
                entry.path.unlink(missing_ok=True)
                held -= entry.size_bytes
        return held

    def _entries(self) -> Iterator[_Entry]:
        """Yield every picture; what a program left behind that was killed while writing is removed."""
        for path in self._folder.glob("??/*"):
            try:
                status = path.stat()
                if path.suffix == ENTRY:
                    yield _Entry(status.st_mtime, status.st_size, path)
                elif path.suffix == PASSING and time.time() - status.st_mtime > ABANDONED_SECONDS:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another program made room


def _digest(picture: bytes) -> bytes:
    return hashlib.blake2b(picture, digest_size=DIGEST_BYTES).digest()


def _write(path: Path, content: bytes) -> None:
    """Write a file that only this account can read, so that others see all of it or nothing."""
    number, name = tempfile.mkstemp(suffix=PASSING, dir=path.parent)
    passing = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        with suppress(PermissionError):  # it is there already, and another program reads it at this moment (Windows)
            passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
