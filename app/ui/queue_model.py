"""Every scan a row, for the Queue page."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt

from app.domain.step import StepState
from app.services.views import OperatorsDesk, ScanView
from app.ui import wording
from app.ui.card_delegate import card_message
from app.ui.card_layout import share_done
from app.ui.choices import trouble_of
from app.ui.rows import needs_you_first
from app.ui.scan_model import NOWHERE, Index, ScanModel


class Column(IntEnum):
    """The columns, left to right."""

    PICTURE = 0
    BARCODE = 1
    STATE = 2
    STEP = 3
    PROGRESS = 4
    RATE = 5
    LEFT = 6
    SIZE = 7
    ATTEMPTS = 8
    MESSAGE = 9


_RIGHT = (Column.RATE, Column.LEFT, Column.SIZE, Column.ATTEMPTS)


def message(view: ScanView) -> str:
    """Return what a row says: what is wrong, else how it stands."""
    lead, rest = card_message(view)
    return f"{lead} {rest}".strip() if trouble_of(view) else view.message


def step_number(view: ScanView) -> int:
    """Return the number of the step that says how the scan stands: the first in trouble or at work, else the next."""
    if view.attention is not None:
        return next((number for number, step in enumerate(view.steps) if step.id == view.attention.step), 0)
    stuck = (StepState.NEEDS_ATTENTION, StepState.FAILED, StepState.WAITING_TO_RETRY, StepState.PAUSED)
    for wanted in (stuck, (StepState.RUNNING,), (StepState.PENDING, StepState.BLOCKED)):
        for number, step in enumerate(view.steps):
            if step.state in wanted:
                return number
    return len(view.steps)


def step_title(view: ScanView) -> str:
    """Return that step's name, nothing when all are done."""
    number = step_number(view)
    return view.steps[number].title if number < len(view.steps) else ""


def progress(view: ScanView) -> float:
    """Return how far a scan is: 0 to 1."""
    return 1.0 if view.verified_at is not None else share_done(view)


def progress_text(view: ScanView) -> str:
    """Return the progress in per cent, 100 % only when verified."""
    return wording.say("verified") if view.verified_at else wording.percent(progress(view), 1.0)


_TEXTS: dict[Column, Callable[[ScanView], str]] = {
    Column.BARCODE: wording.slide_name,
    Column.STATE: lambda view: view.badge,
    Column.STEP: step_title,
    Column.PROGRESS: progress_text,
    Column.RATE: lambda view: wording.rate(view.rate),
    Column.LEFT: lambda view: "" if view.seconds_left is None else wording.duration(max(1.0, round(view.seconds_left))),
    Column.SIZE: lambda view: wording.size(view.size_bytes),
    Column.ATTEMPTS: lambda view: str(view.attempts) if view.attempts else "",
    Column.MESSAGE: message,
}

_KEYS: dict[Column, Callable[[ScanView], Any]] = {
    Column.PICTURE: needs_you_first,
    Column.BARCODE: lambda view: view.barcode or "",
    Column.STATE: needs_you_first,
    Column.STEP: step_number,
    Column.PROGRESS: progress,
    Column.RATE: lambda view: view.rate or 0.0,
    Column.LEFT: lambda view: -1.0 if view.seconds_left is None else view.seconds_left,
    Column.SIZE: lambda view: view.size_bytes,
    Column.ATTEMPTS: lambda view: view.attempts,
    Column.MESSAGE: lambda view: view.message,
}


class QueueModel(ScanModel):
    """Rows of the queue; sorts itself by any column."""

    def __init__(self, desk: OperatorsDesk, parent: QObject | None = None) -> None:
        super().__init__(desk, needs_you_first, parent)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text, its alignment, and the whole text for the tooltip."""
        if not index.isValid():
            return None
        column = Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole and column is not Column.PICTURE:
            return _TEXTS[column](self.view_at(index.row()))
        if role == Qt.ItemDataRole.ToolTipRole and column in (Column.MESSAGE, Column.BARCODE):
            view = self.view_at(index.row())
            return _TEXTS[column](view) if column is Column.MESSAGE else view.file_name or view.source_name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.AccessibleTextRole and column is Column.PICTURE:
            return wording.say("Picture of {0}").format(_TEXTS[Column.BARCODE](self.view_at(index.row())))
        return super().data(index, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a column's title."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return titles()[Column(section)]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, as a click on its header asks."""
        self.order_by(_KEYS[Column(column)], reverse=order is Qt.SortOrder.DescendingOrder)

    def filter(self, text: str) -> None:
        """Show only the scans that have this text in barcode, file name, state, step or message."""
        words = text.casefold().split()
        self.want(lambda view: all(word in haystack(view) for word in words))


def titles() -> dict[Column, str]:
    """Return the columns' titles."""
    say = QCoreApplication.translate
    return {
        Column.PICTURE: "",
        Column.BARCODE: say("Queue", "Barcode"),
        Column.STATE: say("Queue", "State"),
        Column.STEP: say("Queue", "Step"),
        Column.PROGRESS: say("Queue", "Progress"),
        Column.RATE: say("Queue", "Rate"),
        Column.LEFT: say("Queue", "Time left"),
        Column.SIZE: say("Queue", "Size"),
        Column.ATTEMPTS: say("Queue", "Attempts"),
        Column.MESSAGE: say("Queue", "Message"),
    }


def haystack(view: ScanView) -> str:
    """Return all the filter looks at."""
    parts = (view.barcode or "", view.source_name, view.file_name or "", view.badge, step_title(view), message(view))
    return "\n".join(parts).casefold()


def row_text(view: ScanView) -> str:
    """Return a row as tab-separated text, for the clipboard."""
    return "\t".join(_TEXTS[column](view) for column in Column if column is not Column.PICTURE)
