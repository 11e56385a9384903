"""What scans say about themselves that are not one TIFF file: a reader for each format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.adapters.imaging import dicom_series, problems, wholeness
from app.adapters.imaging.cellsens import CellSensError
from app.adapters.imaging.cellsens_pictures import largest_ets
from app.adapters.imaging.czi import CziError
from app.adapters.imaging.czi_facts import czi_facts
from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.isyntax import ISyntaxError, ISyntaxHead, check_blocks, has_known_head, read_head
from app.adapters.imaging.key_files import channel_names as names_of_channels
from app.adapters.imaging.key_files import read_key_names, read_key_text, unsaid_in_key
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.names import CHANNEL_EXTENSIONS, NO_READER, extension, is_dicomdir
from app.adapters.imaging.ndtiff import (
    IndexedImage,
    NdTiffError,
    channel_names,
    first_metadata,
    read_grid,
    read_index,
    read_summary,
)
from app.adapters.imaging.openslide_facts import openslide_facts
from app.adapters.imaging.scan_kind import channel_paths, ets_paths, ndtiff_levels, picture_path
from app.adapters.imaging.texts import iso_time, known, positive
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, Problem, SlideFacts

Reader = Callable[[ScanSet], SlideFacts]
RESERVED_BYTES = 64 << 10
"""So many zeros at a file's end, in a format nobody knows, were reserved and not written."""


def openslide_or_none(path: Path) -> SlideFacts | None:
    """Return what OpenSlide says, None where it does not know or cannot open the file."""
    try:
        return openslide_facts(path)
    except DECODER_ERRORS:
        return None


def judged(facts: SlideFacts, problem: Problem | None, scan: ScanSet) -> SlideFacts:
    """Add the verdict: whole, or what is missing, or that no reader opens it though nothing seems to be missing."""
    if problem is None and facts.size is None:
        problem = problems.unreadable(scan.name, "all its parts are there, but no reader understands it")
    if problem is None and facts.size is not None and not all(facts.size):
        problem = problems.damaged(scan.name, "its image has no size")
    return replace(facts, complete=problem is None, problem=problem)


def mirax(scan: ScanSet) -> SlideFacts:
    """Read a 3DHISTECH slide. Raises OSError."""
    facts = openslide_or_none(scan.main_path) or SlideFacts(format="mirax", vendor="mirax")
    return judged(facts, wholeness.mirax_problem(scan), scan)


def dicom(scan: ScanSet) -> SlideFacts:
    """Read a DICOM series: through OpenSlide where it opens it, else from the files' own words. Raises OSError."""
    if is_dicomdir(scan.name):
        what = "the table of contents of a DICOM medium"
        return SlideFacts(format="unknown", problem=problems.not_a_slide(scan.name, what))
    paths = [scan.root / member.path for member in scan.members]
    images = [dicom_series.read_instance(path) for path in paths if not is_dicomdir(path.name)]
    told, facts = dicom_series.series_facts(images), openslide_or_none(scan.main_path)
    other = dicom_series.other_kind(images)
    if facts is None and other:
        what = f"a DICOM file of another kind ({other}), not of a microscope"
        return replace(told, problem=problems.not_a_slide(scan.name, what))
    if facts is not None:
        serial, when = facts.scanner_serial or told.scanner_serial, facts.scanned_at or told.scanned_at
        facts = replace(facts, objective=facts.objective or told.objective, scanner_serial=serial, scanned_at=when)
    return judged(facts or told, dicom_series.series_problem(scan.name, images), scan)


def czi(scan: ScanSet) -> SlideFacts:
    """Read a ZEISS slide: colour through OpenSlide, fluorescence from its own words. Raises OSError."""
    path = scan.main_path
    problem = wholeness.czi_problem(scan)
    facts = openslide_or_none(path)
    try:
        told = czi_facts(path)
    except CziError:
        told = SlideFacts(format="zeiss", vendor="zeiss")
    if facts is not None:
        serial, when = facts.scanner_serial or told.scanner_serial, facts.scanned_at or told.scanned_at
        facts = replace(facts, channels=told.channels, scanner_serial=serial, scanned_at=when)
    return judged(facts or told, problem, scan)


def sakura(scan: ScanSet) -> SlideFacts:
    """Read a Sakura slide. Raises OSError."""
    facts = openslide_or_none(scan.main_path) or SlideFacts(format="sakura", vendor="sakura")
    return judged(facts, wholeness.sakura_problem(scan), scan)


def key_file(scan: ScanSet) -> SlideFacts:
    """Read a slide whose main file is a text that names the others (.ndpis, .vms, .vmu, .afi). Raises OSError."""
    problem = wholeness.key_problem(scan)
    word = "aperio" if extension(scan.name) == "afi" else "hamamatsu"
    facts = SlideFacts(format=word, vendor=word)
    if not unsaid_in_key(extension(scan.name), read_key_text(scan.main_path)):
        facts = openslide_or_none(picture_path(scan)) or facts
    if extension(scan.name) in CHANNEL_EXTENSIONS:
        facts = replace(facts, channels=names_of_channels(read_key_names(scan.main_path)))
        problem = problem or _refused_channel(scan)
    return judged(facts, problem, scan)


def _refused_channel(scan: ScanSet) -> Problem | None:
    """Return the problem of the first channel that the slide reader refuses though its structure seems whole."""
    for path in channel_paths(scan):
        if openslide_or_none(path) is None:
            return problems.unreadable(path.name, "its structure is whole, but the slide reader refuses it")
    return None


def vsi(scan: ScanSet) -> SlideFacts:
    """Read an Olympus slide: its size is told in whole tiles, its words are in a form of its own. Raises OSError."""
    problem = wholeness.vsi_problem(scan)
    facts = SlideFacts(format="olympus", vendor="olympus", complete=problem is None, problem=problem)
    try:
        image = largest_ets(ets_paths(scan))
    except CellSensError:
        return facts
    return facts if image is None else replace(facts, size=image.size(0), levels=image.levels, reader="ets")


def ndtiff(scan: ScanSet) -> SlideFacts:
    """Read an NDTiff data set from its index and metadata. Raises OSError."""
    folders = ndtiff_levels(scan)
    facts = SlideFacts(format="ndtiff", levels=len(folders), reader="ndtiff")
    problem = wholeness.ndtiff_problem(scan)
    try:
        images = read_index(folders[0] / "NDTiff.index")
        if images:
            facts = _ndtiff_words(facts, folders[0], images)
    except (NdTiffError, OSError):
        return judged(facts, problem or problems.gone(scan.name), scan)
    return judged(facts, problem, scan)


def _ndtiff_words(facts: SlideFacts, folder: Path, images: list[IndexedImage]) -> SlideFacts:
    summary, first = read_summary(folder / images[0].file), first_metadata(folder, images)
    mpp = positive(str(first.get("PixelSizeUm") or summary.get("PixelSize_um") or ""))
    return replace(
        facts,
        size=read_grid(folder, images).size,
        mpp=(mpp, mpp) if mpp else None,
        scanned_at=iso_time(str(first.get("Time") or summary.get("DateAndTime") or "")[:19]),
        channels=channel_names(images, summary),
    )


def isyntax(scan: ScanSet) -> SlideFacts:
    """Read the words of a Philips iSyntax file; its pixels are carried, not read. Raises OSError."""
    facts = SlideFacts(format="isyntax", vendor="philips")
    if not has_known_head(scan.main_path):
        return unread(scan)
    try:
        head = read_head(scan.main_path)
        facts = _isyntax_words(facts, head)
        if check_blocks(scan.main_path, head):
            return replace(facts, complete=True)
    except ISyntaxError as error:
        return replace(facts, problem=problems.unfinished(scan.name, str(error)))
    name = NO_READER["isyntax"][2]
    return replace(facts, structure_known=False, problem=problems.no_open_reader(scan.name, name))


def _isyntax_words(facts: SlideFacts, head: ISyntaxHead) -> SlideFacts:
    barcode = known(head.barcode())
    kinds = (("label", "LABELIMAGE"), ("macro", "MACROIMAGE"))
    return replace(
        facts,
        associated=tuple(word for word, kind in kinds if head.picture(kind)),
        barcodes=(BarcodeReading(barcode, "", BarcodeSource.METADATA),) if barcode else (),
        scanned_at=iso_time(head.value("DICOM_ACQUISITION_DATETIME")),
        scanner_serial=known(head.value("DICOM_DEVICE_SERIAL_NUMBER")),
        reader="isyntax",
    )


def unread(scan: ScanSet) -> SlideFacts:
    """Say that a format has no open reader; what is empty or was only reserved is still seen. Raises OSError."""
    word, vendor, name = NO_READER[extension(scan.name)]
    facts = SlideFacts(format=word, vendor=vendor, structure_known=False)
    leading = read_leading(scan.main_path)
    if leading is Leading.EMPTY:
        return replace(facts, structure_known=True, problem=problems.empty(scan.name))
    if leading is Leading.ZEROS:
        problem = problems.unfinished(scan.name, "it begins with zeros only")
        return replace(facts, structure_known=True, problem=problem)
    with scan.main_path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        looked_at = min(RESERVED_BYTES, size_bytes // 2)
        stream.seek(size_bytes - looked_at)
        if looked_at and not any(stream.read(looked_at)):
            problem = problems.unfinished(scan.name, f"its last {looked_at:,} bytes are only zeros")
            return replace(facts, structure_known=True, problem=problem)
    return replace(facts, problem=problems.no_open_reader(scan.name, name))
