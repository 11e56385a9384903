"""Scans that ended long ago, with the numbers they were judged by and what people made of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain.audit import AuditEntry
from app.domain.dossier import Dossier
from app.domain.journal import Journal
from app.domain.quality import Quality, QualityLimits, QualityNumbers, judge
from app.domain.scan import Member, Scan, ScanId, ScanSet
from app.domain.slide import SlideFacts
from app.domain.step import StepRecord, StepState
from app.pipeline.journey import JOURNEY

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LIMITS = QualityLimits()


def verdict(blurry: float | None, focus: float | None, tissue: float | None = 30.0) -> Quality:
    """Return the verdict on such numbers, by the limits that the settings have at first."""
    return replace(judge(QualityNumbers(blurry, focus, tissue), LIMITS), limits=LIMITS, program="1.0")


def judged(
    number: int,
    *,
    blurry: float = 0.5,
    focus: float | None = 0.16,
    tissue: float = 30.0,
    by_person: str | None = None,
    superseded_by: int | None = None,
    published: bool = True,
    scanner: str = "Raven",
    serial: str | None = None,
    objective: float | None = 20.0,
) -> Dossier:
    """Return a finished scan; each is found an hour after the one of the number before."""
    name = f"old-{number:05d}.svs"
    scan = Scan(
        scan_id(number),
        None,
        scanner,
        ScanSet(Path("/scanner"), name, (Member(name, 1000, 1),)),
        BEGAN + timedelta(hours=number),
        barcode=f"{700_000 + number}",
        verdict_by_person=by_person,
        superseded_by=None if superseded_by is None else scan_id(superseded_by),
    )
    facts = SlideFacts("Aperio", "aperio", objective=objective, scanner_serial=serial, complete=True)
    steps = {step.id: StepRecord(step.id, StepState.SUCCEEDED) for step in JOURNEY}
    return Dossier(scan, steps, facts, verdict(blurry, focus, tissue), published=published)


def scan_id(number: int) -> ScanId:
    return ScanId(f"{number:010x}")


def put(journal: Journal, dossiers: Iterable[Dossier], reasons: dict[int, str] | None = None) -> None:
    """Put scans into a journal; `reasons` maps a scan's number to what a person wrote with the verdict."""
    for dossier in dossiers:
        journal.add(dossier)
        why = (reasons or {}).get(int(dossier.id, 16))
        if dossier.scan.verdict_by_person is not None and why is not None:
            journal.audit(_entry(dossier, why))


def _entry(dossier: Dossier, reason: str) -> AuditEntry:
    scan = dossier.scan
    return AuditEntry(
        scan.found_at, "Mira Holm", "mholm", "pc", "1.0", "verdict", None, scan.id, scan.barcode,
        "rescan", scan.verdict_by_person or "", reason,
    )  # fmt: skip
