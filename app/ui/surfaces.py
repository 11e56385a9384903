"""The plain pieces pages are put together from: cards, pills, labels with a tone, elided labels."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui.tokens import Tone


def label(text: str, name: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label in one of the style sheet's manners; its text is never taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(name)
    made.setWordWrap(wrap)
    return made


def pill(tone: Tone = Tone.QUIET) -> QLabel:
    """Return a rounded label in a tone."""
    made = label("", "pill")
    made.setProperty("tone", tone.value)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def wear(widget: QWidget, tone: Tone, prop: str = "tone") -> None:
    """Give a widget another tone; `prop` is `tone` for surfaces and `ink` for texts."""
    if widget.property(prop) != tone.value:
        widget.setProperty(prop, tone.value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def card(title: str = "") -> tuple[QFrame, QVBoxLayout]:
    """Return a rounded surface and the layout inside it, with a title if one is given."""
    frame = QFrame()
    frame.setObjectName("card")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(16, 12, 16, 14)
    inside.setSpacing(6)
    if title:
        inside.addWidget(label(title, "cardTitle"))
    return frame, inside


_LONG_WORD = 24


class ElidedLabel(QLabel):
    """A label that cuts a long text with an ellipsis and shows the whole of it as a tooltip."""

    def __init__(self, text: str = "", name: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text)
        self._mode = mode
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return no width: it may be cut as short as need be."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much as fits."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        tip = self.text() if text != self.text() else ""
        if self.toolTip() != tip:
            self.setToolTip(tip)
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )


class FactLabel(ElidedLabel):
    """A value that wraps at its spaces; one long word (a path, a checksum) is cut in its middle and copied whole."""

    def __init__(self) -> None:
        super().__init__(mode=Qt.TextElideMode.ElideMiddle)
        copy = QAction(self.tr("Copy"), self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def setText(self, text: str) -> None:
        """Show this value."""
        super().setText(text)
        policy = self.sizePolicy()
        policy.setHeightForWidth(not self._is_long())
        policy.setVerticalPolicy(QSizePolicy.Policy.Fixed if self._is_long() else QSizePolicy.Policy.Preferred)
        self.setSizePolicy(policy)
        self.setWordWrap(not self._is_long())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cut a long word; draw everything else as labels do."""
        if self._is_long():
            super().paintEvent(event)
        else:
            QLabel.paintEvent(self, event)

    def _is_long(self) -> bool:
        return any(len(word) > _LONG_WORD for word in self.text().split())
