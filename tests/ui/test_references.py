"""PySide6 6.12 loses a reference with every emit and every void call on CPython 3.11, until the program dies."""

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel


class Sender(QObject):
    """Something that emits."""

    sent = Signal(int)


def test_emits_and_void_calls_lose_no_reference(qapp: QApplication) -> None:
    sender, label = Sender(), QLabel()
    before = sys.getrefcount(True), sys.getrefcount(None)
    for number in range(2_000):
        sender.sent.emit(number)
        label.setText("x")
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert all(now > then - 200 for now, then in zip(after, before, strict=True))
