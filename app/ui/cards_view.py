"""The list of cards: columns that fit the width, buttons painted on the cards, full keyboard operation."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QToolTip, QWidget

from app.domain.scan import ScanId
from app.services.views import Choice
from app.ui.card_delegate import CardDelegate, card_message
from app.ui.card_layout import card_height, card_layout
from app.ui.cards_model import CardsModel
from app.ui.choices import choices_of
from app.ui.pictures import Pictures
from app.ui.theme import Theme

_NARROWEST_PX = 28
"""In units of the text's size: narrower cards would cut their words."""


class CardsView(QListView):
    """`opened` carries a scan id, `chosen` (id, Choice), `menu_wanted` the place of the pointer on the screen."""

    opened = Signal(str)
    chosen = Signal(str, object)
    menu_wanted = Signal(QPoint)

    def __init__(self, model: CardsModel, theme: Theme, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = model
        self._theme = theme
        self._delegate = CardDelegate(theme, pictures, self)
        self.empty_title = ""
        self.empty_hint = ""
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(40)
        self.setAccessibleName(self.tr("Slides of this run, those that need you first"))
        pictures.loaded.connect(self._on_picture)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit as many columns as the width allows."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self.verticalScrollBar())
        width = self.maximumViewportSize().width() - bar - 2
        columns = max(1, width // (_NARROWEST_PX * self._theme.base_px))
        self._delegate.width = width // columns
        self.setGridSize(QSize(self._delegate.width, card_height(self._theme)))
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cards, or what to do while there are none."""
        super().paintEvent(event)
        if self._cards.rowCount():
            return
        painter = QPainter(self.viewport())
        tokens, area = self._theme.tokens, QRectF(self.viewport().rect())
        painter.setFont(self._theme.font(1.3, bold=True))
        painter.setPen(tokens.text)
        painter.drawText(area.adjusted(20, 0, -20, -30), Qt.AlignmentFlag.AlignCenter, self.empty_title)
        painter.setFont(self._theme.font())
        painter.setPen(tokens.text_muted)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(area.adjusted(40, 50, -40, 20), flags, self.empty_hint)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light the button under the pointer."""
        here = self._button_at(event.position().toPoint())
        if here != self._delegate.hot:
            self._delegate.hot = here
            self.viewport().update()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if here else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Press a painted button, or select the card."""
        here = self._button_at(event.position().toPoint())
        if here is not None and event.button() == Qt.MouseButton.LeftButton:
            self._delegate.down = here
            self.viewport().update()
            return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the button go: what it stands for is wanted if the pointer is still on it."""
        down, self._delegate.down = self._delegate.down, None
        point = event.position().toPoint()
        if down is not None:
            self.viewport().update()
            if self._button_at(point) == down:
                self._choose(down)
            return
        super().mouseReleaseEvent(event)
        index = self.indexAt(point)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and plain:
            self.opened.emit(self._cards.view_at(index.row()).id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the slide, Ctrl+Enter does the best choice, the numbers 1 to 9 the others."""
        index = self.currentIndex()
        if not index.isValid():
            super().keyPressEvent(event)
            return
        view = self._cards.view_at(index.row())
        choices = choices_of(view)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier and choices:
                self._choose((index.row(), choices[0]))
            else:
                self.opened.emit(view.id)
            return
        number = event.key() - int(Qt.Key.Key_1)
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and 0 <= number < len(choices):
            self._choose((index.row(), choices[number]))
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the card under the pointer, or of the current one by the menu key."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            rect = self.visualRect(self.currentIndex())
            self.menu_wanted.emit(self.viewport().mapToGlobal(rect.center()))
            return
        index = self.indexAt(event.pos())
        if index.isValid():
            if not self.selectionModel().isSelected(index):
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.menu_wanted.emit(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the whole of what a card had to cut."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            text = self._tip(index) if index.isValid() else ""
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip(self, index: QModelIndex) -> str:
        view = self._cards.view_at(index.row())
        lead, rest = card_message(view)
        running = [f"{step.title}: {step.message}" for step in view.steps if step.message]
        lines = [view.barcode or "", view.file_name or view.source_name, f"{lead} {rest}".strip(), *running[-2:]]
        return "\n".join(line for line in lines if line)

    def _button_at(self, point: QPoint) -> tuple[int, Choice] | None:
        index = self.indexAt(point)
        if not index.isValid():
            return None
        boxes = card_layout(QRectF(self.visualRect(index)), self._cards.view_at(index.row()), self._theme)
        return next(((index.row(), choice) for choice, box in boxes.buttons if box.contains(point.toPointF())), None)

    def _choose(self, button: tuple[int, Choice]) -> None:
        self.chosen.emit(self._cards.view_at(button[0]).id, button[1])

    def _on_picture(self, scan: str) -> None:
        row = self._cards.row_of(ScanId(scan))
        if row is not None:
            self.update(self._cards.index(row, 0))
