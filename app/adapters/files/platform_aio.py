"""Linux' asynchronous reads: many small files with two calls, where each would cost a wait of its own (io_submit(2)).

They are asynchronous for files opened with O_DIRECT; others are read at once, by the call that submits them.
"""

import ctypes
import errno
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from app.adapters.files import platform_posix
from app.adapters.files.blocks import whole_blocks


class _Numbers(NamedTuple):
    set_up: int
    destroy: int
    get_events: int
    submit: int


_NUMBERS = {"x86_64": _Numbers(206, 207, 208, 209), "aarch64": _Numbers(0, 1, 4, 2)}
"""The C library has no functions for these calls (Linux' syscall_64.tbl and asm-generic/unistd.h)."""
_READ = 0
_TURNS = 8
_SPARE_BYTES = 512 * 1024
_MOST_BYTES = 8 * 1024 * 1024
"""Memory of one reader, but for two turns of files that are larger than that."""


class _Block(ctypes.Structure):
    """struct iocb of linux/aio_abi.h, where the lower bytes come first."""

    data: int
    opcode: int
    descriptor: int
    buffer: int
    length: int
    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("rw_flags", ctypes.c_int32),
        ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("descriptor", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("event_descriptor", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    """struct io_event of linux/aio_abi.h."""

    data: int
    result: int
    _fields_ = (
        ("data", ctypes.c_uint64),
        ("block", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("result2", ctypes.c_int64),
    )


class ManyReads:
    """Reads the beginnings of many files, in turns: some are fetched while one is worked on. For one thread.

    Raises OSError where the system does not offer it, and where the program would have too many files open. To be
    closed; that takes some hundredths of a second.
    """

    def __init__(self, files: int, largest_bytes: int) -> None:
        self.files = files
        """How many files a turn takes at most."""
        self.spare_bytes = _SPARE_BYTES
        """While a turn uses no more than this, in whole blocks, it has room for one more of the largest."""
        self._room_bytes = _SPARE_BYTES + whole_blocks(largest_bytes)
        self.turns = max(2, min(_TURNS, _MOST_BYTES // self._room_bytes))
        """How many turns there are: a disk answers many questions at once sooner than one after the other."""
        slots = self.turns * files
        self._memory = memoryview(platform_posix.large_pages(self.turns * self._room_bytes))
        self._start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._blocks = (_Block * slots)()
        self._pointers = (ctypes.c_void_p * slots)(
            *(ctypes.addressof(self._blocks) + number * ctypes.sizeof(_Block) for number in range(slots))
        )
        self._events = (_Event * slots)()
        self._views: list[list[memoryview]] = [[] for _ in range(self.turns)]
        self._results: dict[int, int] = {}
        self._under_way = 0
        _may_open(slots)
        try:
            self._context = set_up(slots)  # last: whoever fails before has nothing to give back
        except OSError:
            _may_open(-slots)
            raise

    def close(self) -> None:
        """Wait until the system leaves the memory alone, and give everything back. Never raises OSError."""
        context, self._context = self._context, 0
        self._under_way = 0
        if context:
            _may_open(-len(self._blocks))
            try:
                destroy(context)
            except OSError:
                _kept.append(self._memory)

    def begin(self, turn: int, wanted: Sequence[tuple[int, int]]) -> None:
        """Begin to read so many bytes (whole blocks) from the start of each open file. Never raises OSError."""
        place, first = turn * self._room_bytes, turn * self.files
        views = self._views[turn] = []
        for slot, (descriptor, length) in enumerate(wanted, first):
            block = self._blocks[slot]
            block.data, block.opcode, block.descriptor = slot, _READ, descriptor
            block.buffer, block.length = self._start + place, length
            views.append(self._memory[place : place + length])
            place += length
        slot, end = first, first + len(wanted)
        while slot < end:
            try:
                taken = submit(self._context, end - slot, ctypes.addressof(self._pointers) + slot * _POINTER_BYTES)
            except OSError as error:
                # It is the first one that the system does not take, and says why.
                self._results[slot] = -(error.errno or errno.EIO)
                slot += 1
            else:
                self._under_way += taken
                slot += taken

    def finish(self, turn: int) -> list[memoryview | None]:
        """Return what came of each file, which its end may cut short; None where reading failed. Never raises OSError.

        The memory is used again when this turn begins again.
        """
        first, views = turn * self.files, self._views[turn]
        slots = range(first, first + len(views))
        while missing := sum(slot not in self._results for slot in slots):
            self._wait(missing)
        counts = [self._results.pop(slot) for slot in slots]
        return [view[:count] if count >= 0 else None for view, count in zip(views, counts, strict=True)]

    def _wait(self, least: int) -> None:
        try:
            count = get_events(self._context, least, self._under_way, ctypes.addressof(self._events))
        except OSError as error:
            if error.errno == errno.EINTR:
                return
            # Closing waits for all that is under way; what is begun later fails, and is read in another way.
            self.close()
            slots = range(len(self._blocks))
            self._results = dict.fromkeys(slots, -(error.errno or errno.EIO)) | self._results
            return
        for event in self._events[:count]:
            self._results[event.data] = event.result
        self._under_way -= count


_opening = threading.Lock()
_may_be_open = 0


def _may_open(files: int) -> None:
    """Count files that readers may have open at once; raises OSError when that is half of what a program may have."""
    global _may_be_open  # noqa: PLW0603 - the limit is the program's, and so is the count
    with _opening:
        if files > 0 and _may_be_open + files > _most_open() // 2:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        _may_be_open += files


def _most_open() -> int:
    """Return how many files this program may have open."""
    resource = importlib.import_module("resource")  # imported late: Windows has none
    most: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if most == resource.RLIM_INFINITY else most


_kept: list[memoryview] = []
"""Memory of contexts that the system would not end: it may still write there."""
_POINTER_BYTES = ctypes.sizeof(ctypes.c_void_p)


@cache
def _system_call() -> Any:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes = (ctypes.c_long,) * 6
    call.restype = ctypes.c_long
    return call


@cache
def _numbers() -> _Numbers:
    """Return the calls' numbers; raises OSError, ENOSYS where they are not known."""
    numbers = _NUMBERS.get(os.uname().machine) if sys.platform == "linux" and _POINTER_BYTES == 8 else None
    if numbers is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return numbers


def _made(number: int, *arguments: int) -> int:
    """Make a system call; raises OSError."""
    result = _system_call()(number, *arguments, *(0,) * (5 - len(arguments)))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)


def set_up(files: int) -> int:
    """Return a context for so many reads at once (io_setup); raises OSError."""
    context = ctypes.c_ulong(0)
    _made(_numbers().set_up, files, ctypes.addressof(context))
    return context.value


def submit(context: int, count: int, pointers: int) -> int:
    """Begin reads; return how many of them were taken, at least one (io_submit). Raises OSError for the first."""
    return _made(_numbers().submit, context, count, pointers)


def get_events(context: int, least: int, most: int, events: int) -> int:
    """Wait for some reads to end; return how many are told at `events` (io_getevents). Raises OSError."""
    return _made(_numbers().get_events, context, least, most, events, 0)


def destroy(context: int) -> None:
    """End a context, after waiting for what is under way (io_destroy); raises OSError."""
    _made(_numbers().destroy, context)
