"""The slides of the run as the home page shows them: who needs a person first."""

from PySide6.QtCore import QObject, Qt

from app.services.views import OperatorsDesk
from app.ui import wording
from app.ui.rows import needs_you_first, of_this_run
from app.ui.scan_model import NOWHERE, Index, ScanModel


class CardsModel(ScanModel):
    """One column: a card a scan. Its text is what a screen reader says."""

    def __init__(self, desk: OperatorsDesk, parent: QObject | None = None) -> None:
        super().__init__(desk, needs_you_first, parent, wanted=of_this_run)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Return the one column of cards."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the words of a card."""
        if not index.isValid():
            return None
        view = self.view_at(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.slide_name(view)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            name = wording.slide_name(view)
            return f"{name}, {view.badge}, {view.file_name or view.source_name}, {view.message}"
        return super().data(index, role)
