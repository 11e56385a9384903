"""Thumbnail, label and macro of a scan on tabs, to be zoomed into, with the quality map over the thumbnail."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QTabBar, QVBoxLayout, QWidget

from app.domain.slide import PictureKind
from app.ui import wording
from app.ui.picture_view import PictureView
from app.ui.slide_look import KINDS, SlideLook
from app.ui.surfaces import label


class PicturesCard(QWidget):
    """`larger_wanted` asks for a larger view; a card without a fixed height is as large as its window."""

    larger_wanted = Signal()

    def __init__(self, height: int | None = None) -> None:
        super().__init__()
        self._look: SlideLook | None = None
        self._shown: PictureKind | None = None
        self.view = PictureView()
        self.view.setAccessibleName(self.tr("Picture of the slide"))
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setAccessibleName(self.tr("Which picture"))
        for kind in KINDS:
            self._tabs.addTab(wording.picture(kind))
        self._map = QCheckBox(self.tr("Quality map"))
        self._map.setToolTip(self.tr("Lay over the picture where the tissue is blurred"))
        self._larger = QPushButton(self.tr("Open larger"))
        if height is None:
            self._larger.hide()
        self._note = label("", "small", wrap=True)
        self._none = label("", "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for place in (self.view, self._none):
            if height is not None:
                place.setFixedHeight(height)
            else:
                place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._lay_out()
        self._tabs.currentChanged.connect(self._show)
        self._map.toggled.connect(self._lay_map)
        self._larger.clicked.connect(self.larger_wanted)

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.addWidget(self._map)
        below.addStretch(1)
        below.addWidget(self._larger)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._tabs)
        whole.addWidget(self.view, 1)
        whole.addWidget(self._none, 1)
        whole.addWidget(self._note)
        whole.addLayout(below)

    @property
    def kind(self) -> PictureKind:
        """Which picture is in front."""
        return KINDS[self._tabs.currentIndex()]

    def show_look(self, look: SlideLook | None) -> None:
        """Show the pictures of a scan as they come, instead of those of another."""
        if self._look is not None:
            self._look.came.disconnect(self._on_came)
            self._look.zoomed.disconnect(self._on_zoomed)
        self._look = look
        self._map.setChecked(False)
        if look is not None:
            look.came.connect(self._on_came)
            look.zoomed.connect(self._on_zoomed)
        self._show()

    def show_kind(self, kind: PictureKind) -> None:
        """Turn to a tab."""
        self._tabs.setCurrentIndex(KINDS.index(kind))

    def _picture(self, kind: PictureKind) -> QPixmap | None:
        return None if self._look is None else self._look.picture(kind)

    def _show(self) -> None:
        """Show the picture in front as a whole, or say that there is none."""
        picture = self._picture(self.kind)
        there = picture is not None and not picture.isNull()
        self._shown = self.kind if there else None
        self.view.setVisible(there)
        self._none.setVisible(not there)
        self._none.setText(self.tr("Fetching…") if picture is None else self.tr("This scan has no such picture (yet)"))
        if picture is not None and there:
            self.view.show_picture(picture)
        self._on_zoomed()
        self._lay_map()

    def _on_came(self, kind: PictureKind) -> None:
        picture = self._picture(kind)
        if kind is PictureKind.QUALITY_MAP:
            self._lay_map()
        elif kind is self._shown and picture is not None:
            self.view.sharpen(picture)
        elif kind is self.kind:
            self._show()

    def _on_zoomed(self) -> None:
        """Let the view fetch tiles, or say why it cannot."""
        front = self._shown is PictureKind.THUMBNAIL
        note = self._look.note if self._look is not None and self.kind is PictureKind.THUMBNAIL else ""
        self._note.setText(note)
        self._note.setVisible(bool(note))
        tiles = self._look.tiles(self.view) if self._look is not None and front and self.view.store is None else None
        if tiles is not None:
            self.view.show_tiles(tiles)
            self._lay_map()

    def _lay_map(self) -> None:
        overlay = self._picture(PictureKind.QUALITY_MAP)
        there = overlay is not None and not overlay.isNull()
        self._map.setVisible(there and self.kind is PictureKind.THUMBNAIL)
        laid = self._shown is PictureKind.THUMBNAIL and self._map.isChecked()
        self.view.lay_over(overlay if laid else None)
