"""How long from the start of the process to the first painted window, against a bare PySide6 window.

`python -m tests.benchmarks.start --json`: both programs in pairs, one after the other, so that a busy computer slows
both alike; the ratio is the median of the pairs' ratios. Without a display it measures offscreen.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BARE = "bare"
_FULL = "slideferry"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--child", choices=(_BARE, _FULL))
    chosen = parser.parse_args()
    if chosen.child:
        return show_bare() if chosen.child == _BARE else show_full()
    result = measure(chosen.pairs)
    if chosen.json:
        print(json.dumps(result, indent=2))
    else:
        print("slideferry {slideferry_seconds} s, bare {bare_seconds} s: {ratio} times".format(**result))
    return 0


def measure(pairs: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as compiled:
        once(_BARE, compiled), once(_FULL, compiled)
        found = [(once(_FULL, compiled), once(_BARE, compiled)) for _ in range(pairs)]
    return {
        "pairs": pairs,
        "slideferry_seconds": round(statistics.median(full for full, _ in found), 4),
        "bare_seconds": round(statistics.median(bare for _, bare in found), 4),
        "ratio": round(statistics.median(full / bare for full, bare in found), 3),
    }


def once(child: str, compiled: str) -> float:
    """Start one program; return the seconds until it had painted. Bytecode is kept, as it is where it is installed."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not environment.get("DISPLAY") and sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.benchmarks.start", "--child", child]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return float(done.stdout.split()[-1]) - begun


def show_bare() -> int:
    """Paint a plain window; print the steady clock, which all processes share."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

    class Window(QMainWindow):
        def paintEvent(self, event):
            super().paintEvent(event)
            QTimer.singleShot(0, told_once(app.quit))

    app = QApplication([])
    window = Window()
    window.setCentralWidget(QLabel("bare"))
    window.resize(1600, 1000)
    window.show()
    return app.exec()


def show_full() -> int:
    """Paint our window with a few scans."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from app.ui import application
    from app.ui.main_window import MainWindow
    from tests.fakes.desk import FakeDesk

    class Painted(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, told_once(watched.window().closing.set))
            return False

    class Window(MainWindow):
        def show(self):
            self._painted = Painted(self)
            self.run_page.cards.viewport().installEventFilter(self._painted)
            super().show()

    application.MainWindow = Window
    desk = FakeDesk()
    for view in desk.scans():
        if view.state.value not in ("succeeded", "needs_attention", "failed"):
            del desk._scans[view.id]

    async def open_desk():
        return desk

    async def on_close():
        return None

    return application.run_window(open_desk, title="Slideferry", resources=ROOT / "resources", on_close=on_close)


_told: list[float] = []


def told_once(then):
    """Print the clock the first time, then go on."""

    def tell() -> None:
        if not _told:
            _told.append(time.monotonic())
            print(_told[0], flush=True)
            then()

    return tell


if __name__ == "__main__":
    raise SystemExit(main())
