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

from app.ui.main_window import MainWindow
from app.ui.theme import Theme, ThemeChoice
from app.ui.wedge_filter import WedgeFilter
from tests.fakes.desk import FakeDesk

RESOURCES = Path(__file__).parents[2] / "resources"


def qt_loop() -> asyncio.AbstractEventLoop:
    """Return a loop that runs inside Qt's."""
    app = QApplication.instance() or QApplication(["slideferry"])
    app.setQuitOnLastWindowClosed(False)
    return qasync.QEventLoop(app)


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
async def window(qapp: QApplication, theme: Theme, desk: FakeDesk) -> AsyncIterator[MainWindow]:
    theme.choose(ThemeChoice.LIGHT)
    before = asyncio.all_tasks()
    wedge = WedgeFilter(qapp)
    shown = MainWindow(desk, theme, wedge, "Slideferry")
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
