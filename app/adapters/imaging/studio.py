"""The port SlideStudio: makes the demo lab's slides in a worker process."""

import asyncio
import os
from pathlib import Path

from app.adapters.imaging.pool import JobError, Lane
from app.domain.errors import SurroundingsError
from app.domain.virtual_slide import VirtualSlide

MAKE_SECONDS = 600.0
MEMORY_BYTES = 2048 << 20


class Studio:
    """Makes one slide at a time; the process starts with the first."""

    def __init__(self) -> None:
        self._lane = Lane("slide-studio", workers=1, memory_bytes=MEMORY_BYTES)

    async def make(self, out: Path, slide: VirtualSlide) -> None:
        """Write the slide under this name, all of it or nothing."""
        try:
            await asyncio.wrap_future(self._lane.submit(make_whole, out, slide, seconds=MAKE_SECONDS))
        except JobError as error:
            raise SurroundingsError(
                "The demo's slide could not be made", f"{out}: {error}", "Is the disk full?"
            ) from error

    async def close(self) -> None:
        """End the process."""
        await asyncio.to_thread(self._lane.close)


def make_whole(out: Path, slide: VirtualSlide) -> None:
    """Make a slide under a passing name, then give it its own; the worker's job."""
    from app.adapters.imaging.slide_maker import SlideSpec, make_slide

    spec = SlideSpec(
        width=slide.width,
        height=slide.height,
        seed=slide.seed,
        barcode=slide.barcode,
        symbology=slide.symbology,
        label_text=slide.label_text,
        blur_sigma=slide.blur_sigma,
        tissue_beside=slide.tissue_beside,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    passing = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        make_slide(passing, spec)
        passing.replace(out)
    finally:
        passing.unlink(missing_ok=True)
