"""The pages of a report: head and foot on each, a cursor that moves down, bookmarks, information about the document."""

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from reportlab.pdfgen.canvas import Canvas

from app.adapters.reports import look
from app.adapters.reports.fonts import SANS, printable, text_width
from app.adapters.reports.text import Text, break_lines
from app.adapters.reports.wording import one_line


@dataclass(frozen=True, slots=True)
class PageWords:
    """What is printed on every page and told in the document's properties."""

    title: str
    running_head: str
    foot_left: str
    foot_middle: str
    author: str
    subject: str
    keywords: str
    creator: str
    made_at: datetime
    identity: str


@dataclass(frozen=True, slots=True)
class _Moment:
    """The document's date as the page library reads it."""

    YMDhms: tuple[int, ...]
    dhh: int
    dmm: int


class Pages:
    """A document under way; below the line `y`, in points from the paper's lower edge, the next block is drawn."""

    def __init__(self, out: BinaryIO, words: PageWords) -> None:
        size = (look.PAGE_WIDTH, look.PAGE_HEIGHT)
        self.canvas = Canvas(
            out, pagesize=size, pageCompression=1, invariant=1, lang="en", pdfVersion=(1, 7), initialFontName=SANS
        )
        self._words = words
        self._describe()
        self._number = 1
        self._section = ""
        self.y = look.PAGE_HEIGHT - look.MARGIN
        self._foot()

    @property
    def room(self) -> float:
        """The free height on this page."""
        return self.y - look.BOTTOM

    @property
    def full_room(self) -> float:
        """The free height on a new page."""
        return look.TOP - look.BOTTOM

    def need(self, height: float) -> None:
        """Turn the page unless this much is free."""
        if self.room < height:
            self.turn()

    def turn(self) -> None:
        """End this page and begin the next one."""
        self.canvas.showPage()
        self._number += 1
        self.y = look.TOP
        self._head()
        self._foot()

    def section(self, title: str, key: str, *, need: float = 90.0) -> None:
        """Begin a section with its heading, on this page where `need` points are free."""
        self._section = title
        self.need(need)
        if self.y < look.TOP:
            self.y -= 16
        self.mark(key, title, level=0)
        self.place(Text(title, look.SECTION), gap=6)

    def place(self, block: Text, *, gap: float = 0.0) -> None:
        """Draw a text over the full width, going on over the next pages if it is long, then leave a gap."""
        rest = block
        while rest.height(look.WIDTH) > self.room:
            first, behind = rest.split(look.WIDTH, self.room)
            if not isinstance(behind, Text) or self.room < first.height(look.WIDTH):
                self.turn()
                continue
            first.draw(self.canvas, look.MARGIN, self.y, look.WIDTH)
            self.turn()
            rest = behind
        rest.draw(self.canvas, look.MARGIN, self.y, look.WIDTH)
        self.y -= rest.height(look.WIDTH) + gap

    def mark(self, key: str, title: str, *, level: int) -> None:
        """Make this line a place that links lead to; with a title also one of the outline."""
        self.canvas.bookmarkPage(key, fit="XYZ", left=0, top=self.y + 12, zoom=0)
        if title:
            self.canvas.addOutlineEntry(one_line(title), key, level, closed=True)

    def finish(self) -> None:
        """Write the feet, now that the number of pages is known, and save the document."""
        self.canvas.showPage()
        for number in range(1, self._number + 1):
            self.canvas.beginForm(f"foot{number}")
            self._draw_foot(number)
            self.canvas.endForm()
        self.canvas.showOutline()
        self.canvas.save()

    def _foot(self) -> None:
        self.canvas.doForm(f"foot{self._number}")

    def _draw_foot(self, number: int) -> None:
        canvas, style, words = self.canvas, look.FOOT, self._words
        canvas.setStrokeColor(look.LINE)
        canvas.setLineWidth(0.5)
        canvas.line(look.MARGIN, 30, look.PAGE_WIDTH - look.MARGIN, 30)
        canvas.setFont(style.font, style.size)
        canvas.setFillColor(style.colour)
        canvas.drawString(look.MARGIN, 19, words.foot_left)
        canvas.drawCentredString(look.PAGE_WIDTH / 2, 19, printable(words.foot_middle, style.font))
        canvas.drawRightString(look.PAGE_WIDTH - look.MARGIN, 19, f"Page {number} of {self._number}")

    def _head(self) -> None:
        canvas, style = self.canvas, look.FOOT
        base = look.PAGE_HEIGHT - 30
        canvas.setFont(style.font, style.size)
        canvas.setFillColor(style.colour)
        section_width = text_width(self._section, style.font, style.size)
        canvas.drawRightString(look.PAGE_WIDTH - look.MARGIN, base, self._section)
        lines = break_lines(self._words.running_head, style, look.WIDTH - section_width - 30)
        more = " …" if len(lines) > 1 else ""  # the first page has it whole
        canvas.drawString(look.MARGIN, base, lines[0] + more)
        canvas.setStrokeColor(look.ACCENT)
        canvas.setLineWidth(0.8)
        canvas.line(look.MARGIN, look.PAGE_HEIGHT - 38, look.PAGE_WIDTH - look.MARGIN, look.PAGE_HEIGHT - 38)

    def _describe(self) -> None:
        words, canvas = self._words, self.canvas
        canvas.setTitle(one_line(words.title))
        canvas.setAuthor(one_line(words.author))
        canvas.setSubject(one_line(words.subject))
        canvas.setKeywords(one_line(words.keywords))
        canvas.setCreator(one_line(words.creator))
        document = canvas._doc
        document.signature.update(words.identity.encode("utf-8", "backslashreplace"))
        offset = words.made_at.utcoffset()
        minutes = round(offset.total_seconds() / 60) if offset else 0
        hours, rest = divmod(abs(minutes), 60)
        # A zone between UTC and UTC-01:00 would lose its sign in the library's two numbers; none is in use.
        document._timeStamp = _Moment(words.made_at.timetuple()[:6], -hours if minutes < 0 else hours, rest)
