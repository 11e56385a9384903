"""What `inspect` and `quality` say of one scan, for scripts and for people."""

from dataclasses import dataclass
from typing import Any

from app.domain.errors import SlideError
from app.domain.quality import Quality
from app.domain.scan import ScanSet
from app.domain.slide import Problem, SlideFacts
from app.services.status_json import barcode_parts


@dataclass(frozen=True, slots=True)
class Finding:
    """One scan looked at; `quality` is None where it was not asked for or could not be measured."""

    scan: ScanSet
    facts: SlideFacts
    quality: Quality | None


def finding_part(finding: Finding) -> dict[str, Any]:
    """Return the JSON entry of one scan, as docs/interface.md describes it."""
    facts = finding.facts
    return {
        "path": str(finding.scan.main_path),
        "files": [str(finding.scan.root / member.path) for member in finding.scan.members],
        "format": facts.format,
        "vendor": facts.vendor,
        "size": list(facts.size) if facts.size else None,
        "levels": facts.levels,
        "mpp": list(facts.mpp) if facts.mpp else None,
        "objective": facts.objective,
        "associated": list(facts.associated),
        "barcodes": barcode_parts(facts.barcodes),
        "complete": facts.complete,
        "quality": _quality_part(finding.quality),
        "problem": problem_part(facts.problem),
    }


def problem_part(problem: Problem | SlideError | None) -> dict[str, str] | None:
    """Return the JSON part of what is wrong, None where nothing is."""
    if problem is None:
        return None
    return {"title": problem.title, "message": problem.message, "hint": problem.hint}


def _quality_part(quality: Quality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    numbers = quality.numbers
    return {
        "verdict": quality.verdict.value,
        "blurry_percent": numbers.blurry_percent,
        "focus": numbers.focus,
        "tissue_percent": numbers.tissue_percent,
        "reason": quality.reason,
    }


def finding_text(finding: Finding) -> str:
    """Return one scan as lines for people."""
    facts = finding.facts
    lines = [str(finding.scan.main_path), f"  {facts.format}, {'complete' if facts.complete else 'not complete'}"]
    if facts.size:
        mpp = f", {facts.mpp[0]:.4g} µm a pixel" if facts.mpp else ""
        power = f", {facts.objective:g}x" if facts.objective else ""
        lines.append(f"  {facts.size[0]} × {facts.size[1]} pixels, {facts.levels} levels{mpp}{power}")
    if facts.channels:
        lines.append(f"  channels: {', '.join(facts.channels)}")
    if facts.scanned_at or facts.scanner_serial:
        by = f" by scanner {facts.scanner_serial}" if facts.scanner_serial else ""
        lines.append(f"  scanned {facts.scanned_at or 'at a time that it does not tell'}{by}")
    if facts.associated:
        lines.append(f"  pictures: {', '.join(facts.associated)}")
    lines += [f"  barcode {each.text} ({each.symbology or 'text'}, {each.source.value})" for each in facts.barcodes]
    if finding.quality is not None:
        lines.append(f"  {finding.quality.verdict.value}: {finding.quality.reason}")
    if facts.problem is not None:
        lines.append(f"  {facts.problem.title}: {facts.problem.message} {facts.problem.hint}".rstrip())
    return "\n".join(lines)
