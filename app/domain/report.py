"""The contents of a run report: plain values, made from the journal, laid out by an adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.quality import Quality
from app.domain.run import Run
from app.domain.scan import ScanId, VerifiedFile
from app.domain.step import StepState


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of one slide in the report."""

    title: str
    state: StepState
    seconds: float
    attempts: int
    message: str


@dataclass(frozen=True, slots=True)
class SlideLine:
    """One scan in the report. `thumbnail` is PNG or JPEG, at most 256 px on its long side; `row` the sheet's cells."""

    scan: ScanId
    barcode: str | None
    row: Mapping[str, str]
    source_name: str
    files: tuple[VerifiedFile, ...]
    size_bytes: int
    state: StepState
    passed: bool
    failing_reasons: tuple[str, ...]
    quality: Quality | None
    found_at: datetime
    verified_at: datetime | None
    thumbnail: bytes | None
    steps: tuple[StepLine, ...]
    superseded_by: ScanId | None


@dataclass(frozen=True, slots=True)
class RescanLine:
    """An older scan and the one that took its place."""

    barcode: str
    older: ScanId
    newer: ScanId
    kept: ScanId
    older_destination: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotDoneLine:
    """An expected or found slide without a verified image."""

    barcode: str | None
    source_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything the report prints. `created_at` is given, so that the same journal makes the same bytes."""

    lab: str
    run: Run
    created_at: datetime
    program_version: str
    quality_version: str
    journal_id: str
    sheet_title: str
    audit_head: str
    columns: tuple[str, ...]
    slides: tuple[SlideLine, ...]
    rescans: tuple[RescanLine, ...]
    audits: tuple[AuditEntry, ...]
    not_done: tuple[NotDoneLine, ...]
    settings: tuple[tuple[str, str], ...]
    audit_entries: int = 0
    """How many entries the audit log had; `audit_head` is the hash of the last of them."""

    @property
    def not_scanned(self) -> str:
        """What an expected slide without a scan is called: it may still come while the run goes on."""
        return "Expected, not scanned yet" if self.run.ended_at is None else "Missing"
