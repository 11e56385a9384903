"""What a keyboard event says to whoever listens for a hand scanner."""

import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

from app.domain.aim import GROUP_SEPARATOR
from app.domain.hand_scan import DEAD_KEY, CapsLock
from app.ui.wedge import EndKey

_END_KEYS = {Qt.Key.Key_Return: EndKey.ENTER, Qt.Key.Key_Enter: EndKey.ENTER, Qt.Key.Key_Tab: EndKey.TAB}
_END_TEXTS = ("\r", "\n")
"""Some scanners send a line feed, which is no key of its own to Qt."""
_BARE_KEYS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock)
_FIRST_DEAD_KEY, _LAST_DEAD_KEY = Qt.Key.Key_Dead_Grave.value, Qt.Key.Key_Dead_Longsolidusoverlay.value
_CAPS_LOCK_BITS = {"windows": 0x100, "xcb": 0x2, "wayland": 0x2, "cocoa": 0x10000}
"""By Qt's platform: the bit of QKeyEvent.nativeModifiers that says so (Qt's qwindowskeymapper.cpp, X11's LockMask,
NSEventModifierFlagCapsLock); other platforms do not tell."""


def is_bare(event: QKeyEvent) -> bool:
    """Return whether it is a key that only changes others."""
    return event.key() in _BARE_KEYS


def end_key(event: QKeyEvent) -> EndKey | None:
    """Return which closing key it is, None for all others."""
    found = _END_KEYS.get(Qt.Key(event.key()))
    return EndKey.ENTER if found is None and event.text() in _END_TEXTS else found


def seconds(event: QKeyEvent) -> float:
    """Return when the key was pressed by the system's clock, which a busy event loop does not bend."""
    return event.timestamp() / 1000 if event.timestamp() else time.monotonic()


def characters(event: QKeyEvent) -> str:
    """Return what a scanner could have sent: one character, where an accent stood alone two.

    Nothing for shortcuts, repeats and other keys; `DEAD_KEY` for an accent that waits for the next character.
    """
    text = event.text()
    if text == GROUP_SEPARATOR:
        return text
    if event.isAutoRepeat():
        return ""
    if _FIRST_DEAD_KEY <= event.key() <= _LAST_DEAD_KEY:
        return DEAD_KEY
    if not text or not text.isprintable():
        return ""
    modifiers = event.modifiers()
    control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    return "" if control != alt or modifiers & Qt.KeyboardModifier.MetaModifier else text


def caps_lock(event: QKeyEvent) -> CapsLock:
    """Return how the Caps Lock key stood, as far as the system tells."""
    bit = _CAPS_LOCK_BITS.get(QGuiApplication.platformName())
    if bit is None:
        return CapsLock.UNKNOWN
    return CapsLock.ON if event.nativeModifiers() & bit else CapsLock.OFF


def copy_of(event: QKeyEvent) -> QKeyEvent:
    """Return an event of our own that outlives Qt's."""
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
