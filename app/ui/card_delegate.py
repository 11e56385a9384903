"""Paints a slide as a card."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.domain.quality import Verdict
from app.domain.step import StepState
from app.pipeline.journey import QUALITY
from app.services.views import Choice, ScanView
from app.ui import painting, wording
from app.ui.card_layout import CardLayout, card_height, card_layout, share_done
from app.ui.choices import trouble_of
from app.ui.pictures import Pictures
from app.ui.scan_model import ScanModel
from app.ui.theme import Theme
from app.ui.tokens import STATE_TONES, VERDICT_TONES, Tone

_RADIUS = 12.0


class CardDelegate(QStyledItemDelegate):
    """Draws cards; `hot` is the button under the pointer as (row, choice), `down` the one being pressed."""

    def __init__(self, theme: Theme, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pictures = pictures
        self.hot: tuple[int, Choice] | None = None
        self.down: tuple[int, Choice] | None = None
        self.width = 420

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a card; the view sets the width that makes whole columns."""
        return QSize(self.width, card_height(self._theme))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the card of a row."""
        model = index.model()
        if not isinstance(model, ScanModel):
            return
        view = model.view_at(index.row())
        boxes = card_layout(QRectF(option.rect), view, self._theme)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        self._surface(painter, boxes, view, focused=focused, selected=selected)
        self._thumb(painter, boxes, view)
        self._texts(painter, boxes, view)
        painting.dots(painter, boxes.dots, view.steps, self._theme.tokens)
        if boxes.bar is not None:
            tokens = self._theme.tokens
            fill = tokens.skipped_dot if view.paused else tokens.shade(Tone.BUSY).strong
            painting.bar(painter, boxes.bar, share_done(view), fill, tokens.empty_dot)
        self._buttons(painter, boxes, index.row())
        painter.restore()

    def _surface(self, painter: QPainter, boxes: CardLayout, view: ScanView, *, focused: bool, selected: bool) -> None:
        tokens = self._theme.tokens
        stripe = tokens.line_strong if card_tone(view) is Tone.QUIET else tokens.shade(card_tone(view)).strong
        painting.rounded(painter, boxes.card, _RADIUS, tokens.card, tokens.line)
        painter.save()
        painter.setClipRect(boxes.card.adjusted(0, 0, 5 - boxes.card.width(), 0))
        painting.rounded(painter, boxes.card, _RADIUS, stripe)
        painter.restore()
        if focused or selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2.5 if focused else 1.5))
            painter.drawRoundedRect(boxes.card.adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)

    def _thumb(self, painter: QPainter, boxes: CardLayout, view: ScanView) -> None:
        tokens = self._theme.tokens
        scale = painter.device().devicePixelRatio()
        pixmap = self._pictures.thumbnail(view.id, boxes.thumb.size().toSize(), scale)
        painting.picture(painter, boxes.thumb, pixmap, 8.0, tokens.sunken)
        if pixmap is None:
            font = self._theme.font(0.86)
            painter.setFont(font)
            painter.setPen(QColor(tokens.text_muted))
            painter.drawText(boxes.thumb, Qt.AlignmentFlag.AlignCenter, wording.say("no picture yet"))
        text, tone = quality_badge(view)
        if text:
            font = self._theme.font(0.86, bold=True)
            size = painting.pill_size(text, font)
            wide = min(size.width(), boxes.thumb.width() - 12)
            box = QRectF(boxes.thumb.left() + 6, boxes.thumb.bottom() - size.height() - 6, wide, size.height())
            painting.pill(painter, box, painting.elided(text, font, wide - 8), font, tokens.shade(tone))

    def _texts(self, painter: QPainter, boxes: CardLayout, view: ScanView) -> None:
        tokens, theme = self._theme.tokens, self._theme
        head = theme.font(1.5, bold=True, spacing=0.8)
        name = wording.slide_name(view)
        painting.line_of_text(
            painter, boxes.barcode, painting.elided(name, head, boxes.barcode.width()), head, tokens.text
        )
        badge = theme.font(0.93, bold=True)
        text = painting.elided(view.badge, badge, boxes.badge.width() - 12)
        painting.pill(painter, boxes.badge, text, badge, tokens.shade(card_tone(view)))
        plain = theme.font(0.93)
        file = f"{view.file_name or view.source_name} · {wording.size(view.size_bytes)}"
        shown = painting.elided(file, plain, boxes.file.width(), Qt.TextElideMode.ElideMiddle)
        painting.line_of_text(painter, boxes.file, shown, plain, tokens.text_muted)
        lead, rest = card_message(view)
        painting.paragraph(
            painter,
            boxes.message,
            lead,
            rest,
            plain,
            colours=(tokens.text, tokens.text_muted),
            lines=boxes.message_lines,
        )

    def _buttons(self, painter: QPainter, boxes: CardLayout, row: int) -> None:
        tokens = self._theme.tokens
        for number, (choice, box) in enumerate(boxes.buttons):
            here = (row, choice)
            font = self._theme.font(0.93, bold=number == 0)
            if number == 0:
                hovered = tokens.accent_hover if self.hot == here else tokens.accent
                painting.rounded(painter, box, 7, tokens.accent_pressed if self.down == here else hovered)
                colour = tokens.on_accent
            else:
                fill = tokens.line if self.down == here else tokens.sunken if self.hot == here else tokens.raised
                painting.rounded(painter, box, 7, fill, tokens.accent if self.hot == here else tokens.line_strong)
                colour = tokens.text
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, wording.short_choice(choice))


def card_tone(view: ScanView) -> Tone:
    """Return the tone of a card: a slide to be scanned again is worse than one that only waits for an answer."""
    if view.state is StepState.NEEDS_ATTENTION and view.quality and view.quality.verdict is Verdict.RESCAN:
        return Tone.BAD
    if view.state is StepState.RUNNING and view.copied_bytes == 0 and view.file_name is None:
        return Tone.QUIET
    return STATE_TONES[view.state]


def card_message(view: ScanView) -> tuple[str, str]:
    """Return the bold lead and the rest of what a card says."""
    trouble = trouble_of(view)
    if trouble is not None:
        title, message, hint = trouble
        if message.startswith(title):
            title, message = message, ""
        return _sentence(title), " ".join(_sentence(part) for part in (message, hint) if part)
    moving = [part for part in (wording.rate(view.rate), wording.time_left(view.seconds_left)) if part]
    return (moving[0] if moving else ""), " · ".join([*moving[1:], view.message])


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def quality_badge(view: ScanView) -> tuple[str, Tone]:
    """Return the words over the thumbnail and their tone, empty while nothing is known."""
    quality = view.quality
    if quality is None:
        step = next((step for step in view.steps if step.id == QUALITY), None)
        checking = step is not None and step.state is StepState.RUNNING
        return (wording.say("checking…") if checking else "", Tone.QUIET)
    tone = VERDICT_TONES[quality.verdict]
    blurry = quality.numbers.blurry_percent
    if quality.verdict is Verdict.PASS:
        return wording.say("✓ sharp"), tone
    if quality.verdict is Verdict.RESCAN and blurry is not None:
        return wording.say("✕ {0} % blurred").format(f"{blurry:.1f}"), tone
    if quality.verdict is Verdict.REVIEW:
        return wording.say("! blank?") if quality.numbers.blank else wording.say("! look at it"), tone
    return wording.say("– not checked"), tone
