"""The small shapes that cards, rows and the journey share: pills, dots, bars, paragraphs, rounded pictures."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)

from app.domain.step import StepState
from app.services.views import StepView
from app.ui.tokens import Shade, Tokens, step_colour

_ELLIPSIS = "…"


def rounded(painter: QPainter, box: QRectF, radius: float, fill: str, line: str = "", *, width: float = 1.0) -> None:
    """Draw a rounded surface, with an outline inside its edge if a colour is given."""
    painter.setBrush(QColor(fill))
    painter.setPen(QPen(QColor(line), width) if line else Qt.PenStyle.NoPen)
    inset = width / 2 if line else 0.0
    painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), radius, radius)


def elided(text: str, font: QFont, width: float, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> str:
    """Return the text cut to a width, with an ellipsis."""
    return QFontMetricsF(font).elidedText(text, mode, width)


def line_of_text(painter: QPainter, box: QRectF, text: str, font: QFont, colour: str) -> None:
    """Draw one line at the left, in the middle of the box's height."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def pill_size(text: str, font: QFont) -> QSizeF:
    """Return the room a pill takes."""
    metrics = QFontMetricsF(font)
    return QSizeF(metrics.horizontalAdvance(text) + metrics.height() * 1.15, metrics.height() * 1.5)


def pill(painter: QPainter, box: QRectF, text: str, font: QFont, shade: Shade) -> None:
    """Draw a rounded label in a tone."""
    rounded(painter, box, box.height() / 2, shade.soft)
    painter.setFont(font)
    painter.setPen(QColor(shade.strong))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def bar(painter: QPainter, box: QRectF, share: float, fill: str, ground: str) -> None:
    """Draw a progress bar; `share` from 0 to 1."""
    radius = box.height() / 2
    rounded(painter, box, radius, ground)
    width = box.width() * max(0.0, min(1.0, share))
    if width > 0:
        rounded(painter, QRectF(box.left(), box.top(), max(width, box.height()), box.height()), radius, fill)


def dots(painter: QPainter, box: QRectF, steps: Sequence[StepView], tokens: Tokens) -> None:
    """Draw one dot a step: colour and shape both tell the state (thin: skipped, notched: running, marked: trouble)."""
    if not steps:
        return
    pitch = min(box.width() / len(steps), box.height() * 2.1)
    for number, step in enumerate(steps):
        dot = QRectF(box.left() + number * pitch, box.top(), pitch * 0.8, box.height())
        _dot(painter, dot, step.state, tokens)


def _dot(painter: QPainter, box: QRectF, state: StepState, tokens: Tokens) -> None:
    colour = step_colour(tokens, state)
    thin = box.height() * 0.3
    if state in (StepState.SKIPPED, StepState.CANCELLED):
        box = box.adjusted(0, thin, 0, -thin)
    rounded(painter, box, box.height() / 2, colour)
    middle = box.center()
    if state in (StepState.RUNNING, StepState.PAUSED, StepState.WAITING_TO_RETRY):
        radius = box.height() * 0.22
        painter.setBrush(QColor(tokens.card))
        painter.drawEllipse(middle, radius, radius)
    elif state is StepState.FAILED:
        _cross(painter, middle, box.height() * 0.24, tokens.card)
    elif state in (StepState.NEEDS_ATTENTION, StepState.BLOCKED):
        painter.setPen(QPen(QColor(tokens.card), 1.6))
        reach = box.height() * 0.28
        across = QPointF(reach * 1.4, 0) if state is StepState.BLOCKED else QPointF(0, reach)
        painter.drawLine(middle - across, middle + across)


def _cross(painter: QPainter, middle: QPointF, reach: float, colour: str) -> None:
    painter.setPen(QPen(QColor(colour), 1.6))
    painter.drawLine(middle + QPointF(-reach, -reach), middle + QPointF(reach, reach))
    painter.drawLine(middle + QPointF(-reach, reach), middle + QPointF(reach, -reach))


def picture(painter: QPainter, box: QRectF, pixmap: QPixmap | None, radius: float, ground: str) -> None:
    """Draw a picture with round corners, or its empty place."""
    if pixmap is None:
        rounded(painter, box, radius, ground)
        return
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.drawPixmap(box.topLeft(), pixmap)
    painter.restore()


def paragraph(
    painter: QPainter, box: QRectF, lead: str, rest: str, font: QFont, *, colours: tuple[str, str], lines: int
) -> bool:
    """Draw a bold lead and the rest in at most so many lines; `colours` are theirs. Returns whether it was cut."""
    text = f"{lead} {rest}".strip()
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    bold = QTextCharFormat()
    bold.setFontWeight(QFont.Weight.DemiBold)
    bold.setForeground(QColor(colours[0]))
    lead_range = QTextLayout.FormatRange()
    lead_range.start, lead_range.length, lead_range.format = 0, len(lead), bold
    layout.setFormats([lead_range])
    layout.beginLayout()
    top, starts = 0.0, []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(box.width())
        line.setPosition(QPointF(0, top))
        top += line.height()
        starts.append(line.textStart())
    layout.endLayout()
    painter.setPen(QColor(colours[1]))
    if len(starts) <= lines:
        layout.draw(painter, box.topLeft())
        return False
    kept = text[: starts[lines - 1]]
    last = elided(text[starts[lines - 1] :], font, box.width() - 4)
    shorter = f"{kept}{last}" if last.endswith(_ELLIPSIS) else f"{kept}{last}{_ELLIPSIS}"
    paragraph(painter, box, shorter[: len(lead)], shorter[len(lead) :].lstrip(), font, colours=colours, lines=lines + 1)
    return True
