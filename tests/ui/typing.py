"""Types into a window as keyboards and hand scanners do, with the texts that a system would give."""

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QWindow

from tests.ui.conftest import from_a_slot

ENTER = (Qt.Key.Key_Return, "\r")
LINE_FEED = (Qt.Key.Key_J, "\n")
TAB = (Qt.Key.Key_Tab, "\t")
DEAD_ACUTE = (Qt.Key.Key_Dead_Acute, "")

Typed = str | tuple[Qt.Key, str] | Callable[[], object]
_pressed_at = [0]
"""When the last key was pressed, in ms: a keyboard's clock never runs back."""


def press(target: QWindow, *keys: Typed, gap_ms: int = 4) -> None:
    """Press and release these, so far apart by the keyboard's clock, however busy this computer is; call functions."""
    start = max(time.monotonic_ns() // 1_000_000, _pressed_at[-1] + gap_ms)
    for number, each in enumerate(keys):
        if callable(each):
            each()
            continue
        key, text = each if isinstance(each, tuple) else (Qt.Key.Key_unknown, each)
        _pressed_at[-1] = start + number * gap_ms
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key.value, Qt.KeyboardModifier.NoModifier, text)
            event.setTimestamp(_pressed_at[-1])
            QCoreApplication.sendEvent(target, event)


async def scan(target: QWindow, *keys: Typed) -> None:
    """Type as a hand scanner does; texts fall apart into their characters."""
    single = [part for each in keys for part in (each if isinstance(each, str) else [each])]
    await from_a_slot(lambda: press(target, *single))
