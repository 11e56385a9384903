"""A scanner that writes as scanners do: opaque names, growing files, several at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.domain.virtual_slide import SlideStudio
from app.services.demo_plan import DemoSlide, Part

_CHUNK_BYTES = 256 * 1024
_AT_ONCE = 3


class VirtualScanner:
    """Makes each slide in its studio, then writes it to the watch folder at `bytes_per_second`.

    A scanner that was stopped in the middle goes on where each file ends; a finished scan is not written again.
    """

    def __init__(
        self, watch: Path, studio_folder: Path, samples: Path, studio: SlideStudio, *, bytes_per_second: float
    ) -> None:
        self._watch = watch
        self._studio_folder = studio_folder
        self._samples = samples
        self._studio = studio
        self._bytes_per_second = bytes_per_second
        self.finished = False

    async def scan(self, slides: tuple[DemoSlide, ...], safe: Callable[[str], bool]) -> None:
        """Write every slide; a rescan comes when the older scan of its slide is `safe` (given its barcode)."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(slide: DemoSlide) -> None:
            async with places:
                source = await self._source(slide)
                if slide.part is not Part.RESCAN:
                    await self._write(source, slide)
                    return
            while not safe(slide.barcode):
                await asyncio.sleep(0.1)
            await self._write(source, slide)

        async with asyncio.TaskGroup() as group:
            for slide in slides:
                group.create_task(one(slide))
        self.finished = True

    async def _source(self, slide: DemoSlide) -> Path:
        if slide.sample is not None:
            return self._samples / slide.sample
        made = self._studio_folder / slide.scan_name
        if slide.made is not None and not made.exists():
            await self._studio.make(made, slide.made)
        return made

    async def _write(self, source: Path, slide: DemoSlide) -> None:
        """Write the members of a set before its main file, as scanners do."""
        target = self._watch / slide.scan_name
        folder = source.with_suffix("")
        if folder.is_dir():
            for member in sorted(folder.iterdir()):
                await self._grow(member, target.with_suffix("") / member.name)
        await self._grow(source, target)

    async def _grow(self, source: Path, target: Path) -> None:
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        size = await asyncio.to_thread(lambda: source.stat().st_size)
        while await asyncio.to_thread(_append, source, target) < size:
            await asyncio.sleep(_CHUNK_BYTES / self._bytes_per_second)


def _append(source: Path, target: Path) -> int:
    """Write the next piece and return how long the target is now, in bytes."""
    with source.open("rb") as read, target.open("ab") as write:
        read.seek(write.tell())
        write.write(read.read(_CHUNK_BYTES))
        return write.tell()


def lay_out(folder: Path) -> None:
    """Make the folders of the demo lab."""
    for name in ("scanner", "share", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def obstruct(share: Path, parts: tuple[str, ...]) -> Path:
    """Put a file where a slide's folder must be: somebody's careless note, and a copy that fails for real."""
    path = share.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text("A file lies where the folder of this experiment has to be.\n", encoding="utf-8", newline="\n")
    return path
