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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from app.adapters.files import platform
from app.adapters.files.failures import from_destination
from app.adapters.files.flush import Flush
from app.adapters.files.medium import MediumReader, make_buffer
from app.adapters.files.meter import Meter
from app.adapters.files.source import Identity, identity, read_each
from app.adapters.files.tree import regular_status
from app.domain.transfer import CheckGrade, MemberPlan

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


class _Threads(NamedTuple):
    writers: int
    readers: int
    ahead: int
    """Small sources that each writer has open at once: macOS lets a program have 256 files open, copies and all."""


_AT_HAND = _Threads(writers=1, readers=2, ahead=16)
"""For a disk of this machine: it answers faster than more threads can take turns, for they share Python's one lock and
the lock of the folder that they make files in."""
_FAR_AWAY = _Threads(writers=4, readers=4, ahead=8)
"""For network shares, whether they hold the scans or take them, and where each file is flushed by itself: there every
call waits."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A small member whose part was read back: whether it holds the source's bytes, and what both files were then."""

    pair: Pair
    sha256: str
    equal: bool
    grade: CheckGrade
    identity: Identity
    source: Identity


@dataclass(frozen=True, slots=True)
class _Written:
    pair: Pair
    sha256: str
    source: Identity


_UnderWay = Future[list[Future[list[Arrived]]]]
"""A batch until it is flushed; its readers then."""


class Bundle:
    """Threads that carry the small members of one plan from `source` into `folder`, and others beside them.

    Used inside `with`.
    """

    def __init__(self, meter: Meter, source: Path, folder: Path) -> None:
        self._meter = meter
        at_hand = platform.flushes_at_once(folder) and platform.flushes_at_once(source)
        self._threads = _AT_HAND if at_hand else _FAR_AWAY
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

    def carry(self, pairs: Sequence[Pair]) -> Iterator[Arrived]:
        """Yield every member once its part was flushed and read back, while the next batch is under way.

        Raises what reading, writing and flushing raise.
        """
        left = deque(pairs)
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
        with closing(read_each((member for member, _ in pairs), self._threads.ahead)) as contents:
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
        buffer = make_buffer(max(each.pair[0].size_bytes for each in written))
        arrived = []
        for each in written:
            self._meter.require_running()
            pace(each.pair[0].size_bytes)
            arrived.append(_compare(each, buffer))
        return arrived


def _write_part(part: Path, content: bytes, flush: Flush) -> None:
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


def _compare(written: _Written, buffer: mmap.mmap) -> Arrived:
    member, part = written.pair
    with MediumReader(part) as reader:
        status = reader.status()
        count = reader.read(buffer, 0, member.size_bytes) if status.st_size == member.size_bytes else -1
        grade = reader.grade
    with memoryview(buffer) as view, view[: max(0, count)] as content:
        found = hashlib.sha256(content).hexdigest()
    equal = count == member.size_bytes and found == written.sha256
    return Arrived(written.pair, written.sha256, equal, grade, identity(status), written.source)


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
