"""Carrying many small members together: side by side, and one flush of the file system stands for their fsyncs.

Where a set has ten thousand files of some kilobytes, waiting for the disk after each of them is what takes the time.
Members are carried in batches: read ahead, written through the cache, flushed together, read back from the medium while
the next batch is being written. While the program steps back for the scanner, batches are small, one is carried after
the other, and the rest between two of them finds the disks free.
"""

import errno
import hashlib
import mmap
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from app.adapters.files import platform
from app.adapters.files.failures import from_destination
from app.adapters.files.flush import Flush
from app.adapters.files.medium import MediumReader, make_buffer
from app.adapters.files.meter import Meter
from app.adapters.files.part import Carried
from app.adapters.files.platform_aio import ManyReads
from app.adapters.files.source import Identity, identity, read_each, read_many
from app.adapters.files.together import read_together
from app.adapters.files.tree import regular_status
from app.domain.transfer import MemberPlan

SMALL_BYTES = 4 * 1024 * 1024
"""Members up to this size are carried together."""
FEWEST = 8
"""Fewer small members than this are not worth a flush of the whole file system."""
_BATCH_MEMBERS = 500
_BATCH_BYTES = 64 * 1024 * 1024
_BRAKED_MEMBERS = 100
_BRAKED_BYTES = 8 * 1024 * 1024
_UNDER_WAY = 4
"""Batches that are being written, flushed or read back at once."""

T = TypeVar("T")
Pace = Callable[[int], None]
Pair = tuple[MemberPlan, Path]
"""A member and its part."""


_AT_ONCE = 32
"""Files that are read with one call, where there is such a call."""
_WORTH_SETTING_UP = 200
"""Fewer members than this are through before such calls have been set up and put away."""


class _Threads(NamedTuple):
    writers: int
    readers: int
    ahead: int
    """Small sources that each writer has open at once: macOS lets a program have 256 files open, copies and all."""


_AT_HAND = _Threads(writers=1, readers=2, ahead=16)
"""For a disk of this machine: it answers faster than more threads can take turns, for they share Python's one lock and
the lock of the folder that they make files in."""
_AT_ONCE_AT_HAND = _AT_HAND._replace(readers=1)
"""The same, where many files are read with one call: nobody waits for a single one."""
_FAR_AWAY = _Threads(writers=4, readers=4, ahead=8)
"""For network shares, whether they hold the scans or take them, and where each file is flushed by itself: there every
call waits."""


class _Reads(NamedTuple):
    sources: ManyReads
    parts: ManyReads


Arrived = tuple[Pair, Carried | None]
"""A small member whose part was read back; None when it does not hold the source's bytes."""


class _Written(NamedTuple):
    pair: Pair
    sha256: str
    source: Identity


_UnderWay = Future[list[Future[list[Arrived]]]]
"""A batch until it is flushed; its readers then."""


class Bundle:
    """Threads that carry the small members of one plan. Used inside `with`.

    The first pair tells whether both disks are at hand: the members of a set lie below one folder, and go below one.
    """

    def __init__(self, meter: Meter, pairs: Sequence[Pair]) -> None:
        self._meter = meter
        self._pairs = pairs
        member, part = pairs[0]
        at_hand = platform.flushes_at_once(part.parent) and platform.flushes_at_once(member.source.parent)
        self._reads = _two_reads(pairs) if at_hand and len(pairs) >= _WORTH_SETTING_UP else None
        self._threads = _AT_ONCE_AT_HAND if self._reads else _AT_HAND if at_hand else _FAR_AWAY
        self._write = ThreadPoolExecutor(self._threads.writers, thread_name_prefix="bundle-write")
        self._flush = ThreadPoolExecutor(1, thread_name_prefix="bundle-flush")
        self._back = ThreadPoolExecutor(self._threads.readers, thread_name_prefix="bundle-back")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In the order of the work: who still waits for an earlier lane gets its answer first.
        for lane in (self._write, self._flush, self._back):
            lane.shutdown()
        for reads in self._reads or ():
            reads.close()

    def carry(self) -> Iterator[Arrived]:
        """Yield every member once its part was flushed and read back, while the next batch is under way.

        Raises what reading, writing and flushing raise.
        """
        left = deque(self._pairs)
        under_way: deque[_UnderWay] = deque()
        while left or under_way:
            alone = self._meter.braked
            if under_way and (alone or not left or len(under_way) == _UNDER_WAY):
                yield from _results(under_way.popleft().result())
            elif alone:
                under_way.append(self._begin_alone(_next_batch(left, _BRAKED_MEMBERS, _BRAKED_BYTES)))
            else:
                batch = _next_batch(left, _BATCH_MEMBERS, _BATCH_BYTES)
                under_way.append(self._begin(batch, self._meter.pace, self._rest_if_braked))

    def _begin_alone(self, batch: Sequence[Pair]) -> _UnderWay:
        """Rest while nothing is under way, then carry a batch without a rest in it."""
        self._meter.require_running()
        self._meter.pace(sum(member.size_bytes for member, _ in batch))
        return self._begin(batch, _at_once, _at_once)

    def _begin(self, batch: Sequence[Pair], pace_write: Pace, pace_back: Pace) -> _UnderWay:
        """Give a batch to the writers, who go on with the next one while this one is flushed."""
        flush = Flush({part.parent for _, part in batch})
        shares = _shares(batch, self._threads.writers)
        writing = [self._write.submit(self._write_all, each, flush, pace_write) for each in shares]
        return self._flush.submit(self._finish, flush, writing, pace_back)

    def _finish(
        self, flush: Flush, writing: Sequence[Future[list[_Written]]], pace_back: Pace
    ) -> list[Future[list[Arrived]]]:
        """Flush what was written; return its readers, who go on while later batches are written."""
        with flush:
            wait(writing)
            written = list(_results(writing))
            flush.run()
        return [self._back.submit(self._read_back, each, pace_back) for each in _shares(written, self._threads.readers)]

    def _rest_if_braked(self, _size_bytes: int) -> None:
        """Let what was under way when the scanner began be read back as slowly as it is written."""
        if self._meter.braked:
            self._meter.pace(0)

    def _write_all(self, pairs: Sequence[Pair], flush: Flush, pace: Pace) -> list[_Written]:
        written = []
        members = (member for member, _ in pairs)
        each = read_many(members, self._reads.sources) if self._reads else read_each(members, self._threads.ahead)
        with closing(each) as contents:
            for pair in pairs:
                member, part = pair
                self._meter.require_running()
                pace(member.size_bytes)
                content, source = next(contents)
                try:
                    _write_part(part, content, flush)
                except OSError as error:
                    raise from_destination(error, part) from error
                written.append(_Written(pair, hashlib.sha256(content).hexdigest(), source))
        return written

    def _read_back(self, written: Sequence[_Written], pace: Pace) -> list[Arrived]:
        opened = self._opened(written, pace)
        buffer = make_buffer(max(each.pair[0].size_bytes for each in written))
        if self._reads is None:
            return [(part.pair, part.compared(None, buffer)) for part in opened]
        with closing(read_together(opened, self._reads.parts)) as contents:
            return [(part.pair, part.compared(content, buffer)) for part, content in contents]

    def _opened(self, written: Sequence[_Written], pace: Pace) -> Iterator["_Part"]:
        for each in written:
            self._meter.require_running()
            pace(each.pair[0].size_bytes)
            yield _Part(each)


class _Part:
    """A part that is open to be read back."""

    __slots__ = ("_reader", "_status", "_written", "descriptor", "pair", "wanted_bytes")

    def __init__(self, written: _Written) -> None:
        self._written = written
        self.pair = written.pair
        member, part = written.pair
        self.wanted_bytes = member.size_bytes
        self._reader = MediumReader(part)
        try:
            self._status = self._reader.status()
        except BaseException:
            self._reader.close()
            raise
        self.descriptor = self._reader.descriptor

    def compared(self, content: memoryview | None, buffer: mmap.mmap) -> Carried | None:
        """Close the part; return None when it is not what was written. What did not come is read into the buffer."""
        size_bytes, sha256 = self.wanted_bytes, self._written.sha256
        with self._reader as reader:
            if self._status.st_size != size_bytes:
                return None
            if content is None or len(content) != size_bytes:
                if reader.read(buffer, 0, size_bytes) != size_bytes:
                    return None
                content = memoryview(buffer)[:size_bytes]
            grade = reader.grade
        found = hashlib.sha256(content).hexdigest()
        return Carried(sha256, grade, identity(self._status), self._written.source) if found == sha256 else None

    def close(self) -> None:
        """Close it without reading; raises as the destination does."""
        self._reader.close()


def _two_reads(pairs: Sequence[Pair]) -> _Reads | None:
    """Return calls for sources and for parts, None where the system has none."""
    largest_bytes = max(member.size_bytes for member, _ in pairs) + 1
    sources = platform.many_reads(_AT_ONCE, largest_bytes)
    if sources is None:
        return None
    parts = platform.many_reads(_AT_ONCE, largest_bytes)
    if parts is None:
        sources.close()
        return None
    return _Reads(sources, parts)


def _write_part(part: Path, content: bytes | memoryview, flush: Flush) -> None:
    """Write a new part; what an earlier try left is removed first, for a small one is as quickly written anew."""
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
                    raise OSError(errno.EIO, "nothing was written", str(part))
                done += count
        flush.note(fd)
    finally:
        os.close(fd)


def _at_once(_size_bytes: int) -> None:
    """Pace what was paced as a whole."""


def _next_batch(left: deque[Pair], most_members: int, most_bytes: int) -> list[Pair]:
    """Take members away from the front, until they are so many or hold so much."""
    batch: list[Pair] = []
    size_bytes = 0
    while left and len(batch) < most_members and size_bytes < most_bytes:
        batch.append(left.popleft())
        size_bytes += batch[-1][0].size_bytes
    return batch


def _shares(whole: Sequence[T], number: int) -> list[Sequence[T]]:
    """Deal a sequence out to so many threads; fewer where there is less."""
    return [share for share in (whole[first::number] for first in range(number)) if share]


def _results(tasks: Iterable[Future[list[T]]]) -> Iterator[T]:
    for task in tasks:
        yield from task.result()
