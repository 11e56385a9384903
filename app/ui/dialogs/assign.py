"""Asks which slide a scan is: the label's picture large, a field that the hand scanner fills, the reason."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from app.domain.slide import BarcodeReading
from app.services.views import ScanView
from app.ui import wording
from app.ui.dialogs.question import Question
from app.ui.picture_view import PictureView
from app.ui.wording import say

_PICTURE_PX = (620, 320)
_OFFERED = 4


class AssignDialog(Question):
    """`waiting` are the barcodes still expected; what the witnesses read is offered as buttons."""

    wants_scans = True

    def __init__(
        self,
        view: ScanView,
        label: bytes | None,
        readings: Sequence[BarcodeReading],
        waiting: Sequence[str],
        parent: QWidget,
    ) -> None:
        text = say("{0}. Scan the glass with the hand scanner, or type what the label says.").format(view.source_name)
        super().__init__(say("Which slide is this?"), text, say("This is the slide"), parent)
        self.setMinimumWidth(_PICTURE_PX[0] + 44)
        self.body.addWidget(_picture(label))
        self._barcode = QLineEdit(view.barcode or "")
        self._barcode.setPlaceholderText(say("Scan or type the barcode"))
        completer = QCompleter(list(waiting), self._barcode)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._barcode.setCompleter(completer)
        self._barcode.textChanged.connect(self._check)
        self.field(say("Barcode"), self._barcode)
        self._offer(readings)
        self._reason = QLineEdit(say("Read from the label by a person"))
        self._reason.textChanged.connect(self._check)
        self.field(say("Reason"), self._reason)
        self._barcode.setFocus()
        self._check()

    def barcode(self) -> str:
        """Return the barcode given."""
        return self._barcode.text().strip()

    def reason(self) -> str:
        """Return the reason given."""
        return self._reason.text().strip()

    def take_scan(self, code: str) -> None:
        """Fill the field with what the hand scanner read."""
        self._barcode.setText(code)
        self._barcode.selectAll()
        self._reason.setText(say("Glass scanned by hand"))

    def _offer(self, readings: Sequence[BarcodeReading]) -> None:
        texts = dict.fromkeys((reading.text, wording.witness(reading.source)) for reading in readings)
        if not texts:
            return
        row = QHBoxLayout()
        for text, source in list(texts)[:_OFFERED]:
            button = QPushButton(f"{text} · {source}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, barcode=text: self._barcode.setText(barcode))
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)

    def _check(self) -> None:
        self.allow(bool(self.barcode() and self.reason()))


def _picture(label: bytes | None) -> QWidget:
    """Return the label picture with zoom, or the words that there is none."""
    pixmap = QPixmap()
    if label is None or not pixmap.loadFromData(label):
        empty = QLabel(say("This scan holds no picture of its label"))
        empty.setObjectName("muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setMinimumHeight(90)
        return empty
    shown = PictureView()
    shown.setFixedHeight(_PICTURE_PX[1])
    shown.show_picture(pixmap)
    shown.setAccessibleName(say("Label of the slide"))
    return shown
