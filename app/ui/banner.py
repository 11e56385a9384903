"""The card that says what went wrong and what to do; it lies above the pages until it is closed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.domain.errors import SlideferryError
from app.ui.surfaces import label, wear
from app.ui.theme import Theme
from app.ui.tokens import Tone


class Banner(QWidget):
    """Shows one error at a time; a newer one takes its place and says how many came before."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._frame = QFrame()
        self._frame.setObjectName("banner")
        self.setAccessibleName(self.tr("What went wrong"))
        self._theme = theme
        self._count = 0
        self._icon = QLabel()
        self._title = label("", "strong", wrap=True)
        self._message = label("", wrap=True)
        self._hint = label("", "muted", wrap=True)
        for text in (self._title, self._message, self._hint):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QPushButton(self.tr("Understood"))
        self._close.clicked.connect(self.clear)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for text in (self._title, self._message, self._hint):
            texts.addWidget(text)
        around = QVBoxLayout(self)
        around.setContentsMargins(16, 12, 16, 0)
        around.addWidget(self._frame)
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(16, 12, 14, 12)
        row.setSpacing(14)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_error(self, error: SlideferryError) -> None:
        """Show what happened, which and why, and what to do."""
        self._count += 1
        before = self.tr(" (and {0} before it)").format(self._count - 1) if self._count > 1 else ""
        self._title.setText(f"{error.title}{before}")
        self._message.setText(error.message)
        self._hint.setText(error.hint)
        self._hint.setVisible(bool(error.hint))
        wear(self._frame, Tone.BAD)
        self.recolour()
        self.show()

    def clear(self) -> None:
        """Put it away."""
        self._count = 0
        self.hide()

    def recolour(self) -> None:
        """Draw the icon in the colours in force."""
        colour = self._theme.tokens.shade(Tone.BAD).strong
        self._icon.setPixmap(self._theme.icons.pixmap("warning", colour, 26, self.devicePixelRatioF()))


class RoomNote(QWidget):
    """The line that says that the scanner's disk is short of room; it stays for as long as that is so."""

    def __init__(self) -> None:
        super().__init__()
        self._text = label("", "strong", wrap=True)
        frame = QFrame()
        frame.setObjectName("banner")
        wear(frame, Tone.WARN)
        inside = QHBoxLayout(frame)
        inside.setContentsMargins(16, 8, 14, 8)
        inside.addWidget(self._text, 1)
        around = QVBoxLayout(self)
        around.setContentsMargins(16, 12, 16, 0)
        around.addWidget(frame)
        self.setAccessibleName(self.tr("Room on the scanner's disk"))
        self.hide()

    def show_warning(self, text: str) -> None:
        """Show what is short and what may go when; nothing hides it."""
        self._text.setText(f"! {text}")
        self.setVisible(bool(text))


def close_button(theme: Theme, text: str) -> QToolButton:
    """Return the small cross that closes a panel."""
    button = QToolButton()
    button.setObjectName("tool")
    button.setIcon(theme.icons.icon("close", theme.tokens.text_muted, size=18))
    button.setToolTip(text)
    button.setAccessibleName(text)
    return button
