"""Thumbnails of scans for cards and rows: asked for once, kept while they fit, drawn sharp on every screen."""

from collections import OrderedDict

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPixmap

from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.services.views import OperatorsDesk
from app.ui.errands import Errands

_KEPT_ORIGINALS = 400
_KEPT_SCALED = 1200
_SIZE_PX = 512


class Pictures(QObject):
    """`loaded` carries the id of a scan whose thumbnail has come."""

    loaded = Signal(str)

    def __init__(self, desk: OperatorsDesk, errands: Errands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._errands = errands
        self._originals: OrderedDict[ScanId, QPixmap] = OrderedDict()
        self._scaled: OrderedDict[tuple[ScanId, int, int, float], QPixmap] = OrderedDict()
        self._asked: set[ScanId] = set()

    def thumbnail(self, scan: ScanId, box: QSize, scale: float) -> QPixmap | None:
        """Return the thumbnail filling a box of logical pixels, None while it is not here (it is then fetched)."""
        key = (scan, box.width(), box.height(), scale)
        ready = self._scaled.get(key)
        if ready is not None:
            self._scaled.move_to_end(key)
            return ready
        original = self._originals.get(scan)
        if original is None:
            self._ask(scan)
            return None
        ready = fill(original, box, scale)
        self._scaled[key] = ready
        while len(self._scaled) > _KEPT_SCALED:
            self._scaled.popitem(last=False)
        return ready

    def ask_again(self, scans: frozenset[ScanId]) -> None:
        """Forget that these had no picture: they changed, one may be there now."""
        self._asked -= {scan for scan in scans if scan not in self._originals}

    def _ask(self, scan: ScanId) -> None:
        if scan not in self._asked:
            self._asked.add(scan)
            self._errands.start(self._fetch(scan))

    async def _fetch(self, scan: ScanId) -> None:
        data = await self._desk.picture(scan, PictureKind.THUMBNAIL, _SIZE_PX)
        picture = QPixmap()
        if data is None or not picture.loadFromData(data):
            return
        self._originals[scan] = picture
        while len(self._originals) > _KEPT_ORIGINALS:
            gone, _ = self._originals.popitem(last=False)
            self._asked.discard(gone)
        self.loaded.emit(scan)


def fill(picture: QPixmap, box: QSize, scale: float) -> QPixmap:
    """Return the middle of the picture so that it fills the box, with the screen's scale set."""
    wanted = QSize(round(box.width() * scale), round(box.height() * scale))
    whole = picture.scaled(
        wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    left, top = (whole.width() - wanted.width()) // 2, (whole.height() - wanted.height()) // 2
    cut = whole.copy(left, top, wanted.width(), wanted.height())
    cut.setDevicePixelRatio(scale)
    return cut
