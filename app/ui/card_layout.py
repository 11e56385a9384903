"""Where everything of a slide's card lies: one calculation for painting, clicking and tooltips."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from app.domain.step import StepState
from app.services.views import Choice, ScanView
from app.ui import wording
from app.ui.choices import choices_of
from app.ui.painting import pill_size
from app.ui.theme import Theme

_GAP = 12.0
_PAD = 12.0
_STRIPE = 5.0


@dataclass(frozen=True, slots=True)
class CardLayout:
    """The boxes of one card, in the view's pixels; `bar` is None while no bytes move."""

    card: QRectF
    thumb: QRectF
    barcode: QRectF
    badge: QRectF
    file: QRectF
    dots: QRectF
    bar: QRectF | None
    message: QRectF
    message_lines: int
    buttons: tuple[tuple[Choice, QRectF], ...]


def card_height(theme: Theme) -> int:
    """Return the height of a cell: the card and the gap below it."""
    line = QFontMetricsF(theme.font()).height()
    head = QFontMetricsF(theme.font(1.5, bold=True)).height()
    return round(2 * _PAD + head + line + line + 3.1 * line + _button_height(theme) + 14 + _GAP)


def card_layout(cell: QRectF, view: ScanView, theme: Theme) -> CardLayout:
    """Return the boxes of a card in its cell."""
    card = cell.adjusted(0, 0, -_GAP, -_GAP)
    inner = card.adjusted(_STRIPE + _PAD, _PAD, -_PAD, -_PAD)
    thumb_width = min(inner.height() * 1.18, inner.width() * 0.34)
    thumb = QRectF(inner.left(), inner.top(), round(thumb_width), round(inner.height()))
    left, width = thumb.right() + 14, inner.right() - thumb.right() - 14
    line = QFontMetricsF(theme.font()).height()
    head = QFontMetricsF(theme.font(1.5, bold=True)).height()
    badge_size = pill_size(view.badge, theme.font(0.93, bold=True))
    badge_width = min(badge_size.width(), width * 0.6)
    badge = QRectF(inner.right() - badge_width, inner.top(), badge_width, badge_size.height())
    barcode = QRectF(left, inner.top(), width - badge_width - 10, head)
    file = QRectF(left, barcode.bottom() + 1, width, line)
    dot_row = QRectF(left, file.bottom() + 6, width, max(8.0, line * 0.5))
    top = dot_row.bottom() + 7
    moving = has_bar(view)
    progress = QRectF(left, top, width, 6) if moving else None
    top = top + 12 if moving else top
    buttons = _buttons(view, theme, left, inner.bottom(), width)
    bottom = inner.bottom() - _button_height(theme) - 6 if buttons else inner.bottom()
    lines = max(1, int((bottom - top + 3) // line))
    message = QRectF(left, top, width, bottom - top)
    return CardLayout(card, thumb, barcode, badge, file, dot_row, progress, message, min(lines, 3), buttons)


def has_bar(view: ScanView) -> bool:
    """Return whether bytes of this scan are on their way."""
    return view.state in (StepState.RUNNING, StepState.PAUSED) and view.copied_bytes > 0 and view.verified_at is None


def share_done(view: ScanView) -> float:
    """Return how much of copying and reading back is done, 0 to 1: both pass over the same bytes."""
    return (view.copied_bytes + view.verified_bytes) / (2 * view.size_bytes) if view.size_bytes else 0.0


def _button_height(theme: Theme) -> float:
    return round(QFontMetricsF(theme.font(0.93)).height() * 1.75)


def _buttons(
    view: ScanView, theme: Theme, left: float, bottom: float, width: float
) -> tuple[tuple[Choice, QRectF], ...]:
    """Return as many of the choices as fit side by side; the panel and the menu have them all."""
    metrics, height = QFontMetricsF(theme.font(0.93, bold=True)), _button_height(theme)
    found: list[tuple[Choice, QRectF]] = []
    right_most, x = left + width, left
    for choice in choices_of(view):
        wide = metrics.horizontalAdvance(wording.short_choice(choice)) + 18
        if x + wide > right_most:
            break
        found.append((choice, QRectF(x, bottom - height, wide, height)))
        x += wide + 8
    return tuple(found)
