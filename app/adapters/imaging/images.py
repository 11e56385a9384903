"""The port SlideImages: asks worker processes, turns whatever happens to them into an answer about one slide."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from app.adapters.imaging import problems, slide_jobs
from app.adapters.imaging.picture_cache import PictureCache, picture_key
from app.adapters.imaging.pool import JobError, Lane
from app.adapters.imaging.reach import in_reach
from app.domain import long_path
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.quality import QualityNumbers
from app.domain.scan import ScanSet
from app.domain.slide import BarcodeReading, PictureKind, SlideFacts

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 2
SHOWING_WORKERS = 2
JOB_SECONDS = 30.0
SHOWING_SECONDS = 15.0
QUALITY_SECONDS = 300.0
MEMORY_BYTES = 1536 << 20
MAX_PICTURE_PX = 4096

log = logging.getLogger(__name__)


class DecoderImages:
    """Reads slides in `workers` processes, measures quality in `measurers` others, and draws what people look at in
    others again, so that none of them waits for another.

    A job may take `seconds` (quality `quality_seconds`, for people `SHOWING_SECONDS`) and `memory_bytes` of resident
    memory; then its process is ended and replaced. Processes start with the first job. What people looked at is kept
    in `cache`, if there is one.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        seconds: float = JOB_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        *,
        quality_seconds: float = QUALITY_SECONDS,
        measurers: int = 1,
        cache: PictureCache | None = None,
    ) -> None:
        self._seconds = seconds
        self._quality_seconds = quality_seconds
        self._reading = Lane("slide-reading", workers=workers, memory_bytes=memory_bytes)
        self._measuring = Lane("slide-quality", workers=measurers, memory_bytes=memory_bytes)
        self._showing = Lane("slide-showing", workers=SHOWING_WORKERS, memory_bytes=memory_bytes)
        self._cache = cache
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="picture-cache")

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        """Read facts, judge completeness, collect barcodes; a reader that stops is the facts' problem."""
        try:
            facts: SlideFacts = await self._read(slide_jobs.inspect_scan, in_reach(scan))
        except JobError as error:
            return SlideFacts(format="unknown", problem=problems.reader_stopped(scan.name, str(error)))
        return facts

    async def picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG whose long side is at most `size_px`; None where there is none or its reader stopped."""
        try:
            png: bytes | None = await self._read(slide_jobs.draw_scan, in_reach(scan), kind, _bounded(size_px))
        except JobError:
            return None
        return png

    async def shown_picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a picture (JPEG) for a person to look at: from the cache, or drawn and put there.

        None where there is none, its reader stopped, or the files are not those of the set any more.
        """
        key = picture_key(scan, kind, size_px)
        kept = None if self._cache is None else await self._in_thread(self._cache.get, key)
        if kept is not None:
            return kept
        try:
            drawn: bytes | None = await self._show(slide_jobs.draw_for_people, in_reach(scan), kind, _bounded(size_px))
        except JobError:
            return None
        if drawn is not None and self._cache is not None:
            await self._in_thread(self._cache.put, key, drawn)
        return drawn

    async def pyramid(self, scan: ScanSet) -> Pyramid | None:
        """Return the geometry for deep zoom, None where the scan cannot be shown in tiles or is gone."""
        try:
            pyramid: Pyramid | None = await self._show(slide_jobs.describe_pyramid, in_reach(scan))
        except JobError:
            return None
        return pyramid

    async def tile(self, scan: ScanSet, pyramid: Pyramid, address: TileAddress) -> bytes | None:
        """Return a tile as JPEG, None where it is damaged or the files are not those of the pyramid any more."""
        try:
            jpeg: bytes | None = await self._show(slide_jobs.cut_tile, in_reach(scan), pyramid.stamp, address)
        except JobError:
            return None
        return jpeg

    async def quality(self, scan: ScanSet, *, with_map: bool) -> tuple[QualityNumbers, bytes | None]:
        """Measure blur, focus, tissue and pen marks; numbers without values say why in their reason."""
        future = self._measuring.submit(
            slide_jobs.measure_scan, in_reach(scan).main_path, with_map, seconds=self._quality_seconds
        )
        try:
            answer: tuple[QualityNumbers, bytes | None] = await asyncio.wrap_future(future)
        except JobError as error:
            return QualityNumbers(reason=f"The reader stopped: {error}"), None
        return answer

    async def label_barcodes(self, picture: Path) -> tuple[BarcodeReading, ...]:
        """Read all barcodes of a plain picture file; none where its reader stopped."""
        try:
            found: tuple[BarcodeReading, ...] = await self._read(slide_jobs.read_label, long_path.reachable(picture))
        except JobError:
            return ()
        return found

    async def close(self) -> None:
        """Stop the workers; jobs still running are given up."""
        lanes = (self._reading, self._measuring, self._showing)
        await asyncio.gather(*(asyncio.to_thread(lane.close) for lane in lanes))
        await asyncio.to_thread(self._beside.shutdown)

    async def _read(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.wrap_future(self._reading.submit(function, *arguments, seconds=self._seconds))

    async def _show(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.wrap_future(self._showing.submit(function, *arguments, seconds=SHOWING_SECONDS))

    async def _in_thread(self, function: Callable[P, T], *arguments: P.args, **words: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._beside, partial(function, *arguments, **words))


def _bounded(size_px: int) -> int:
    return max(1, min(size_px, MAX_PICTURE_PX))
