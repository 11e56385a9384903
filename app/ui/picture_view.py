"""A picture with zoom and pan, and a second picture that can be laid over it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

_STEP = 1.25
_MOST = 12.0


class PictureView(QGraphicsView):
    """Wheel, + and - zoom at the pointer, dragging pans, 0 or a double click fits the whole picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self._picture = QGraphicsPixmapItem()
        self._overlay = QGraphicsPixmapItem()
        for item in (self._picture, self._overlay):
            item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
            self._scene.addItem(item)
        self._overlay.setOpacity(0.55)
        self._fitted = True
        self.setScene(self._scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAccessibleName(self.tr("Picture"))
        self.setToolTip(self.tr("Wheel or + and - zoom, drag to move, double click to fit"))

    def show_picture(self, picture: QPixmap) -> None:
        """Show this picture as a whole, without an overlay."""
        self._picture.setPixmap(picture)
        self._overlay.setPixmap(QPixmap())
        self._scene.setSceneRect(QRectF(picture.rect()))
        self.fit()

    def lay_over(self, overlay: QPixmap | None) -> None:
        """Lay a picture of the same view over it, stretched to its size; None takes it away."""
        base = self._picture.pixmap()
        if overlay is None or overlay.isNull() or base.isNull():
            self._overlay.setPixmap(QPixmap())
            return
        self._overlay.setPixmap(overlay)
        self._overlay.setScale(base.width() / overlay.width())

    def fit(self) -> None:
        """Show the whole picture."""
        self._fitted = True
        if not self._picture.pixmap().isNull():
            self.fitInView(self._picture, Qt.AspectRatioMode.KeepAspectRatio)

    def zoom(self, factor: float) -> None:
        """Magnify by a factor, within sensible limits."""
        wanted = self.transform().m11() * factor
        if 0.02 < wanted < _MOST:
            self._fitted = False
            self.scale(factor, factor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        self.zoom(_STEP if event.angleDelta().y() > 0 else 1 / _STEP)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the whole picture."""
        self.fit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom by keys."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
