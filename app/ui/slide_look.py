"""What there is to see of one scan, as it comes: small pictures first, then larger ones, then the way to its tiles."""

import asyncio

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from app.domain.pyramid import Pyramid, TileAddress
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.services.views import OperatorsDesk
from app.ui.decoding import decoded
from app.ui.errands import Errands
from app.ui.tile_store import TileStore

KINDS = (PictureKind.THUMBNAIL, PictureKind.LABEL, PictureKind.MACRO)
_FIRST_PX = {PictureKind.THUMBNAIL: 256, PictureKind.LABEL: 640, PictureKind.MACRO: 640, PictureKind.QUALITY_MAP: 512}
_LARGE_PX = 1400


class SlideLook(QObject):
    """`came` carries the PictureKind of a picture that is there now, or is known not to be; `zoomed` tells of tiles."""

    came = Signal(object)
    zoomed = Signal()

    def __init__(self, desk: OperatorsDesk, errands: Errands, scan: ScanId, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._errands = errands
        self._scan = scan
        self._pictures: dict[PictureKind, QPixmap] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.pyramid: Pyramid | None = None
        self.note = ""

    def picture(self, kind: PictureKind) -> QPixmap | None:
        """Return a picture: None while it is not known whether there is one, a null one where there is none."""
        return self._pictures.get(kind)

    def look(self) -> None:
        """Fetch what is not here; asked again when the scan went on."""
        if any(not task.done() for task in self._tasks):
            return
        missing = [kind for kind in _FIRST_PX if self._pictures.get(kind, QPixmap()).isNull()]
        works = [self._fetch(kind) for kind in missing]
        if self.pyramid is None:
            works.append(self._zoom())
        self._tasks = [task for task in map(self._errands.start, works) if task is not None]

    def leave(self) -> None:
        """Fetch nothing any more; another scan is looked at."""
        for task in self._tasks:
            task.cancel()

    def tiles(self, parent: QObject) -> TileStore | None:
        """Return the tiles for one view, None while there are none."""
        return None if self.pyramid is None else TileStore(self.pyramid, self._tile, self._errands, parent)

    async def _tile(self, address: TileAddress) -> bytes | None:
        return await self._desk.tile(self._scan, address)

    async def _fetch(self, kind: PictureKind) -> None:
        first = _FIRST_PX[kind]
        self._take(kind, decoded(await self._desk.picture(self._scan, kind, first)))
        if kind in (PictureKind.LABEL, PictureKind.MACRO):
            await self._enlarge(kind)

    async def _zoom(self) -> None:
        view = await self._desk.zoom(self._scan)
        self.pyramid, self.note = view.pyramid, view.note
        if self.pyramid is None:
            await self._enlarge(PictureKind.THUMBNAIL)
        self.zoomed.emit()

    async def _enlarge(self, kind: PictureKind) -> None:
        larger = decoded(await self._desk.picture(self._scan, kind, _LARGE_PX))
        present = self._pictures.get(kind, QPixmap())
        if larger.width() > present.width():
            self._take(kind, larger)

    def _take(self, kind: PictureKind, picture: QPixmap) -> None:
        present = self._pictures.get(kind)
        if present is None or present.width() < picture.width():
            self._pictures[kind] = picture
            self.came.emit(kind)
