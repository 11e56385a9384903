"""The card of files that ended programs left on the share, and their removal."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from app.services.leftovers import JudgedLeftover, Whose
from app.ui import wording
from app.ui.surfaces import label, wear
from app.ui.tokens import Tone
from app.ui.wording import say

_ROW_PX = 38
_MOST_ROWS_SHOWN = 8


class LeftoversCard(QFrame):
    """Files that ended programs left. `removal_wanted` carries the paths of the rows that are selected."""

    removal_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._shown: tuple[JudgedLeftover, ...] = ()
        self._words = label("", wrap=True)
        self._table = _table((say("What"), say("File"), say("Size"), say("Written"), say("Whose")), say("Leftovers"))
        self._table.itemSelectionChanged.connect(self._on_selected)
        self._remove = QPushButton(say("Remove selected…"))
        self._remove.clicked.connect(lambda: self.removal_wanted.emit(self.selected()))
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.setSpacing(8)
        inside.addWidget(label(say("Leftovers"), "cardTitle"))
        inside.addWidget(self._words)
        inside.addWidget(self._table)
        inside.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignLeft)

    def selected(self) -> tuple[JudgedLeftover, ...]:
        """Return what is selected."""
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        return tuple(self._shown[row] for row in rows)

    def show_leftovers(self, found: Sequence[JudgedLeftover]) -> None:
        """Show these in the place of the earlier ones."""
        self._shown = tuple(found)
        total = wording.size(sum(each.leftover.size_bytes for each in found))
        self._words.setText(
            say("{0} files, {1}. Nothing of it is removed unless you say so.").format(len(found), total)
            if found
            else say("✓ Nothing was left over")
        )
        wear(self._words, Tone.QUIET if found else Tone.GOOD, "ink")
        rows = [
            (
                say(each.leftover.kind.value),
                each.leftover.path,
                wording.size(each.leftover.size_bytes),
                wording.clock(each.leftover.written_at),
                whose_words(each.whose),
            )
            for each in found
        ]
        _fill(self._table, rows)
        for widget in (self._table, self._remove):
            widget.setVisible(bool(found))
        self._on_selected()

    def _on_selected(self) -> None:
        self._remove.setEnabled(bool(self.selected()))


def whose_words(whose: Whose) -> str:
    """Return whose a leftover is, in few words."""
    return {Whose.NEEDED: say("needed"), Whose.OURS: say("this station"), Whose.UNKNOWN: say("another, or unknown")}[
        whose
    ]


def _table(titles: Sequence[str], name: str) -> QTableWidget:
    table = QTableWidget(0, len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    return table


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.clearSelection()
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)
    shown = min(len(rows), _MOST_ROWS_SHOWN)
    table.setFixedHeight(table.horizontalHeader().sizeHint().height() + shown * _ROW_PX + 6)
