"""Takes the hand scanner's typing out of the stream of keys, whichever field of the program has the focus."""

from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QWindow
from PySide6.QtWidgets import QMenu

from app.domain.calibration import TestScan
from app.domain.hand_scan import CapsLock, HandScan
from app.ui import wedge_keys
from app.ui.wedge import CALIBRATING, End, EndKey, EndKind, WedgeBuffer, WedgeSettings

_MARGIN_MS = 5
_EVENTS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.InputMethod)


@dataclass(frozen=True, slots=True)
class _Held:
    """An event kept back, with the window or field it was meant for."""

    target: QObject
    event: QKeyEvent | QInputMethodEvent

    @property
    def key(self) -> int:
        """The key, 0 where a composed character came without one."""
        return self.event.key() if isinstance(self.event, QKeyEvent) else 0


class WedgeFilter(QObject):
    """Sits on whatever window has the focus. `scanned` carries a HandScan, `repeated` one that came twice.

    Fast characters are kept back for some 45 ms; if no scanner's Enter follows they are given to the window as typed,
    in order, so that nothing a person types is lost or noticeably late. Times are those of the keyboard events.
    Between `begin_test` and `end_test` whatever is scanned comes as `tested` (a TestScan) instead.
    """

    scanned = Signal(object)
    repeated = Signal(object)
    tested = Signal(object)

    def __init__(self, app: QGuiApplication, settings: WedgeSettings | None = None) -> None:
        super().__init__(app)
        self._settings = settings or WedgeSettings()
        self._buffer = WedgeBuffer(self._settings)
        self._held: list[_Held] = []
        self._swallow: set[int] = set()
        self._giving_back = False
        self._caps_lock = CapsLock.UNKNOWN
        self._window: QObject | None = None
        self._field: QObject | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setTimerType(Qt.TimerType.PreciseTimer)
        self._wait.timeout.connect(self._look_once_more)
        self._last_look = QTimer(self)
        self._last_look.setSingleShot(True)
        self._last_look.timeout.connect(self._fell_silent)
        app.focusWindowChanged.connect(self._on_focus)
        self._on_focus(app.focusWindow())

    def use(self, settings: WedgeSettings) -> None:
        """Listen for a scanner of these settings from now on; a test that is under way goes on."""
        self._settings = settings
        if self._buffer.settings is not CALIBRATING:
            self._listen_as(settings)

    def begin_test(self) -> None:
        """Take whatever a scanner may be set to, until `end_test`; nobody should be typing meanwhile."""
        self._listen_as(CALIBRATING)

    def end_test(self) -> None:
        """Listen as before."""
        self._listen_as(self._settings)

    def guard(self, menu: QMenu) -> None:
        """Watch a menu too: it takes the keys while it is open, and Enter must not press its entries."""
        menu.winId()
        window = menu.windowHandle()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return True for keys that are kept back or were the hand scanner's."""
        if event.type() not in _EVENTS or self._giving_back:
            return False
        if isinstance(event, QInputMethodEvent):
            return self._composed(watched, event)
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWindow):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._released(watched, event)
        return self._pressed(watched, event)

    def _listen_as(self, settings: WedgeSettings) -> None:
        self._give_back()
        self._buffer = WedgeBuffer(settings)

    def _pressed(self, window: QWindow, event: QKeyEvent) -> bool:
        if wedge_keys.is_bare(event):
            return False
        at, end = wedge_keys.seconds(event), wedge_keys.end_key(event)
        if end is not None:
            return self._ended(event.key(), end, at)
        characters = wedge_keys.characters(event)
        if not characters:
            self._give_back()
            return False
        for character in characters:
            if not self._buffer.take(character, at):
                self._give_back()
                self._buffer.take(character, at)
        if self._buffer.sure and self._field is None:
            field = QGuiApplication.focusObject()
            self._field = None if field is self._window else self._moved(None, field)
        self._caps_lock = wedge_keys.caps_lock(event)
        self._hold(window, wedge_keys.copy_of(event))
        return True

    def _composed(self, field: QObject, event: QInputMethodEvent) -> bool:
        """Take a character that X11 made of an accent and the next key: it goes past the window, right to the field.

        In the middle of a code it must not be missing, or another slide's code might be left.
        """
        text = event.commitString()
        if not text or not self._buffer.sure:
            return False
        self._buffer.go_on_with(text)
        copy = QInputMethodEvent()
        copy.setCommitString(text)
        self._hold(field, copy)
        return True

    def _hold(self, target: QObject, event: QKeyEvent | QInputMethodEvent) -> None:
        self._held.append(_Held(target, event))
        self._last_look.stop()
        self._wait.start(round(self._buffer.patience_seconds * 1000) + _MARGIN_MS)

    def _released(self, window: QWindow, event: QKeyEvent) -> bool:
        key = event.key()
        if key in self._swallow and not event.isAutoRepeat():
            self._swallow.discard(key)
            return True
        if any(held.key == key for held in self._held):
            self._held.append(_Held(window, wedge_keys.copy_of(event)))
            return True
        return False

    def _ended(self, key: int, end_key: EndKey, at: float) -> bool:
        end = self._buffer.end(at, end_key)
        if end.kind is EndKind.TYPED:
            self._give_back()
            return False
        if end.kind is EndKind.ECHO:
            self._swallow.add(key)
            return True
        self._take_scan(end, end_key, {key})
        return True

    def _fell_silent(self) -> None:
        end = self._buffer.fall_silent()
        if end.kind in (EndKind.SCAN, EndKind.REPEAT):
            self._take_scan(end, EndKey.SILENCE, set())
        else:
            self._give_back()

    def _take_scan(self, end: End, end_key: EndKey, pressed: set[int]) -> None:
        """Swallow what was kept back, with the releases still to come, and say what was scanned."""
        down = [held.key for held in self._held if held.event.type() == QEvent.Type.KeyPress]
        up = [held.key for held in self._held if held.event.type() == QEvent.Type.KeyRelease]
        self._swallow = {each for each in down if down.count(each) > up.count(each)} | pressed
        self._forget()
        if self._buffer.settings is CALIBRATING:
            self.tested.emit(TestScan(end.text, 1000 * end.gap_seconds, end_key.value))
            return
        scan = HandScan(end.text, self._caps_lock)
        (self.scanned if end.kind is EndKind.SCAN else self.repeated).emit(scan)

    def _look_once_more(self) -> None:
        """Let keys that already wait in the queue come first: after a busy moment the timer may be the quicker one."""
        self._last_look.start(0)

    def _give_back(self) -> None:
        """Hand what was kept back to the windows it was meant for, as if just typed."""
        held, self._held = self._held, []
        self._forget()
        self._giving_back = True
        for each in held:
            if shiboken6.isValid(each.target):
                QCoreApplication.sendEvent(each.target, each.event)
        self._giving_back = False

    def _forget(self) -> None:
        self._held = []
        self._buffer.drop()
        self._field = self._moved(self._field, None)
        self._wait.stop()
        self._last_look.stop()

    def _on_focus(self, window: QWindow | None) -> None:
        self._give_back()
        self._window = self._moved(self._window, window)

    def _moved(self, old: QObject | None, new: QObject | None) -> QObject | None:
        """Watch another object than before; returns it."""
        if old is not None and shiboken6.isValid(old):
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)
        return new
