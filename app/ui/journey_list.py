"""The journey of one scan as a line of nodes: state by colour and sign, time, attempts, what was said."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.step import StepState
from app.services.views import StepView
from app.ui import painting, wording
from app.ui.theme import Theme
from app.ui.tokens import STATE_TONES, Tone, step_colour

_NODE = 20.0


class JourneyList(QWidget):
    """One line a step. `menu_wanted` carries (step id, screen position): by right click, Enter or menu key."""

    menu_wanted = Signal(str, QPoint)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._steps: tuple[StepView, ...] = ()
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Journey of this scan"))
        self.setToolTip(self.tr("Right click a step to restart from it or to mark it"))

    def show_steps(self, steps: Sequence[StepView]) -> None:
        """Show these steps."""
        if tuple(steps) == self._steps:
            return
        self._steps = tuple(steps)
        spoken = (f"{step.title}: {wording.state(step.state)}" for step in self._steps)
        self.setAccessibleDescription("; ".join(spoken))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all lines."""
        return QSize(200, sum(self._height(step) for step in self._steps))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the nodes, the line that joins them, and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 0.0
        for number, step in enumerate(self._steps):
            box = QRectF(0, top, self.width(), self._height(step))
            if number + 1 < len(self._steps):
                painter.setPen(QPen(QColor(self._theme.tokens.line), 2))
                start = QPointF(_NODE / 2 + 3, top + _NODE + 4)
                painter.drawLine(start, QPointF(start.x(), top + box.height() + 4))
            if self.hasFocus() and number == self._current:
                painting.rounded(painter, box, 6, "#00000000", self._theme.tokens.accent, width=1.5)
            self._line(painter, box, step)
            top += box.height()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Make the line current; a right click wants its menu."""
        number = self._at(event.position().y())
        if number is None:
            return
        self._current = number
        self.update()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(self._steps[number].id, event.globalPosition().toPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrows; Enter or the menu key wants the menu."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._steps:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._current = max(0, min(len(self._steps) - 1, self._current + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu) and self._steps:
            top = sum(self._height(each) for each in self._steps[: self._current])
            self.menu_wanted.emit(self._steps[self._current].id, self.mapToGlobal(QPoint(40, top + 10)))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which line is current."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide which line is current."""
        self.update()
        super().focusOutEvent(event)

    def _height(self, step: StepView) -> int:
        lines = 2.9 if _remark(step) else 1.75
        return round(self._theme.base_px * lines)

    def _at(self, y: float) -> int | None:
        top = 0.0
        for number, step in enumerate(self._steps):
            top += self._height(step)
            if y < top:
                return number
        return None

    def _line(self, painter: QPainter, box: QRectF, step: StepView) -> None:
        tokens, theme = self._theme.tokens, self._theme
        colour = step_colour(tokens, step.state)
        node = QRectF(3, box.top() + 3, _NODE, _NODE)
        pending = step.state is StepState.PENDING
        painting.rounded(
            painter, node, _NODE / 2, tokens.card if pending else colour, tokens.line_strong if pending else ""
        )
        if not pending:
            painter.setFont(theme.font(0.8, bold=True))
            painter.setPen(QColor(tokens.card))
            painter.drawText(node, Qt.AlignmentFlag.AlignCenter, wording.sign(step.state))
        row = QRectF(_NODE + 14, box.top(), box.width() - _NODE - 14, theme.base_px * 1.75)
        small = theme.font(0.86)
        right = _right_words(step)
        painter.setFont(small)
        painter.setPen(QColor(tokens.text_muted))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        room = row.width() - painter.fontMetrics().horizontalAdvance(right) - 12
        strong = step.state in (StepState.RUNNING, StepState.FAILED, StepState.NEEDS_ATTENTION)
        font = theme.font(0.95, bold=strong)
        painting.line_of_text(
            painter, row, painting.elided(step.title, font, room), font, tokens.text_muted if pending else tokens.text
        )
        remark = _remark(step)
        if remark:
            below = QRectF(row.left(), row.bottom() - 4, row.width(), theme.base_px * 1.2)
            tone = STATE_TONES[step.state]
            ink = tokens.text_muted if tone in (Tone.GOOD, Tone.QUIET) else tokens.shade(tone).strong
            painting.line_of_text(painter, below, painting.elided(remark, small, below.width()), small, ink)


def _remark(step: StepView) -> str:
    return step.error_title or step.message if step.state is not StepState.PENDING else ""


def _right_words(step: StepView) -> str:
    """Return the state, the seconds of work, and the attempts if there was more than one."""
    parts = [] if step.state in (StepState.SUCCEEDED, StepState.PENDING) else [wording.state(step.state)]
    if step.attempts > 1:
        parts.append(wording.say("attempt {0}").format(step.attempts))
    if step.seconds:
        parts.append(wording.duration(step.seconds))
    if step.ended_at is not None and step.state is StepState.SUCCEEDED:
        parts.append(wording.clock(step.ended_at))
    return " · ".join(parts)
