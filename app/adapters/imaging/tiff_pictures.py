"""Pictures from TIFF files through tifffile: the embedded ones, or the smallest level that is enough."""

from pathlib import Path

import tifffile
from PIL import Image

from app.adapters.imaging.pixels import fits, to_image
from app.domain.slide import PictureKind

NAMES = {PictureKind.LABEL: ("label",), PictureKind.MACRO: ("macro", "overview"), PictureKind.THUMBNAIL: ("thumbnail",)}


def tiff_picture(path: Path, kind: PictureKind) -> Image.Image | None:
    """Return an embedded picture, None where the file has none of this kind. Raises what decoders raise."""
    with tifffile.TiffFile(path) as file:
        if file.is_svs:
            page = _aperio_page(file, kind)
            return None if page is None else _decoded(page)
        for series in file.series:
            words = series.name.lower().replace("_", " ").split()
            if any(name in words for name in NAMES[kind]) and len(words) <= 2:
                return _decoded(series.pages[0].aspage())
    return None


def _aperio_page(file: tifffile.TiffFile, kind: PictureKind) -> tifffile.TiffPage | None:
    """Return Aperio's page: the thumbnail is the second, label and macro say so in their second line."""
    if kind is PictureKind.THUMBNAIL:
        page = file.pages[1] if len(file.pages) > 1 else None
        return page if page is not None and not page.is_tiled and not _aperio_word(page) else None
    for page in file.pages:
        if _aperio_word(page) == kind.value:
            return page
    return None


def _aperio_word(page: tifffile.TiffPage) -> str:
    lines = page.description.splitlines()
    word = lines[1].split(" ")[0].lower() if len(lines) > 1 else ""
    return word if word in ("label", "macro") else ""


def tiff_thumbnail(path: Path, size_px: int) -> Image.Image | None:
    """Return the smallest level with a long side of at least `size_px`, else the largest that may be decoded."""
    with tifffile.TiffFile(path) as file:
        pages = level_pages(file)
        usable = [page for page in pages if fits(page.imagewidth, page.imagelength)]
        enough = [page for page in usable if max(page.imagewidth, page.imagelength) >= size_px]
        if not usable:
            return None
        return _decoded(min(enough, key=_page_area) if enough else max(usable, key=_page_area))


def level_pages(file: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """Return the first plane of each level of the main image, full resolution first; none where there is no image."""
    series = [each for each in file.series if not _is_embedded(each.name)] or list(file.series)
    if not series:
        return []
    main = max(series, key=lambda each: _page_area(each.keyframe))
    return [level.pages[0].aspage() for level in main.levels]


def _is_embedded(name: str) -> bool:
    words = name.lower().replace("_", " ").split()
    return any(word in words for names in NAMES.values() for word in names) and len(words) <= 2


def _page_area(page: tifffile.TiffPage) -> int:
    return int(page.imagewidth) * int(page.imagelength)


def _decoded(page: tifffile.TiffPage) -> Image.Image | None:
    if not fits(page.imagewidth, page.imagelength * max(page.imagedepth, 1)):
        return None
    return to_image(page.asarray(maxworkers=1), invert=page.photometric == tifffile.PHOTOMETRIC.MINISWHITE)
