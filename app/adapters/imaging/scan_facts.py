"""Everything a scan says about itself: facts, whether it is whole, and the barcodes it carries."""

from dataclasses import replace
from pathlib import Path

from app.adapters.imaging import format_facts, problems, tiff, wholeness
from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.format_facts import Reader, judged, openslide_or_none
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.names import KEY_EXTENSIONS, NO_READER, PICTURE_EXTENSIONS, extension
from app.adapters.imaging.openslide_facts import leica_mpp, openslide_facts
from app.adapters.imaging.pictures import embedded_picture, plain_picture
from app.adapters.imaging.scan_kind import is_mmstack, ndtiff_levels, picture_path
from app.adapters.imaging.texts import cleaned
from app.adapters.imaging.tiff import TiffError, read_skeleton
from app.adapters.imaging.tiff_facts import tiff_facts
from app.adapters.imaging.tiff_kind import GENERIC, tiff_kind
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, SlideFacts

TIFFFILE_FIRST = frozenset(("ome-tiff", "micromanager", "qptiff"))
SOURCES = {PictureKind.LABEL: BarcodeSource.LABEL, PictureKind.MACRO: BarcodeSource.MACRO}


def read_facts(scan: ScanSet) -> SlideFacts:
    """Return all that is known of a scan; whatever is wrong with its files is in `problem`, never raised."""
    try:
        facts = _reader(scan)(scan)
    except OSError:
        return SlideFacts(format="unknown", problem=problems.gone(scan.name))
    if facts.format in ("unknown", "picture") or (facts.reader is None and extension(scan.name) in KEY_EXTENSIONS):
        return facts
    seen = _barcodes_in_pictures(picture_path(scan))
    return replace(facts, barcodes=(*facts.barcodes, *seen))


def _reader(scan: ScanSet) -> Reader:
    """Choose the reader by the set's layout first, then by the main file's first bytes, then by its name."""
    kind = extension(scan.name)
    if ndtiff_levels(scan):
        return format_facts.ndtiff
    if kind in BY_NAME:
        return BY_NAME[kind]
    return BY_LEADING.get(read_leading(scan.main_path), _no_slide)


def _tiff(scan: ScanSet) -> SlideFacts:
    several = len(scan.members) > 1
    problem = wholeness.stack_problem(scan) if several else wholeness.tiff_problem(scan.main_path)
    facts = _tiff_facts(scan)
    if problem is None and facts.reader == "tifffile" and facts.format not in (*TIFFFILE_FIRST, GENERIC):
        problem = problems.unreadable(scan.name, _refusal(scan.main_path))
    return judged(facts, problem, scan)


def _refusal(path: Path) -> str:
    """Return why OpenSlide, which knows this vendor, does not open the file."""
    try:
        openslide_facts(path)
    except DECODER_ERRORS as error:
        return f"its structure is whole, but the slide reader refuses it ({cleaned(str(error))})"
    return "its structure is whole, but the slide reader refuses it"


def _tiff_facts(scan: ScanSet) -> SlideFacts:
    path = scan.main_path
    with path.open("rb") as stream:
        try:
            skeleton = read_skeleton(stream)
            kind = tiff_kind(skeleton)
            kind = "micromanager" if is_mmstack(scan) else kind
            if kind not in TIFFFILE_FIRST:
                facts = openslide_or_none(path)
                if facts is not None:
                    text = skeleton.text(skeleton.directories[0], tiff.DESCRIPTION) if kind == "leica" else ""
                    mpp = facts.mpp or (leica_mpp(text) if text else None)
                    return replace(facts, format=kind if kind != GENERIC else facts.format, mpp=mpp)
            return tiff_facts(path, skeleton, kind, companion=_companion(scan))
        except TiffError:
            return openslide_or_none(path) or SlideFacts(format=_word_by_name(path))


def _companion(scan: ScanSet) -> Path | None:
    """Return the OME companion file of a set, None where it has none."""
    return next((scan.root / each.path for each in scan.members if each.path.endswith(".companion.ome")), None)


def _word_by_name(path: Path) -> str:
    """Return a format's word for a file too damaged to say it itself."""
    words = {"svs": "aperio", "ndpi": "hamamatsu", "bif": "ventana", "scn": "leica", "qptiff": "qptiff"}
    return words.get(extension(path.name), GENERIC)


def _picture(scan: ScanSet) -> SlideFacts:
    """Read a plain picture as a label picture."""
    kind = extension(scan.name)
    if kind not in PICTURE_EXTENSIONS and kind != "":
        return SlideFacts(format="unknown", problem=problems.not_a_slide(scan.name, "a picture under a slide's name"))
    image = plain_picture(scan.main_path)
    if image is None:
        problem = problems.damaged(scan.name, "the picture cannot be decoded")
        return SlideFacts(format="picture", problem=problem, reader="pillow")
    return SlideFacts(
        format="picture",
        size=image.size,
        levels=1,
        associated=("label",),
        barcodes=read_picture_barcodes(scan.main_path),
        complete=True,
        reader="pillow",
    )


def _no_slide(scan: ScanSet) -> SlideFacts:
    """Say what lies there instead of a slide, or that nobody here can read it."""
    leading = read_leading(scan.main_path)
    if extension(scan.name) in NO_READER:
        return format_facts.unread(scan)
    if leading is Leading.EMPTY:
        return SlideFacts(format="unknown", problem=problems.empty(scan.name))
    if leading is Leading.ZEROS:
        return SlideFacts(format="unknown", problem=problems.unfinished(scan.name, "it begins with zeros only"))
    facts = openslide_or_none(scan.main_path)
    if facts is not None:
        return replace(facts, complete=True)
    return SlideFacts(format="unknown", problem=problems.not_a_slide(scan.name, leading.value))


BY_NAME: dict[str, Reader] = {
    "mrxs": format_facts.mirax,
    "vsi": format_facts.vsi,
    "ndpis": format_facts.key_file,
    "vms": format_facts.key_file,
    "vmu": format_facts.key_file,
    "afi": format_facts.key_file,
    "svslide": format_facts.sakura,
    "isyntax": format_facts.isyntax,
}
BY_LEADING: dict[Leading, Reader] = {
    Leading.TIFF: _tiff,
    Leading.DICOM: format_facts.dicom,
    Leading.CZI: format_facts.czi,
    Leading.PICTURE: _picture,
}


def read_picture_barcodes(path: Path) -> tuple[BarcodeReading, ...]:
    """Read all barcodes of a plain picture file; none where it cannot be decoded."""
    from app.adapters.imaging.barcodes import read_barcodes

    image = plain_picture(path)
    found = () if image is None else read_barcodes(image)
    return tuple(BarcodeReading(text, symbology, BarcodeSource.LABEL) for text, symbology in found)


def _barcodes_in_pictures(path: Path) -> tuple[BarcodeReading, ...]:
    """Read the barcodes of the label picture; of the macro where there is no label."""
    from app.adapters.imaging.barcodes import read_barcodes

    for kind, source in SOURCES.items():
        image = embedded_picture(path, kind)
        if image is not None:
            return tuple(BarcodeReading(text, symbology, source) for text, symbology in read_barcodes(image))
    return ()
