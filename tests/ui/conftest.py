"""The window's tests run offscreen, inside coroutines on a qasync loop; nothing may be left over after a test."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import qasync
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.adapters.files.settings_file import TomlSettingsFile
from app.adapters.imaging.symbols import ZxingSymbols
from app.adapters.reports import PrintedSymbols
from app.domain.settings import HandScannerSettings
from app.services.hand_scanner import HandScanner
from app.ui.main_window import MainWindow
from app.ui.theme import Theme, ThemeChoice
from app.ui.wedge_filter import WedgeFilter
from tests.fakes.desk import FakeDesk
from tests.fakes.sounds import HeardSounds

RESOURCES = Path(__file__).parents[2] / "resources"
_LOOPS: list[asyncio.AbstractEventLoop] = []
"""All are kept: a closed one still owns timers of Qt, which a worker's thread must not be the one to collect."""


def qt_loop() -> asyncio.AbstractEventLoop:
    """Return a loop that runs inside Qt's."""
    app = QApplication.instance() or QApplication(["slideferry"])
    app.setQuitOnLastWindowClosed(False)
    _LOOPS.append(qasync.QEventLoop(app))
    return _LOOPS[-1]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, object]:
    return {"qt": qt_loop}


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, RESOURCES, ThemeChoice.LIGHT)


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    urls: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toString()) or True)
    return urls


@pytest.fixture
def sounds() -> HeardSounds:
    return HeardSounds()


@pytest.fixture
def hand_scanner(tmp_path: Path, sounds: HeardSounds) -> HandScanner:
    """Return the hand scanner of a station whose settings file is `tmp_path / "settings.toml"`."""
    file = tmp_path / "settings.toml"
    file.write_text("# ours\n[lab]\nname = 'Prec Imaging'\n", encoding="utf-8")
    fonts = RESOURCES / "fonts"
    parts = (ZxingSymbols(), PrintedSymbols(fonts), TomlSettingsFile(file), sounds)
    return HandScanner(HandScannerSettings(), *parts, folder=tmp_path)


@pytest.fixture
async def window(
    qapp: QApplication, theme: Theme, desk: FakeDesk, hand_scanner: HandScanner
) -> AsyncIterator[MainWindow]:
    theme.choose(ThemeChoice.LIGHT)
    before = asyncio.all_tasks()
    wedge = WedgeFilter(qapp)
    shown = MainWindow(desk, theme, wedge, "Slideferry", hand_scanner)
    shown.resize(1600, 1000)
    shown.show()
    shown.activateWindow()
    await until(lambda: shown.errands.under_way == 0)
    yield shown
    await shown.close_down()
    wedge.deleteLater()
    shown.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}
    assert desk.listeners == 0


async def from_a_slot(act: Callable[[], object]) -> None:
    """Do this as Qt would, outside any task: QTest's keys run the event loop, which a coroutine must not."""
    done = asyncio.get_running_loop().create_future()

    def run() -> None:
        act()
        done.set_result(None)

    QTimer.singleShot(0, run)
    await done


async def until(condition, seconds: float = 10.0) -> None:
    """Wait until something is so; a test that waits for ever fails by the suite's time limit."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
