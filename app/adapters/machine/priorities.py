"""The priorities of this program and its workers, through psutil; what a system lacks is left out.

The processor's share is given up once and for good: on Linux nobody but root gets it back, and on an idle machine it
costs nothing. The disk's is given up and taken back, on Linux thread by thread, because it belongs to threads there.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

import psutil

log = logging.getLogger(__name__)

NICE = 10
"""Below normal, as Windows' class of that name."""
_WINDOWS_BELOW_NORMAL = 0x4000
_WINDOWS_VERY_LOW, _WINDOWS_NORMAL = 0, 2
"""psutil names them on Windows only: BELOW_NORMAL_PRIORITY_CLASS, IOPRIO_VERYLOW, IOPRIO_NORMAL."""
CARRIERS = ("copy", "transfer-", "bundle-", "rereading")
"""Threads whose names begin so move the bytes; the journal's and the window's stay as quick as they are."""


class ProgramPriorities:
    """Meets the port GoodGuest for the whole process. Call it from one thread at a time."""

    def __init__(self, process: psutil.Process | None = None, *, system: str = sys.platform) -> None:
        self._system = system
        self._own = process or psutil.Process()

    def be_modest(self) -> None:
        """Run below normal; threads and processes that are begun later do as well."""
        with _Tolerance("its processor priority"):
            if self._system == "win32":
                self._own.nice(_WINDOWS_BELOW_NORMAL)
            else:
                self._own.nice(max(self._own.nice(), NICE))

    def step_back(self) -> None:
        """Let every other program's disk requests go first; to be repeated, for threads and workers begun since."""
        self._set(_idle)

    def come_forward(self) -> None:
        """Ask the disks as every other program does."""
        self._set(_normal)

    def _set(self, change: Callable[[psutil.Process, str], None]) -> None:
        for each in self._concerned():
            # A thread or worker that has just ended needs no priority any more.
            with _Tolerance("its disk priority"):
                change(each, self._system)

    def _concerned(self) -> Iterator[psutil.Process]:
        """Yield what has a disk priority of its own: on Linux the threads that carry, elsewhere the process."""
        if self._system == "linux":
            yield from _threads(_carriers())
        else:
            yield self._own
        with _Tolerance("its workers"):
            yield from self._own.children()


class _Tolerance:
    """Passes over what has ended or is not allowed: being less modest than wished is no reason to stop working."""

    def __init__(self, matter: str) -> None:
        self._matter = matter

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, (psutil.Error, OSError)):
            log.debug("The program could not change %s: %s", self._matter, error)
            return True
        return False


def _carriers() -> Iterator[int]:
    for thread in threading.enumerate():
        if thread.native_id is not None and thread.name.startswith(CARRIERS):
            yield thread.native_id


def _threads(ids: Iterable[int]) -> Iterator[psutil.Process]:
    for number in ids:
        with _Tolerance("a thread"):
            yield psutil.Process(number)


def _idle(process: psutil.Process, system: str) -> None:
    if system == "linux":
        process.ionice(psutil.IOPRIO_CLASS_IDLE)
    elif system == "win32":
        process.ionice(_WINDOWS_VERY_LOW)


def _normal(process: psutil.Process, system: str) -> None:
    if system == "linux":
        process.ionice(psutil.IOPRIO_CLASS_NONE)
    elif system == "win32":
        process.ionice(_WINDOWS_NORMAL)
