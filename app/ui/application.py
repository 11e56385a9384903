"""The window's life: from the first pixel to the orderly end of every task."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import qasync
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from app.domain.errors import SlideferryError
from app.services.hand_scanner import HandScanner
from app.services.views import OperatorsDesk
from app.ui.dialogs.question import Asker, Question
from app.ui.main_window import MainWindow
from app.ui.run_page import on_its_way
from app.ui.theme import Theme, ThemeChoice
from app.ui.wedge import WedgeSettings
from app.ui.wedge_filter import WedgeFilter
from app.ui.wording import say

OpenDesk = Callable[[], Awaitable[OperatorsDesk]]
CloseDesk = Callable[[], Awaitable[None]]
SURROUNDINGS_EXIT_CODE = 3
INTERRUPTED_EXIT_CODE = 130
_WAKE_MS = 200


def run_window(
    open_desk: OpenDesk,
    *,
    title: str,
    resources: Path,
    on_close: CloseDesk,
    theme: ThemeChoice = ThemeChoice.SYSTEM,
    hand_scanner: HandScanner | None = None,
    remember_in: Path | None = None,
    threads: int = 8,
) -> int:
    """Show the window until a person closes it; returns the exit code.

    `open_desk` starts the engine inside the window's loop, `on_close` stops it and is awaited, also after a failed
    start. `hand_scanner` is what the window may set up. `remember_in` is the file for sizes and columns. A
    SlideferryError of `open_desk` is shown: exit code 3.
    Ctrl+C and the system's request to end close it in order, without a question: exit code 130.
    """
    app = make_application(title, resources)
    loop = qasync.QEventLoop(app)
    loop.set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="slideferry"))
    asyncio.set_event_loop(loop)
    look = Theme(app, resources, theme)
    keys = WedgeFilter(app, WedgeSettings.of(hand_scanner.settings) if hand_scanner else None)
    with loop:
        return int(
            loop.run_until_complete(
                live(
                    open_desk,
                    on_close,
                    title=title,
                    theme=look,
                    wedge=keys,
                    remember_in=remember_in,
                    hand_scanner=hand_scanner,
                )
            )
        )


def make_application(title: str, resources: Path) -> QApplication:
    """Return the application object, set so that only our own closing ends the loop."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([title])
    app.setApplicationName("slideferry")
    app.setApplicationDisplayName(title)
    app.setDesktopFileName("slideferry")
    app.setWindowIcon(QIcon(str(resources / "icons" / "slideferry.svg")))
    app.setQuitOnLastWindowClosed(False)
    return app


async def live(
    open_desk: OpenDesk,
    on_close: CloseDesk,
    *,
    title: str,
    theme: Theme,
    wedge: WedgeFilter,
    remember_in: Path | None,
    hand_scanner: HandScanner | None = None,
) -> int:
    """Open the desk, show the window, wait until it may close, end everything in order."""
    store = QSettings(str(remember_in), QSettings.Format.IniFormat) if remember_in else None

    def make_window(desk: OperatorsDesk) -> MainWindow:
        return MainWindow(desk, theme, wedge, title, hand_scanner)

    showing = asyncio.create_task(_show(open_desk, make_window, store, title), name="window")
    # The signals are caught until all has ended: a second Ctrl+C must not cut the orderly end short.
    with interrupting(showing) as interrupted:
        try:
            return await showing
        except asyncio.CancelledError:
            if not interrupted.is_set():
                raise
            return INTERRUPTED_EXIT_CODE
        finally:
            await on_close()


async def _show(
    open_desk: OpenDesk, make_window: Callable[[OperatorsDesk], MainWindow], store: QSettings | None, title: str
) -> int:
    try:
        desk = await open_desk()
    except SlideferryError as error:
        await say_why_not(error, title)
        return SURROUNDINGS_EXIT_CODE
    window = make_window(desk)
    window.recall(store)
    window.show()
    try:
        await wait_for_closing(window)
    finally:
        window.remember(store)
        await window.close_down()
        window.deleteLater()
    return 0


@contextmanager
def interrupting(task: asyncio.Task[int]) -> Iterator[asyncio.Event]:
    """Cancel the task, once, at Ctrl+C or the system's request to end; the event yielded says whether that came."""
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()

    def interrupt() -> None:
        if not interrupted.is_set():
            interrupted.set()
            task.cancel()

    def heard(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(interrupt)

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    # Python hears a signal when its own code runs next: Qt's loop alone, at rest, would sleep through it.
    wake = QTimer()
    wake.timeout.connect(lambda: None)
    wake.start(_WAKE_MS)
    try:
        yield interrupted
    finally:
        wake.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


async def wait_for_closing(window: MainWindow) -> None:
    """Return once a person wants to close and, while slides are on their way, has said so twice."""
    while True:
        await window.closing.wait()
        window.closing.clear()
        moving = [view for view in window.desk.scans() if on_its_way(view) and not view.paused]
        if not moving or window.asker.open_question is not None:
            return
        text = say(
            "{0} slide(s) are on their way. They stop at the next safe moment and go on "
            "from there when the program is started again. Nothing is lost."
        ).format(len(moving))
        if await window.asker.confirm(say("Close now?"), text, say("Close")):
            return


async def say_why_not(error: SlideferryError, title: str) -> None:
    """Show why the program cannot start, and wait until it was read."""
    text = "\n\n".join(part for part in (error.message, error.hint) if part)
    question = Question(error.title, text, say("Close"), None)
    question.setWindowTitle(title)
    question.only_yes()
    await Asker(None).ask(question)
