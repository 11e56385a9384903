"""A folder of slides that lay there before the first start: how soon the window shows a thumbnail of each.

`python -m tests.benchmarks.thumbnails [--json] [--slides N] [--runs N]`. Every run begins with an empty data folder, in
a process of its own, and where the system allows it with empty disk caches. The window opens as `window` opens it, on
the Queue page; besides the times it tells how long the window's event loop was held up meanwhile (a timer that wants to
fire every 5 ms). Without a display it measures offscreen.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "resources" / "demo" / "slides"
SLIDES = ("CMU-1-Small-Region.svs", "code128_S24-001003-A1-1.svs")
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
TICK_MS = 5
PATIENCE_SECONDS = 120.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--slides", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        return show(chosen.child, chosen.slides)
    with tempfile.TemporaryDirectory(prefix="slideferry-thumbnails-") as name:
        result = measure(Path(name), chosen.slides, chosen.runs)
    if chosen.json:
        print(json.dumps(result, indent=2))
    else:
        print("{slides} thumbnails in {seconds} s, longest gap {longest_gap_ms} ms".format(**result))
    return 0


def measure(folder: Path, slides: int, runs: int) -> dict[str, Any]:
    """Return the medians over the runs, the longest gap of all, and every run."""
    scanner = folder / "scanner"
    scanner.mkdir()
    for number in range(slides):
        sample = SAMPLES / SLIDES[number % len(SLIDES)]
        shutil.copy(sample, scanner / f"{number:04d}{sample.suffix}")
    found = [once(folder / str(number), scanner, slides) for number in range(runs)]
    return {
        "slides": slides,
        "runs": runs,
        "caches_dropped": all(run["caches_dropped"] for run in found),
        "seconds": round(statistics.median(run["seconds"] for run in found), 2),
        "seconds_from_process_start": round(statistics.median(run["seconds_from_process_start"] for run in found), 2),
        "processor_seconds": round(statistics.median(run["processor_seconds"] for run in found), 2),
        "in_sight_seconds": round(statistics.median(run["in_sight_seconds"] for run in found), 2),
        "longest_gap_ms": max(run["longest_gap_ms"] for run in found),
        "longest_busy_ms": max(run["longest_busy_ms"] for run in found),
        "gap_p99_ms": statistics.median(run["gap_p99_ms"] for run in found),
        "all": found,
    }


def once(lab: Path, scanner: Path, slides: int) -> dict[str, Any]:
    """Open the window on a new lab; return what the child measured."""
    lay_out(lab, scanner)
    dropped = drop_caches()
    environment = dict(os.environ)
    if not environment.get("DISPLAY") and sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.benchmarks.thumbnails", "--child", str(lab), "--slides", str(slides)]
    begun, worked = time.monotonic(), processor_seconds()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the window ended with {done.returncode}\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    ended = found.pop("ended")
    return {
        **found,
        "seconds_from_process_start": round(ended - begun, 3),
        "processor_seconds": round(processor_seconds() - worked, 2),
        "caches_dropped": dropped,
    }


def processor_seconds() -> float:
    """Return what the children that ended, and theirs, took of all processors together."""
    times = os.times()
    return times.children_user + times.children_system


def lay_out(lab: Path, scanner: Path) -> None:
    """Make settings, sheet and share of a lab that watches this folder."""
    from app.adapters.sheets.new_workbook import make_workbook
    from app.bootstrap.files import mark
    from app.domain.settings import DestinationSettings, ScannerSettings, Settings, SheetSettings
    from app.domain.settings_text import settings_to_toml
    from app.services.demo_plan import demo_grid, demo_slides

    lab.mkdir()
    settings = Settings(
        scanner=ScannerSettings(name="Raven", watch=str(scanner)),
        destination=DestinationSettings(url=str(lab / "share")),
        sheet=SheetSettings(path=str(lab / "slides.xlsx")),
    )
    (lab / "settings.toml").write_text(settings_to_toml(settings), encoding="utf-8")
    (lab / "share").mkdir()
    mark(lab / "share")
    make_workbook(lab / "slides.xlsx", demo_grid(demo_slides(4)))


def drop_caches() -> bool:
    """Empty the system's disk caches where that is allowed; return whether it was."""
    try:
        os.sync()
        DROP_CACHES.write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def show(lab: Path, slides: int) -> int:
    """Open the window, watch it until every thumbnail is there, print what was seen, close it."""
    from app.bootstrap.place import Place, load_settings
    from app.bootstrap.window import show_window
    from app.ui import application
    from app.ui.main_window import QUEUE, MainWindow

    class Window(MainWindow):
        def show(self) -> None:
            self.show_page(QUEUE)
            super().show()
            watch(self, slides)

    application.MainWindow = Window
    place = Place(lab / "settings.toml", lab / "data")
    return show_window(place, load_settings(place), "light")


def watch(window: Any, slides: int) -> None:
    """Look every few milliseconds at how many thumbnails there are, and how late the look itself is."""
    from PySide6.QtCore import Qt, QTimer

    shown = last = time.monotonic()
    worked = time.thread_time()
    gaps: list[float] = []
    busy: list[float] = []
    in_sight: list[float] = []
    timer = QTimer(window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def look() -> None:
        nonlocal last, worked
        now, work = time.monotonic(), time.thread_time()
        gaps.append((now - last) * 1000)
        busy.append((work - worked) * 1000)
        last, worked = now, work
        if not in_sight and rows_in_sight_are_there(window):
            in_sight.append(now - shown)
        if window.pictures.here() >= slides:
            timer.stop()
            print(json.dumps(told(now, shown, gaps, busy, in_sight)), flush=True)
            window.closing.set()
        elif now - shown > PATIENCE_SECONDS:
            raise SystemExit(f"only {window.pictures.here()} thumbnails came")

    timer.timeout.connect(look)
    timer.start(TICK_MS)


def rows_in_sight_are_there(window: Any) -> bool:
    """Whether rows are shown, and each that is shown has its thumbnail."""
    from PySide6.QtCore import QPoint

    table, model = window.queue_page.table, window.queue_page.model
    if model.rowCount() == 0:
        return False
    last = table.indexAt(QPoint(5, table.viewport().height() - 5)).row()
    rows = range(table.indexAt(QPoint(5, 5)).row(), last + 1 if last >= 0 else model.rowCount())
    return all(window.pictures.is_here(model.view_at(row).id) for row in rows)


def told(now: float, shown: float, gaps: list[float], busy: list[float], in_sight: list[float]) -> dict[str, Any]:
    """Return what one run says. Gaps are in milliseconds, those of the timer itself among them; `busy` is how much of
    them the window's own thread worked: the rest it waited for a processor that something else had.
    """
    ordered = sorted(gaps)
    return {
        "ended": now,
        "seconds": round(now - shown, 3),
        "in_sight_seconds": round(in_sight[0] if in_sight else now - shown, 3),
        "longest_gap_ms": round(ordered[-1], 1),
        "gap_p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
        "longest_gaps_ms": [round(each, 1) for each in ordered[-8:]],
        "longest_busy_ms": round(max(busy), 1),
        "busiest_ms": [round(each, 1) for each in sorted(busy)[-8:]],
    }


if __name__ == "__main__":
    raise SystemExit(main())
