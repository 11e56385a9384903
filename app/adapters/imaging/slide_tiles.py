"""Answers a worker's questions about deep zoom from the slides it keeps open."""

from dataclasses import replace
from pathlib import Path

from app.adapters.imaging.as_found import is_as_found
from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.opened_slides import opened_slides
from app.adapters.imaging.openslide_facts import openslide_facts
from app.adapters.imaging.pixels import to_jpeg
from app.adapters.imaging.scan_kind import ndtiff_levels, picture_path
from app.adapters.imaging.tiff import TiffError, read_skeleton
from app.adapters.imaging.tiff_facts import tiff_facts
from app.adapters.imaging.tiff_kind import tiff_kind
from app.adapters.imaging.tiles import draw_tile
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.scan import ScanSet
from app.domain.slide import SlideFacts

UNREADABLE: tuple[type[Exception], ...] = (TiffError, *DECODER_ERRORS)


def describe(scan: ScanSet) -> Pyramid | None:
    """Return the geometry of a slide, None where no reader shows it piece by piece, or its files are others now."""
    path = picture_path(scan)
    # A piece of an NDTiff is no level of the slide: its pieces lie side by side in one file.
    if ndtiff_levels(scan) or not is_as_found(scan):
        return None
    try:
        with opened_slides().using(path) as slide:
            pyramid = slide.pyramid
    except DECODER_ERRORS:
        return None
    facts = _facts(path)
    mpp = facts.mpp[0] if facts is not None and facts.mpp is not None else None
    return replace(pyramid, mpp=mpp, objective=facts.objective if facts is not None else None)


def _facts(path: Path) -> SlideFacts | None:
    """Return what the file says of its scale, None where it says nothing."""
    for read in (openslide_facts, _tiff_facts):
        try:
            return read(path)
        except UNREADABLE:
            continue
    return None


def _tiff_facts(path: Path) -> SlideFacts:
    with path.open("rb") as stream:
        skeleton = read_skeleton(stream)
        return tiff_facts(path, skeleton, tiff_kind(skeleton))


def cut(scan: ScanSet, stamp: str, address: TileAddress) -> bytes | None:
    """Return a tile as JPEG, None where it is damaged, there is none, or the file holds other bytes than then."""
    try:
        with opened_slides().using(picture_path(scan)) as slide:
            if slide.pyramid.stamp != stamp or not slide.pyramid.holds(address):
                return None
            return to_jpeg(draw_tile(slide.source, slide.pyramid, address))
    except DECODER_ERRORS:
        return None
