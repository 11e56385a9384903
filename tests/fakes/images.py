"""Images whose facts stand in the scans' own bytes, so that a test writes what a decoder would find."""

import asyncio
from pathlib import Path

from app.domain.pyramid import Box, Pyramid, TileAddress
from app.domain.quality import QualityNumbers
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, Problem, SlideFacts

UNFINISHED = b"unfinished"
UNKNOWN_STRUCTURE = b"nobody reads this"


def slide_bytes(barcode: str, *, size: int = 4096, mark: str = "") -> bytes:
    """Return a file whose label says `barcode`; `mark` makes other bytes of the same slide."""
    return f"{barcode}\n{mark}\n".encode().ljust(size, b"x")


class FakeImages:
    """Meets the port SlideImages. What a scan is comes from its main file, how sharp from `blurry` and `focus`."""

    def __init__(self) -> None:
        self.blurry: dict[str, float] = {}
        self.focus: dict[str, float] = {}
        self.blank: set[str] = set()
        self.explode: set[str] = set()
        self.hold_quality = asyncio.Event()
        self.hold_quality.set()
        self.in_quality: set[str] = set()
        self.inspected: list[str] = []
        self.without_label: set[str] = set()
        self.without_tiles: set[str] = set()
        self.shown: list[tuple[Path, PictureKind, int]] = []

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        self.inspected.append(scan.name)
        if scan.name in self.explode:
            raise RuntimeError("nobody foresaw this")
        content = scan.main_path.read_bytes()
        if content.startswith(UNFINISHED):
            return SlideFacts("Aperio", problem=Problem("Not complete", "Bytes are missing", "Scan again"))
        if content.startswith(UNKNOWN_STRUCTURE):
            problem = Problem("Not readable here", "There is no open reader of it", "Look at it in its own program")
            return SlideFacts("KFB", problem=problem, structure_known=False)
        text = content.split(b"\n", 1)[0].decode()
        readings = tuple(
            BarcodeReading(each, "DataMatrix", source)
            for each, source in zip(text.split("/"), (BarcodeSource.LABEL, BarcodeSource.METADATA), strict=False)
            if each
        )
        return SlideFacts(
            "Aperio", "aperio", (2220, 2967), 3, (0.5, 0.5), 20.0, ("label", "thumbnail"), readings,
            complete=True, scanned_at="2026-11-22 14:51", properties={"b": "2", "a": "1"},
        )  # fmt: skip

    async def picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        if kind is PictureKind.MACRO or (kind is PictureKind.LABEL and scan.name in self.without_label):
            return None
        return f"{kind.value} of {scan.name}".encode()

    async def shown_picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        self.shown.append((scan.main_path, kind, size_px))
        return f"{kind.value} of {scan.name} at {size_px}".encode() if scan.main_path.exists() else None

    async def pyramid(self, scan: ScanSet) -> Pyramid | None:
        if not scan.main_path.exists() or scan.name in self.without_tiles:
            return None
        return Pyramid((2220, 2967), 4, Box(0, 0, 2220, 2967), str(scan.main_path))

    async def tile(self, scan: ScanSet, pyramid: Pyramid, address: TileAddress) -> bytes | None:
        return f"{address.level}/{address.column}/{address.row} of {pyramid.stamp}".encode()

    async def quality(self, scan: ScanSet, *, with_map: bool) -> tuple[QualityNumbers, bytes | None]:
        self.in_quality.add(scan.name)
        await self.hold_quality.wait()
        if scan.name in self.explode:
            raise RuntimeError("nobody foresaw this")
        if scan.name in self.blank:
            return QualityNumbers(blank=True), None
        numbers = QualityNumbers(self.blurry.get(scan.name, 0.5), self.focus.get(scan.name, 0.16), 30.0)
        return numbers, b"map" if with_map else None

    async def label_barcodes(self, picture: Path) -> tuple[BarcodeReading, ...]:
        return ()

    async def close(self) -> None:
        return None
