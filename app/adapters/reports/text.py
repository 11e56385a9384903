"""Plain text in a given width: cleaned, broken into lines, split over pages. No markup is ever parsed."""

import re
from collections.abc import Iterator
from typing import Protocol

from reportlab.pdfgen.canvas import Canvas

from app.adapters.reports.bidi import has_right_to_left, visual
from app.adapters.reports.fonts import printable, text_width
from app.adapters.reports.look import Style
from app.adapters.reports.wording import clean

_WORDS = re.compile(r"\s*\S+\s*")
_PARTS = re.compile(r"[^-_/\\.,;:|@+=]*[-_/\\.,;:|@+=]|[^-_/\\.,;:|@+=]+")


class Block(Protocol):
    """Something with a height for a width, drawn below a line; all lengths in points."""

    def height(self, width: float) -> float:
        """Return the height it takes in this width."""

    def split(self, width: float, height: float) -> "tuple[Block, Block | None]":
        """Return the part that fits into this height (at least something), and the rest if there is one."""

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw it with its upper left corner at (x, top)."""


class Text:
    """A text in one style, in as many lines as it needs; with `link` it leads to that bookmark."""

    def __init__(self, text: str, style: Style, *, link: str | None = None) -> None:
        self._text = printable(clean(text), style.font)
        self._style = style
        self._link = link
        self._broken_for: float | None = None
        self._lines: list[str] = []

    def lines(self, width: float) -> list[str]:
        """Return the lines in logical order."""
        if self._broken_for != width:
            self._lines = break_lines(self._text, self._style, width)
            self._broken_for = width
        return self._lines

    def height(self, width: float) -> float:
        """Return the height it takes in this width."""
        return len(self.lines(width)) * self._style.leading

    def split(self, width: float, height: float) -> tuple[Block, Block | None]:
        """Return the lines that fit, at least one, and the others."""
        lines = self.lines(width)
        fit = max(1, int(height / self._style.leading + 1e-6))
        if fit >= len(lines):
            return self, None
        return self._of(lines[:fit], width), self._of(lines[fit:], width)

    def _of(self, lines: list[str], width: float) -> "Text":
        part = Text("", self._style, link=self._link)
        part._lines, part._broken_for = lines, width
        return part

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw the lines below `top`."""
        style = self._style
        canvas.setFont(style.font, style.size)
        canvas.setFillColor(style.colour)
        base = top - (style.leading - style.size) / 2 - style.size * 0.86
        for line in self.lines(width):
            draw_line(canvas, line, style=style, x=x, base=base, width=width)
            base -= style.leading
        if self._link:
            area = (x, top - self.height(width), x + width, top)
            canvas.linkRect("", self._link, area, relative=1, thickness=0)


def draw_line(canvas: Canvas, line: str, *, style: Style, x: float, base: float, width: float) -> None:
    """Draw one broken line, aligned within `width`, in the font and colour set before."""
    if style.align != "left":
        spare = width - text_width(line, style.font, style.size)
        x += spare if style.align == "right" else spare / 2
    canvas.drawString(x, base, visual(line) if has_right_to_left(line) else line)


def break_lines(text: str, style: Style, width: float) -> list[str]:
    """Return the lines of a text; words too long for a line are broken after -_/.,;:|@+= and else anywhere."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        current, used = "", 0.0
        for piece in _pieces(paragraph, style, width):
            if current and used + text_width(piece.rstrip(), style.font, style.size) > width:
                lines.append(current.rstrip())
                current, used = "", 0.0
            current += piece
            used += text_width(piece, style.font, style.size)
        lines.append(current.rstrip())
    return lines


def _pieces(paragraph: str, style: Style, width: float) -> Iterator[str]:
    """Yield what must stay together: words with the blanks behind them, parts of words too long for a line."""
    if not paragraph.strip():
        return
    for word in _WORDS.findall(paragraph):
        if text_width(word.rstrip(), style.font, style.size) <= width:
            yield word
            continue
        for part in _PARTS.findall(word):
            yield from _chop(part, style, width)


def _chop(part: str, style: Style, width: float) -> Iterator[str]:
    current, used = "", 0.0
    for character in part:
        wide = text_width(character, style.font, style.size)
        if current and used + wide > width and not character.isspace():
            yield current
            current, used = "", 0.0
        current += character
        used += wide
    yield current
