"""Takes the hand scanner's typing out of the stream of keys, whichever field of the program has the focus."""

import time
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QMenu

from app.ui.wedge import EndKind, WedgeBuffer, WedgeSettings

_MARGIN_MS = 5
_GROUP_SEPARATOR = "\x1d"
_END_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_END_TEXTS = ("\r", "\n")
"""Some scanners send a line feed, which is no key of its own to Qt."""
_BARE_KEYS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock)
_KEY_EVENTS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)


@dataclass(frozen=True, slots=True)
class _Held:
    """A key event kept back, with the window it was meant for."""

    window: QWindow
    event: QKeyEvent


class WedgeFilter(QObject):
    """Sits on whatever window has the focus. `scanned` carries a code, `repeated` one that came twice.

    Fast characters are kept back for some 45 ms; if no scanner's Enter follows they are given to the window as typed,
    in order, so that nothing a person types is lost or noticeably late. Times are those of the keyboard events.
    """

    scanned = Signal(str)
    repeated = Signal(str)

    def __init__(self, app: QGuiApplication, settings: WedgeSettings | None = None) -> None:
        super().__init__(app)
        self._buffer = WedgeBuffer(settings)
        self._held: list[_Held] = []
        self._swallow: set[int] = set()
        self._giving_back = False
        self._window: QWindow | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setTimerType(Qt.TimerType.PreciseTimer)
        self._wait.timeout.connect(self._look_once_more)
        self._last_look = QTimer(self)
        self._last_look.setSingleShot(True)
        self._last_look.timeout.connect(self._give_back)
        app.focusWindowChanged.connect(self._on_focus)
        self._on_focus(app.focusWindow())

    def guard(self, menu: QMenu) -> None:
        """Watch a menu too: it takes the keys while it is open, and Enter must not press its entries."""
        menu.winId()
        window = menu.windowHandle()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return True for keys that are kept back or were the hand scanner's."""
        if event.type() not in _KEY_EVENTS or self._giving_back:
            return False
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWindow):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._released(watched, event)
        return self._pressed(watched, event)

    def _pressed(self, window: QWindow, event: QKeyEvent) -> bool:
        key = event.key()
        if key in _BARE_KEYS:
            return False
        at = _seconds(event)
        if key in _END_KEYS or event.text() in _END_TEXTS:
            return self._ended(key, at)
        character = _character(event)
        if not character:
            self._give_back()
            return False
        if not self._buffer.take(character, at):
            self._give_back()
            self._buffer.take(character, at)
        self._held.append(_Held(window, _copy(event)))
        self._last_look.stop()
        self._wait.start(round(self._buffer.patience_seconds * 1000) + _MARGIN_MS)
        return True

    def _released(self, window: QWindow, event: QKeyEvent) -> bool:
        key = event.key()
        if key in self._swallow and not event.isAutoRepeat():
            self._swallow.discard(key)
            return True
        if any(held.event.key() == key for held in self._held):
            self._held.append(_Held(window, _copy(event)))
            return True
        return False

    def _ended(self, key: int, at: float) -> bool:
        end = self._buffer.end(at)
        if end.kind is EndKind.TYPED:
            self._give_back()
            return False
        down = [held.event.key() for held in self._held if held.event.type() == QEvent.Type.KeyPress]
        up = [held.event.key() for held in self._held if held.event.type() == QEvent.Type.KeyRelease]
        self._swallow = {each for each in down if down.count(each) > up.count(each)} | {key}
        self._forget()
        (self.scanned if end.kind is EndKind.SCAN else self.repeated).emit(end.code)
        return True

    def _look_once_more(self) -> None:
        """Let keys that already wait in the queue come first: after a busy moment the timer may be the quicker one."""
        self._last_look.start(0)

    def _give_back(self) -> None:
        """Hand what was kept back to the windows it was meant for, as if just typed."""
        held, self._held = self._held, []
        self._forget()
        self._giving_back = True
        for each in held:
            if shiboken6.isValid(each.window):
                QCoreApplication.sendEvent(each.window, each.event)
        self._giving_back = False

    def _forget(self) -> None:
        self._held = []
        self._buffer.drop()
        self._wait.stop()
        self._last_look.stop()

    def _on_focus(self, window: QWindow | None) -> None:
        self._give_back()
        if self._window is not None and shiboken6.isValid(self._window):
            self._window.removeEventFilter(self)
        self._window = window
        if window is not None:
            window.installEventFilter(self)


def _seconds(event: QKeyEvent) -> float:
    """Return when the key was pressed by the system's clock, which a busy event loop does not bend."""
    return event.timestamp() / 1000 if event.timestamp() else time.monotonic()


def _character(event: QKeyEvent) -> str:
    """Return the one character a scanner could have sent, or nothing for shortcuts, repeats and other keys."""
    text = event.text()
    if text == _GROUP_SEPARATOR:
        return text
    if event.isAutoRepeat() or len(text) != 1 or not text.isprintable():
        return ""
    modifiers = event.modifiers()
    control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    return "" if control != alt or modifiers & Qt.KeyboardModifier.MetaModifier else text


def _copy(event: QKeyEvent) -> QKeyEvent:
    return QKeyEvent(
        event.type(),
        event.key(),
        event.modifiers(),
        event.nativeScanCode(),
        event.nativeVirtualKey(),
        event.nativeModifiers(),
        event.text(),
        event.isAutoRepeat(),
        event.count(),
    )
