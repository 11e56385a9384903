"""What a TIFF says about itself where OpenSlide has no answer, or cannot open it because it is damaged."""

import re
from pathlib import Path

import tifffile
from lxml import etree

from app.adapters.imaging import tiff
from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.texts import cleaned, iso_time, known, local_name, positive, read_xml
from app.adapters.imaging.tiff import TiffError, TiffSkeleton
from app.domain.slide import BarcodeReading, BarcodeSource, SlideFacts

RESOLUTION_X, RESOLUTION_Y, RESOLUTION_UNIT, DATE_TIME = 282, 283, 296, 306
MICROMETRES = {2: 25_400.0, 3: 10_000.0}
UNITS = {"nm": 1e-3, "µm": 1.0, "\u03bcm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4}
PLAUSIBLE_MPP = (0.01, 50.0)
QPI_PICTURES = {"label": "label", "overview": "macro", "thumbnail": "thumbnail"}
APERIO_VALUE = re.compile(r"\|\s*([^=|]+?)\s*=\s*([^|]*?)\s*(?=\||$)")
VENDORS = {"qptiff": "akoya", "ome-tiff": None, "generic-tiff": None, "micromanager": None}


def tiff_facts(path: Path, skeleton: TiffSkeleton, kind: str, *, companion: Path | None = None) -> SlideFacts:
    """Read facts from the tags; `complete` and `problem` are left to the caller. Raises TiffError, OSError."""
    description = skeleton.text(skeleton.directories[0], tiff.DESCRIPTION, 4 << 20)
    if kind == "aperio":
        return _aperio(skeleton, description)
    if kind in ("ome-tiff", "micromanager"):
        text = companion.read_text(encoding="utf-8", errors="replace") if companion is not None else description
        facts = _ome(path, text, kind)
        if facts is not None:
            return facts
    if kind == "qptiff":
        return _qptiff(path, skeleton, description)
    return _plain(path, skeleton, kind)


def level_count(path: Path) -> int:
    """Return how many resolutions the main image has, 1 where tifffile cannot tell."""
    try:
        with tifffile.TiffFile(path) as file:
            return max(len(series.levels) for series in file.series)
    except DECODER_ERRORS:
        return 1


def _plain(path: Path, skeleton: TiffSkeleton, kind: str) -> SlideFacts:
    main = _largest(skeleton)
    directory = skeleton.directories[main]
    return SlideFacts(
        format=kind,
        vendor=VENDORS.get(kind, kind),
        size=_size(skeleton, main),
        levels=level_count(path),
        mpp=_resolution(skeleton, main),
        scanned_at=iso_time(skeleton.text(directory, DATE_TIME, 64)),
        reader="tifffile",
    )


def _aperio(skeleton: TiffSkeleton, description: str) -> SlideFacts:
    values = dict(APERIO_VALUE.findall(description))
    mpp = positive(values.get("MPP"))
    main = _largest(skeleton)
    tiled = [each for each in skeleton.directories if tiff.TILE_OFFSETS in each.entries]
    return SlideFacts(
        format="aperio",
        vendor="aperio",
        size=_size(skeleton, main),
        levels=max(len(tiled), 1),
        mpp=(mpp, mpp) if mpp else None,
        objective=positive(values.get("AppMag")),
        scanned_at=iso_time(f"{values.get('Date', '')} {values.get('Time', '')}".strip()),
        scanner_serial=known(values.get("ScanScope ID")),
        reader="tifffile",
    )


def _largest(skeleton: TiffSkeleton) -> int:
    """Return the index of the image with the most pixels."""
    areas = [_area(skeleton, index) for index in range(len(skeleton.directories))]
    return areas.index(max(areas))


def _size(skeleton: TiffSkeleton, index: int) -> tuple[int, int]:
    directory = skeleton.directories[index]
    return skeleton.number(directory, tiff.WIDTH), skeleton.number(directory, tiff.HEIGHT)


def _area(skeleton: TiffSkeleton, index: int) -> int:
    width, height = _size(skeleton, index)
    return width * height


def _resolution(skeleton: TiffSkeleton, index: int) -> tuple[float, float] | None:
    """Return micrometres a pixel from the resolution tags, None where they only mean a printer's dots."""
    directory = skeleton.directories[index]
    unit = MICROMETRES.get(skeleton.number(directory, RESOLUTION_UNIT, 2))
    try:
        x, y = (skeleton.fraction(directory, tag) for tag in (RESOLUTION_X, RESOLUTION_Y))
    except TiffError:
        return None
    if not unit or not x or not y:
        return None
    low, high = PLAUSIBLE_MPP
    mpp = (unit / x, unit / y)
    return mpp if all(low <= each <= high for each in mpp) else None


def _ome(path: Path, text: str, kind: str) -> SlideFacts | None:
    """Read facts from OME-XML, None where it holds no pixels."""
    root = read_xml(text)
    if root is None:
        return None
    images = [each for each in root.iter() if local_name(each) == "Image"]
    main = next((each for each in images if ome_picture(each) is None), None)
    pixels = None if main is None else next((e for e in main.iter() if local_name(e) == "Pixels"), None)
    if main is None or pixels is None:
        return None
    width, height = (int(positive(pixels.get(key)) or 0) for key in ("SizeX", "SizeY"))
    objectives = [positive(e.get("NominalMagnification")) for e in root.iter() if local_name(e) == "Objective"]
    serials = [known(e.get("SerialNumber")) for e in root.iter() if local_name(e) == "Microscope"]
    dates = [each.text for each in main.iter() if local_name(each) == "AcquisitionDate"]
    return SlideFacts(
        format=kind,
        size=(width, height) if width and height else None,
        levels=level_count(path),
        mpp=_ome_mpp(pixels),
        objective=next(filter(None, objectives), None),
        associated=tuple(sorted({kind for kind in map(ome_picture, images) if kind is not None})),
        scanned_at=iso_time(dates[0]) if dates else None,
        scanner_serial=next(filter(None, serials), None),
        reader="tifffile",
        channels=_ome_channels(pixels),
    )


def _ome_channels(pixels: etree._Element) -> tuple[str, ...]:
    """Return the channels' names; one alone has no need of a name."""
    channels = [each for each in pixels if local_name(each) == "Channel"]
    names = tuple(cleaned(each.get("Name") or each.get("ID") or "") for each in channels)
    return names if len(names) > 1 else ()


def ome_picture(image: etree._Element) -> str | None:
    """Return which associated picture an OME image is by its name, None for the slide itself."""
    words = re.findall(r"[a-z]+", (image.get("Name") or "").lower())
    found = [kind for kind in ("label", "macro", "thumbnail") if kind in words]
    return found[0] if found and set(words) <= {found[0], "image"} else None


def _ome_mpp(pixels: etree._Element) -> tuple[float, float] | None:
    found = []
    for axis in "XY":
        number = positive(pixels.get(f"PhysicalSize{axis}"))
        unit = UNITS.get(pixels.get(f"PhysicalSize{axis}Unit") or "µm")
        if not number or not unit:
            return None
        found.append(number * unit)
    return found[0], found[1]


def _qptiff(path: Path, skeleton: TiffSkeleton, description: str) -> SlideFacts:
    """Read facts from PerkinElmer's (Akoya's) XML in each image's description."""
    plain = _plain(path, skeleton, "qptiff")
    root = read_xml(description)
    values: dict[str, str] = {}
    for element in () if root is None else root.iter():
        values.setdefault(local_name(element), element.text or "")
    objective = re.search(r"(\d+(?:\.\d+)?)\s*x", values.get("Objective", ""), re.IGNORECASE)
    barcode = known(values.get("Barcode"))
    kinds, channels = set(), []
    for directory in skeleton.directories:
        text = skeleton.text(directory, tiff.DESCRIPTION, 64 << 10)
        found, name = re.search(r"<ImageType>\s*(\w+)", text), re.search(r"<Name>\s*([^<]+?)\s*</Name>", text)
        kinds.add(QPI_PICTURES.get(found.group(1).lower(), "") if found else "")
        if found and name and found.group(1).lower() == "fullresolution":
            channels.append(cleaned(name.group(1)))
    return SlideFacts(
        format="qptiff",
        vendor="akoya",
        size=plain.size,
        levels=plain.levels,
        mpp=plain.mpp,
        objective=positive(objective.group(1)) if objective else None,
        associated=tuple(sorted(kinds - {""})),
        barcodes=(BarcodeReading(barcode, "", BarcodeSource.METADATA),) if barcode else (),
        scanned_at=plain.scanned_at,
        reader="tifffile",
        channels=tuple(channels) if len(channels) > 1 else (),
    )
