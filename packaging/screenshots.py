"""Takes the pictures of docs/screenshots: the demo's window on a display of its own, and the pages of its report.

`python packaging/screenshots.py [--out FOLDER]`. Needs Xvfb, openbox, xdotool, scrot and pdftoppm.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCREEN = "1600x1040x24"
"""The window's 1600 x 1000 and room for its title bar, which the pictures leave out."""
TITLE = "Slideferry demo"
HAND_SCAN = "407871"
"""The expected slide whose label nobody can read: it is still in the rack."""
SLIDES = 16
WAIT_SECONDS = 180.0
LOOK_SECONDS = 0.2
SETTLE_SECONDS = 1.5
REPORT_PAGES = 3
LAB = Path("/tmp/slideferry-demo")  # noqa: S108 - short and neutral: the pictures show it; it must not be there yet
NEEDED = ("Xvfb", "openbox", "xdotool", "scrot", "pdftoppm")

Document = dict[str, Any]


class PictureError(Exception):
    """The pictures cannot be taken; the text says why."""


def wait_for(what: str, ready: Callable[[], Any]) -> Any:
    """Return the first true answer; raise PictureError naming what was waited for in vain."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if answer := ready():
            return answer
        time.sleep(LOOK_SECONDS)
    raise PictureError(f"{what} did not come within {WAIT_SECONDS:.0f} s")


@contextmanager
def running(*words: str, log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a program running; end it on the way out."""
    with log.open("ab") as out:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def display(folder: Path) -> Iterator[dict[str, str]]:
    """Open a display of our own with a window manager; yield the environment of its programs."""
    reading, writing = os.pipe()
    words = ("Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp")
    with running(*words, log=folder / "xvfb.log", pass_fds=(writing,)):
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as number:
            name = f":{number.readline().strip()}"
        environment = {**os.environ, "DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}
        environment.pop("WAYLAND_DISPLAY", None)
        with running("openbox", log=folder / "openbox.log", env=environment):
            yield environment


class Window:
    """The demo's window, driven from outside as a person would."""

    def __init__(self, environment: dict[str, str], out: Path) -> None:
        self._environment = environment
        self._out = out
        self._id = wait_for("the window", self._find)
        self.do("windowmove", "--sync", self._id, "0", "0")
        self.do("windowfocus", "--sync", self._id)

    def _find(self) -> str:
        words = ("xdotool", "search", "--onlyvisible", "--name", f"^{TITLE}$")
        done = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)
        return done.stdout.split()[0] if done.returncode == 0 and done.stdout.split() else ""

    def do(self, *words: str) -> None:
        """Run one xdotool command."""
        subprocess.run(("xdotool", *words), env=self._environment, check=True)

    def press(self, keys: str) -> None:
        """Press keys, and give the window the time to paint."""
        self.do("key", keys)
        time.sleep(SETTLE_SECONDS)

    def scan_by_hand(self, code: str) -> None:
        """Type as fast as a hand scanner does."""
        self.do("type", "--delay", "5", code)
        self.press("Return")

    def open_second_row(self) -> None:
        """Open the slide of the queue's second row: the blurred one, whose journey is complete."""
        self.do("mousemove", "--window", self._id, "600", "265", "click", "--repeat", "2", "--delay", "80", "1")
        self.do("mousemove", "--window", self._id, "1590", "990")
        time.sleep(SETTLE_SECONDS)

    def take(self, name: str) -> None:
        """Save what the display shows."""
        picture = self._out / f"{name}.png"
        subprocess.run(("scrot", "--overwrite", "--focused", str(picture)), env=self._environment, check=True)
        say(picture)


def program(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command beside the window; both share the journal."""
    command = (sys.executable, str(ROOT / "main.py"), "--config", str(lab / "settings.toml"), *words)
    return subprocess.run(command, cwd=lab.parent, capture_output=True, text=True, check=False)


def scans(lab: Path) -> list[Document]:
    """Return the scans of the demo as they stand now, none while there is no journal yet."""
    try:
        document: Document = json.loads(program(lab, "status", "--json").stdout)
    except json.JSONDecodeError:
        return []
    found: list[Document] = document.get("scans", [])
    return found


def in_full_swing(lab: Path) -> bool:
    """Whether something of everything is there: safe slides, one that needs a person, one that failed, one at work."""
    states = {scan["state"] for scan in scans(lab)}
    return {"succeeded", "needs_attention", "failed"} <= states and bool(states & {"running", "pending"})


def at_rest(lab: Path) -> bool:
    """Whether every slide came as far as it goes without a person."""
    states = [scan["state"] for scan in scans(lab)]
    return len(states) == SLIDES and set(states) <= {"succeeded", "needs_attention", "failed", "blocked"}


def take_window(window: Window, lab: Path) -> None:
    """Take the window's pictures, the moving ones first."""
    wait_for("a demo in full swing", lambda: in_full_swing(lab))
    window.scan_by_hand(HAND_SCAN)
    window.take("run-light")
    window.press("ctrl+t")
    window.take("run-dark")
    window.press("ctrl+2")
    window.take("queue-dark")
    window.press("ctrl+t")
    window.take("queue-light")
    window.open_second_row()
    window.take("slide-light")
    window.press("ctrl+3")
    window.take("report-page-light")
    window.press("ctrl+h")
    window.take("hand-scanner-light")
    window.press("Escape")


def take_report(lab: Path, out: Path) -> None:
    """Write the report of the run as it stands now and save its first pages."""
    report = lab / "report.pdf"
    done = program(lab, "report", "--out", str(report))
    if done.returncode != 0:
        raise PictureError(f"the report was not written: {done.stderr}")
    for page in range(1, REPORT_PAGES + 1):
        number = str(page)
        picture = out / f"report-{number}"
        words = ("pdftoppm", "-png", "-r", "80", "-f", number, "-l", number, "-singlefile", str(report), str(picture))
        subprocess.run(words, check=True)
        if picture.with_suffix(".png").exists():
            say(picture.with_suffix(".png"))


def say(picture: Path) -> None:
    """Tell of a picture that was saved."""
    sys.stdout.write(f"{picture}\n")


@contextmanager
def new_lab() -> Iterator[Path]:
    """Make the demo lab's folder and remove it at the end; raise PictureError where there is one already."""
    try:
        LAB.mkdir()
    except FileExistsError as error:
        raise PictureError(f"{LAB} is there already: remove it first") from error
    try:
        yield LAB
    finally:
        shutil.rmtree(LAB)


def take_all(out: Path) -> None:
    """Run the demo and take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slideferry-screenshots-") as name, new_lab() as lab:
        log = Path(name) / "demo.log"
        words = (sys.executable, str(ROOT / "main.py"), "demo", "--slides", str(SLIDES), "--theme", "light")
        with display(Path(name)) as environment:
            with running(*words, "--dir", str(lab), log=log, env=environment):
                try:
                    take_window(Window(environment, out), lab)
                    wait_for("the demo's end", lambda: at_rest(lab))
                except PictureError as error:
                    raise PictureError(f"{error}\n{log.read_text(encoding='utf-8')}") from error
            take_report(lab, out)


def main() -> int:
    """Take the pictures; return 1 with the reason where that is not possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    out = parser.parse_args().out.absolute()
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        sys.stderr.write(f"Not installed: {', '.join(missing)}\n")
        return 1
    try:
        take_all(out)
    except (PictureError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
