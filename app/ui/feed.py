"""Brings the desk's changes to the models, gathered so that they come at most ten times a second."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.scan import ScanId
from app.services.views import OperatorsDesk

_PAUSE_MS = 100


class Feed(QObject):
    """`changed` carries a frozenset of scan ids; an empty one says that only run or station changed."""

    changed = Signal(object)

    def __init__(self, desk: OperatorsDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: set[ScanId] = set()
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._emit)
        self._leave: Callable[[], None] = desk.subscribe(self._heard)

    def close(self) -> None:
        """Hear no more."""
        self._leave()
        self._timer.stop()

    def _heard(self, scans: frozenset[ScanId]) -> None:
        self._waiting |= scans
        if not self._timer.isActive():
            since_ms = (time.monotonic() - self._last) * 1000
            self._timer.start(max(0, round(_PAUSE_MS - since_ms)))

    def _emit(self) -> None:
        scans = frozenset(self._waiting)
        self._waiting.clear()
        self._last = time.monotonic()
        self.changed.emit(scans)
