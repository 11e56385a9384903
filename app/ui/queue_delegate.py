"""Paints the cells of the queue that are more than text: picture, state, progress."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.services.views import ScanView
from app.ui import painting, wording
from app.ui.card_delegate import card_tone
from app.ui.pictures import Pictures
from app.ui.queue_model import Column, QueueModel, progress, progress_text
from app.ui.theme import Theme
from app.ui.tokens import STATE_TONES, Tone


class QueueDelegate(QStyledItemDelegate):
    """Draws every cell itself: the style's own way costs three times as long a row."""

    def __init__(self, theme: Theme, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pictures = pictures

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        model = index.model()
        if not isinstance(model, QueueModel):
            return
        tokens, box = self._theme.tokens, QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.shade(Tone.BUSY).soft))
        painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), QColor(tokens.line))
        view, column = model.view_at(index.row()), Column(index.column())
        if column is Column.PICTURE:
            self._picture(painter, box, view)
        elif column is Column.STATE:
            self._state(painter, box, view)
        elif column is Column.PROGRESS:
            self._progress(painter, box, view)
        else:
            self._text(painter, box, index, column)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painting.rounded(painter, box.adjusted(1, 1, -1, -2), 4, "#00000000", tokens.accent, width=1.5)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a cell; rows are all equally high."""
        return QSize(90, row_height(self._theme))

    def _picture(self, painter: QPainter, box: QRectF, view: ScanView) -> None:
        area = box.adjusted(8, 5, -4, -6)
        pixmap = self._pictures.thumbnail(view.id, area.size().toSize(), painter.device().devicePixelRatio())
        painting.picture(painter, area, pixmap, 5, self._theme.tokens.sunken)

    def _state(self, painter: QPainter, box: QRectF, view: ScanView) -> None:
        font = self._theme.font(0.88, bold=True)
        text = f"{wording.sign(view.state)} {view.badge}"
        size = painting.pill_size(text, font)
        width = min(size.width(), box.width() - 10)
        area = QRectF(box.left() + 6, box.center().y() - size.height() / 2, width, size.height())
        shown = painting.elided(text, font, width - 12)
        painting.pill(painter, area, shown, font, self._theme.tokens.shade(card_tone(view)))

    def _progress(self, painter: QPainter, box: QRectF, view: ScanView) -> None:
        tokens = self._theme.tokens
        tone = Tone.GOOD if view.verified_at else STATE_TONES[view.state]
        font = self._theme.font(0.88)
        text = progress_text(view)
        wide = 62
        area = QRectF(box.left() + 8, box.center().y() - 4, max(20.0, box.width() - wide - 18), 8)
        painting.bar(painter, area, progress(view), tokens.shade(tone).strong, tokens.empty_dot)
        words = QRectF(area.right() + 8, box.top(), wide, box.height())
        painting.line_of_text(painter, words, text, font, tokens.text_muted)

    def _text(self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex, column: Column) -> None:
        tokens = self._theme.tokens
        strong = column is Column.BARCODE
        font = self._theme.font(1.0 if strong else 0.93, bold=strong)
        area = box.adjusted(8, 0, -8, 0)
        text = painting.elided(str(index.data()), font, area.width())
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if column in (Column.BARCODE, Column.STEP) else tokens.text_muted))
        painter.drawText(area, index.data(Qt.ItemDataRole.TextAlignmentRole), text)


def row_height(theme: Theme) -> int:
    """Return the height of a row, in logical pixels."""
    return round(theme.base_px * 3.2)
