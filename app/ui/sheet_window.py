"""How the slide sheet stands: what waits to be written, and what in it is to be put right; a click opens it there."""

from PySide6.QtCore import QModelIndex, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListView, QPushButton, QVBoxLayout, QWidget

from app.domain.sheet_findings import SheetFinding
from app.services.sheet_views import SheetState
from app.ui import wording
from app.ui.surfaces import label, wear
from app.ui.tokens import Tone
from app.ui.wording import say


class SheetWindow(QDialog):
    """Beside the window, not in its way; Esc closes it. `cell_wanted` carries a cell's address, empty for none."""

    cell_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowTitle(say("The slide sheet"))
        self._findings: tuple[SheetFinding, ...] | None = None
        self._title = label("", "pageTitle", wrap=True)
        self._read = label("", "muted", wrap=True)
        self._written = label("", wrap=True)
        self._count = label("", "strong", wrap=True)
        self._model = QStringListModel(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setAccessibleName(say("What is to be put right in the sheet"))
        self._list.setUniformItemSizes(True)
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.activated.connect(self._on_activated)
        self._list.setToolTip(say("Enter or a double click opens the sheet there"))
        self._open = QPushButton(say("Open the sheet"))
        self._open.setAutoDefault(False)  # Enter belongs to the list
        self._open.clicked.connect(lambda: self.cell_wanted.emit(""))
        self._lay_out()
        self.resize(640, 520)

    def show_sheet(self, state: SheetState, written: str, tone: Tone) -> None:
        """Bring everything up to date; `written` says in words what waits to be written."""
        self._title.setText(state.title or say("The sheet was not read yet"))
        read = say("{0} slides, read at {1}").format(state.slides, wording.clock(state.read_at))
        self._read.setText(read if state.read_at else say("It is read with the next slide, or within a minute"))
        self._written.setText(written)
        wear(self._written, tone, "ink")
        if state.findings == self._findings:
            return
        self._findings = state.findings
        self._model.setStringList([each.words for each in state.findings])
        self._list.setVisible(bool(state.findings))
        if state.findings:
            self._count.setText(say("{0} to be put right in rows of this scanner:").format(len(state.findings)))
        else:
            self._count.setText(say("✓ Nothing to be put right in rows of this scanner"))

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._open)
        line.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 18, 22, 16)
        whole.setSpacing(8)
        for text in (self._title, self._read, self._written, self._count):
            whole.addWidget(text, 0, Qt.AlignmentFlag.AlignTop)
        whole.addWidget(self._list, 1)
        whole.addLayout(line)

    def _on_activated(self, index: QModelIndex) -> None:
        if self._findings:
            self.cell_wanted.emit(self._findings[index.row()].cells[0])
