"""The blocks beside plain text: pictures, badges, stacks of blocks."""

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.adapters.reports.fonts import BOLD, SANS, text_width
from app.adapters.reports.look import BAND, LINE, SOFT, WHITE
from app.adapters.reports.picture import Thumbnail
from app.adapters.reports.text import Block

PICTURE_WIDTH, PICTURE_HEIGHT = 56.0, 43.0


class Picture:
    """A thumbnail in a fixed frame, or an empty frame that says so."""

    def __init__(self, thumbnail: Thumbnail | None) -> None:
        self._thumbnail = thumbnail

    def height(self, width: float) -> float:
        """Return the frame's height."""
        return PICTURE_HEIGHT

    def split(self, width: float, height: float) -> tuple[Block, Block | None]:
        """Return itself: a picture is never cut."""
        return self, None

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw the picture centred in its frame, keeping its proportions."""
        wide = min(PICTURE_WIDTH, width)
        bottom = top - PICTURE_HEIGHT
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.setFillColor(WHITE if self._thumbnail else BAND)
        canvas.rect(x, bottom, wide, PICTURE_HEIGHT, stroke=1, fill=1)
        if self._thumbnail is None:
            canvas.setFillColor(SOFT)
            canvas.setFont(SANS, 6.5)
            canvas.drawCentredString(x + wide / 2, bottom + PICTURE_HEIGHT / 2 - 2.2, "no picture")
            return
        room_x, room_y = wide - 2, PICTURE_HEIGHT - 2
        scale = min(room_x / self._thumbnail.width, room_y / self._thumbnail.height)
        drawn_x, drawn_y = self._thumbnail.width * scale, self._thumbnail.height * scale
        left, low = x + (wide - drawn_x) / 2, bottom + (PICTURE_HEIGHT - drawn_y) / 2
        canvas.drawImage(ImageReader(BytesIO(self._thumbnail.jpeg)), left, low, drawn_x, drawn_y)


class Badge:
    """A word on a coloured ground; the colour never speaks alone."""

    HEIGHT = 13.0

    def __init__(self, word: str, colour: Color) -> None:
        self._word = word
        self._colour = colour

    def height(self, width: float) -> float:
        """Return the badge's height."""
        return self.HEIGHT

    def split(self, width: float, height: float) -> tuple[Block, Block | None]:
        """Return itself: a badge is never cut."""
        return self, None

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw the badge at its upper left corner."""
        size = 6.3
        wide = min(width, max(32.0, text_width(self._word, BOLD, size) + 6))
        canvas.setFillColor(self._colour)
        canvas.roundRect(x, top - 11.6, wide, 11.6, 2.4, stroke=0, fill=1)
        canvas.setFillColor(WHITE)
        canvas.setFont(BOLD, size)
        canvas.drawCentredString(x + wide / 2, top - 8.2, self._word)


class Stack:
    """Blocks below each other."""

    def __init__(self, blocks: Sequence[Block], gap: float = 1.5) -> None:
        self._blocks = tuple(blocks)
        self._gap = gap

    def height(self, width: float) -> float:
        """Return the height of all with the gaps between them."""
        gaps = self._gap * max(0, len(self._blocks) - 1)
        return sum(block.height(width) for block in self._blocks) + gaps

    def split(self, width: float, height: float) -> tuple[Block, Block | None]:
        """Return the blocks that fit, the last of them cut if it can be, and the others."""
        for place, block in enumerate(self._blocks):
            tall = block.height(width)
            if tall > height and (place == 0 or height > 0):
                head, tail = block.split(width, height)
                before = (*self._blocks[:place], head)
                behind = (*((tail,) if tail else ()), *self._blocks[place + 1 :])
                return Stack(before, self._gap), Stack(behind, self._gap) if behind else None
            if tall > height:
                return Stack(self._blocks[:place], self._gap), Stack(self._blocks[place:], self._gap)
            height -= tall + self._gap
        return self, None

    def draw(self, canvas: Canvas, x: float, top: float, width: float) -> None:
        """Draw one below the other."""
        for block in self._blocks:
            block.draw(canvas, x, top, width)
            top -= block.height(width) + self._gap
