"""The Queue page: every scan a row, to be sorted, filtered, and acted upon together."""

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.scan import ScanId
from app.services.views import OperatorsDesk, ScanView
from app.ui.pictures import Pictures
from app.ui.queue_delegate import QueueDelegate, row_height
from app.ui.queue_model import Column, QueueModel
from app.ui.queue_table import QueueTable
from app.ui.surfaces import label
from app.ui.theme import Theme

_WIDTHS = {
    Column.PICTURE: 5.0,
    Column.BARCODE: 11.5,
    Column.STATE: 11.5,
    Column.STEP: 12.5,
    Column.PROGRESS: 11.0,
    Column.RATE: 6.2,
    Column.LEFT: 6.2,
    Column.SIZE: 5.8,
    Column.ATTEMPTS: 5.6,
}
"""In units of the text's size; the message takes what is left."""
_FILTER_PAUSE_MS = 150


class QueuePage(QWidget):
    """A toolbar of the acts given, a filter, the table. `opened` carries a scan id, `menu_wanted` a screen position."""

    opened = Signal(str)
    menu_wanted = Signal(QPoint)

    def __init__(self, desk: OperatorsDesk, theme: Theme, pictures: Pictures) -> None:
        super().__init__()
        self.setObjectName("page")
        self.model = QueueModel(desk, self)
        self._theme = theme
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter by barcode, name, state, step, message  (Ctrl+F)"))
        self.filter.setAccessibleName(self.tr("Filter the queue"))
        self.filter.setClearButtonEnabled(True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_FILTER_PAUSE_MS)
        self._typing.timeout.connect(self._apply_filter)
        self.filter.textChanged.connect(self._typing.start)
        self._count = label("", "muted")
        self.table = self._table(theme, pictures)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(4)
        self._buttons: list[tuple[QToolButton, str]] = []
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(label(self.tr("Queue"), "pageTitle"))
        head.addWidget(self._count)
        head.addWidget(self.filter, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(10)
        whole.addLayout(head)
        whole.addLayout(self._tools)
        whole.addWidget(self.table, 1)
        for signal in (self.model.modelReset, self.model.rowsInserted, self.model.rowsRemoved):
            signal.connect(self._show_count)
        self._show_count()

    def add_tools(self, actions: list[tuple[QAction, str]]) -> None:
        """Put these acts, each with its icon, into the toolbar; they follow the action's state."""
        for action, icon in actions:
            button = QToolButton()
            button.setObjectName("tool")
            button.setDefaultAction(action)
            button.setIconSize(QSize(18, 18))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            button.setToolTip(f"{action.toolTip()} ({keys})" if keys else action.toolTip())
            self._tools.addWidget(button)
            self._buttons.append((button, icon))
        self._tools.addStretch(1)
        self.recolour()

    def recolour(self) -> None:
        """Draw the icons in the colours in force."""
        for button, icon in self._buttons:
            button.defaultAction().setIcon(self._theme.icons.icon(icon, self._theme.tokens.text_muted, size=18))

    def selected(self) -> tuple[ScanId, ...]:
        """Return the selected scans, top to bottom."""
        return tuple(view.id for view in self.selected_views())

    def selected_views(self) -> tuple[ScanView, ...]:
        """Return the selected rows, top to bottom."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return tuple(self.model.view_at(row) for row in rows)

    def _table(self, theme: Theme, pictures: Pictures) -> QueueTable:
        table = QueueTable(self)
        table.setModel(self.model)
        table.setItemDelegate(QueueDelegate(theme, pictures, table))
        table.setAccessibleName(self.tr("Queue"))
        table.setShowGrid(False)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setWordWrap(False)
        table.setMouseTracking(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTabKeyNavigation(False)
        table.customContextMenuRequested.connect(
            lambda point: self.menu_wanted.emit(table.viewport().mapToGlobal(point))
        )
        table.doubleClicked.connect(lambda index: self.opened.emit(self.model.view_at(index.row()).id))
        table.opened_row.connect(lambda row: self.opened.emit(self.model.view_at(row).id))
        rows = table.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_height(theme))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, round(width * theme.base_px))
        header.setSortIndicator(Column.STATE, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        pictures.loaded.connect(self._on_picture)
        return table

    def _apply_filter(self) -> None:
        kept = set(self.selected())
        self.model.filter(self.filter.text())
        selection = QItemSelection()
        for scan in kept:
            row = self.model.row_of(scan)
            if row is not None:
                selection.select(self.model.index(row, 0), self.model.index(row, len(Column) - 1))
        self.table.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _show_count(self) -> None:
        count = self.model.rowCount()
        self._count.setText(self.tr("{0} scans").format(count))

    def _on_picture(self, scan: str) -> None:
        row = self.model.row_of(ScanId(scan))
        if row is not None:
            self.table.update(self.model.index(row, Column.PICTURE))
