"""A file on the scanner's disk while it is read: any change to it is noticed."""

import os
import stat
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from app.adapters.files import platform
from app.adapters.files.failures import at_source, from_source
from app.domain import long_path
from app.domain.errors import SourceChangedError
from app.domain.transfer import MemberPlan


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same while nobody touches a file; `changed_ns` also tells of same-sized, back-dated writes."""

    inode: int
    size_bytes: int
    mtime_ns: int
    changed_ns: int


def identity(status: os.stat_result) -> Identity:
    """Take the identity out of a stat result."""
    return Identity(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class OpenSource:
    """A source file held open; raises SourceChangedError as soon as it is not what was planned."""

    def __init__(self, path: Path, size_bytes: int, mtime_ns: int) -> None:
        self._path = path
        self._reachable = long_path.reachable(path)
        with at_source(path):
            if not stat.S_ISREG(self._reachable.lstat().st_mode):
                raise SourceChangedError("The scan has gone", f"{path} is no longer a plain file")
            self._fd = platform.open_source(self._reachable)
        try:
            self._start = self._seen()
            if (self._start.size_bytes, self._start.mtime_ns) != (size_bytes, mtime_ns):
                raise _changed(self._path, "its size or time is not what it was when it was found")
            self.require_unchanged()
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def identity(self) -> Identity:
        """What the file was when it was opened."""
        return self._start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with at_source(self._path):
            os.close(self._fd)

    def require_unchanged(self) -> None:
        """Compare the open file, and what its name now points to, with the start."""
        if self._seen() != self._start:
            raise _changed(self._path, "it was written to while it was being read")
        with at_source(self._path):
            named = self._reachable.lstat()
        if named.st_ino != self._start.inode or not stat.S_ISREG(named.st_mode):
            raise _changed(self._path, "another file took its place while it was being read")

    def read(self, view: memoryview, offset: int) -> None:
        """Fill `view` from `offset`; a file that ends too early has changed."""
        done = 0
        while done < len(view):
            with at_source(self._path):
                count = platform.read_at(self._fd, view[done:], offset + done)
            if count == 0:
                raise _changed(self._path, "it became shorter while it was being read")
            done += count

    def _seen(self) -> Identity:
        with at_source(self._path):
            return identity(os.fstat(self._fd))


def read_each(members: Iterable[MemberPlan], ahead: int) -> Generator[tuple[bytes, Identity], None, None]:
    """Read small files in turn, each in one go; yield bytes and identity, to be compared again with `require_same`.

    `ahead` are open at once, so that the disk fetches them while others are worked on; to be closed by who stops early.
    Raises SourceChangedError when one is not what was planned.
    """
    coming = iter(members)
    opened: deque[tuple[MemberPlan, int]] = deque()
    try:
        while True:
            opened.extend((member, _open_soon(member.source)) for member in islice(coming, ahead - len(opened)))
            if not opened:
                return
            yield _read_whole(*opened.popleft())
    finally:
        for _, fd in opened:
            with suppress(OSError):  # nothing was read from it, and what ends the reading is told already
                os.close(fd)


def _open_soon(path: Path) -> int:
    try:
        return platform.open_source(long_path.reachable(path), soon=True)
    except OSError as error:
        raise from_source(error, path) from error


def _read_whole(member: MemberPlan, fd: int) -> tuple[bytes, Identity]:
    """Read an open file and close it."""
    path, size_bytes = member.source, member.size_bytes
    try:
        try:
            status = os.fstat(fd)
            content = platform.read_up_to(fd, size_bytes + 1) if stat.S_ISREG(status.st_mode) else b""
        finally:
            os.close(fd)
    except OSError as error:
        raise from_source(error, path) from error
    if not stat.S_ISREG(status.st_mode):
        raise SourceChangedError("The scan has gone", f"{path} is no longer a plain file")
    if (status.st_size, status.st_mtime_ns) != (size_bytes, member.mtime_ns) or len(content) != size_bytes:
        raise _changed(path, "its size or time is not what it was when it was found")
    return content, identity(status)


def require_same(path: Path, before: Identity) -> None:
    """Raise SourceChangedError unless a name still leads to the file that was read, untouched since."""
    try:
        status = os.lstat(long_path.reachable(path))
    except OSError as error:
        raise from_source(error, path) from error
    if not stat.S_ISREG(status.st_mode) or identity(status) != before:
        raise _changed(path, "it was written to, or replaced, while it was being copied")


def _changed(path: Path, how: str) -> SourceChangedError:
    hint = "It goes back to Wait Until Written and is copied once the scanner leaves it alone."
    return SourceChangedError("The scan changed while it was copied", f"{path}: {how}", hint)
