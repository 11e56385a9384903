"""One pass over a member's bytes: read, hash, write, read back, hash again, each in a thread of its own.

The threads work on neighbouring chunks at the same time; a task waits for those of the same chunk it needs, so an error
travels along and nothing can wait for ever. Memory stays the same whatever the size of the file.
"""

import hashlib
import mmap
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.adapters.files.medium import CHUNK_BYTES, MediumReader, make_buffer
from app.adapters.files.meter import Meter
from app.adapters.files.part import PartFile
from app.adapters.files.source import OpenSource

_SLOTS = 4
"""Chunks under way at once."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """The memory of one chunk; the two are apart so that what is read back cannot be what was left there."""

    outward: mmap.mmap
    inward: mmap.mmap


class Lanes:
    """Threads and buffers that carry one member after the other of a plan."""

    def __init__(self, largest_bytes: int) -> None:
        self._slots = tuple(
            _Slot(make_buffer(min(CHUNK_BYTES, largest_bytes)), make_buffer(min(CHUNK_BYTES, largest_bytes)))
            for _ in range(_SLOTS if largest_bytes > CHUNK_BYTES else 1)
        )
        self.chunk_bytes = len(self._slots[0].outward)
        self._read, self._hash, self._write, self._back, self._check = (
            ThreadPoolExecutor(1, thread_name_prefix=f"transfer-{name}")
            for name in ("read", "hash", "write", "back", "check")
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in (self._read, self._hash, self._write, self._back, self._check):
            lane.shutdown()
        # Not closed, only let go: an error's traceback may still refer to them.
        self._slots = ()

    def carry(
        self, source: OpenSource, part: PartFile, back: MediumReader | None, size_bytes: int, meter: Meter
    ) -> "Sums":
        """Carry all bytes; with `back` also read them back close behind. Raises what its parts raise."""
        flow = _Flow(source, part, back, Sums())
        under_way: deque[tuple[int, tuple[Future[None], ...]]] = deque()

        def finish() -> None:
            end, tasks = under_way[0]
            for task in tasks:
                task.result()
            under_way.popleft()  # only now: an error must leave no task of its chunk behind
            meter.at(part.written_bytes, end if back else 0)

        try:
            for index, offset in enumerate(range(0, size_bytes, self.chunk_bytes)):
                while under_way and (len(under_way) == len(self._slots) or meter.braked or _done(under_way[0][1])):
                    finish()
                source.require_unchanged()
                meter.require_running()
                length = min(self.chunk_bytes, size_bytes - offset)
                meter.pace(length)
                slot = self._slots[index % len(self._slots)]
                under_way.append((offset + length, self._start(flow, slot, offset, length)))
            while under_way:
                finish()
        finally:
            wait([task for _, tasks in under_way for task in tasks])
        return flow.sums

    def _start(self, flow: "_Flow", slot: _Slot, offset: int, length: int) -> tuple[Future[None], ...]:
        """Give a chunk's tasks to the lanes; each lane takes the chunks in order."""
        sums, part, back = flow.sums, flow.part, flow.back
        read = self._read.submit(_fill, flow.source, slot.outward, offset, length)
        hashed = self._hash.submit(_after, read, lambda: _update(sums.source, slot.outward, length))
        written = self._write.submit(_after, read, lambda: part.write(slot.outward, offset, length))
        if back is None:
            return read, hashed, written
        came = self._back.submit(_read_back, written, back, slot.inward, offset, length)
        checked = self._check.submit(lambda: _update(sums.destination, slot.inward, came.result()))
        return read, hashed, written, checked


class Sums:
    """The two SHA-256 of a pass: of what the source held and of what was read back (too few bytes: another hash)."""

    def __init__(self) -> None:
        self.source = hashlib.sha256()
        self.destination = hashlib.sha256()


@dataclass(frozen=True, slots=True)
class _Flow:
    """What one pass reads from, writes to and adds up."""

    source: OpenSource
    part: PartFile
    back: MediumReader | None
    sums: Sums


def _done(tasks: tuple[Future[None], ...]) -> bool:
    """Whether a chunk is through; where chunks are paced, what has arrived is told before the next one waits."""
    return all(task.done() for task in tasks)


def _after(needed: Future[None], act: Callable[[], None]) -> None:
    needed.result()
    act()


def _fill(source: OpenSource, buffer: mmap.mmap, offset: int, length: int) -> None:
    with memoryview(buffer) as view, view[:length] as chunk:
        source.read(chunk, offset)


def _update(digest: "hashlib._Hash", buffer: mmap.mmap, length: int) -> None:
    with memoryview(buffer) as view, view[:length] as chunk:
        digest.update(chunk)


def _read_back(written: Future[None], back: MediumReader, buffer: mmap.mmap, offset: int, length: int) -> int:
    written.result()
    return back.read(buffer, offset, length)
