"""The sign-off: lines to sign on paper that are also form fields to fill on the screen."""

from app.adapters.reports import look
from app.adapters.reports.pages import Pages
from app.adapters.reports.text import Text

_ROLES = ("Operator", "Reviewer")
_FIELDS = (("Signature", 0.5), ("Date (DD-MMM-YYYY)", 0.2), ("Print Name", 0.3))
_ROW_HEIGHT = 46.0
_GAP = 18.0


def draw_signoff(pages: Pages) -> None:
    """Draw a row of fields for the operator and one for the reviewer, never torn apart by a page's end."""
    pages.section("Sign-off", "sign-off", need=2 * _ROW_HEIGHT + 60)
    words = "Signed by the operator who ran the scanner and by the person who reviewed this report."
    pages.place(Text(words, look.NOTE), gap=4)
    for role in _ROLES:
        _draw_role(pages, role)


def _draw_role(pages: Pages, role: str) -> None:
    room = look.WIDTH - _GAP * (len(_FIELDS) - 1)
    x = look.MARGIN
    line = pages.y - _ROW_HEIGHT + 14
    for title, share in _FIELDS:
        width = room * share
        _field(pages, f"{role} {title}", x, line, width)
        pages.canvas.setStrokeColor(look.INK)
        pages.canvas.setLineWidth(0.7)
        pages.canvas.line(x, line, x + width, line)
        Text(f"{role} {title}", look.NOTE).draw(pages.canvas, x, line - 2, width)
        x += width + _GAP
    pages.y -= _ROW_HEIGHT


def _field(pages: Pages, name: str, x: float, line: float, width: float) -> None:
    pages.canvas.acroForm.textfield(
        name=name.lower().replace(" (dd-mmm-yyyy)", "").replace(" ", "_"),
        tooltip=name,
        x=x,
        y=line + 1,
        width=width,
        height=19,
        fontName="Helvetica",
        fontSize=10,
        textColor=look.INK,
        fillColor=look.PALE_ACCENT,
        borderWidth=0,
        forceBorder=False,
        relative=False,
    )
