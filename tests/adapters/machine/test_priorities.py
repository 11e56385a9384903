"""Priorities as the system itself tells them."""

import subprocess
import sys
from threading import Event, Thread

import psutil
import pytest

from app.adapters.machine.priorities import NICE, ProgramPriorities

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux'")
MODEST = """
import subprocess, sys, psutil
from app.adapters.machine.priorities import ProgramPriorities
ProgramPriorities().be_modest()
child = "import psutil; print(psutil.Process().nice())"
print(psutil.Process().nice(), subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes")
def test_the_program_and_what_it_starts_run_below_normal() -> None:
    done = subprocess.run([sys.executable, "-c", MODEST], capture_output=True, text=True, check=True)
    own = max(psutil.Process().nice(), NICE)
    assert done.stdout.split() == [str(own), str(own)]


@LINUX
def test_threads_that_carry_step_back_and_come_forward_and_the_others_stay() -> None:
    done = Event()
    carriers = ("copy_0", "transfer-read_0", "bundle-write_0", "bundle-flush_0", "bundle-back_0", "rereading_0")
    names = (*carriers, "sqlite")
    threads = [Thread(target=done.wait, name=name) for name in names]
    for thread in threads:
        thread.start()
    try:
        classes = lambda: [psutil.Process(thread.native_id).ionice().ioclass for thread in threads]  # noqa: E731
        before = classes()
        ProgramPriorities().step_back()
        assert classes() == [psutil.IOPRIO_CLASS_IDLE] * len(carriers) + [before[-1]]
        ProgramPriorities().come_forward()
        assert classes()[:-1] == [psutil.IOPRIO_CLASS_NONE] * len(carriers)
    finally:
        done.set()


@LINUX
def test_workers_step_back_too() -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ProgramPriorities().step_back()
        assert psutil.Process(worker.pid).ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
        ProgramPriorities().come_forward()
        assert psutil.Process(worker.pid).ionice().ioclass == psutil.IOPRIO_CLASS_NONE
    finally:
        worker.communicate(b"\n")


class WindowsProcess(psutil.Process):
    """What psutil offers on Windows, with a note of what was asked."""

    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []
        self.refuses = refuses

    def nice(self, value: int | None = None) -> int:
        return self._note("nice", value)

    def ionice(self, value: int | None = None) -> int:
        return self._note("ionice", value)

    def children(self, recursive: bool = False) -> list[psutil.Process]:
        return []

    def _note(self, what: str, value: int | None) -> int:
        if self.refuses:
            raise psutil.AccessDenied(self.pid)
        self.asked.append((what, value or 0))
        return 0


def test_windows_gets_its_classes() -> None:
    process = WindowsProcess()
    priorities = ProgramPriorities(process, system="win32")
    priorities.be_modest()
    priorities.step_back()
    priorities.come_forward()
    assert process.asked == [("nice", 0x4000), ("ionice", 0), ("ionice", 2)]


def test_a_system_that_refuses_does_not_stop_the_work() -> None:
    priorities = ProgramPriorities(WindowsProcess(refuses=True), system="win32")
    priorities.be_modest()
    priorities.step_back()
    priorities.come_forward()
