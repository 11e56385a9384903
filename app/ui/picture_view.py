"""A picture with zoom and pan, tiles of the slide where it is not sharp enough, and a second picture over it."""

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

from app.domain.pyramid import Box, TileAddress
from app.ui.scale_bar import ScaleBar
from app.ui.tile_layer import TileLayer, rect_of
from app.ui.tile_store import TileStore

_STEP = 1.25
_MOST_OF_PICTURE = 12.0
_MOST_OF_SLIDE = 4.0
"""Pixels of the screen that one of the picture, or of the slide, may cover."""
_SMALLEST_SHARE = 0.5
"""How small a picture may become, of the size at which the whole of it is seen."""
_SAME_SHAPE = 0.03
"""How far the sides of a thumbnail may differ from the slide's by rounding."""
_WHEEL_NOTCH = 120.0
_ASK_PAUSE_MS = 30
_CORNER_PX = 8


class PictureView(QGraphicsView):
    """Wheel, + and - zoom at the pointer, dragging and arrows pan, 0 or a double click fits the whole picture, 1 shows
    every pixel of the scan.

    The scene's unit is a pixel of the picture; once tiles are there, a pixel of the slide at full resolution.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self._picture = QGraphicsPixmapItem()
        self._tiles = TileLayer()
        self._overlay = QGraphicsPixmapItem()
        for item in (self._picture, self._overlay):
            item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        for layer in (self._picture, self._tiles, self._overlay):
            self._scene.addItem(layer)
        self._overlay.setOpacity(0.55)
        self._store: TileStore | None = None
        self._fitted = True
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(_ASK_PAUSE_MS)
        self._asking.timeout.connect(self._ask)
        self._bar = ScaleBar(self)
        self._dress()

    def _dress(self) -> None:
        self.setScene(self._scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAccessibleName(self.tr("Picture"))
        self.setToolTip(
            self.tr("Wheel, + and - zoom, drag and arrows move, 0 or double click fits, 1 shows every pixel")
        )
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._moved)

    @property
    def store(self) -> TileStore | None:
        """The tiles shown, None while there is only the picture."""
        return self._store

    @property
    def screen_scale(self) -> float:
        """How many pixels of the screen a unit of the scene covers."""
        return self.transform().m11() * self.viewport().devicePixelRatio()

    def show_picture(self, picture: QPixmap) -> None:
        """Show this picture as a whole, without tiles and without an overlay."""
        self._leave_store()
        self._picture.setPixmap(picture)
        self._overlay.setPixmap(QPixmap())
        self._set_whole(QSizeF(picture.size()))
        self.fit()

    def sharpen(self, picture: QPixmap) -> None:
        """Put a larger picture of the same view into the place of the one shown; what is seen stays where it is."""
        self._picture.setPixmap(picture)
        if self._store is None:
            self._set_whole(QSizeF(picture.size()))
        else:
            self._place_picture()

    def show_tiles(self, store: TileStore) -> None:
        """Show a slide's tiles over its picture from now on; what is seen stays where it is."""
        self._leave_store()
        self._store = store
        store.arrived.connect(self._on_tile)
        self._tiles.show_store(store)
        self._set_whole(QSizeF(*store.pyramid.size))

    def lay_over(self, overlay: QPixmap | None) -> None:
        """Lay a picture of the whole slide over it; None takes it away."""
        self._overlay.setPixmap(overlay if overlay is not None else QPixmap())
        self._place_overlay()

    def fit(self) -> None:
        """Show the whole picture."""
        self._fitted = True
        if not self._scene.sceneRect().isEmpty():
            self.fitInView(self._scene.sceneRect(), Qt.AspectRatioMode.KeepAspectRatio)
        self._moved()

    def zoom(self, factor: float) -> None:
        """Magnify by a factor, within sensible limits."""
        present = self.transform().m11()
        wanted = max(self._least(), min(self._most(), present * factor))
        if wanted != present:
            self._fitted = False
            self.scale(wanted / present, wanted / present)
            self._moved()

    def show_pixels(self) -> None:
        """Show every pixel of the scan on one of the screen."""
        self.zoom(1.0 / self.screen_scale)

    def _least(self) -> float:
        whole, room = self._scene.sceneRect(), self.viewport().size()
        if whole.isEmpty():
            return _MOST_OF_PICTURE
        return min(1.0, _SMALLEST_SHARE * min(room.width() / whole.width(), room.height() / whole.height()))

    def _most(self) -> float:
        return _MOST_OF_PICTURE if self._store is None else _MOST_OF_SLIDE

    def _set_whole(self, size: QSizeF) -> None:
        """Measure the scene anew and keep what is seen in its place."""
        before = self._scene.sceneRect()
        middle = self.mapToScene(self.viewport().rect().center())
        self._scene.setSceneRect(QRectF(QPointF(), size))
        self._place_picture()
        self._place_overlay()
        if self._fitted or before.isEmpty():
            self.fit()
            return
        factor = size.width() / before.width()
        self.setTransform(QTransform.fromScale(self.transform().m11() / factor, self.transform().m22() / factor))
        self.centerOn(middle * factor)
        self._moved()

    def _place_picture(self) -> None:
        """Show the picture below the tiles; not where its sides say that it shows another part of the slide."""
        whole = self._scene.sceneRect()
        self._picture.setVisible(self._store is None or _same_shape(self._picture.pixmap().size(), whole))
        self._place(self._picture, whole)

    def _place_overlay(self) -> None:
        canvas = None if self._store is None else self._store.pyramid.canvas
        self._place(self._overlay, self._scene.sceneRect() if canvas is None else rect_of(canvas))

    def _place(self, item: QGraphicsPixmapItem, rect: QRectF) -> None:
        """Stretch a picture over a rectangle of the scene."""
        picture = item.pixmap()
        if not picture.isNull():
            across, down = rect.width() / picture.width(), rect.height() / picture.height()
            item.setTransform(QTransform.fromScale(across, down))
            item.setPos(rect.topLeft())

    def _leave_store(self) -> None:
        if self._store is not None:
            self._store.want(())
            self._store.arrived.disconnect(self._on_tile)
            self._tiles.show_store(None)
            self._store.deleteLater()
            self._store = None

    def _moved(self) -> None:
        """Say the new scale, and ask for the tiles in sight once the view rests for a moment."""
        store = self._store
        if store is None:
            self._bar.hide()
            return
        self._bar.show_scale(store.pyramid.mpp, store.pyramid.objective, self.transform().m11())
        self._bar.move(_CORNER_PX, self.height() - self._bar.height() - _CORNER_PX)
        if not self._asking.isActive():
            self._asking.start()

    def _ask(self) -> None:
        if self._store is None:
            return
        self._tiles.level = self._store.pyramid.level_for(self.screen_scale)
        self._store.want(self.tiles_in_sight() if self.isVisible() else ())

    def tiles_in_sight(self) -> tuple[TileAddress, ...]:
        """Return the tiles wanted, none where the picture itself is sharp enough."""
        if self._store is None or self._picture_is_sharp():
            return ()
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        area = Box(seen.left(), seen.top(), seen.width(), seen.height())
        return self._store.pyramid.tiles(self._store.pyramid.level_for(self.screen_scale), area)

    def _picture_is_sharp(self) -> bool:
        picture = self._picture.pixmap() if self._picture.isVisible() else QPixmap()
        return picture.width() >= self._scene.sceneRect().width() * self.screen_scale

    def _on_tile(self, address: TileAddress) -> None:
        self._tiles.tile_arrived(address)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, by as much as the wheel turned: touchpads turn it a little at a time."""
        self.zoom(_STEP ** (event.angleDelta().y() / _WHEEL_NOTCH))
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
        elif event.key() == Qt.Key.Key_1:
            self.show_pixels()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        self._moved()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what is in sight."""
        super().showEvent(event)
        self._moved()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing any more."""
        super().hideEvent(event)
        if self._store is not None:
            self._store.want(())


def _same_shape(picture: QSize, whole: QRectF) -> bool:
    if picture.isEmpty() or whole.isEmpty():
        return False
    return abs(whole.width() * picture.height() / (whole.height() * picture.width()) - 1) < _SAME_SHAPE
