"""Line icons from bundled SVG files, drawn in the colours of the theme and sharp at every scale."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SCALES = (1.0, 1.5, 2.0, 3.0)


class Icons:
    """Reads `<name>.svg` from a folder; each file draws in `currentColor`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, str] = {}
        self._icons: dict[tuple[str, str, str, int], QIcon] = {}

    def pixmap(self, name: str, colour: str, size: int, scale: float = 1.0) -> QPixmap:
        """Return the picture, `size` logical pixels square, for a screen of that scale."""
        if name not in self._sources:
            self._sources[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        drawing = self._sources[name].replace("currentColor", colour)
        picture = QPixmap(QSize(round(size * scale), round(size * scale)))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(picture.rect()))
        painter.end()
        picture.setDevicePixelRatio(scale)
        return picture

    def icon(self, name: str, colour: str, checked_colour: str = "", size: int = 22) -> QIcon:
        """Return an icon that has another colour while checked, if one is given."""
        key = (name, colour, checked_colour, size)
        if key not in self._icons:
            icon = QIcon()
            for scale in _SCALES:
                icon.addPixmap(self.pixmap(name, colour, size, scale))
                if checked_colour:
                    checked = self.pixmap(name, checked_colour, size, scale)
                    icon.addPixmap(checked, QIcon.Mode.Normal, QIcon.State.On)
            self._icons[key] = icon
        return self._icons[key]
