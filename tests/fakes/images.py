"""Images whose facts stand in the scans' own bytes, so that a test writes what a decoder would find."""

import asyncio
from pathlib import Path

from app.domain.quality import QualityNumbers
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, Problem, SlideFacts

UNFINISHED = b"unfinished"


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

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        self.inspected.append(scan.name)
        if scan.name in self.explode:
            raise RuntimeError("nobody foresaw this")
        content = scan.main_path.read_bytes()
        if content.startswith(UNFINISHED):
            return SlideFacts("Aperio", problem=Problem("Not complete", "Bytes are missing", "Scan again"))
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
