"""Which colours the window wears: the system's scheme, or the one a person chose."""

from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from app.ui.icons import Icons
from app.ui.stylesheet import style_sheet
from app.ui.tokens import DARK, LIGHT, Tokens

_SMALLEST_BASE_PX = 15
"""What matters has to be readable from a metre."""


class ThemeChoice(Enum):
    """What a person can choose in the View menu or by `--theme`."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Owns the tokens in force, the icons drawn in their colours, and the sizes of text.

    `changed` comes after the application's palette and style sheet were set.
    """

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path, choice: ThemeChoice) -> None:
        super().__init__(app)
        self._app = app
        self.choice = choice
        self.base_px = max(_SMALLEST_BASE_PX, QFontMetrics(app.font()).height() - 2)
        self.icons = Icons(resources / "icons")
        self._chevrons = {
            "light": (resources / "icons" / "chevron-light.svg").as_posix(),
            "dark": (resources / "icons" / "chevron-dark.svg").as_posix(),
        }
        self.tokens = self._wanted()
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)
        self._apply()

    def choose(self, choice: ThemeChoice) -> None:
        """Wear another theme from now on."""
        self.choice = choice
        self._on_scheme()

    def font(self, factor: float = 1.0, *, bold: bool = False, spacing: float = 0.0) -> QFont:
        """Return the system's font in `factor` times the plain size; `spacing` is between letters, in pixels."""
        font = QFont(self._app.font())
        font.setPixelSize(round(self.base_px * factor))
        font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
        if spacing:
            font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing)
        return font

    def _wanted(self) -> Tokens:
        if self.choice is ThemeChoice.SYSTEM:
            return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self.choice is ThemeChoice.DARK else LIGHT

    def _on_scheme(self) -> None:
        wanted = self._wanted()
        if wanted is not self.tokens:
            self.tokens = wanted
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        self._app.setPalette(_palette(self.tokens))
        self._app.setStyleSheet(style_sheet(self.tokens, self.base_px, self._chevrons[self.tokens.name]))


def _palette(tokens: Tokens) -> QPalette:
    """Return the Qt palette for what the style sheet does not reach."""
    roles = {
        QPalette.ColorRole.Window: tokens.ground,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.card,
        QPalette.ColorRole.AlternateBase: tokens.sunken,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.text_muted,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    return palette
