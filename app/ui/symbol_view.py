"""Shows barcodes so sharp that a hand scanner reads them off the screen: dark on white in every theme."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.symbol import Symbol

_MATRIX_MODULE_PX = 6.0
_LINEAR_MODULE_PX = 2.0
_LINEAR_HEIGHT_PX = 84.0
_QUIET_PX = 24.0
"""White around each symbol: ten modules of a linear one are asked for."""


class SymbolView(QWidget):
    """One symbol below the other, each in whole pixels of the screen; its size has room for any of `shown_in_turn`."""

    def __init__(self, shown_in_turn: Sequence[tuple[Symbol, ...]]) -> None:
        super().__init__()
        self._in_turn = tuple(shown_in_turn)
        self._symbols: tuple[Symbol, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_symbols(self, symbols: Sequence[Symbol]) -> None:
        """Show these."""
        self._symbols = tuple(symbols)
        self.setAccessibleName(self.tr("Code to scan: {0}").format(symbols[0].text))
        self.update()

    def sizeHint(self) -> QSize:
        """Return what the largest symbols need with their quiet zones."""
        sizes = [[self._size(symbol) for symbol in symbols] for symbols in self._in_turn]
        width = max(width for symbols in sizes for width, _ in symbols) + 2 * _QUIET_PX
        height = max(sum(height + _QUIET_PX for _, height in symbols) for symbols in sizes) + _QUIET_PX
        return QSize(round(width), round(height))

    def minimumSizeHint(self) -> QSize:
        """Return the same: a symbol that is cut cannot be read."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all modules, none of them half a pixel wide."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        top = _QUIET_PX
        for symbol in self._symbols:
            width, height = self._size(symbol)
            self._draw(painter, symbol, self._whole((self.width() - width) / 2), self._whole(top))
            top += height + _QUIET_PX

    def _draw(self, painter: QPainter, symbol: Symbol, left: float, top: float) -> None:
        module, height = self._module(symbol), self._row_height(symbol)
        for number, first, end in symbol.runs():
            dark = QRectF(left + first * module, top + number * height, (end - first) * module, height)
            painter.fillRect(dark, Qt.GlobalColor.black)

    def _size(self, symbol: Symbol) -> tuple[float, float]:
        return symbol.columns * self._module(symbol), len(symbol.rows) * self._row_height(symbol)

    def _row_height(self, symbol: Symbol) -> float:
        return self._module(symbol) if len(symbol.rows) > 1 else self._whole(_LINEAR_HEIGHT_PX)

    def _module(self, symbol: Symbol) -> float:
        return self._whole(_MATRIX_MODULE_PX if len(symbol.rows) > 1 else _LINEAR_MODULE_PX)

    def _whole(self, length: float) -> float:
        """Return a length that is a whole number of the screen's own pixels."""
        scale = self.devicePixelRatioF()
        return max(1, round(length * scale)) / scale
