"""The port SlideImages: asks worker processes, turns whatever happens to them into an answer about one slide."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.adapters.imaging import problems, slide_jobs
from app.adapters.imaging.pool import JobError, Lane
from app.domain.quality import QualityNumbers
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, PictureKind, SlideFacts

WORKERS = 2
JOB_SECONDS = 30.0
QUALITY_SECONDS = 300.0
MEMORY_BYTES = 1536 << 20
MAX_PICTURE_PX = 4096

log = logging.getLogger(__name__)


class DecoderImages:
    """Reads slides in `workers` processes, and measures quality in `measurers` others, so that neither waits.

    A job may take `seconds` (quality `quality_seconds`) and `memory_bytes` of resident memory; then its process is
    ended and replaced. Processes start with the first job.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        seconds: float = JOB_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        *,
        quality_seconds: float = QUALITY_SECONDS,
        measurers: int = 1,
    ) -> None:
        self._seconds = seconds
        self._quality_seconds = quality_seconds
        self._reading = Lane("slide-reading", workers=workers, memory_bytes=memory_bytes)
        self._measuring = Lane("slide-quality", workers=measurers, memory_bytes=memory_bytes)

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        """Read facts, judge completeness, collect barcodes; a reader that stops is the facts' problem."""
        try:
            facts: SlideFacts = await self._read(slide_jobs.inspect_scan, scan)
        except JobError as error:
            return SlideFacts(format="unknown", problem=problems.reader_stopped(scan.name, str(error)))
        return facts

    async def picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG whose long side is at most `size_px`; None where there is none or its reader stopped."""
        try:
            png: bytes | None = await self._read(slide_jobs.draw_scan, scan, kind, max(1, min(size_px, MAX_PICTURE_PX)))
        except JobError:
            return None
        return png

    async def quality(self, scan: ScanSet, *, with_map: bool) -> tuple[QualityNumbers, bytes | None]:
        """Measure blur, focus and tissue; numbers without values say why in their reason."""
        future = self._measuring.submit(
            slide_jobs.measure_scan, scan.main_path, with_map, seconds=self._quality_seconds
        )
        try:
            answer: tuple[QualityNumbers, bytes | None] = await asyncio.wrap_future(future)
        except JobError as error:
            return QualityNumbers(reason=f"The reader stopped: {error}"), None
        return answer

    async def label_barcodes(self, picture: Path) -> tuple[BarcodeReading, ...]:
        """Read all barcodes of a plain picture file; none where its reader stopped."""
        try:
            found: tuple[BarcodeReading, ...] = await self._read(slide_jobs.read_label, picture)
        except JobError:
            return ()
        return found

    async def close(self) -> None:
        """Stop the workers; jobs still running are given up."""
        await asyncio.gather(asyncio.to_thread(self._reading.close), asyncio.to_thread(self._measuring.close))

    async def _read(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.wrap_future(self._reading.submit(function, *arguments, seconds=self._seconds))
