"""What a ZEISS CZI file says about itself, read without OpenSlide, which opens 24-bit colour alone."""

from pathlib import Path

from lxml import etree

from app.adapters.imaging.czi import Attachment, CziFile, Piece, open_czi
from app.adapters.imaging.texts import cleaned, iso_time, known, local_name, positive, read_xml
from app.domain.slide import BarcodeReading, BarcodeSource, SlideFacts

PICTURES = {"Label": "label", "SlidePreview": "macro", "Thumbnail": "thumbnail"}
METRES_TO_MICROMETRES = 1e6
BGR24 = 3


def czi_facts(path: Path) -> SlideFacts:
    """Read facts; `complete` and `problem` are left to the caller. Raises CziError, OSError."""
    with path.open("rb") as stream:
        file = open_czi(stream)
        pieces, attachments = file.pieces(), file.attachments()
        root = read_xml(file.words())
    size = _extent(pieces)
    if root is None:
        return SlideFacts(format="zeiss", vendor="zeiss", size=size, levels=count_levels(pieces), reader="czi")
    objectives = (positive(text) for text in _texts(root, "Objective", "NominalMagnification"))
    return SlideFacts(
        format="zeiss",
        vendor="zeiss",
        size=size,
        levels=count_levels(pieces),
        mpp=_mpp(root),
        objective=next(filter(None, objectives), None),
        associated=pictures_among(attachments),
        barcodes=_barcodes(root),
        scanned_at=_scanned_at(root),
        scanner_serial=_serial(root),
        reader="czi",
        channels=_channels(root),
    )


def pictures_among(attachments: list[Attachment]) -> tuple[str, ...]:
    """Return which associated pictures the attachments are, in OpenSlide's words."""
    return tuple(sorted({PICTURES[each.name] for each in attachments if each.name in PICTURES}))


def zoom_of(piece: Piece) -> int:
    """Return by how much a piece is smaller than what it shows, as a whole number."""
    return max(round(max(piece.covers) / max(*piece.stored, 1)), 1)


def count_levels(pieces: list[Piece]) -> int:
    """Return how many resolutions there are."""
    return max(len({zoom_of(piece) for piece in pieces}), 1)


def _extent(pieces: list[Piece]) -> tuple[int, int] | None:
    """Return (width, height) of everything that was scanned, None where there is nothing."""
    if not pieces:
        return None
    width = max(each.left + each.covers[0] for each in pieces) - min(each.left for each in pieces)
    height = max(each.top + each.covers[1] for each in pieces) - min(each.top for each in pieces)
    return (width, height) if width > 0 and height > 0 else None


def _texts(root: etree._Element, parent: str, child: str) -> list[str]:
    """Return the texts of all elements of this name in elements of that name."""
    found = []
    for element in root.iter():
        above = element.getparent()
        if local_name(element) == child and above is not None and local_name(above) == parent:
            found.append(element.text or "")
    return found


def _mpp(root: etree._Element) -> tuple[float, float] | None:
    scales: dict[str | None, float | None] = {}
    for element in root.iter():
        above = element.getparent()
        if local_name(element) == "Value" and above is not None and local_name(above) == "Distance":
            scales.setdefault(above.get("Id"), positive(element.text))
    x, y = scales.get("X"), scales.get("Y")
    return (x * METRES_TO_MICROMETRES, y * METRES_TO_MICROMETRES) if x and y else None


def _channels(root: etree._Element) -> tuple[str, ...]:
    """Return the channels of the image itself, not of the display settings; one alone has no need of a name."""
    channels = [
        each for each in root.iter()
        if local_name(each) == "Channel" and "Information" in {local_name(above) for above in each.iterancestors()}
        and "Image" in {local_name(above) for above in each.iterancestors()}
    ]  # fmt: skip
    names = tuple(cleaned(each.get("Name") or each.get("Id") or "") for each in channels)
    return names if len(names) > 1 else ()


def _scanned_at(root: etree._Element) -> str | None:
    told = (iso_time(text) for text in _texts(root, "Image", "AcquisitionDateAndTime"))
    return next(filter(None, told), None)


def _serial(root: etree._Element) -> str | None:
    told = (known(text) for parent in ("Microscope", "Scanner") for text in _texts(root, parent, "SerialNumber"))
    return next(filter(None, told), None)


def _barcodes(root: etree._Element) -> tuple[BarcodeReading, ...]:
    texts = dict.fromkeys(filter(None, (known(text) for text in _texts(root, "Barcode", "Content"))))
    return tuple(BarcodeReading(text, "", BarcodeSource.METADATA) for text in texts)


def open_levels(file: CziFile) -> dict[int, list[Piece]]:
    """Return the pieces of this file alone by how much each is reduced. Raises CziError."""
    levels: dict[int, list[Piece]] = {}
    for piece in file.pieces():
        if piece.part in (0, file.head.part):
            levels.setdefault(zoom_of(piece), []).append(piece)
    return levels
