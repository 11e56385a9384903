"""Pictures that neither OpenSlide nor tifffile draws: NDTiff and Olympus mosaics, what is in CZI and iSyntax files."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from app.adapters.imaging.cellsens import CellSensError
from app.adapters.imaging.cellsens_pictures import ets_thumbnail, largest_ets
from app.adapters.imaging.czi import CziError
from app.adapters.imaging.czi_pictures import czi_picture, czi_thumbnail
from app.adapters.imaging.isyntax import ISyntaxError, read_head
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.names import extension
from app.adapters.imaging.ndtiff import NdTiffError
from app.adapters.imaging.ndtiff_pictures import ndtiff_thumbnail
from app.adapters.imaging.pixels import fits
from app.adapters.imaging.scan_kind import ets_paths, ndtiff_levels
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind

ISYNTAX_KINDS = {PictureKind.LABEL: "LABELIMAGE", PictureKind.MACRO: "MACROIMAGE"}


def set_thumbnail(scan: ScanSet, size_px: int) -> Image.Image | None:
    """Return the picture of a scan that no file of it shows alone, None for others. Raises what decoders raise."""
    folders, pieces = ndtiff_levels(scan), ets_paths(scan)
    try:
        if folders:
            return ndtiff_thumbnail(folders, size_px)
        image = largest_ets(pieces)
        return None if image is None else ets_thumbnail(image, size_px)
    except (NdTiffError, CellSensError):
        return None


def own_picture(path: Path, kind: PictureKind) -> Image.Image | None:
    """Return an associated picture, None where the file has none of this kind. Raises what decoders raise."""
    try:
        if read_leading(path) is Leading.CZI:
            return czi_picture(path, kind)
        if extension(path.name) == "isyntax" and kind in ISYNTAX_KINDS:
            return _decoded(read_head(path).picture(ISYNTAX_KINDS[kind]))
    except (CziError, ISyntaxError):
        return None
    return None


def own_thumbnail(path: Path, size_px: int) -> Image.Image | None:
    """Return the scanned area, None where it is not a CZI file or too large. Raises what decoders raise."""
    try:
        return czi_thumbnail(path, size_px) if read_leading(path) is Leading.CZI else None
    except CziError:
        return None


def _decoded(data: bytes) -> Image.Image | None:
    if not data:
        return None
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB") if fits(*image.size) else None
