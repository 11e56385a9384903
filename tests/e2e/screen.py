"""A display of our own with the program's window on it, driven as a person and a hand scanner would."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import lab

NEEDED = ("Xvfb", "openbox", "xdotool", "setxkbmap")


@dataclass
class Screen:
    """A display with the program's window on it."""

    display: str
    state_file: Path
    log: Path
    process: subprocess.Popen[str]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state_file.read_text("utf-8"))
        return found

    def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        end = time.monotonic() + seconds
        state: dict[str, Any] = {}
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text("utf-8")
            if self.state_file.exists() and wanted(state := self.state()):
                return state
            time.sleep(0.1)
        raise AssertionError(f"not seen within {seconds} s; last: {state}")

    def xdotool(self, *words: str) -> None:
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["xdotool", *words], env=environment, check=True, timeout=30)


@contextmanager
def open_display() -> Iterator[str]:
    """Start a display of our own with a window manager."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    assert not missing, f"install {', '.join(missing)}: `make test` does"
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    name = f":{number}"
    manager = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": name}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield name
    for process in (manager, server):
        process.terminate()
        process.wait(10)


@contextmanager
def open_demo(display: str, prepared: Path, tmp_path: Path) -> Iterator[Screen]:
    """Open the demo's window."""
    state = tmp_path / "state.json"
    environment = {**lab.environment(), "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    words = ["demo", "--slides", "5", "--dir", str(prepared)]
    log = tmp_path / "log"
    with (
        log.open("w", encoding="utf-8") as told,
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.watched_window", str(state), *words],
            cwd=lab.ROOT,
            env=environment,
            stderr=told,
            encoding="utf-8",
        ) as process,
    ):
        yield Screen(display, state, log, process)
        if process.poll() is None:
            process.kill()
