"""The demo lab's slides: which one is blurred, which has no label, which one fails, and what the sheet says."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from app.domain.virtual_slide import VirtualSlide

SCANNER = "Raven"
BARCODE_PATTERN = r"[0-9]{6}|S[0-9]{2}-[0-9]{6}-[A-Z][0-9]-[0-9]"
HEADER = ("Barcode", "Study", "Experiment", "Panel", "Scanner", "Scan requested by")
RULES = (
    "Include in Name?, REQUIRED",
    "Include in Name?, REQUIRED",
    "Include in Name?, REQUIRED",
    "Include in Name?",
    "REQUIRED",
    "",
)
CHOICES = {"Scanner": (SCANNER, "Cardinal")}
"""What the sheet's drop-downs offer, by header."""
OBSTRUCTED_FOLDER = ("Prec02", "Run 7")


class Part(Enum):
    """What a demo slide is there to show."""

    SHARP = "sharp"
    NO_LABEL = "no_label"
    BLURRED = "blurred"
    SOFT = "soft"
    NOT_IN_SHEET = "not_in_sheet"
    COPY_FAILS = "copy_fails"
    RESCAN = "rescan"


@dataclass(frozen=True, slots=True)
class DemoSlide:
    """One scan of the demo. `sample` names a slide among the resources; else `made` says what the studio makes."""

    part: Part
    barcode: str
    row: tuple[str, ...] | None
    scan_name: str
    sample: str | None = None
    made: VirtualSlide | None = None


def _name(number: int) -> str:
    """Return an opaque name, as scanners give them: 16 hex digits, always the same for the same number."""
    return hashlib.sha256(f"demo scan {number}".encode()).hexdigest()[:16]


def _made(number: int, part: Part, barcode: str, row: tuple[str, ...] | None, *, blur: float = 0.0) -> DemoSlide:
    lines = (barcode, *(row[1:4] if row else ("unlisted",)))
    symbology = ("DataMatrix", "QRCode", "Code128")[number % 3]
    slide = VirtualSlide(barcode, lines, seed=number, symbology=symbology, blur_sigma=blur)
    return DemoSlide(part, barcode, row, _name(number) + ".svs", made=slide)


def _row(barcode: str, study: str, experiment: str, panel: str) -> tuple[str, ...]:
    return (barcode, study, experiment, panel, SCANNER, "M. Laurent")


_FIRST = _row("620995", "Prec01", "Run 2", "P1")


def _fixed() -> list[DemoSlide]:
    """Return the slides that tell the demo's story, the most telling first."""
    return [
        _made(1, Part.SHARP, "620995", _FIRST),
        DemoSlide(
            Part.NO_LABEL,
            "407871",
            _row("407871", "Prec01", "Run 2", "P2"),
            _name(2) + ".svs",
            sample="CMU-1-Small-Region.svs",
        ),
        _made(3, Part.BLURRED, "545891", _row("545891", "Prec01", "Run 2", "P3"), blur=32.0),
        _made(4, Part.SOFT, "465549", _row("465549", "Prec01", "Run 2", "P4"), blur=4.0),
        _made(5, Part.NOT_IN_SHEET, "754780", None),
        _made(6, Part.COPY_FAILS, "317335", _row("317335", *OBSTRUCTED_FOLDER, "P1")),
        _made(7, Part.RESCAN, "620995", _FIRST),
        DemoSlide(
            Part.SHARP,
            "S24-001003-A1-1",
            _row("S24-001003-A1-1", "Breast-01", "Batch 4", "ER"),
            _name(8) + ".svs",
            sample="code128_S24-001003-A1-1.svs",
        ),
        DemoSlide(
            Part.SHARP,
            "S24-002005-A1-1",
            _row("S24-002005-A1-1", "Lung-07", "Batch 4", "PAS"),
            _name(9) + ".mrxs",
            sample="mirax_slide.mrxs",
        ),
    ]


def demo_slides(number: int) -> tuple[DemoSlide, ...]:
    """Return this many scans in the order the scanner writes them; a rescan is always the last."""
    slides = _fixed()[:number]
    for extra in range(len(slides), number):
        barcode = f"{645700 + extra}"
        row = _row(barcode, "Prec01", f"Run {3 + extra // 10}", f"P{1 + extra % 10}")
        slides.append(_made(100 + extra, Part.SHARP, barcode, row))
    return tuple(sorted(slides, key=lambda slide: slide.part is Part.RESCAN))


def demo_grid(slides: tuple[DemoSlide, ...]) -> list[tuple[str, ...]]:
    """Return the sheet as people would have typed it: rule row, header, one row a slide."""
    rows = dict.fromkeys(slide.row for slide in slides if slide.row is not None)
    return [RULES, HEADER, *rows]
