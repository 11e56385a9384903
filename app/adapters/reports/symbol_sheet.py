"""A page of barcodes for the wall beside the scanner: the codes that show what a hand scanner sends."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.adapters.reports.atomic import replacing
from app.domain.symbol import Symbol

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM = 72 / 25.4
_SIZE = (210 * _MM, 297 * _MM)
_MARGIN = 18 * _MM
_TOP = 262 * _MM
_ROW = 54 * _MM
_MODULE = 0.7 * _MM
"""A matrix code's; hand scanners read down to a third of it."""
_LINEAR_MODULE = 0.3 * _MM
_LINEAR_HEIGHT = 20 * _MM
_LEFT_OF_LINEAR = 44 * _MM
_TITLE = "Hand scanner: test codes"
_WORDS = (
    "In Slideferry press Ctrl+H, then scan the four codes one after the other: of each line the one that your",
    "scanner reads, both say the same. Print at 100 %, on white paper, without “fit to page”.",
)


class PrintedSymbols:
    """Meets SheetOfSymbols."""

    def __init__(self, fonts: Path) -> None:
        """Take the folder that holds the DejaVu fonts named in `app.adapters.reports.fonts`."""
        self._fonts = fonts

    def write(self, symbols: Sequence[tuple[Symbol, ...]], out: Path) -> None:
        """Write an A4 page, a line for each text: its symbols side by side, modules 0.7 mm and 0.3 mm wide.

        The same symbols make the same bytes. Raises SurroundingsError when `out` cannot be written or a font is
        missing.
        """
        from reportlab.pdfgen.canvas import Canvas

        from app.adapters.reports.fonts import BOLD, MONO, SANS, register

        register(self._fonts)
        with replacing(out) as file:
            canvas = Canvas(file, pagesize=_SIZE, invariant=1, lang="en", initialFontName=SANS)
            canvas.setTitle(_TITLE)
            canvas.setFont(BOLD, 18)
            canvas.drawString(_MARGIN, _TOP + 12 * _MM, _TITLE)
            canvas.setFont(SANS, 9.5)
            for number, line in enumerate(_WORDS):
                canvas.drawString(_MARGIN, _TOP + (5 - 5 * number) * _MM, line)
            for number, line_of in enumerate(symbols):
                top = _TOP - 12 * _MM - number * _ROW
                canvas.setFont(BOLD, 12)
                canvas.drawString(_MARGIN, top, str(number + 1))
                canvas.setFont(MONO, 8)
                canvas.drawString(_MARGIN + 8 * _MM, top, line_of[0].text)
                for symbol in line_of:
                    _draw(canvas, symbol, top - 5 * _MM)
            canvas.save()


def _draw(canvas: "Canvas", symbol: Symbol, top: float) -> None:
    """Draw a symbol below a line, a matrix at the left, a linear one beside it; each run of dark modules at once."""
    linear = len(symbol.rows) == 1
    left = _MARGIN + (_LEFT_OF_LINEAR if linear else 8 * _MM)
    module, height = (_LINEAR_MODULE, _LINEAR_HEIGHT) if linear else (_MODULE, _MODULE)
    for number, first, end in symbol.runs():
        canvas.rect(
            left + first * module, top - (number + 1) * height, (end - first) * module, height, stroke=0, fill=1
        )
