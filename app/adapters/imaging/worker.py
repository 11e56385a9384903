"""The inside of a worker process: takes jobs from a pipe, answers, and ends with its parent whatever happens."""

import faulthandler
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TextIO

WATCHDOG_GRACE_SECONDS = 10.0
ADDRESS_SPACE_EXTRA_BYTES = 3 << 30
"""What libraries and threads reserve without using it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A top-level function, its arguments, and how long it may take."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function returned, or the text of what it raised."""

    value: Any = None
    error: str = ""


def serve(jobs: Connection, lifeline: Connection, memory_bytes: int) -> None:
    """Run jobs until the pipe closes. The entry of a spawned process: must stay importable by name."""
    silence = _be_silent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    _be_modest(memory_bytes)
    while True:
        try:
            job: Job = jobs.recv()
        except (EOFError, OSError):
            return
        jobs.send(_answer(job, silence))


def _answer(job: Job, silence: TextIO) -> Answer:
    """Run one job; even C code that hangs holding the interpreter is ended by the watchdog when the parent is gone."""
    faulthandler.dump_traceback_later(job.seconds + WATCHDOG_GRACE_SECONDS, exit=True, file=silence)
    try:
        return Answer(job.function(*job.arguments))
    except MemoryError:
        return Answer(error="it needs more memory than a slide may take")
    except Exception:  # noqa: BLE001 - the supervisor of foreign decoders: whatever they raise must cost this job only
        return Answer(error=traceback.format_exc(limit=-3))
    finally:
        faulthandler.cancel_dump_traceback_later()


def _end_with_parent(lifeline: Connection) -> None:
    """Wait until the parent closes its end, or dies; nothing is ever sent."""
    try:
        lifeline.recv()
    except (EOFError, OSError):
        os._exit(0)


def _be_silent() -> TextIO:
    """Send what native libraries print to nowhere: the parent's standard output belongs to scripts."""
    silence = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open as long as the process
    for number in (1, 2):
        os.dup2(silence.fileno(), number)
    sys.stdout = sys.stderr = silence
    logging.disable(logging.CRITICAL)
    return silence


def _be_modest(memory_bytes: int) -> None:
    """Run below normal priority, in few threads, in bounded memory, with Pillow's cap on."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TIFFFILE_NUM_THREADS"):
        os.environ[name] = "1"
    import psutil

    own = psutil.Process()
    if sys.platform == "win32":
        own.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        import resource

        own.nice(max(own.nice(), 5))
        limit = memory_bytes + ADDRESS_SPACE_EXTRA_BYTES
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    import cv2

    from app.adapters.imaging.pixels import cap_pillow

    cv2.setNumThreads(1)
    cap_pillow()
