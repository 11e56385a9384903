"""What the files of a DICOM series say of the slide, and whether they are all there and whole."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.imaging import dicom, problems
from app.adapters.imaging.dicom import DicomError, Element
from app.adapters.imaging.texts import iso_time, known, positive
from app.domain.slide import BarcodeReading, BarcodeSource, Problem, SlideFacts

SOP_CLASS, MODALITY, MANUFACTURER, MODEL, SERIAL = 0x00080016, 0x00080060, 0x00080070, 0x00081090, 0x00181000
ACQUIRED, CONTENT_DATE, CONTENT_TIME = 0x0008002A, 0x00080023, 0x00080033
ROWS, COLUMNS, SPACING, SAMPLES, BITS = 0x00280010, 0x00280011, 0x00280030, 0x00280002, 0x00280100
MATRIX_COLUMNS, MATRIX_ROWS, VOLUME_WIDTH, VOLUME_HEIGHT = 0x00480006, 0x00480007, 0x00480001, 0x00480002
LENS_POWER = 0x00480112
CONCATENATION, PART_NUMBER, PART_TOTAL = 0x00209161, 0x00209162, 0x00209163
MICROSCOPY = frozenset(("SM", "GM", "XC", ""))
PICTURES = {"LABEL": "label", "OVERVIEW": "macro", "THUMBNAIL": "thumbnail"}
MM_TO_MICROMETRES = 1000.0


@dataclass(slots=True)
class Instance:
    """One file of a series: its elements by tag, the first of each, and what keeps it from being whole."""

    path: Path
    elements: dict[int, Element] = field(default_factory=dict)
    fault: str = ""

    def text(self, tag: int) -> str:
        """Return an element's text, "" where it is absent."""
        element = self.elements.get(tag)
        return element.text() if element is not None else ""

    def number(self, tag: int) -> int:
        """Return a whole number of two or four bytes, 0 where it is absent."""
        element = self.elements.get(tag)
        return int.from_bytes(element.value[:4], "little") if element is not None else 0

    @property
    def kind(self) -> str:
        """What its image is: VOLUME, LABEL, OVERVIEW or THUMBNAIL; "" where it does not say."""
        words = self.text(dicom.IMAGE_TYPE).split("\\")
        return next((word for word in ("LABEL", "OVERVIEW", "THUMBNAIL", "VOLUME") if word in words), "")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the whole image in pixels."""
        matrix = self.number(MATRIX_COLUMNS), self.number(MATRIX_ROWS)
        return matrix if all(matrix) else (self.number(COLUMNS), self.number(ROWS))


def read_instance(path: Path) -> Instance:
    """Read one file as far as it can be read. Raises OSError."""
    instance = Instance(path)
    try:
        for element in dicom.read_elements(path):
            instance.elements.setdefault(element.tag, element)
        instance.fault = _pixel_fault(instance)
    except DicomError as error:
        instance.fault = str(error)
    return instance


def _pixel_fault(instance: Instance) -> str:
    """Say what is missing of the pixels of a file that was read to its end."""
    pixels = instance.elements.get(dicom.PIXEL_DATA)
    if pixels is None:
        return "it holds no pixels yet"
    frames = max(_counted(instance.text(dicom.NUMBER_OF_FRAMES)), 1)
    if pixels.fragments:
        return f"it holds {pixels.fragments - 1:,} of {frames:,} frames" if pixels.fragments <= frames else ""
    bits = instance.number(BITS) * max(instance.number(SAMPLES), 1)
    expected = instance.number(ROWS) * instance.number(COLUMNS) * frames * bits // 8
    return f"it holds {pixels.length:,} of {expected:,} bytes of pixels" if pixels.length < expected else ""


def _counted(text: str) -> int:
    return int(text) if text.isdigit() else 0


def series_problem(name: str, instances: Sequence[Instance]) -> Problem | None:
    """Return what keeps a series from being a whole slide: a file, a part of one, or the slide itself."""
    for each in instances:
        if each.fault:
            return problems.unfinished(each.path.name, each.fault)
    missing = _missing_parts(instances)
    if missing:
        return problems.missing_parts(name, missing)
    if not any(each.kind == "VOLUME" for each in instances):
        return problems.missing_parts(name, "a file with the slide itself (VOLUME)")
    return None


def other_kind(instances: Sequence[Instance]) -> str:
    """Return which kind of picture it is where it is not that of a microscope, "" where it may be a slide."""
    modalities = {each.text(MODALITY) for each in instances}
    return "" if modalities & MICROSCOPY else ", ".join(sorted(modalities))


def _missing_parts(instances: Sequence[Instance]) -> str:
    """Return in words which parts of an image that is split over several files are not there."""
    parts: dict[str, list[Instance]] = {}
    for each in instances:
        if each.text(CONCATENATION):
            parts.setdefault(each.text(CONCATENATION), []).append(each)
    for found in parts.values():
        numbers = {each.number(PART_NUMBER) for each in found}
        total = max([*numbers, *(each.number(PART_TOTAL) for each in found)])
        missing = [str(number) for number in range(1, min(total, 1 << 16) + 1) if number not in numbers]
        if missing:
            return f"part {', '.join(missing)} of {total} of an image"
    return ""


def series_facts(instances: Sequence[Instance]) -> SlideFacts:
    """Return what the files say; `complete` and `problem` are left to the caller."""
    volumes = [each for each in instances if each.kind not in PICTURES] or list(instances)
    main = max(volumes, key=lambda each: each.size[0] * each.size[1])
    told = {tag: _first(instances, tag) for tag in (MANUFACTURER, MODEL, SERIAL, dicom.BARCODE_VALUE)}
    barcode, power = told[dicom.BARCODE_VALUE], positive(main.text(LENS_POWER))
    properties = {"dicom.Manufacturer": told[MANUFACTURER], "dicom.ManufacturerModelName": told[MODEL]}
    return SlideFacts(
        format="dicom",
        vendor="dicom",
        size=main.size if all(main.size) else None,
        levels=len({each.size for each in volumes if all(each.size)}),
        mpp=_mpp(main),
        objective=power,
        associated=tuple(sorted({PICTURES[each.kind] for each in instances if each.kind in PICTURES})),
        barcodes=(BarcodeReading(barcode, "", BarcodeSource.METADATA),) if barcode else (),
        scanned_at=iso_time(main.text(ACQUIRED) or main.text(CONTENT_DATE) + main.text(CONTENT_TIME)),
        scanner_serial=told[SERIAL],
        reader="dicom",
        properties={key: value for key, value in properties.items() if value},
    )


def _first(instances: Sequence[Instance], tag: int) -> str | None:
    return next(filter(None, (known(each.text(tag)) for each in instances)), None)


def _mpp(instance: Instance) -> tuple[float, float] | None:
    """Return micrometres a pixel: from the spacing (down, across), else from what the image covers."""
    spacing = [positive(text) for text in instance.text(SPACING).split("\\")]
    if len(spacing) == 2 and spacing[0] and spacing[1]:
        return spacing[1] * MM_TO_MICROMETRES, spacing[0] * MM_TO_MICROMETRES
    covered = [_float(instance.elements.get(tag)) for tag in (VOLUME_WIDTH, VOLUME_HEIGHT)]
    width, height = instance.size
    if all(covered) and width and height:
        return covered[0] * MM_TO_MICROMETRES / width, covered[1] * MM_TO_MICROMETRES / height
    return None


def _float(element: Element | None) -> float:
    if element is None or len(element.value) != 4:
        return 0.0
    value: float = struct.unpack("<f", element.value)[0]
    return value if 0 < value < 1e6 else 0.0
