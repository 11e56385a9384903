"""Shows the window with the fake desk: `python -m tests.ui.show --page run --theme light --out X.png`."""

import argparse
import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.bootstrap.hand_scanner import open_hand_scanner
from app.bootstrap.place import Place
from app.domain.calibration import CODES, TestScan
from app.domain.errors import SlideError
from app.domain.hand_scan import CapsLock, HandScan
from app.domain.settings import Settings
from app.services.views import Choice
from app.ui.application import run_window
from app.ui.dialogs.hand_scanner import HandScannerDialog
from app.ui.main_window import MainWindow
from app.ui.theme import ThemeChoice
from tests.domain.test_calibration import DEAD, GERMAN, US, typed
from tests.fakes.chains import missing_image
from tests.fakes.desk import FakeDesk
from tests.fakes.scans import thousands

SHORT = "The scanner's disk has room for 3 more slides; the oldest verified scan may go on Thursday 14:00"
DIALOGS = ("assign", "mark", "verdict", "end", "start", "cancel", "keep", "without", "scanner", "which")
RESOURCES = Path(__file__).parents[2] / "resources"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", choices=("run", "queue", "report", "share"), default="run")
    parser.add_argument("--theme", choices=[choice.value for choice in ThemeChoice], default="light")
    parser.add_argument("--size", default="1600x1000")
    parser.add_argument("--rows", type=int, default=-1)
    parser.add_argument("--panel", default="")
    parser.add_argument("--dialog", choices=DIALOGS)
    parser.add_argument("--layout", choices=("none", "us", "german"), default="none", help="scan the test codes so")
    parser.add_argument("--error", action="store_true")
    parser.add_argument("--scanned", default="407871")
    parser.add_argument("--missing", action="store_true", help="the question about an older image that is not there")
    parser.add_argument("--short", action="store_true", help="the scanner's disk is short of room")
    parser.add_argument("--norun", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--log", type=Path, help="write every act the desk was asked for, one a line")
    chosen = parser.parse_args()
    desk = FakeDesk(None if chosen.rows < 0 else thousands(chosen.rows, datetime.now().astimezone()))
    if chosen.norun:
        desk.current = None
    if chosen.missing:
        desk.put(missing_image(desk.scans()[3]))
    if chosen.short:
        desk.station_view = replace(desk.station_view, room_for_slides=3, room_warning=SHORT)

    async def open_desk() -> FakeDesk:
        QTimer.singleShot(0, lambda: prepare(desk, chosen))
        return desk

    async def on_close() -> None:
        await asyncio.sleep(0)

    place = Place(Path("settings.toml").absolute(), Path("data").absolute())
    return run_window(
        open_desk,
        title="Slideferry",
        resources=RESOURCES,
        on_close=on_close,
        theme=ThemeChoice(chosen.theme),
        hand_scanner=open_hand_scanner(place, Settings(), Path.cwd()),
    )


def prepare(desk: FakeDesk, chosen: argparse.Namespace) -> None:
    window = next(each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))
    width, height = chosen.size.split("x")
    window.resize(int(width), int(height))
    window.move(0, 0)
    window.show_page(("run", "queue", "report", "share").index(chosen.page))
    if chosen.scanned and chosen.page == "run" and not chosen.rows >= 0:
        window.hand_scans.take_typed(chosen.scanned)
    if chosen.panel:
        window.open_scan(next(view.id for view in desk.scans() if chosen.panel in (view.barcode, view.badge)))
    if chosen.dialog:
        open_dialog(window, desk, chosen.dialog)
    if chosen.layout != "none":
        QTimer.singleShot(600, lambda: scan_test_codes(window, chosen.layout))
    if chosen.error:
        desk.refuse = SlideError("This slide cannot be restarted", "545902 is being copied by another station", "Wait")
        window.acts.restart([desk.scans()[5].id])
    if chosen.log:
        follow(desk, window, chosen.log)
    if chosen.out:
        QTimer.singleShot(1500, lambda: finish(window, desk, chosen.out))


def open_dialog(window: MainWindow, desk: FakeDesk, name: str) -> None:
    ids = [view.id for view in desk.scans()]
    {
        "assign": lambda: window.acts.choose(ids[4], Choice.SHOW_LABEL),
        "mark": lambda: window.acts.mark([ids[5]]),
        "verdict": lambda: window.acts.choose(ids[3], Choice.ORDER_RESCAN),
        "end": window.acts.end_run,
        "start": window.acts.start_run,
        "keep": lambda: window.acts.keep(ids[0]),
        "without": lambda: window.acts.choose(ids[3], Choice.GO_ON_WITHOUT),
        "cancel": lambda: window.acts.cancel(ids[:3]),
        "scanner": window.hand_scans.set_up,
        "which": lambda: window.hand_scans.take(HandScan("aB-12", CapsLock.ON)),
    }[name]()


def scan_test_codes(window: MainWindow, layout: str) -> None:
    dialog = window.asker.open_question
    assert isinstance(dialog, HandScannerDialog)
    keys = GERMAN if layout == "german" else US
    for code in CODES:
        dialog.take_test(TestScan(typed(code, keys, DEAD[keys]), 4.0, "enter"))


def follow(desk: FakeDesk, window: MainWindow, path: Path) -> None:
    timer = QTimer(window)
    timer.timeout.connect(
        lambda: path.write_text(
            "\n".join([*map(repr, desk.acts), f"filter={window.queue_page.filter.text()!r}"]), encoding="utf-8"
        )
    )
    timer.start(100)


def finish(window: MainWindow, desk: FakeDesk, out: Path) -> None:
    dialog = window.asker.open_question
    (dialog or window).grab().save(str(out))
    if dialog is not None:
        window.grab().save(str(out.with_stem(f"{out.stem}-behind")))
        dialog.reject()
    for view in desk.scans():
        desk._scans[view.id] = replace(view, paused=True)
    QTimer.singleShot(200, window.close)


if __name__ == "__main__":
    raise SystemExit(main())
