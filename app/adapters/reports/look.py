"""The look of the report: paper, colours and type."""

from dataclasses import dataclass, replace
from typing import Literal

from reportlab.lib.colors import Color, HexColor

from app.adapters.reports.fonts import BOLD, MONO, SANS
from app.domain.quality import Verdict

PAGE_WIDTH, PAGE_HEIGHT = 841.89, 595.28
MARGIN = 34.0
TOP = PAGE_HEIGHT - 50.0
BOTTOM = 40.0
WIDTH = PAGE_WIDTH - 2 * MARGIN

INK = HexColor("#17212B")
SOFT = HexColor("#5B6875")
LINE = HexColor("#D4DBE1")
BAND = HexColor("#F4F7F9")
ACCENT = HexColor("#0F4C5C")
PALE_ACCENT = HexColor("#E3EEF0")
MIDDLE_ACCENT = HexColor("#5E95A1")
GREEN = HexColor("#1B7F4B")
AMBER = HexColor("#A86400")
RED = HexColor("#B3261E")
GREY = HexColor("#6B7785")
PALE_RED = HexColor("#FCF1F0")
WHITE = HexColor("#FFFFFF")

VERDICTS: dict[Verdict, tuple[str, Color]] = {
    Verdict.PASS: ("Pass", GREEN),
    Verdict.REVIEW: ("Review", AMBER),
    Verdict.RESCAN: ("Rescan", RED),
    Verdict.NOT_CHECKED: ("Not checked", GREY),
}

Align = Literal["left", "right", "center"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; sizes in points."""

    font: str
    size: float
    colour: Color
    leading: float
    align: Align = "left"

    def coloured(self, colour: Color) -> "Style":
        """Return the same style in another colour."""
        return replace(self, colour=colour)

    def aligned(self, align: Align) -> "Style":
        """Return the same style with another alignment."""
        return replace(self, align=align)


TITLE = Style(BOLD, 21, INK, 26)
SECTION = Style(BOLD, 13, ACCENT, 17)
SUBSECTION = Style(BOLD, 9.5, INK, 13)
BODY = Style(SANS, 8.2, INK, 11)
NOTE = Style(SANS, 7.4, SOFT, 10)
LABEL = Style(SANS, 6.6, SOFT, 9)
VALUE = Style(SANS, 8.6, INK, 11)
FIGURE = Style(BOLD, 17, INK, 20)
TABLE_HEAD = Style(BOLD, 7, WHITE, 9)
CELL = Style(SANS, 7.2, INK, 9.2)
CELL_STRONG = Style(BOLD, 7.6, INK, 9.6)
CELL_SOFT = Style(SANS, 6.5, SOFT, 8.4)
CODE = Style(MONO, 6.4, INK, 8.6)
FOOT = Style(SANS, 7, SOFT, 9)
