"""What there is to see of one scan, as it comes: small pictures first, then larger ones, then the way to its tiles."""

import asyncio
from collections.abc import Awaitable, Callable

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


class _Round:
    """Work that is done once more when it is asked for while it goes on."""

    def __init__(self, errands: Errands, work: Callable[[], Awaitable[None]]) -> None:
        self._errands = errands
        self._work = work
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = self._errands.start(self._repeat())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _repeat(self) -> None:
        while self._wanted:
            self._wanted = False
            await self._work()


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
        self._enlarged: set[PictureKind] = set()
        # Apart: what was kept is there at once, what has to be drawn may take seconds.
        self._rounds = (_Round(errands, self._fetch_kept), _Round(errands, self._fetch_drawn))
        self.pyramid: Pyramid | None = None
        self.note = ""

    def picture(self, kind: PictureKind) -> QPixmap | None:
        """Return a picture: None while it is not known whether there is one, a null one where there is none."""
        return self._pictures.get(kind)

    def look(self) -> None:
        """Fetch what is not here; asked again when the scan went on."""
        for each in self._rounds:
            each.start()

    def leave(self) -> None:
        """Fetch nothing any more; another scan is looked at."""
        for each in self._rounds:
            each.stop()

    def tiles(self, parent: QObject) -> TileStore | None:
        """Return the tiles for one view, None while there are none."""
        return None if self.pyramid is None else TileStore(self.pyramid, self._tile, self._errands, parent)

    async def _tile(self, address: TileAddress) -> bytes | None:
        return await self._desk.tile(self._scan, address)

    async def _fetch_kept(self) -> None:
        for kind, size_px in _FIRST_PX.items():
            if self._pictures.get(kind, QPixmap()).isNull():
                self._take(kind, decoded(await self._desk.picture(self._scan, kind, size_px)))

    async def _fetch_drawn(self) -> None:
        if self.pyramid is None:
            view = await self._desk.zoom(self._scan)
            self.pyramid, self.note = view.pyramid, view.note
            self.zoomed.emit()
        for kind in KINDS:
            tiled = kind is PictureKind.THUMBNAIL and self.pyramid is not None
            if kind not in self._enlarged and not tiled:
                await self._enlarge(kind)

    async def _enlarge(self, kind: PictureKind) -> None:
        larger = decoded(await self._desk.picture(self._scan, kind, _LARGE_PX))
        if not larger.isNull():
            self._enlarged.add(kind)
            self._take(kind, larger)

    def _take(self, kind: PictureKind, picture: QPixmap) -> None:
        present = self._pictures.get(kind)
        if present is None or present.width() < picture.width():
            self._pictures[kind] = picture
            self.came.emit(kind)
