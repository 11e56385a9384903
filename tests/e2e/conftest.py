"""An undisturbed demo of twelve slides, run once; others take its studio so that slides are made only once."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lab
from tests.e2e.screen import Screen, open_demo, open_display

SLIDES = 12


@dataclass(frozen=True)
class PlayedDemo:
    """A demo that ran to its end."""

    folder: Path
    exit_code: int
    document: dict[str, Any]
    stderr: str


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Let the programs of the tests be interrupted also where the tests themselves run in a shell's background.

    There SIGINT is ignored, and what a process ignores the programs it starts ignore, too.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> PlayedDemo:
    """Run the demo once, as a person would type it."""
    folder = tmp_path_factory.mktemp("demo") / "lab"
    done = lab.run(*lab.demo_words(folder, SLIDES))
    return PlayedDemo(folder, done.returncode, lab.document(done), done.stderr)


@pytest.fixture
def prepared(played: PlayedDemo, tmp_path: Path) -> Path:
    """Return a new lab's folder whose slides are already made."""
    folder = tmp_path / "lab"
    studio = folder / "data" / "studio"
    studio.parent.mkdir(parents=True)
    shutil.copytree(played.folder / "data" / "studio", studio)
    return folder


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """Start a display of our own with a window manager."""
    with open_display() as name:
        yield name


@pytest.fixture
def screen(display: str, prepared: Path, tmp_path: Path) -> Iterator[Screen]:
    """Open the demo's window."""
    with open_demo(display, prepared, tmp_path) as shown:
        yield shown
