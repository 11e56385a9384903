"""A part file: what of a scan's member has arrived, under a name no viewer looks for."""

import errno
import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from app.adapters.files import platform
from app.adapters.files.blocks import ALIGNMENT_BYTES, whole_blocks
from app.adapters.files.failures import at_destination
from app.adapters.files.medium import make_buffer
from app.adapters.files.source import Identity
from app.adapters.files.tree import regular_status
from app.domain.transfer import CheckGrade

_COMPARED_BYTES = 1024 * 1024


class Carried(NamedTuple):
    """A verified part: its hash, how it was checked, and the identity it had then."""

    sha256: str
    grade: CheckGrade
    identity: Identity
    source: Identity
    """The source's, to be compared again when the whole scan has been carried."""


class PartFile:
    """A part opened for writing. What an earlier try left in it is kept only where it equals the source's bytes."""

    def __init__(self, path: Path, chunk_bytes: int) -> None:
        self._path = path
        self._chunk_bytes = chunk_bytes
        with at_destination(path):
            _forget_published(path)
            self._fd, self.direct = platform.open_part(path)
            status = os.fstat(self._fd)
        self._earlier_bytes = status.st_size
        self._earlier = make_buffer(chunk_bytes) if status.st_size else None
        self.written_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._earlier = None
        with at_destination(self._path):
            os.close(self._fd)

    def write(self, buffer: mmap.mmap, offset: int, length: int) -> None:
        """Write a chunk, unless the part already holds these very bytes there."""
        with at_destination(self._path), memoryview(buffer) as view:
            if not self._holds(view[:length], offset):
                self._write(view, offset, length)
        self.written_bytes = offset + length

    def reserve(self, size_bytes: int) -> None:
        """Take the room for all bytes to come, where the system can; what is there already stays."""
        if size_bytes > self._earlier_bytes:
            with at_destination(self._path):
                platform.reserve(self._fd, self._path.parent, size_bytes)

    def settle(self, size_bytes: int) -> os.stat_result:
        """Cut off what is beyond the source's size, make everything durable, return the part's status."""
        with at_destination(self._path):
            os.ftruncate(self._fd, size_bytes)
            platform.sync_file(self._fd)
            return os.fstat(self._fd)

    def _holds(self, view: memoryview, offset: int) -> bool:
        if self._earlier is None or offset + len(view) > self._earlier_bytes:
            return False
        with memoryview(self._earlier) as found:
            if self._read(found, offset) < len(view):
                return False
            # bytes compare by memcmp; memoryviews compare item by item, a hundred times slower.
            ends = ((at, min(at + _COMPARED_BYTES, len(view))) for at in range(0, len(view), _COMPARED_BYTES))
            return all(bytes(found[at:end]) == bytes(view[at:end]) for at, end in ends)

    def _read(self, view: memoryview, offset: int) -> int:
        try:
            return platform.read_at(self._fd, view, offset)
        except OSError as error:
            if error.errno != errno.EINVAL or not self.direct:
                raise
            self._leave_direct()
            return platform.read_at(self._fd, view, offset)

    def _leave_direct(self) -> None:
        self._fd = platform.leave_direct(self._fd, self._path)
        self.direct = False

    def _write(self, view: memoryview, offset: int, length: int) -> None:
        """Write in whole blocks while the cache is bypassed: the last one's padding is cut off by `settle`."""
        end = whole_blocks(length) if self.direct else length
        done = 0
        while done < end:
            try:
                count = platform.write_at(self._fd, view[done:end], offset + done)
            except OSError as error:
                if error.errno != errno.EINVAL or not self.direct:
                    raise
                self._leave_direct()
                end, count = length, 0
            else:
                if count == 0:
                    raise OSError(errno.EIO, "nothing was written", str(self._path))
            if self.direct and (done + count) % ALIGNMENT_BYTES:
                # A short write inside a block (a limit, a full disk): the next call has to name the reason.
                self._leave_direct()
                end = length
            done += count


def _forget_published(path: Path) -> None:
    """Remove a part that is a second name of another file, as link and unlink leave it when killed in between.

    Writing into it would write into what was published.
    """
    status = regular_status(path)
    if status is not None and status.st_nlink > 1:
        path.unlink()
