"""Reads every scan below a folder as the program does: the finder, and the workers with their limits."""

import asyncio
import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from os.path import commonpath
from pathlib import Path

from PIL import Image

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import MAX_PICTURE_PX, DecoderImages
from app.domain.scan import Layout, ScanSet
from app.domain.slide import PictureKind, SlideFacts

THUMBNAIL_PX = 512
SIZES_PX = {
    PictureKind.THUMBNAIL: THUMBNAIL_PX,
    PictureKind.LABEL: MAX_PICTURE_PX,
    PictureKind.MACRO: MAX_PICTURE_PX,
}
REAL, MADE, UNLISTED = "real", "made", "not told"
MADE_WORDS = ("synthetic", "artificial", "test object")


@dataclass(frozen=True, slots=True)
class Measured:
    """A scan, what was read of it, and the size in pixels of each picture drawn; None where there is none.

    `name` is relative to the folder and does not depend on the files' times; `origin` is REAL, MADE or UNLISTED.
    """

    name: str
    origin: str
    scan: ScanSet
    facts: SlideFacts
    pictures: Mapping[PictureKind, tuple[int, int] | None]


async def measure_folder(folder: Path) -> tuple[Measured, ...]:
    """Read all scans below a folder, ordered by name. Raises SurroundingsError when it cannot be listed."""
    scans = FolderFinder().find(folder.resolve())
    origins = listed_origins(folder)
    images = DecoderImages()
    try:
        found = await asyncio.gather(
            *(
                _measure(images, scan, name, origins.get(scan.main, UNLISTED))
                for scan, name in zip(scans, stable_names(scans), strict=True)
            )
        )
    finally:
        await images.close()
    return tuple(sorted(found, key=lambda each: each.name))


async def _measure(images: DecoderImages, scan: ScanSet, name: str, origin: str) -> Measured:
    facts = await images.inspect(scan)
    pictures = {kind: _size(await images.picture(scan, kind, size_px)) for kind, size_px in SIZES_PX.items()}
    return Measured(name, origin, scan, facts, pictures)


def _size(png: bytes | None) -> tuple[int, int] | None:
    if png is None:
        return None
    with Image.open(BytesIO(png)) as image:
        return image.size


def stable_names(scans: tuple[ScanSet, ...]) -> list[str]:
    """Return a name for each scan: that of its folder where it fills one, for its main file may be just the oldest."""
    names = [_folder_of(scan) if scan.layout is Layout.FOLDER else scan.main for scan in scans]
    often = Counter(names)
    return [name if often[name] == 1 else scan.main for name, scan in zip(names, scans, strict=True)]


def _folder_of(scan: ScanSet) -> str:
    return f"{Path(commonpath([Path(member.path).parent for member in scan.members])).as_posix()}/"


def listed_origins(folder: Path) -> dict[str, str]:
    """Return the origin of each file that the folder's SOURCES.tsv lists; without that page of none."""
    page = folder / "SOURCES.tsv"
    if not page.is_file():
        return {}
    with page.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    made = {row["file"]: any(word in row["what it is"].lower() for word in MADE_WORDS) for row in rows}
    return {file: MADE if is_made else REAL for file, is_made in made.items()}
