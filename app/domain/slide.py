"""What a slide's files say about themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class PictureKind(Enum):
    """The associated images, in OpenSlide's words."""

    THUMBNAIL = "thumbnail"
    LABEL = "label"
    MACRO = "macro"
    QUALITY_MAP = "quality_map"


class BarcodeSource(Enum):
    """Who says so: the witnesses of a slide's identity."""

    HAND = "hand"
    METADATA = "metadata"
    LABEL = "label"
    MACRO = "macro"
    FILE_NAME = "file_name"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class BarcodeReading:
    """One barcode seen at one place; `symbology` as zxing-cpp names it, empty when it was text."""

    text: str
    symbology: str
    source: BarcodeSource


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a scan's files, for people."""

    title: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """What was read from a scan without judging it.

    `size` is (width, height) of level 0 in pixels, `mpp` micrometres a pixel (x, y), `objective` the power (20.0 is
    20x), `associated` the kinds of pictures the files hold, `channels` the names of a fluorescence scan's channels.
    `complete` is False while the structure says that bytes are missing or damaged; `problem` then says why. With
    `structure_known` False nobody can ask the structure, because the format has no open reader: `problem` says so, and
    only that the files stand still tells that they are finished. `reader` names the library that answered.
    """

    format: str
    vendor: str | None = None
    size: tuple[int, int] | None = None
    levels: int = 0
    mpp: tuple[float, float] | None = None
    objective: float | None = None
    associated: tuple[str, ...] = ()
    barcodes: tuple[BarcodeReading, ...] = ()
    complete: bool = False
    problem: Problem | None = None
    scanned_at: str | None = None
    scanner_serial: str | None = None
    reader: str | None = None
    channels: tuple[str, ...] = ()
    structure_known: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)
