"""The part of a small member: written in one go through the cache, and read back from the medium once it is flushed."""

import errno
import hashlib
import mmap
import os
from pathlib import Path
from typing import NamedTuple

from app.adapters.files import platform
from app.adapters.files.failures import from_destination
from app.adapters.files.flush import Flush
from app.adapters.files.medium import MediumReader
from app.adapters.files.part import Carried
from app.adapters.files.source import Identity, identity
from app.adapters.files.tree import regular_status
from app.domain.transfer import MemberPlan


class Pair(NamedTuple):
    """A member, the folder it goes to, and its part there."""

    member: MemberPlan
    folder: Path
    part: str


class Written(NamedTuple):
    """A member whose part was written: the hash of the source's bytes, and the source's identity."""

    pair: Pair
    sha256: str
    source: Identity


Arrived = tuple[Pair, Carried | None]
"""A small member whose part was read back; None when it does not hold the source's bytes."""


def write_part(pair: Pair, content: bytes | memoryview, source: Identity, flush: Flush) -> Written:
    """Write a member's part; durable after the flush. Raises as the destination does.

    What an earlier try left is removed first, for a small part is as quickly written anew.
    """
    try:
        _write_new(pair.part, content, flush)
    except OSError as error:
        raise from_destination(error, pair.part) from error
    return Written(pair, hashlib.sha256(content).hexdigest(), source)


def _write_new(part: str, content: bytes | memoryview, flush: Flush) -> None:
    try:
        fd = platform.create_exclusively(part)
    except FileExistsError:
        regular_status(part)
        platform.remove_if_there(part)
        fd = platform.create_exclusively(part)
    try:
        with memoryview(content) as view:
            done = 0
            while done < len(view):
                count = platform.write_at(fd, view[done:], done)
                if count == 0:
                    raise OSError(errno.EIO, "nothing was written", part)
                done += count
        flush.note(fd)
    finally:
        os.close(fd)


class SmallPart:
    """A part that is open to be read back. Raises as the destination does."""

    __slots__ = ("_reader", "_status", "_written", "descriptor", "pair", "wanted_bytes")

    def __init__(self, written: Written) -> None:
        self._written = written
        self.pair = written.pair
        self.wanted_bytes = written.pair.member.size_bytes
        self._reader = MediumReader(written.pair.part)
        try:
            self._status = self._reader.status()
        except BaseException:
            self._reader.close()
            raise
        self.descriptor = self._reader.descriptor

    def compared(self, content: memoryview | None, buffer: mmap.mmap) -> Arrived:
        """Close the part; say whether it is what was written. What did not come is read into the buffer."""
        size_bytes, reader = self.wanted_bytes, self._reader
        try:
            if self._status.st_size != size_bytes:
                return self.pair, None
            if content is None or len(content) != size_bytes:
                if reader.read(buffer, 0, size_bytes) != size_bytes:
                    return self.pair, None
                content = memoryview(buffer)[:size_bytes]
        finally:
            reader.close()
        if hashlib.sha256(content).hexdigest() != self._written.sha256:
            return self.pair, None
        carried = Carried(self._written.sha256, reader.grade, identity(self._status), self._written.source)
        return self.pair, carried

    def close(self) -> None:
        """Close it without reading."""
        self._reader.close()
