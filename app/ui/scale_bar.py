"""How large things are in a picture: a bar with its length, and the magnification."""

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui.wording import say

_LONGEST_PX = 140.0
_PADDING_PX = 8.0
_TICK_PX = 4.0
_NICE = (1.0, 2.0, 5.0)
_MICROMETRES = 1000.0


class ScaleBar(QWidget):
    """Lies in a corner of a picture and lets the pointer through; hidden while the scale is not known."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._length_px = 0.0
        self._length = self._power = ""
        self.hide()

    def show_scale(self, mpp: float | None, objective: float | None, scale: float) -> None:
        """Show what is known when a full-resolution pixel covers `scale` pixels of the screen (logical ones)."""
        micrometres = None if not mpp else nice_length(mpp * _LONGEST_PX / scale)
        self._length_px = 0.0 if not mpp or micrometres is None else micrometres / mpp * scale
        self._length = "" if micrometres is None else length_text(micrometres)
        power = objective or (10.0 / mpp if mpp else None)
        self._power = "" if power is None else power_text(power * scale)
        self.setVisible(bool(self._length or self._power))
        words = [say("Scale bar {0}").format(self._length)] if self._length else []
        self.setAccessibleName(", ".join([*words, *([self._power] if self._power else [])]))
        self.resize(self._wanted_width(), self._wanted_height())
        self.update()

    def _own_font(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _wanted_width(self) -> int:
        metrics = QFontMetricsF(self._own_font())
        power = metrics.horizontalAdvance(self._power) + _PADDING_PX if self._power else 0.0
        bar = max(self._length_px, metrics.horizontalAdvance(self._length)) + _PADDING_PX if self._length else 0.0
        return math.ceil(power + bar + _PADDING_PX)

    def _wanted_height(self) -> int:
        return math.ceil(QFontMetricsF(self._own_font()).height() + _TICK_PX + 1.5 * _PADDING_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint dark on a light ground, which stands out from tissue and from glass."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 215))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setFont(self._own_font())
        painter.setPen(QColor(20, 24, 30))
        inside = QRectF(self.rect()).adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        if self._power:
            painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._power)
        if self._length:
            text = inside.adjusted(0, _PADDING_PX / 2, 0, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self._length)
            line = QRectF(inside.left(), self.height() - _PADDING_PX, self._length_px, 2)
            painter.fillRect(line, QColor(20, 24, 30))
            for end in (line.left(), line.right() - 1):
                painter.fillRect(QRectF(end, line.top() - _TICK_PX, 1.5, _TICK_PX + 1), QColor(20, 24, 30))


def nice_length(longest: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20 … that is not longer."""
    ten = 10.0 ** math.floor(math.log10(longest))
    return max(each * ten for each in _NICE if each * ten <= longest * (1 + 1e-9))


def length_text(micrometres: float) -> str:
    """Return a length as people say it: 50 µm, 2 mm."""
    return f"{micrometres / _MICROMETRES:g} mm" if micrometres >= _MICROMETRES else f"{micrometres:g} µm"


def power_text(power: float) -> str:
    """Return a magnification: 20×, 1.3×."""
    return f"{power:.0f}×" if power >= 10 else f"{power:.2g}×"
