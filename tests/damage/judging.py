"""Asks the program's own judgement, in its bounded reader processes, about good, damaged and malformed scans."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import psutil

from app.adapters.imaging import problems
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.domain.scan import ScanSet
from app.domain.slide import SlideFacts
from tests.damage.variants import Damage, copy_scan, damages, lay_out

SIDE_BY_SIDE = 2
JOB_SECONDS = 5.0
MEMORY_BYTES = 512 << 20
READER_STOPPED = problems.reader_stopped("", "").title


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judgement said of one file or set, how long it took, and whether its reader came to an end."""

    format: str
    complete: bool
    said: str
    seconds: float
    reader_stopped: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One damaged variant of a slide and the verdicts on all that was found of it (none: nothing would be taken)."""

    slide: str
    damage: Damage
    verdicts: tuple[Verdict, ...]

    @property
    def recognised(self) -> bool:
        """Whether nothing of the damaged scan was taken for a whole one."""
        return not any(verdict.complete for verdict in self.verdicts)


@dataclass(slots=True)
class FormatResult:
    """All that was tried on the slides of one format; memory is the most any reader held resident."""

    format: str
    good: dict[str, Verdict] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    memory_bytes: int | None = None

    def verdicts(self) -> list[Verdict]:
        """Return every verdict, on the good and on the damaged."""
        return [*self.good.values(), *(each for outcome in self.outcomes for each in outcome.verdicts)]


@asynccontextmanager
async def bounded_images() -> AsyncIterator[DecoderImages]:
    """Give the program's readers, bound to the seconds and the memory that a verdict may take."""
    images = DecoderImages(SIDE_BY_SIDE, JOB_SECONDS, MEMORY_BYTES)
    try:
        yield images
    finally:
        await images.close()


async def verdict_on(images: DecoderImages, scan: ScanSet) -> Verdict:
    """Return the verdict on one set of files."""
    started = time.monotonic()
    facts: SlideFacts = await images.inspect(scan)
    seconds = time.monotonic() - started
    problem = facts.problem
    said = f"{problem.title}: {problem.message}" if problem else "complete" if facts.complete else ""
    stopped = problem is not None and problem.title == READER_STOPPED
    return Verdict(facts.format, facts.complete, said, seconds, stopped)


async def judge_slides(folder: Path, *, without: Sequence[str] = ()) -> list[FormatResult]:
    """Judge every scan below `folder` as it is and with every damage; one result a format, ordered by its word.

    Scans whose main member's path matches a pattern of `without` are left out: they are no whole slides.
    """
    found = FolderFinder().find(folder)
    scans = [scan for scan in found if not any(fnmatchcase(scan.main, pattern) for pattern in without)]
    by_format: dict[str, list[tuple[ScanSet, Verdict]]] = defaultdict(list)
    async with bounded_images() as images:
        # the first verdict of a reader waits for its imports and its start: it is not counted
        await asyncio.gather(*(images.inspect(scan) for scan in scans[:1] * SIDE_BY_SIDE))
        for scan in scans:
            verdict = await verdict_on(images, scan)
            by_format[verdict.format].append((scan, verdict))
    return [await judge_format(word, by_format[word]) for word in sorted(by_format)]


async def judge_format(word: str, slides: list[tuple[ScanSet, Verdict]]) -> FormatResult:
    """Damage every slide of a format that is complete, in readers of its own so that their memory is this format's."""
    result = FormatResult(word, {scan.main: verdict for scan, verdict in slides})
    async with bounded_images() as images:
        await asyncio.gather(*(images.inspect(slides[0][0]) for _ in range(SIDE_BY_SIDE)))
        for scan, verdict in slides:
            if not verdict.complete:
                continue  # whatever were done to it, it would be recognised
            with tempfile.TemporaryDirectory(prefix="damage-") as work:
                result.outcomes.extend(await judge_damaged(images, scan, Path(work)))
        result.memory_bytes = most_memory_bytes()
    return result


async def judge_damaged(images: DecoderImages, scan: ScanSet, work: Path) -> list[Outcome]:
    """Judge every damaged variant of one slide; on disk are one copy of it and one variant a reader at a time."""
    good = await asyncio.to_thread(copy_scan, scan, work / "good")
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def judge(number: int, damage: Damage) -> Outcome:
        async with gate:
            place = work / str(number)
            await asyncio.to_thread(lay_out, good, damage, place)
            found = await asyncio.to_thread(FolderFinder().find, place)
            verdicts = tuple([await verdict_on(images, each) for each in found])
            await asyncio.to_thread(shutil.rmtree, place)
            return Outcome(scan.main, damage, verdicts)

    return await asyncio.gather(*(judge(number, damage) for number, damage in enumerate(damages(good))))


async def judge_malformed(folder: Path) -> tuple[dict[str, Verdict], int | None]:
    """Return the verdict on every file below a folder of malformed files, and the most memory a reader held."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SOURCES.tsv")
    found: dict[str, Verdict] = {}
    async with bounded_images() as images:
        if paths:
            await asyncio.gather(*(images.inspect(_set_of(paths[0])) for _ in range(SIDE_BY_SIDE)))
        for path in paths:
            found[path.relative_to(folder).as_posix()] = await verdict_on(images, _set_of(path))
        return found, most_memory_bytes()


def _set_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


def most_memory_bytes() -> int | None:
    """Return the most memory that any living child held resident since its start; None where no system call tells."""
    children = psutil.Process().children()
    if sys.platform == "win32":
        return max((int(child.memory_info().peak_wset) for child in children), default=None)
    if sys.platform != "linux":
        return None
    peaks = []
    for child in children:
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii", errors="replace")
        peaks.extend(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))
    return max(peaks, default=None)
