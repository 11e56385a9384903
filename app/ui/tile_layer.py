"""Paints the tiles of a slide where they belong, finer ones over coarser ones."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.domain.pyramid import Box, TileAddress
from app.ui.tile_store import TileStore

_DAMAGED = QColor(150, 150, 150)


class TileLayer(QGraphicsItem):
    """Lies over the whole slide in pixels of full resolution; `level` is the finest level that is of use now."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.level = 0
        self._store: TileStore | None = None

    def show_store(self, store: TileStore | None) -> None:
        """Paint the tiles of this store from now on."""
        self.prepareGeometryChange()
        self._store = store

    def boundingRect(self) -> QRectF:
        """Return the whole slide."""
        return QRectF(0, 0, *self._store.pyramid.size) if self._store is not None else QRectF()

    def tile_arrived(self, address: TileAddress) -> None:
        """Paint a tile's place anew."""
        if self._store is not None:
            self.update(rect_of(self._store.pyramid.box(address)))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint what is in sight. A damaged tile is grey: a blurred one in its place would hide the damage."""
        if self._store is None:
            return
        exposed = option.exposedRect
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for address, tile in self._store.tiles():
            rect = rect_of(self._store.pyramid.box(address))
            if address.level < self.level or not rect.intersects(exposed):
                continue
            if tile is None:
                painter.fillRect(rect, _DAMAGED)
            else:
                painter.drawPixmap(rect, tile, QRectF(tile.rect()))


def rect_of(box: Box) -> QRectF:
    """Return a box as Qt has it."""
    return QRectF(box.left, box.top, box.width, box.height)
