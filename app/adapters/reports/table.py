"""A table of any length: rows are taken one by one, pages break between them, the head is repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reportlab.lib.colors import Color

from app.adapters.reports.look import ACCENT, BAND, LINE, MARGIN, TABLE_HEAD, Align
from app.adapters.reports.pages import Pages
from app.adapters.reports.text import Block, Text

PAD_X, PAD_Y = 4.0, 4.5
HEAD_PAD_Y = 4.0
LEAST_ROOM = 60.0
"""A row is cut only where at least this much of the page is free, in points."""
TALL = 0.5
"""A row that takes more than this part of a page is cut rather than moved to the next page whole."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its width in points, paddings within."""

    title: str
    width: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Row:
    """One block a column. `key` makes the row a place that links lead to, `outline` its title in the outline."""

    cells: tuple[Block, ...]
    key: str | None = None
    outline: str = ""
    tint: Color | None = None


@dataclass(slots=True)
class Table:
    """Flows rows over pages; `pad_y` is the room above and below a cell's text, in points."""

    columns: Sequence[Column]
    pad_y: float = PAD_Y
    _head: tuple[Block, ...] = field(init=False)
    _shaded: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._head = tuple(Text(column.title, TABLE_HEAD.aligned(column.align)) for column in self.columns)

    @property
    def opening_height(self) -> float:
        """How much of a page lets the head and a row begin on it, in points."""
        return self._head_height() + LEAST_ROOM

    def flow(self, pages: Pages, rows: Iterable[Row]) -> None:
        """Draw the head and all rows, opening pages as needed."""
        begun = False
        for row in rows:
            tall = self._height(row.cells)
            if not begun:
                pages.need(self._head_height() + min(tall, LEAST_ROOM))
                self._draw_head(pages)
                begun = True
            self._place(pages, row, tall)
            self._shaded = not self._shaded
        if begun:
            self._rule(pages)

    def _place(self, pages: Pages, row: Row, tall: float) -> None:
        if tall > pages.room:
            if tall <= pages.full_room * TALL or pages.room < LEAST_ROOM:
                self._turn(pages)
            while tall > pages.room:
                first, row = self._cut(row, pages.room)
                self._draw(pages, first, self._height(first.cells))
                self._turn(pages)
                tall = self._height(row.cells)
        self._draw(pages, row, tall)

    def _turn(self, pages: Pages) -> None:
        self._rule(pages)
        pages.turn()
        self._draw_head(pages)

    def _height(self, cells: Sequence[Block]) -> float:
        pairs = zip(cells, self.columns, strict=True)
        return max(cell.height(column.width - 2 * PAD_X) for cell, column in pairs) + 2 * self.pad_y

    def _head_height(self) -> float:
        pairs = zip(self._head, self.columns, strict=True)
        return max(cell.height(column.width - 2 * PAD_X) for cell, column in pairs) + 2 * HEAD_PAD_Y

    def _cut(self, row: Row, room: float) -> tuple[Row, Row]:
        heads: list[Block] = []
        tails: list[Block] = []
        for cell, column in zip(row.cells, self.columns, strict=True):
            head, tail = cell.split(column.width - 2 * PAD_X, room - 2 * self.pad_y)
            heads.append(head)
            tails.append(tail or Text("", TABLE_HEAD))
        return Row(tuple(heads), row.key, row.outline, row.tint), Row(tuple(tails), tint=row.tint)

    def _draw_head(self, pages: Pages) -> None:
        tall = self._head_height()
        pages.canvas.setFillColor(ACCENT)
        pages.canvas.rect(MARGIN, pages.y - tall, self._width(), tall, stroke=0, fill=1)
        self._draw_cells(pages, self._head, HEAD_PAD_Y)
        pages.y -= tall

    def _draw(self, pages: Pages, row: Row, tall: float) -> None:
        canvas = pages.canvas
        tint = row.tint or (BAND if self._shaded else None)
        if tint is not None:
            canvas.setFillColor(tint)
            canvas.rect(MARGIN, pages.y - tall, self._width(), tall, stroke=0, fill=1)
        self._rule(pages)
        if row.key:
            pages.mark(row.key, row.outline, level=1)
        self._draw_cells(pages, row.cells, self.pad_y)
        pages.y -= tall

    def _draw_cells(self, pages: Pages, cells: Sequence[Block], pad: float) -> None:
        x = MARGIN
        for cell, column in zip(cells, self.columns, strict=True):
            cell.draw(pages.canvas, x + PAD_X, pages.y - pad, column.width - 2 * PAD_X)
            x += column.width

    def _rule(self, pages: Pages) -> None:
        pages.canvas.setStrokeColor(LINE)
        pages.canvas.setLineWidth(0.5)
        pages.canvas.line(MARGIN, pages.y, MARGIN + self._width(), pages.y)

    def _width(self) -> float:
        return sum(column.width for column in self.columns)
