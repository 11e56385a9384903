"""The JSON document of `run`, `demo` and `status`: scripts depend on it; docs/interface.md describes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.dossier import Dossier
from app.domain.run import Run
from app.domain.scan import VerifiedFile
from app.domain.sheet import SlideSheet
from app.domain.slide import BarcodeReading
from app.pipeline.journey import JOURNEY
from app.services.board import attention_of


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What the document is made from. `missing` and `unexpected` are barcodes, `sheet` is the last reading of it."""

    run: Run | None
    dossiers: Sequence[Dossier]
    missing: Sequence[str]
    unexpected: Sequence[str]
    report: Path | None
    pending_writes: int
    sheet: SlideSheet | None = None


def run_document(status: RunStatus, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return the document; `absolute` makes a path or URL of a place on the share."""
    return {
        "run": run_part(status.run),
        "scans": [scan_part(dossier, absolute) for dossier in status.dossiers],
        "expected": {"missing": list(status.missing), "unexpected": list(status.unexpected)},
        "report": str(status.report) if status.report else None,
        "pending_sheet_writes": status.pending_writes,
    }


def run_part(run: Run | None) -> dict[str, Any] | None:
    """Return the run's part."""
    if run is None:
        return None
    return {
        "id": run.id,
        "scanner": run.scanner,
        "operator": run.operator.name,
        "started": run.started_at.isoformat(),
        "ended": run.ended_at.isoformat() if run.ended_at else None,
    }


def scan_part(dossier: Dossier, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return one scan's part."""
    attention = attention_of(dossier)
    published = dossier.files if dossier.published else ()
    return {
        "id": dossier.id,
        "barcode": dossier.scan.barcode,
        "state": dossier.state.value,
        "files": [file_part(file, absolute) for file in published] or _source_files(dossier),
        "bytes": dossier.scan.files.size_bytes,
        "destination": absolute(published[0].destination) if published else None,
        "row": dict(dossier.row),
        "quality": quality_part(dossier),
        "barcodes": barcode_parts(dossier.facts.barcodes if dossier.facts else ()),
        "steps": _steps_part(dossier),
        "attention": attention and {"title": attention.title, "message": attention.message, "hint": attention.hint},
        "superseded_by": dossier.scan.superseded_by,
    }


def file_part(file: VerifiedFile, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return one verified file's part."""
    return {
        "source": file.source,
        "destination": absolute(file.destination),
        "bytes": file.size_bytes,
        "sha256": file.sha256,
    }


def _source_files(dossier: Dossier) -> list[dict[str, Any]]:
    files = dossier.scan.files
    return [
        {"source": str(files.root / member.path), "destination": None, "bytes": member.size_bytes, "sha256": None}
        for member in files.members
    ]


def quality_part(dossier: Dossier) -> dict[str, Any]:
    """Return the verdict's part; a scan that was not measured is `not_checked`."""
    quality = dossier.quality
    numbers = quality.numbers if quality else None
    return {
        "verdict": quality.verdict.value if quality else "not_checked",
        "blurry_percent": numbers.blurry_percent if numbers else None,
        "focus": numbers.focus if numbers else None,
        "tissue_percent": numbers.tissue_percent if numbers else None,
    }


def barcode_parts(readings: Sequence[BarcodeReading]) -> list[Mapping[str, str]]:
    """Return every barcode with its source."""
    return [{"text": r.text, "symbology": r.symbology, "source": r.source.value} for r in readings]


def _steps_part(dossier: Dossier) -> dict[str, Any]:
    return {
        step.id: {
            "state": (record := dossier.steps[step.id]).state.value,
            "attempts": record.attempts,
            "seconds": round(record.seconds, 3),
            "message": record.message,
        }
        for step in JOURNEY
    }
