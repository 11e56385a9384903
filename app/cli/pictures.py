"""Slides looked at, one or whole folders of them: facts, pictures, quality."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import bootstrap
from app.cli.progress import Progress
from app.cli.show import Output, absolute
from app.domain.errors import SlideError, UseError
from app.domain.focus_calibration import optics_of
from app.domain.journal import Store
from app.domain.ports import SlideImages
from app.domain.quality import Quality, QualityNumbers, Verdict, judge
from app.domain.scan import ScanSet
from app.domain.settings import Settings
from app.domain.slide import PictureKind, SlideFacts
from app.pipeline.quality_limits import fixed_limits, limits_in_force
from app.services.inspection import Finding, finding_part, finding_text, problem_part
from app.services.side_by_side import side_by_side

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")


async def inspect(options: argparse.Namespace, output: Output) -> int:
    """Print what is known of each scan; one entry a scan, also for what is damaged or no slide at all."""
    found = await _find(options.paths)
    async with bootstrap.images_for_files(len(found)) as (images, at_once):

        async def look(scan: ScanSet) -> Finding:
            return Finding(scan, await images.inspect(scan), None)

        return await _print_each(found, look, at_once, output)


async def quality(options: argparse.Namespace, output: Output) -> int:
    """Print verdict and numbers of each scan; a map is of one scan alone."""
    found = await _find(options.paths)
    map_out = None if options.map is None else absolute(options.map)
    if map_out is not None and len(found) != 1:
        raise UseError("A map is of one scan", f"{len(found)} scans are named", "Name one of them, or leave out --map")
    place = bootstrap.find_place(options.config, options.data_dir)
    settings = bootstrap.settings_if_any(place)
    output.say(
        "Judged by the defaults: there are no settings here."
        if settings is None
        else f"Judged as scans of {settings.scanner.name}, by [quality] of {place.settings_file}."
    )
    async with (
        bootstrap.images_for_files(len(found)) as (images, at_once),
        bootstrap.journal_if_any(place) as store,
    ):
        judging = _Judging(settings or Settings(), store if settings else None)
        return await _print_each(found, lambda scan: _quality(images, judging, scan, map_out), at_once, output)


@dataclass(frozen=True, slots=True)
class _Judging:
    """By what a scan is judged: the settings, and what the accepted slides in the journal, if any, taught."""

    settings: Settings
    store: Store | None

    async def judge(self, facts: SlideFacts, numbers: QualityNumbers) -> Quality:
        """Return the verdict that the station would give to a scan of its own."""
        settings, optics = self.settings.quality, optics_of(self.settings.scanner.name, facts)
        if self.store is None:
            return judge(numbers, fixed_limits(settings))
        return judge(numbers, await self.store.work(lambda journal: limits_in_force(journal, settings, optics)))


async def _find(paths: list[str]) -> tuple[ScanSet, ...]:
    return await asyncio.to_thread(bootstrap.find_named, [absolute(path) for path in paths])


async def _quality(images: SlideImages, judging: _Judging, scan: ScanSet, map_out: Path | None) -> Finding:
    facts = await images.inspect(scan)
    if not facts.complete:
        return Finding(scan, facts, None)
    numbers, picture = await images.quality(scan, with_map=map_out is not None)
    if map_out is not None and picture is not None:
        await asyncio.to_thread(_write, map_out, picture)
    return Finding(scan, facts, await judging.judge(facts, numbers))


async def _print_each(
    found: tuple[ScanSet, ...], look: Callable[[ScanSet], Awaitable[Finding]], at_once: int, output: Output
) -> int:
    """Print each finding as soon as those before it are printed; with JSON all of them in one document."""
    progress, parts, is_bad = Progress(output, len(found), "scans"), [], False
    async for finding in side_by_side(found, look, at_once):
        progress.step()
        is_bad = is_bad or _is_bad(finding.facts, finding.quality)
        if output.as_json:
            parts.append(finding_part(finding))
        else:
            output.line(finding_text(finding) + ("\n" if progress.done < len(found) else ""))
    if output.as_json or not found:
        output.document({"scans": parts}, "No scan was found.")
    return 1 if is_bad else 0


def _is_bad(facts: SlideFacts, verdict: Quality | None) -> bool:
    rescan = verdict is not None and verdict.verdict is Verdict.RESCAN
    return rescan or (facts.problem is not None and facts.format != "picture")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A scan's picture as it was written; `out` is None where there is none, then the error says why."""

    scan: ScanSet
    kind: PictureKind
    out: Path | None
    error: SlideError | None = None


async def thumbnail(options: argparse.Namespace, output: Output) -> int:
    """Write a slide's picture as PNG; those of a folder's scans into a folder."""
    scans, out = await _find([options.path]), absolute(options.out)
    kind, root = PictureKind(options.kind), absolute(options.path)
    is_picture = out.suffix.lower() in PICTURE_ENDINGS and not out.is_dir()
    if is_picture and len(scans) != 1:
        words = f"{options.path} holds {len(scans)} scans"
        raise UseError("One slide is needed", words, "Name one of them, or a folder to write to")
    many = not is_picture and (root.is_dir() or out.is_dir())
    async with bootstrap.images_for_files(len(scans)) as (images, at_once):

        async def draw(scan: ScanSet) -> _Drawn:
            return await _draw(images, scan, kind, options.size, _place(scan, root, out) if many else out)

        await asyncio.to_thread(_make_folders, {_place(scan, root, out).parent for scan in scans} if many else ())

        if many:
            return await _print_drawn(scans, draw, at_once, output)
        drawn = await draw(scans[0])
    if drawn.error is not None:
        raise drawn.error
    output.document({"path": options.path, "kind": options.kind, "out": str(out)}, str(out))
    return 0


async def _print_drawn(
    scans: tuple[ScanSet, ...], draw: Callable[[ScanSet], Awaitable[_Drawn]], at_once: int, output: Output
) -> int:
    """Print where each picture was written as soon as those before it are; with JSON all in one document."""
    progress, parts = Progress(output, len(scans), "pictures"), []
    async for drawn in side_by_side(scans, draw, at_once):
        progress.step()
        parts.append(_drawn_part(drawn))
        if not output.as_json:
            output.line(str(drawn.out) if drawn.error is None else drawn.error.message)
    if output.as_json or not scans:
        output.document({"pictures": parts}, "No scan was found.")
    return 1 if any(part["out"] is None for part in parts) else 0


def _place(scan: ScanSet, root: Path, out: Path) -> Path:
    """Return where a scan's picture goes: below `out` as the scan lies below the folder that was named."""
    below = scan.main_path.relative_to(root) if scan.main_path.is_relative_to(root) else Path(scan.name)
    return out / below.with_name(f"{below.name}.png")


async def _draw(images: SlideImages, scan: ScanSet, kind: PictureKind, size_px: int, out: Path) -> _Drawn:
    png = await images.picture(scan, kind, size_px)
    if png is None:
        facts = await images.inspect(scan)
        why = facts.problem.message if facts.problem else f"It has: {', '.join(facts.associated) or 'none'}"
        hint = "" if kind is PictureKind.THUMBNAIL else "Try --kind thumbnail"
        return _Drawn(scan, kind, None, SlideError(f"No {kind.value} picture", f"{scan.main_path}: {why}", hint))
    await asyncio.to_thread(_write, out, png)
    return _Drawn(scan, kind, out)


def _drawn_part(drawn: _Drawn) -> dict[str, Any]:
    out = None if drawn.out is None else str(drawn.out)
    path, kind = str(drawn.scan.main_path), drawn.kind.value
    return {"path": path, "kind": kind, "out": out, "problem": problem_part(drawn.error)}


def _make_folders(folders: Iterable[Path]) -> None:
    """Make the folders that pictures go into; the one above the folder that was named need not be there."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UseError("The folder cannot be made", f"{folder}: {error.strerror}", "Name another one") from error


def _write(out: Path, png: bytes) -> None:
    try:
        out.write_bytes(png)
    except OSError as error:
        raise UseError("The picture cannot be written", f"{out}: {error.strerror}", "Name another file") from error
