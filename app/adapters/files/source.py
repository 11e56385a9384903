"""A file on the scanner's disk while it is read: any change to it is noticed."""

import os
import stat
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from app.adapters.files import platform
from app.adapters.files.failures import at_source, from_source
from app.adapters.files.platform_aio import ManyReads
from app.adapters.files.together import read_together
from app.domain import long_path
from app.domain.errors import SlideferryError, SourceChangedError
from app.domain.transfer import MemberPlan


class Identity(NamedTuple):
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
                raise _not_as_found(self._path)
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
        """Fill `view`, which begins on a page, from `offset`; a file that ends too early has changed."""
        done = 0
        while done < len(view):
            with at_source(self._path):
                count = platform.read_sparing_cache(self._fd, view[done:], offset + done)
            if count == 0:
                raise _changed(self._path, "it became shorter while it was being read")
            done += count

    def _seen(self) -> Identity:
        with at_source(self._path):
            return identity(os.fstat(self._fd))


Content = tuple[bytes | memoryview, Identity]
"""A small file's bytes, and its identity, to be compared again with `require_same`."""


def read_each(members: Iterable[MemberPlan], ahead: int) -> Generator[Content, None, None]:
    """Read small files in turn, each in one go.

    `ahead` are open at once, so that the disk fetches them while others are worked on; to be closed by who stops early.
    Raises SourceChangedError when one is not what was planned.
    """
    opened: deque[_Small] = deque()
    try:
        for member in members:
            opened.append(_Small(member, past_cache=False))
            if len(opened) == ahead:
                yield _whole(opened.popleft(), None)
        while opened:
            yield _whole(opened.popleft(), None)
    finally:
        for small in opened:
            with suppress(SlideferryError):  # nothing was read from it, and what ends the reading is told already
                small.close()


def read_many(members: Iterable[MemberPlan], reads: ManyReads) -> Generator[Content, None, None]:
    """Read small files as `read_each` does, many at once; the bytes stay until the next are asked for."""
    opened = (_Small(member, past_cache=True) for member in members)
    with closing(read_together(opened, reads)) as contents:
        for small, content in contents:
            yield _whole(small, content)


class _Small:
    """A small source file that is open, and is what was planned; else SourceChangedError is raised."""

    __slots__ = ("_member", "_past_cache", "descriptor", "identity", "wanted_bytes")

    def __init__(self, member: MemberPlan, *, past_cache: bool) -> None:
        self._member = member
        self._past_cache = past_cache
        self.wanted_bytes = member.size_bytes + 1  # so that one that has grown is told
        path = long_path.reachable(member.source)
        try:
            self.descriptor = platform.open_for_many(path) if past_cache else platform.open_source(path, soon=True)
        except OSError as error:
            raise from_source(error, member.source) from error
        try:
            self.identity = self._look()
        except BaseException:
            os.close(self.descriptor)
            raise

    def _look(self) -> Identity:
        member = self._member
        try:
            status = os.fstat(self.descriptor)
        except OSError as error:
            raise from_source(error, member.source) from error
        if not stat.S_ISREG(status.st_mode):
            raise SourceChangedError("The scan has gone", f"{member.source} is no longer a plain file")
        if (status.st_size, status.st_mtime_ns) != (member.size_bytes, member.mtime_ns):
            raise _not_as_found(member.source)
        return identity(status)

    def read(self) -> bytes:
        """Read it through the cache, whichever way it was opened."""
        path = self._member.source
        with at_source(path):
            if self._past_cache:
                self.descriptor = platform.leave_direct(self.descriptor, path)
            return platform.read_up_to(self.descriptor, self.wanted_bytes)

    def require_whole(self, content: bytes | memoryview) -> None:
        """Raise SourceChangedError unless this is as much as there should be."""
        if len(content) != self._member.size_bytes:
            raise _not_as_found(self._member.source)

    def close(self) -> None:
        """Close it; raises as `at_source` does."""
        try:
            os.close(self.descriptor)
        except OSError as error:
            raise from_source(error, self._member.source) from error


def _whole(small: _Small, content: memoryview | None) -> Content:
    """Close a small file; return its bytes: `content`, or where that is not all of them, what it reads itself."""
    try:
        found = small.read() if content is None or len(content) != small.wanted_bytes - 1 else content
    finally:
        small.close()
    small.require_whole(found)
    return found, small.identity


def require_same(path: Path, before: Identity) -> None:
    """Raise SourceChangedError unless a name still leads to the file that was read, untouched since."""
    try:
        status = os.lstat(long_path.reachable(path))
    except OSError as error:
        raise from_source(error, path) from error
    if not stat.S_ISREG(status.st_mode) or identity(status) != before:
        raise _changed(path, "it was written to, or replaced, while it was being copied")


def _not_as_found(path: Path) -> SourceChangedError:
    return _changed(path, "its size or time is not what it was when it was found")


def _changed(path: Path, how: str) -> SourceChangedError:
    hint = "It goes back to Wait Until Written and is copied once the scanner leaves it alone."
    return SourceChangedError("The scan changed while it was copied", f"{path}: {how}", hint)
