"""What OpenSlide says about a slide."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import openslide

from app.adapters.imaging.texts import MAX_PROPERTIES, cleaned, iso_time, known, local_name, positive, read_xml
from app.domain.slide import BarcodeReading, BarcodeSource, SlideFacts

ASSOCIATED = ("label", "macro", "thumbnail")
BARCODE_KEYS = (
    "openslide.barcode",
    "leica.barcode",
    "ventana.Barcode1D",
    "ventana.Barcode2D",
    "aperio.Barcode",
    "aperio.BarCode",
    "aperio.Bar Code",
)
BARCODE_PATTERN = re.compile(r"^(mirax\..*\.BARCODE_VALUE|zeiss\..*Barcodes?\..*Content)$")
SERIAL_KEYS = (
    "aperio.ScanScope ID",
    "hamamatsu.NDP.S/N",
    "philips.DICOM_DEVICE_SERIAL_NUMBER",
    "ventana.UnitNumber",
    "dicom.DeviceSerialNumber",
    "mirax.GENERAL.SCANNER_HARDWARE_ID",
)
TIME_KEYS = (
    "leica.creation-date",
    "philips.DICOM_ACQUISITION_DATETIME",
    "dicom.AcquisitionDateTime",
    "zeiss.Information.Image.AcquisitionDateAndTime",
    "tiff.DateTime",
    "sakura.Date",
    "hamamatsu.Created",
)
LARGEST_MPP = 50.0
"""A generic TIFF that says more means the dots of a printer."""

LEFT_OUT = ("openslide.level", "openslide.associated", "openslide.region", "tiff.ImageDescription", "dicom.Patient")


def openslide_facts(path: Path) -> SlideFacts:
    """Read a slide's facts; `complete` and `problem` are left to the caller. Raises OpenSlideError, OSError."""
    with openslide.OpenSlide(path) as slide:
        properties: Mapping[str, str] = dict(slide.properties)
        size = tuple(slide.dimensions)
        levels = int(slide.level_count)
        associated = tuple(kind for kind in ASSOCIATED if kind in slide.associated_images)
    vendor = properties.get("openslide.vendor")
    return SlideFacts(
        format=vendor or "unknown",
        vendor=None if vendor == "generic-tiff" else vendor,
        size=(int(size[0]), int(size[1])),
        levels=levels,
        mpp=_mpp(properties),
        objective=positive(properties.get("openslide.objective-power")),
        associated=associated,
        barcodes=_barcodes(properties),
        scanned_at=_scanned_at(properties),
        scanner_serial=next(filter(None, (known(properties.get(key)) for key in SERIAL_KEYS)), None),
        reader="openslide",
        properties=dict(_short(properties)),
    )


def _mpp(properties: Mapping[str, str]) -> tuple[float, float] | None:
    x, y = (positive(properties.get(f"openslide.mpp-{axis}")) for axis in "xy")
    if not x or not y:
        return None
    printed = properties.get("openslide.vendor") == "generic-tiff" and max(x, y) > LARGEST_MPP
    return None if printed else (x, y)


def leica_mpp(description: str) -> tuple[float, float] | None:
    """Return micrometres a pixel of the main image: its view is given in nanometres."""
    root = read_xml(description)
    if root is None:
        return None
    found: list[tuple[float, tuple[float, float]]] = []
    for image in (each for each in root.iter() if local_name(each) == "image"):
        parts = {local_name(each): each for each in image.iter()}
        view, pixels, objective = parts.get("view"), parts.get("pixels"), parts.get("objective")
        if view is None or pixels is None or objective is None:
            continue
        wide, high, across, down = (positive(e.get(k)) for e in (view, pixels) for k in ("sizeX", "sizeY"))
        if wide and high and across and down:
            found.append((positive(objective.text) or 0.0, (wide / 1000 / across, high / 1000 / down)))
    return max(found)[1] if found else None


def _barcodes(properties: Mapping[str, str]) -> tuple[BarcodeReading, ...]:
    """Return the barcodes that the scanner wrote down; never a GUID, a file name or a free reference."""
    keys = [*BARCODE_KEYS, *sorted(key for key in properties if BARCODE_PATTERN.match(key))]
    texts = dict.fromkeys(filter(None, (known(properties.get(key)) for key in keys)))
    return tuple(BarcodeReading(text, "", BarcodeSource.METADATA) for text in texts)


def _scanned_at(properties: Mapping[str, str]) -> str | None:
    if "aperio.Date" in properties:
        return iso_time(f"{properties['aperio.Date']} {properties.get('aperio.Time', '00:00:00')}")
    if "mirax.GENERAL.SLIDE_CREATIONDATETIME" in properties:
        return iso_time(properties["mirax.GENERAL.SLIDE_CREATIONDATETIME"], day_first=True)
    return next(filter(None, (iso_time(properties.get(key)) for key in TIME_KEYS)), None)


def _short(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the properties worth keeping: short ones that name nobody."""
    kept = 0
    for key, value in properties.items():
        if len(value) <= 100 and value and not key.startswith(LEFT_OUT) and kept < MAX_PROPERTIES:
            kept += 1
            yield cleaned(key), cleaned(value)
