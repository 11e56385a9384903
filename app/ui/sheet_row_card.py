"""The row of the sheet in the Slide panel: its cells, what changed since, and the choice about that."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.services.views import ScanView
from app.ui import wording
from app.ui.choices import DIFFERENCE_CHOICES
from app.ui.panel_sections import FactsGrid
from app.ui.surfaces import label, wear
from app.ui.tokens import Tone
from app.ui.wording import say


class SheetRowCard(QWidget):
    """Cells, a button each choice while something differs. `chosen` carries a Choice; `open_wanted` by its button."""

    chosen = Signal(object)
    open_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactsGrid()
        self._changed = label(say("! The sheet changed after this slide was named"), wrap=True)
        wear(self._changed, Tone.WARN, "ink")
        self._buttons = {choice: QPushButton(wording.choice(choice)) for choice in DIFFERENCE_CHOICES}
        line = QHBoxLayout()
        for choice, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, which=choice: self.chosen.emit(which))
            line.addWidget(button)
        line.addStretch(1)
        self._open = QPushButton(say("Open the sheet here"))
        self._open.clicked.connect(self.open_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._changed)
        whole.addWidget(self._facts)
        whole.addLayout(line)
        whole.addWidget(self._open, 0, Qt.AlignmentFlag.AlignLeft)

    def show_scan(self, view: ScanView) -> None:
        """Show the row of a scan."""
        self._facts.show_facts(row_facts(view))
        self._changed.setVisible(bool(view.differences))
        self._open.setVisible(bool(view.row))
        for button in self._buttons.values():
            button.setVisible(bool(view.differences))


def row_facts(view: ScanView) -> list[tuple[str, str]]:
    """Return the cells of a scan's row; one that changed shows both texts."""
    if not view.row:
        return [(say("No row"), say("not matched with the sheet yet"))]
    now = {each.column: each.now or say("(empty)") for each in view.differences}
    return [(name, f"{text} → {now[name]}" if name in now else text) for name, text in view.row.items()]
