"""The picture of a scan that a person asks for, from the cheapest source that has it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps

from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.names import extension
from app.adapters.imaging.openslide_pictures import openslide_picture, openslide_thumbnail
from app.adapters.imaging.own_pictures import own_picture, own_thumbnail, set_thumbnail
from app.adapters.imaging.pixels import fits, label_end, shrunk, to_jpeg, to_png
from app.adapters.imaging.scan_kind import picture_path
from app.adapters.imaging.tiff import TiffError, read_skeleton
from app.adapters.imaging.tiff_kind import LOOKED_AT, tiff_kind
from app.adapters.imaging.tiff_pictures import tiff_picture, tiff_thumbnail
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind

Source = Callable[[], Image.Image | None]
MACRO_CALLED_LABEL = frozenset(("ventana", "leica"))
"""Here tifffile calls the photograph of the whole glass a label; OpenSlide calls it by its name."""


def draw_picture(scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
    """Return a PNG with a long side of at most `size_px`, None where the scan has no such picture or it is damaged."""
    image = find_picture(scan, kind, size_px)
    return None if image is None else to_png(shrunk(image, size_px))


def draw_jpeg(scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
    """Return the same picture as JPEG."""
    image = find_picture(scan, kind, size_px)
    return None if image is None else to_jpeg(shrunk(image, size_px))


def find_picture(scan: ScanSet, kind: PictureKind, size_px: int) -> Image.Image | None:
    """Return a picture as large as asked for where there is one; a label may be the label's end of the macro."""
    path = picture_path(scan)
    if kind is PictureKind.THUMBNAIL:
        return _first([partial(set_thumbnail, scan, size_px)]) or _thumbnail(path, size_px)
    found = embedded_picture(path, kind)
    if found is None and kind is PictureKind.LABEL:
        macro = embedded_picture(path, PictureKind.MACRO)
        return None if macro is None else label_end(macro)
    return found


def embedded_picture(path: Path, kind: PictureKind) -> Image.Image | None:
    """Return a picture that the scan itself holds."""
    if _leading(path) is Leading.PICTURE and extension(path.name) != "mrxs":
        return plain_picture(path) if kind is not PictureKind.MACRO else None
    sources = [partial(openslide_picture, path, kind), partial(own_picture, path, kind)]
    if _leading(path) is Leading.TIFF and _vendor(path) not in MACRO_CALLED_LABEL:
        sources.insert(0, partial(tiff_picture, path, kind))
    return _first(sources)


def _vendor(path: Path) -> str:
    with path.open("rb") as stream:
        try:
            return tiff_kind(read_skeleton(stream, limit=LOOKED_AT))
        except TiffError:
            return ""


def _thumbnail(path: Path, size_px: int) -> Image.Image | None:
    """Return the embedded thumbnail if it is large enough, else a level, else whatever can be had."""
    leading = _leading(path)
    if leading is Leading.PICTURE and extension(path.name) != "mrxs":
        return plain_picture(path)
    if leading is Leading.TIFF:
        embedded = partial(tiff_picture, path, PictureKind.THUMBNAIL)
        levels = [partial(tiff_thumbnail, path, size_px), partial(openslide_thumbnail, path, size_px)]
    else:
        embedded = partial(openslide_picture, path, PictureKind.THUMBNAIL)
        levels = [partial(openslide_thumbnail, path, size_px), partial(own_thumbnail, path, size_px)]
    small = _first([embedded])
    if small is not None and max(small.size) >= size_px:
        return small
    larger = _first(levels)
    found = [each for each in (small, larger) if each is not None]
    return max(found, key=lambda each: max(each.size)) if found else None


def _first(sources: Sequence[Source]) -> Image.Image | None:
    """Return what the first source gives that has it; a source that fails on a damaged file has it not."""
    for source in sources:
        try:
            image = source()
        except DECODER_ERRORS:
            continue
        if image is not None:
            return image
    return None


def plain_picture(path: Path) -> Image.Image | None:
    """Decode a PNG, JPEG or the like, turned as its camera was held; None where it is damaged or over the cap."""
    try:
        with Image.open(path) as image:
            if not fits(*image.size):
                return None
            image.load()
            return ImageOps.exif_transpose(image).convert("RGB")
    except DECODER_ERRORS:
        return None


def _leading(path: Path) -> Leading:
    try:
        return read_leading(path)
    except OSError:
        return Leading.EMPTY
