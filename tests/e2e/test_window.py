"""A real window on a real display: a barcode typed at a hand scanner's speed lands on the run."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lab

NEEDED = ("Xvfb", "openbox", "xdotool")
FILTER_TEXT = "kept"
BARCODE = "754780"


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


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
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


@pytest.fixture
def screen(display: str, prepared: Path, tmp_path: Path) -> Iterator[Screen]:
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


def test_a_barcode_at_scanner_speed_lands_on_the_run(screen: Screen, prepared: Path) -> None:
    screen.until(lambda state: BARCODE in state["scans"] and state["active"])
    screen.xdotool("key", "ctrl+2")
    state = screen.until(lambda state: state["page"] == 1)
    x, y = state["filter_at"]
    screen.xdotool("mousemove", str(x), str(y), "click", "1")
    screen.until(lambda state: state["focus_in_filter"])
    screen.xdotool("type", "--delay", "180", FILTER_TEXT)
    screen.until(lambda state: state["filter_text"] == FILTER_TEXT)

    screen.xdotool("type", "--delay", "5", BARCODE + "\n")

    state = screen.until(lambda state: BARCODE in state["last_scan"])
    assert state["filter_text"] == FILTER_TEXT
    assert state["page"] == 0
    state = screen.until(lambda state: state["chosen"] != [])
    assert state["chosen"] == [state["scans"][BARCODE]]
    expected = lab.journal_rows(prepared, "SELECT barcode, source FROM expected WHERE source = 'hand_scan'")
    assert expected == ((BARCODE, "hand_scan"),)
