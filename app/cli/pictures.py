"""Slides looked at one by one: facts, pictures, quality."""

import argparse
import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app import bootstrap
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
from app.services.inspection import Finding, finding_part, finding_text


async def inspect(options: argparse.Namespace, output: Output) -> int:
    """Print what is known of each scan; one entry a scan, also for what is damaged or no slide at all."""
    found = _find(options.paths)
    async with bootstrap.images_for_files(os.cpu_count() or 1) as images:
        findings = await asyncio.gather(*(_inspect(images, scan) for scan in found))
    return _print(findings, output)


async def quality(options: argparse.Namespace, output: Output) -> int:
    """Print verdict and numbers of each scan; a map is of one scan alone."""
    found = _find(options.paths)
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
        bootstrap.images_for_files(os.cpu_count() or 1) as images,
        bootstrap.journal_if_any(place) as store,
    ):
        judging = _Judging(settings or Settings(), store if settings else None)
        findings = await asyncio.gather(*(_quality(images, judging, scan, map_out) for scan in found))
    return _print(findings, output)


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


def _find(paths: list[str]) -> tuple[ScanSet, ...]:
    return bootstrap.find_named([absolute(path) for path in paths])


async def _inspect(images: SlideImages, scan: ScanSet) -> Finding:
    return Finding(scan, await images.inspect(scan), None)


async def _quality(images: SlideImages, judging: _Judging, scan: ScanSet, map_out: Path | None) -> Finding:
    facts = await images.inspect(scan)
    if not facts.complete:
        return Finding(scan, facts, None)
    numbers, picture = await images.quality(scan, with_map=map_out is not None)
    if map_out is not None and picture is not None:
        await asyncio.to_thread(_write, map_out, picture)
    return Finding(scan, facts, await judging.judge(facts, numbers))


def _print(findings: Sequence[Finding], output: Output) -> int:
    document = {"scans": [finding_part(each) for each in findings]}
    output.document(document, "\n\n".join(finding_text(each) for each in findings))
    return 1 if any(_is_bad(each.facts, each.quality) for each in findings) else 0


def _is_bad(facts: SlideFacts, verdict: Quality | None) -> bool:
    rescan = verdict is not None and verdict.verdict is Verdict.RESCAN
    return rescan or (facts.problem is not None and facts.format != "picture")


async def thumbnail(options: argparse.Namespace, output: Output) -> int:
    """Write a slide's picture as PNG."""
    scans = _find([options.path])
    out = absolute(options.out)
    if len(scans) != 1:
        raise UseError("One slide is needed", f"{options.path} holds {len(scans)} scans", "Name one of them")
    async with bootstrap.images_for_files(1) as images:
        png = await images.picture(scans[0], PictureKind(options.kind), options.size)
        if png is None:
            facts = await images.inspect(scans[0])
            why = facts.problem.message if facts.problem else f"It has: {', '.join(facts.associated) or 'none'}"
            hint = "" if options.kind == PictureKind.THUMBNAIL.value else "Try --kind thumbnail"
            raise SlideError(f"No {options.kind} picture", f"{options.path}: {why}", hint)
    await asyncio.to_thread(_write, out, png)
    output.document({"path": options.path, "kind": options.kind, "out": str(out)}, str(out))
    return 0


def _write(out: Path, png: bytes) -> None:
    try:
        out.write_bytes(png)
    except OSError as error:
        raise UseError("The picture cannot be written", f"{out}: {error.strerror}", "Name another file") from error
