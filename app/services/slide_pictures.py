"""What a person sees of a slide: kept pictures at once, larger ones and tiles from wherever its files lie."""

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path, PurePosixPath

from app.domain.dossier import Dossier
from app.domain.errors import SlideferryError
from app.domain.ports import Destination
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.scan import Member, ScanId, ScanSet
from app.domain.slide import PictureKind
from app.pipeline.case import Kit
from app.pipeline.steps.identify import LABEL_PX, THUMBNAIL_PX
from app.services.views import ZoomView

_KEPT_PX = {PictureKind.THUMBNAIL: THUMBNAIL_PX, PictureKind.LABEL: LABEL_PX, PictureKind.MACRO: LABEL_PX}
_ZOOMED = 8
"""Of so many slides it is remembered where their tiles come from."""


class SlidePictures:
    """Looks on the scanner's disk first, then at the copy on the share; never at a scan that is still being written."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._zoomed: OrderedDict[ScanId, tuple[ScanSet, Pyramid]] = OrderedDict()

    async def picture(self, scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG or JPEG, None where there is none (yet)."""
        dossier = self._kit.ledger.find(scan)
        if dossier is None:
            return None
        looked_at = dossier.facts is not None
        kept = await self._kit.store.work(lambda journal: journal.picture(scan, kind)) if looked_at else None
        if kind not in _KEPT_PX or (looked_at and size_px <= _KEPT_PX[kind]):
            return kept
        for files in self._places(dossier):
            drawn = await self._kit.images.shown_picture(files, kind, size_px)
            if drawn is not None:
                return drawn
        return kept

    async def zoom(self, scan: ScanId) -> ZoomView:
        """Return the geometry for deep zoom, or why there is none."""
        dossier = self._kit.ledger.get(scan)
        for files in self._places(dossier):
            pyramid = await self._kit.images.pyramid(files)
            if pyramid is not None:
                pyramid = _scaled(pyramid, dossier)
                self._remember(scan, files, pyramid)
                return ZoomView(pyramid)
        return ZoomView(None, await self._why_not(dossier))

    async def tile(self, scan: ScanId, address: TileAddress) -> bytes | None:
        """Return a tile as JPEG, None where it is damaged; `zoom` comes first."""
        found = self._zoomed.get(scan)
        return None if found is None else await self._kit.images.tile(*found, address)

    def _remember(self, scan: ScanId, files: ScanSet, pyramid: Pyramid) -> None:
        self._zoomed[scan] = (files, pyramid)
        self._zoomed.move_to_end(scan)
        while len(self._zoomed) > _ZOOMED:
            self._zoomed.popitem(last=False)

    def _places(self, dossier: Dossier) -> tuple[ScanSet, ...]:
        """Return where the files may be read, best first."""
        if dossier.facts is None and not dossier.scan.earlier:
            return ()
        if dossier.published and dossier.files and self._kit.gate.is_open:
            return dossier.scan.files, on_share(dossier, self._kit.destination)
        return (dossier.scan.files,)

    async def _why_not(self, dossier: Dossier) -> str:
        """Return what to tell a person who cannot look closer, nothing where the slide's format is the reason."""
        if not self._places(dossier):
            return ""
        try:
            found = await self._kit.threads.disk(self._kit.finder.look, dossier.scan.files)
        except SlideferryError as error:
            return str(error)
        if found is not None:
            return ""
        away = dossier.published and not self._kit.gate.is_open
        return "The scan is no longer on this PC, and the share cannot be reached" if away else _GONE


_GONE = "The scan is no longer on this PC"


def on_share(dossier: Dossier, destination: Destination) -> ScanSet:
    """Return the set of a published scan's files where they lie on the share."""
    main = dossier.files[0].destination
    root = Path(destination.absolute(main)).parents[len(PurePosixPath(main).parts) - 1]
    members = tuple(Member(file.destination, file.size_bytes, 0) for file in dossier.files)
    return ScanSet(root, main, members, dossier.scan.files.layout)


def _scaled(pyramid: Pyramid, dossier: Dossier) -> Pyramid:
    """Return the geometry with the scale that was read when the slide was looked at, which knows more formats."""
    facts = dossier.facts
    if facts is None:
        return pyramid
    mpp = facts.mpp[0] if facts.mpp is not None else pyramid.mpp
    return replace(pyramid, mpp=mpp, objective=facts.objective or pyramid.objective)
