"""Makes the Nth of one of the system's calls fail, once or from then on, in this process.

Every call that the engine reaches through Python is covered: those of `os`, small files through `io.open`, and those it
makes itself: renameat2, syncfs, fallocate, and the ones that read many files at once. What happens below Python is
tests/faults/test_kernel.py's.
"""

import errno
import fcntl
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from app.adapters.files import platform_aio, platform_posix

OS_CALLS = (
    "open", "close", "pwritev", "preadv", "read", "write", "fsync", "fdatasync", "ftruncate", "posix_fadvise",
    "posix_fallocate", "unlink", "rename", "replace", "link", "mkdir", "rmdir", "fstat", "lstat", "stat", "scandir",
    "listdir", "statvfs", "utime",
)  # fmt: skip
FILE_CALLS = ("file open", "file read", "file write", "file flush", "file close")
OWN_CALLS = {
    "renameat2": (platform_posix, "rename_exclusively"),
    "syncfs": (platform_posix, "sync_file_system"),
    "fallocate": (platform_posix, "reserve"),
    "io_setup": (platform_aio, "set_up"),
    "io_submit": (platform_aio, "submit"),
    "io_getevents": (platform_aio, "get_events"),
    "io_destroy": (platform_aio, "destroy"),
}
CALLS = (*OS_CALLS, *FILE_CALLS, *OWN_CALLS, "fcntl")
CHANGING = frozenset({
    "open", "pwritev", "write", "fsync", "fdatasync", "ftruncate", "posix_fallocate", "unlink", "rename", "replace",
    "link", "mkdir", "rmdir", "utime", "file open", "file write", "file flush", "renameat2", "syncfs", "fallocate",
})  # fmt: skip
"""To be killed before a call that only reads is to be killed before the next of these."""

ERRORS = ("EIO", "ENOSPC", "EACCES", "ESTALE", "ENOTCONN", "EDQUOT", "EROFS", "ETIMEDOUT")
SHORT, NOTHING = "short", "0 bytes"
_LESS = {"pwritev": (SHORT, NOTHING), "preadv": (SHORT,), "read": (SHORT,)}
_AFTER = frozenset({"close", "file close", "io_destroy"})
"""These have done their work when they report an error; an error before it would leave something open in the test."""


def errors_of(call: str) -> tuple[str, ...]:
    """Return what may come of a call; Python itself repeats all but these two when a signal interrupts them."""
    if call in {"close", "renameat2"}:
        return (*ERRORS, "EINTR")
    return (*ERRORS, *_LESS.get(call, ()))


@dataclass
class Fault:
    """The Nth of `call` answers `error`; with `lasting` every call from then on does, as of a share that went away.

    `look` and then `then` are called at that moment, from whichever thread makes the call, with the system's calls as
    they are; `later` at each call after it. `place` is the path that the call was about, empty where that is not known.
    """

    call: str
    number: int
    error: str
    lasting: bool = False
    look: Callable[[], None] = lambda: None
    then: Callable[[], None] = lambda: None
    later: Callable[[], None] = lambda: None
    happened: bool = False
    place: str = ""
    problems: list[BaseException] = field(default_factory=list)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def due(self, call: str, place: Callable[[], str] = str) -> bool:
        """Count a call and return whether it is to fail; `place` tells what it is about."""
        with self._lock:
            if self.happened:
                self.later()
                return self.lasting and call not in _AFTER
            self._count += call == self.call
            self.happened = call == self.call and self._count == self.number
            if not self.happened:
                return False
            self.place = place()
        try:
            self.look()
        except (AssertionError, OSError, KeyError) as problem:
            self.problems.append(problem)
        self.then()
        return True

    def strike(self) -> None:
        """Raise the error."""
        code = getattr(errno, self.error)
        raise OSError(code, os.strerror(code))


_inside = threading.local()


@contextmanager
def injected(fault: Fault) -> Iterator[None]:
    """Have the system's calls fail as `fault` says; what `look` saw wrong is raised at the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OS_CALLS:
            patch.setattr(os, name, _failing(name, getattr(os, name), fault))
        patch.setattr(io, "open", _opening(io.open, fault))
        patch.setattr(fcntl, "fcntl", _failing("fcntl", fcntl.fcntl, fault))
        for name, (module, function) in OWN_CALLS.items():
            patch.setattr(module, function, _failing(name, getattr(module, function), fault))
        yield
    for problem in fault.problems:
        raise problem


def _failing(name: str, real: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if getattr(_inside, "deep", False) or _is_elsewhere(arguments):
            return real(*arguments, **named)
        _inside.deep = True
        try:
            due = fault.due(name, partial(_place, real, arguments))
            if due and fault.error == NOTHING:
                return 0
            if due and fault.error == SHORT:
                return real(*_less(*arguments))
            if due and name not in _AFTER:
                fault.strike()
            result = real(*arguments, **named)
            if due:
                fault.strike()
            return result
        finally:
            _inside.deep = False

    return call


def _place(real: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """Return the path that a call is about, empty where nobody can tell."""
    of_file = getattr(getattr(real, "__self__", None), "name", None)
    what = arguments[0] if of_file is None else of_file
    if isinstance(what, int):
        with suppress(OSError):
            return str(Path(f"/proc/self/fd/{what}").readlink())
        return ""
    return os.fsdecode(what)


def _less(descriptor: int, what: Any, *offset: int) -> tuple[Any, ...]:
    """Return the arguments of a call that moves less than it was asked to."""
    if isinstance(what, int):
        return descriptor, max(1, what // 2 - 7)
    return descriptor, [what[0][: max(1, len(what[0]) // 2 - 7)]], *offset


def _is_elsewhere(arguments: tuple[Any, ...]) -> bool:
    """Return whether a call is about the process itself, not about a disk."""
    return bool(arguments) and str(arguments[0]).startswith(("/proc", "/sys"))


def _opening(real: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    opens = _failing("file open", real, fault)

    def call(file: Any, *arguments: Any, **named: Any) -> Any:
        made = real(file, *arguments, **named) if isinstance(file, int) else opens(file, *arguments, **named)
        return made if getattr(_inside, "deep", False) else _File(made, fault)

    return call


class _File:
    """A small file whose reading, writing and closing can fail."""

    def __init__(self, real: Any, fault: Fault) -> None:
        self._real = real
        for name in ("read", "write", "flush", "close"):
            setattr(self, name, _failing(f"file {name}", getattr(real, name), fault))
        self.readline = _failing("file read", real.readline, fault)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.readline, self._real.readline(0))

    def __enter__(self) -> "_File":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
