"""Carrying many small members together: one flush of the file system stands for their fsyncs.

Where a set has ten thousand files of some kilobytes, waiting for the disk after each of them is what takes the time.
Members are carried in batches: read ahead, written through the cache, flushed together, and read back from the medium
while a later batch is being written. While the program steps back for the scanner, batches are small, one is carried
after the other, and the rest between two of them finds the disks free.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from app.adapters.files import platform
from app.adapters.files.flush import Flush
from app.adapters.files.medium import make_buffer
from app.adapters.files.meter import Meter
from app.adapters.files.platform_aio import ManyReads
from app.adapters.files.small_part import Arrived, Pair, SmallPart, Written, write_part
from app.adapters.files.source import read_each, read_many
from app.adapters.files.together import read_together

SMALL_BYTES = 4 * 1024 * 1024
"""Members up to this size are carried together."""
FEWEST = 8
"""Fewer small members than this are not worth a flush of the whole file system."""
_BATCH_MEMBERS = 500
_BATCH_BYTES = 64 * 1024 * 1024
_BRAKED_MEMBERS = 100
_BRAKED_BYTES = 8 * 1024 * 1024
_UNDER_WAY = 4
"""Batches that threads write, flush and read back at once."""
_FLUSHED = 2
"""Batches that are being flushed while the one thread goes on: the older of them has been, as a rule."""

T = TypeVar("T")
Pace = Callable[[int], None]

_AT_ONCE = 16
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
_FAR_AWAY = _Threads(writers=4, readers=4, ahead=8)
"""For network shares, whether they hold the scans or take them, and where each file is flushed by itself: there every
call waits."""


class _Reads(NamedTuple):
    sources: ManyReads
    parts: ManyReads


_UnderWay = Future[list[Future[list[Arrived]]]]
"""A batch until it is flushed; its readers then."""


class Bundle:
    """What carries the small members of one plan. Used inside `with`.

    The first pair tells whether both disks are at hand: the members of a set lie below one folder, and go below one.
    """

    def __init__(self, meter: Meter, pairs: Sequence[Pair]) -> None:
        self._meter = meter
        self._pairs = pairs
        first = pairs[0]
        at_hand = platform.flushes_at_once(first.folder) and platform.flushes_at_once(first.member.source.parent)
        self._reads = _two_reads(pairs) if at_hand and len(pairs) >= _WORTH_SETTING_UP else None
        self._threads = _AT_HAND if at_hand else _FAR_AWAY
        # They start no thread before they are given work.
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

    def carry(self) -> Generator[Arrived, None, None]:
        """Yield every member once its part was flushed and read back; to be closed by who stops early.

        Raises what reading, writing and flushing raise.
        """
        return self._carry_in_threads() if self._reads is None else self._carry_here()

    def _carry_here(self) -> Generator[Arrived, None, None]:
        """Write and read back in turn, in this thread; only the flushes have one of their own.

        Where nobody waits for a single file, what is left to do with it is so short that threads would pass their time
        with handing Python's lock over (copying 10,000: 2.6 s of processor time instead of 3.4 s).
        """
        left = deque(self._pairs)
        flushing: deque[tuple[Future[list[Written]], Pace]] = deque()
        while left or flushing:
            alone = self._meter.braked
            earlier: list[Written] = []
            pace: Pace = _at_once
            if flushing and (alone or not left or len(flushing) == _FLUSHED):
                flushed, pace = flushing.popleft()
                earlier = flushed.result()
            reading = self._read_back(earlier, pace)
            if not left or (alone and earlier):
                yield from reading
                continue
            batch, pace_write, pace_back = self._next(left, alone=alone)
            with ExitStack() as unflushed:
                flush = unflushed.enter_context(Flush({pair.folder for pair in batch}))
                written = yield from _in_turn(self._write_parts(batch, flush, pace_write), reading)
                unflushed.pop_all()
            flushing.append((self._flush.submit(_flushed, flush, [_done(written)]), pace_back))

    def _next(self, left: deque[Pair], *, alone: bool) -> tuple[list[Pair], Pace, Pace]:
        """Take a batch away from the front; return it with how writing and reading back are paced.

        With `alone` nothing is under way: rest now, and then carry it without a rest in it.
        """
        if not alone:
            return _next_batch(left, _BATCH_MEMBERS, _BATCH_BYTES), self._meter.pace, self._rest_if_braked
        batch = _next_batch(left, _BRAKED_MEMBERS, _BRAKED_BYTES)
        self._meter.require_running()
        self._meter.pace(sum(pair.member.size_bytes for pair in batch))
        return batch, _at_once, _at_once

    def _carry_in_threads(self) -> Generator[Arrived, None, None]:
        """Read back side by side what was flushed, while the next batches are under way."""
        left = deque(self._pairs)
        under_way: deque[_UnderWay] = deque()
        while left or under_way:
            alone = self._meter.braked
            if under_way and (alone or not left or len(under_way) == _UNDER_WAY):
                for reading in under_way.popleft().result():
                    yield from reading.result()
            else:
                under_way.append(self._begin(*self._next(left, alone=alone)))

    def _begin(self, batch: Sequence[Pair], pace_write: Pace, pace_back: Pace) -> _UnderWay:
        """Give a batch to the writers, who go on with the next one while this one is flushed."""
        flush = Flush({pair.folder for pair in batch})
        shares = _shares(batch, self._threads.writers)
        writing = [self._write.submit(list, self._write_parts(each, flush, pace_write)) for each in shares]
        return self._flush.submit(self._finish, flush, writing, pace_back)

    def _finish(
        self, flush: Flush, writing: Sequence[Future[list[Written]]], pace_back: Pace
    ) -> list[Future[list[Arrived]]]:
        """Flush what was written; return its readers, who go on while later batches are written."""
        shares = _shares(_flushed(flush, writing), self._threads.readers)
        return [self._back.submit(list, self._read_back(each, pace_back)) for each in shares]

    def _rest_if_braked(self, _size_bytes: int) -> None:
        """Let what was under way when the scanner began be read back as slowly as it is written."""
        if self._meter.braked:
            self._meter.pace(0)

    def _write_parts(self, pairs: Sequence[Pair], flush: Flush, pace: Pace) -> Generator[Written, None, None]:
        members = (pair.member for pair in pairs)
        each = read_many(members, self._reads.sources) if self._reads else read_each(members, self._threads.ahead)
        with closing(each) as contents:
            for pair in pairs:
                self._meter.require_running()
                pace(pair.member.size_bytes)
                content, source = next(contents)
                yield write_part(pair, content, source, flush)

    def _read_back(self, written: Sequence[Written], pace: Pace) -> Generator[Arrived, None, None]:
        opened = self._opened(written, pace)
        buffer = make_buffer(max((each.pair.member.size_bytes for each in written), default=0))
        if self._reads is None:
            for part in opened:
                yield part.compared(None, buffer)
            return
        with closing(read_together(opened, self._reads.parts)) as contents:
            for part, content in contents:
                yield part.compared(content, buffer)

    def _opened(self, written: Sequence[Written], pace: Pace) -> Iterator[SmallPart]:
        for each in written:
            self._meter.require_running()
            pace(each.pair.member.size_bytes)
            yield SmallPart(each)


def _two_reads(pairs: Sequence[Pair]) -> _Reads | None:
    """Return calls for sources and for parts, None where the system has none."""
    largest_bytes = max(pair.member.size_bytes for pair in pairs) + 1
    sources = platform.many_reads(_AT_ONCE, largest_bytes)
    if sources is None:
        return None
    parts = platform.many_reads(_AT_ONCE, largest_bytes)
    if parts is None:
        sources.close()
        return None
    return _Reads(sources, parts)


def _in_turn(
    writing: Generator[Written, None, None], reading: Generator[Arrived, None, None]
) -> Generator[Arrived, None, list[Written]]:
    """Write a part, then take one that was read back, and so on; yield the latter and return the former.

    So the disk has time to fetch what is read back next.
    """
    with closing(writing), closing(reading):
        written = []
        for each in writing:
            written.append(each)
            arrived = next(reading, None)
            if arrived is not None:
                yield arrived
        yield from reading
    return written


def _flushed(flush: Flush, writing: Sequence[Future[list[Written]]]) -> list[Written]:
    """Flush what is being written once all of it is; return it."""
    with flush:
        wait(writing)
        written = [each for share in writing for each in share.result()]
        flush.run()
    return written


def _done(written: list[Written]) -> Future[list[Written]]:
    done: Future[list[Written]] = Future()
    done.set_result(written)
    return done


def _at_once(_size_bytes: int) -> None:
    """Pace what was paced as a whole."""


def _next_batch(left: deque[Pair], most_members: int, most_bytes: int) -> list[Pair]:
    """Take members away from the front, until they are so many or hold so much."""
    batch: list[Pair] = []
    size_bytes = 0
    while left and len(batch) < most_members and size_bytes < most_bytes:
        batch.append(left.popleft())
        size_bytes += batch[-1].member.size_bytes
    return batch


def _shares(whole: Sequence[T], number: int) -> list[Sequence[T]]:
    """Deal a sequence out to so many threads; fewer where there is less."""
    return [share for share in (whole[first::number] for first in range(number)) if share]
