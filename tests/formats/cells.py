"""The words of one row: what was read, or why there is nothing."""

from dataclasses import dataclass

from app.domain.scan import Layout
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, SlideFacts
from tests.formats.known import Format, format_of
from tests.formats.measured import THUMBNAIL_PX, Measured

LABEL_ON_MACRO = "the label's end of the macro"
PLACES = {
    BarcodeSource.METADATA: "the file's own words",
    BarcodeSource.LABEL: "the label",
    BarcodeSource.MACRO: "the macro",
}
LAYOUTS = {
    Layout.FILE: "side by side",
    Layout.FILE_AND_FOLDER: "a file and its folder",
    Layout.FOLDER: "in a folder of their own",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One scan of the table, every cell in words."""

    sample: str
    origin: str
    format: str
    vendor: str
    files: str
    facts: str
    thumbnail: str
    label: str
    macro: str
    barcode: str
    complete: str
    reader: str


def row_of(measured: Measured) -> Row:
    """Return a scan's row."""
    facts = measured.facts
    known = format_of(measured.scan.main, facts.format)
    return Row(
        sample=measured.name,
        origin=measured.origin,
        format=_format(facts, known),
        vendor=facts.vendor or "none: the file names none",
        files=_files(measured),
        facts=_facts(facts),
        thumbnail=_thumbnail(measured),
        label=_label(measured, known),
        macro=_picture(measured, PictureKind.MACRO, known),
        barcode=_barcode(measured),
        complete="yes" if facts.complete else f"no: {_problem(facts)}",
        reader=facts.reader or _no_reader(known),
    )


def _format(facts: SlideFacts, known: Format | None) -> str:
    if facts.format != "unknown":
        return facts.format
    return f"unknown: {known.name} by its name" if known is not None else "unknown"


def _problem(facts: SlideFacts) -> str:
    if facts.problem is None:
        return "it does not say why"
    return f"{facts.problem.title}. {facts.problem.message}"


def _no_reader(known: Format | None) -> str:
    if known is not None and not known.readers:
        return "none: there is no free reader of this format"
    return "none: no reader opens this file"


def _files(measured: Measured) -> str:
    members = len(measured.scan.members)
    return "1 file" if members == 1 else f"{members} files, {LAYOUTS[measured.scan.layout]}"


def _facts(facts: SlideFacts) -> str:
    if facts.size is None:
        return "none: no reader opens its image"
    width, height = facts.size
    mpp = f"{facts.mpp[0]:.4g} µm/px" if facts.mpp else "µm/px not told"
    power = f"{facts.objective:g}x" if facts.objective else "objective not told"
    channels = f", channels {' and '.join(facts.channels)}" if facts.channels else ""
    return f"{width} × {height}, {facts.levels} {'level' if facts.levels == 1 else 'levels'}, {mpp}, {power}{channels}"


def _thumbnail(measured: Measured) -> str:
    size = measured.pictures[PictureKind.THUMBNAIL]
    if size is None:
        return "none: no reader decodes its image"
    return f"{_pixels(size)}, {_drawn_from(measured.facts, size)}"


def _drawn_from(facts: SlideFacts, size: tuple[int, int]) -> str:
    """Return where a thumbnail comes from; one smaller than asked for, though the image is larger, is a tile of it."""
    if "thumbnail" in facts.associated:
        return "the file has one"
    if facts.size is None:
        return "a small image in the main file; the slide's own is not read"
    if max(size) < min(THUMBNAIL_PX, *facts.size):
        return "only one tile of the image"
    return "drawn from the image"


def _label(measured: Measured, known: Format | None) -> str:
    size = measured.pictures[PictureKind.LABEL]
    if size is not None and "label" not in measured.facts.associated and "macro" in measured.facts.associated:
        return f"{_pixels(size)}, {LABEL_ON_MACRO}"
    return _picture(measured, PictureKind.LABEL, known)


def _picture(measured: Measured, kind: PictureKind, known: Format | None) -> str:
    """Return the picture's size, or the first reason that holds for there being none."""
    size, facts = measured.pictures[kind], measured.facts
    if size is not None:
        told = kind.value in facts.associated
        return _pixels(size) if told else f"{_pixels(size)}, though the facts do not name it"
    if kind.value in facts.associated:
        return "none: the file has one, but no reader decodes it"
    if known is not None and kind not in known.pictures:
        return "none: nobody reads this format" if not known.readers else "none: the format has none"
    if facts.reader is None:
        return "none: no reader opens it"
    return "none: this sample has none"


def _barcode(measured: Measured) -> str:
    readings = measured.facts.barcodes
    if readings:
        return "; ".join(_reading(each) for each in readings)
    if measured.facts.reader is None:
        return "none: no reader opens it"
    looked_at = [kind.value for kind in (PictureKind.LABEL, PictureKind.MACRO) if measured.pictures[kind] is not None]
    if "label" not in measured.facts.associated and "macro" in looked_at:
        looked_at = ["macro"]
    if looked_at:
        return f"none: nothing to read on the {looked_at[0]}, none in the file's own words"
    return "none: no label or macro to read it from, none in the file's own words"


def _reading(reading: BarcodeReading) -> str:
    how = f"{reading.symbology}, " if reading.symbology else ""
    return f"{reading.text} ({how}{PLACES.get(reading.source, reading.source.value)})"


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
