"""What worker processes can be asked to do; imports the decoders, so only workers import this module's insides."""

from pathlib import Path

from app.domain.pyramid import Pyramid, TileAddress
from app.domain.quality import QualityNumbers
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, PictureKind, SlideFacts


def inspect_scan(scan: ScanSet) -> SlideFacts:
    """Return facts, verdict on completeness, and barcodes."""
    from app.adapters.imaging.scan_facts import read_facts

    return read_facts(scan)


def draw_scan(scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
    """Return a picture as PNG; None where there is none."""
    from app.adapters.imaging.pictures import draw_picture

    return draw_picture(scan, kind, size_px)


def draw_for_people(scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
    """Return a picture as JPEG, which is quicker and smaller; None where there is none, or the files are others now."""
    from app.adapters.imaging.as_found import is_as_found
    from app.adapters.imaging.pictures import draw_jpeg

    drawn = draw_jpeg(scan, kind, size_px)
    # Looked at afterwards: whatever was drawn before that is of these very files.
    return drawn if is_as_found(scan) else None


def describe_pyramid(scan: ScanSet) -> Pyramid | None:
    """Return the geometry of a slide for deep zoom, None where no reader shows it piece by piece."""
    from app.adapters.imaging.slide_tiles import describe

    return describe(scan)


def cut_tile(scan: ScanSet, stamp: str, address: TileAddress) -> bytes | None:
    """Return a tile as JPEG, None where it is damaged or the slide is not the one of this stamp any more."""
    from app.adapters.imaging.slide_tiles import cut

    return cut(scan, stamp, address)


def measure_scan(main: Path, with_map: bool) -> tuple[QualityNumbers, bytes | None]:
    """Return the quality numbers and, if asked for, the map of where the blur is."""
    from app.adapters.imaging.quality import measure

    return measure(main, with_map=with_map)


def read_label(picture: Path) -> tuple[BarcodeReading, ...]:
    """Return the barcodes of a plain picture."""
    from app.adapters.imaging.scan_facts import read_picture_barcodes

    return read_picture_barcodes(picture)
