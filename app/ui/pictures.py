"""Thumbnails of scans for cards and rows: those in sight first, all others in the background, kept while they fit."""

from collections import OrderedDict
from collections.abc import Iterable

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPixmap

from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.services.views import OperatorsDesk
from app.ui.decoding import decoded
from app.ui.errands import Errands

_KEPT_BYTES = 192 << 20
_KEPT_SCALED = 1200
_SIZE_PX = 256
_AT_ONCE = 4
_BYTES_A_PIXEL = 4


class Pictures(QObject):
    """`loaded` carries the id of a scan whose thumbnail has come."""

    loaded = Signal(str)

    def __init__(self, desk: OperatorsDesk, errands: Errands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._errands = errands
        self._originals: OrderedDict[ScanId, QPixmap] = OrderedDict()
        self._kept_bytes = 0
        self._scaled: OrderedDict[tuple[ScanId, int, int, float], QPixmap] = OrderedDict()
        self._in_sight: OrderedDict[ScanId, None] = OrderedDict()
        self._others: OrderedDict[ScanId, None] = OrderedDict()
        self._asked: set[ScanId] = set()
        self._under_way = 0

    def thumbnail(self, scan: ScanId, box: QSize, scale: float) -> QPixmap | None:
        """Return the thumbnail filling a box of logical pixels, None while it is not here (it is then fetched)."""
        key = (scan, box.width(), box.height(), scale)
        ready = self._scaled.get(key)
        if ready is not None:
            self._scaled.move_to_end(key)
            return ready
        original = self._originals.get(scan)
        if original is None:
            self._want(scan)
            return None
        self._originals.move_to_end(scan)
        ready = fill(original, box, scale)
        self._scaled[key] = ready
        while len(self._scaled) > _KEPT_SCALED:
            self._scaled.popitem(last=False)
        return ready

    def here(self) -> int:
        """Return how many thumbnails can be shown without being fetched."""
        return len(self._originals)

    def is_here(self, scan: ScanId) -> bool:
        """Return whether the thumbnail of a scan can be shown without being fetched."""
        return scan in self._originals

    def look_at(self, scans: Iterable[ScanId]) -> None:
        """Fetch these in the background, as far as there is room; one that had no picture is asked for again."""
        for scan in scans:
            if scan not in self._originals:
                self._asked.discard(scan)
                self._others[scan] = None
        self._fetch_more()

    def _want(self, scan: ScanId) -> None:
        """Put a scan in sight before all others: what was painted last is what a person looks at."""
        if scan not in self._asked:
            self._in_sight[scan] = None
            self._in_sight.move_to_end(scan)
            self._fetch_more()

    def _fetch_more(self) -> None:
        while self._under_way < _AT_ONCE and (scan := self._next()) is not None:
            self._asked.add(scan)
            self._under_way += 1
            self._errands.start(self._fetch(scan))

    def _next(self) -> ScanId | None:
        while self._in_sight:
            scan, _ = self._in_sight.popitem(last=True)
            if scan not in self._asked:
                return scan
        while self._others and self._kept_bytes < _KEPT_BYTES:
            scan, _ = self._others.popitem(last=False)
            if scan not in self._asked and scan not in self._originals:
                return scan
        return None

    async def _fetch(self, scan: ScanId) -> None:
        try:
            picture = decoded(await self._desk.picture(scan, PictureKind.THUMBNAIL, _SIZE_PX))
        finally:
            self._under_way -= 1
        if not picture.isNull():
            self._keep(scan, picture)
            self.loaded.emit(scan)
        self._fetch_more()

    def _keep(self, scan: ScanId, picture: QPixmap) -> None:
        self._originals[scan] = picture
        self._kept_bytes += _bytes_of(picture)
        while self._kept_bytes > _KEPT_BYTES and len(self._originals) > 1:
            gone, old = self._originals.popitem(last=False)
            self._kept_bytes -= _bytes_of(old)
            self._asked.discard(gone)


def _bytes_of(picture: QPixmap) -> int:
    return picture.width() * picture.height() * _BYTES_A_PIXEL


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
