"""Reading a destination's file back from its medium, past the caches, and hashing it."""

import errno
import hashlib
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from app.adapters.files import platform
from app.adapters.files.blocks import ALIGNMENT_BYTES, whole_blocks
from app.adapters.files.failures import from_destination
from app.domain.errors import SlideferryError
from app.domain.transfer import CheckGrade

CHUNK_BYTES = 8 * 1024 * 1024


def make_buffer(size_bytes: int) -> mmap.mmap:
    """Return memory that unbuffered reads and writes accept: page-aligned, its length rounded up to whole blocks."""
    return platform.page_memory(whole_blocks(max(1, size_bytes)))


class MediumReader:
    """A file opened past the cache. `grade` says how sure the bytes came from the medium, so far.

    `answer` turns OSErrors into the project's own: those of the destination, or of the scanner's disk.
    """

    def __init__(
        self, path: Path | str, answer: Callable[[OSError, Path | str], SlideferryError] = from_destination
    ) -> None:
        self._path = path
        self._answer = answer
        try:
            self._fd, self._bypasses = platform.open_past_cache(path)
        except OSError as error:
            raise answer(error, path) from error
        self.grade = CheckGrade.READ_BACK

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def descriptor(self) -> int | None:
        """The open file, where reading from it surely passes by the cache."""
        return self._fd if self._bypasses else None

    def close(self) -> None:
        """Close the file; raises as the destination does."""
        try:
            os.close(self._fd)
        except OSError as error:
            raise self._answer(error, self._path) from error

    def status(self) -> os.stat_result:
        """Return the open file's status; raises as the destination does."""
        try:
            return os.fstat(self._fd)
        except OSError as error:
            raise self._answer(error, self._path) from error

    def read(self, buffer: mmap.mmap, offset: int, length: int) -> int:
        """Read up to `length` bytes from `offset` into an aligned buffer; return how many came."""
        try:
            return self._read_past_cache(buffer, offset, length)
        except OSError as error:
            raise self._answer(error, self._path) from error

    def _read_past_cache(self, buffer: mmap.mmap, offset: int, length: int) -> int:
        if self._bypasses:
            try:
                return self._read(buffer, offset, length)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                # The file system accepts the flag and then cannot do it: the other way from here on.
                self._fd = platform.leave_direct(self._fd, self._path)
                self._bypasses = False
        if not platform.drop_cache(self._fd, offset, length):
            self.grade = CheckGrade.CACHE_NOT_BYPASSED
        return self._read(buffer, offset, length)

    def _read(self, buffer: mmap.mmap, offset: int, length: int) -> int:
        asked = min(len(buffer), whole_blocks(length))
        done = 0
        with memoryview(buffer) as view:
            while done < length:
                count = platform.read_at(self._fd, view[done:asked], offset + done)
                done += count
                if count == 0 or done % ALIGNMENT_BYTES:
                    break  # only the end of the file ends a read inside a block
        return min(done, length)


def hash_medium(path: Path | str, each_chunk: Callable[[int], None]) -> tuple[str, int, CheckGrade]:
    """Read a file back; return its SHA-256 in hex, its size in bytes, and the grade.

    `each_chunk` is told the bytes of every chunk and may raise to stop.
    """
    digest, size = hashlib.sha256(), 0
    with MediumReader(path) as reader:
        expected = reader.status().st_size
        buffer = make_buffer(min(CHUNK_BYTES, expected))
        with memoryview(buffer) as view:
            while size < expected:
                count = reader.read(buffer, size, min(len(buffer), expected - size))
                if count == 0:
                    break
                digest.update(view[:count])
                size += count
                each_chunk(count)
        return digest.hexdigest(), size, reader.grade
