"""The Qt side of rows: one model for cards and table, updated in ranges, sorted without a proxy."""

from collections.abc import Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer

from app.domain.scan import ScanId
from app.services.views import OperatorsDesk, ScanView
from app.ui.rows import Rows, SortKey, Wanted, everyone, ranges

Index = QModelIndex | QPersistentModelIndex
_SORT_PAUSE_MS = 500
NOWHERE = QModelIndex()


class ScanModel(QAbstractTableModel):
    """Shows the desk's scans. Subclasses name the columns and give the data.

    Changes of an order that moves with progress are gathered for half a second, so that rows do not dance.
    """

    def __init__(
        self, desk: OperatorsDesk, key: SortKey, parent: QObject | None = None, *, wanted: Wanted = everyone
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._rows = Rows(key, wanted=wanted)
        self._sorting = QTimer(self)
        self._sorting.setSingleShot(True)
        self._sorting.setInterval(_SORT_PAUSE_MS)
        self._sorting.timeout.connect(self.sort_now)
        self._rows.fill(desk.scans())

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Return how many scans are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def view_at(self, row: int) -> ScanView:
        """Return the scan of a row."""
        return self._rows.views[row]

    def row_of(self, scan: ScanId) -> int | None:
        """Return the row of a scan, None where it is not shown."""
        return self._rows.row(scan)

    def views(self) -> tuple[ScanView, ...]:
        """Return all scans shown, in their order."""
        return tuple(self._rows.views)

    def want(self, wanted: Wanted) -> None:
        """Show only the scans that pass."""
        self.beginResetModel()
        self._rows.wanted = wanted
        self._rows.fill(self._desk.scans())
        self.endResetModel()

    def reload(self) -> None:
        """Take all scans anew."""
        self.want(self._rows.wanted)

    def order_by(self, key: SortKey, *, reverse: bool = False) -> None:
        """Sort by another key from now on."""
        self._rows.key, self._rows.reverse = key, reverse
        self.sort_now()

    def take(self, changed: Iterable[ScanId]) -> None:
        """Bring these scans up to date: rows in place by ranges, new ones added, those that no longer pass removed."""
        touched: list[int] = []
        added: list[ScanView] = []
        gone: list[int] = []
        disordered = False
        for scan in changed:
            view, row = self._desk.scan(scan), self._rows.row(scan)
            passes = view is not None and self._rows.wanted(view)
            if row is None and view is not None and passes:
                added.append(view)
            elif row is not None and view is not None and passes:
                disordered |= self._rows.replace(row, view)
                touched.append(row)
            elif row is not None:
                gone.append(row)
        self.touch(touched)
        if gone or len(added) > 1:
            self.reload()
        elif added:
            self._insert(added)
        elif disordered and not self._sorting.isActive():
            self._sorting.start()

    def touch(self, rows: Iterable[int]) -> None:
        """Say that these rows look different now."""
        last = max(0, self.columnCount() - 1)
        for first_row, last_row in ranges(rows):
            self.dataChanged.emit(self.index(first_row, 0), self.index(last_row, last))

    def sort_now(self) -> None:
        """Sort, keeping selection and current row at their scans."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self._rows.views[index.row()].id for index in before]
        self._rows.sort()
        after = []
        for index, scan in zip(before, ids, strict=True):
            row = self._rows.row(scan)
            after.append(QModelIndex() if row is None else self.index(row, index.column()))
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _insert(self, added: list[ScanView]) -> None:
        first = len(self._rows)
        self.beginInsertRows(NOWHERE, first, first + len(added) - 1)
        self._rows.append(added)
        self.endInsertRows()
        self.sort_now()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the id for the user role; subclasses add the rest."""
        if role == Qt.ItemDataRole.UserRole and index.isValid():
            return self._rows.views[index.row()].id
        return None
