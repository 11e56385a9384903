"""The pictures of a scan in a window of their own, as large as a person wants them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from app.domain.slide import PictureKind
from app.ui.pictures_card import PicturesCard
from app.ui.slide_look import SlideLook
from app.ui.wording import say

_SHARE_OF_SCREEN = 0.85


class LargePicture(QDialog):
    """Beside the window, not in its way; Esc closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._card = PicturesCard()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 10, 14, 12)
        whole.addWidget(self._card)
        room = self.screen().availableSize()
        self.resize(QSize(round(room.width() * _SHARE_OF_SCREEN), round(room.height() * _SHARE_OF_SCREEN)))

    @property
    def card(self) -> PicturesCard:
        """The pictures."""
        return self._card

    def show_look(self, look: SlideLook, name: str, kind: PictureKind) -> None:
        """Show the pictures of a scan, with that one in front."""
        self.setWindowTitle(say("Slide {0}").format(name))
        self._card.show_kind(kind)
        self._card.show_look(look)
        self.show()
        self.raise_()
        self.activateWindow()
        self._card.view.setFocus()

    def done(self, result: int) -> None:
        """Leave the scan before the window goes."""
        self._card.show_look(None)
        super().done(result)
