"""Ctrl+C and the system's request to end: the window closes in order and asks nothing."""

import asyncio
import os
import signal

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.application import INTERRUPTED_EXIT_CODE, live
from app.ui.main_window import MainWindow
from app.ui.theme import Theme
from app.ui.wedge_filter import WedgeFilter
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="on Windows os.kill ends the process itself")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_window_also_while_a_question_is_open(
    number: signal.Signals, qapp: QApplication, theme: Theme
) -> None:
    desk, closed = FakeDesk(), []
    handler = signal.getsignal(number)

    async def open_desk() -> FakeDesk:
        return desk

    async def on_close() -> None:
        # A second Ctrl+C must not cut this short.
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
        closed.append(desk.listeners)

    wedge = WedgeFilter(qapp)
    life = asyncio.ensure_future(
        live(open_desk, on_close, title="Slideferry", theme=theme, wedge=wedge, remember_in=None)
    )
    found: list[MainWindow] = []

    def shown() -> bool:
        found[:] = [each for each in qapp.topLevelWidgets() if isinstance(each, MainWindow) and each.isVisible()]
        return bool(found)

    await until(shown)
    found[0].close()
    await until(lambda: found[0].asker.open_question is not None)
    os.kill(os.getpid(), number)
    assert await asyncio.wait_for(life, 10) == INTERRUPTED_EXIT_CODE
    assert closed == [0]
    assert signal.getsignal(number) is handler
    wedge.deleteLater()
