"""Makes the contents of a run report from the journal alone, at any time, for any run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.dossier import Dossier, RescanLink
from app.domain.errors import UseError
from app.domain.journal import Journal
from app.domain.quality import Verdict
from app.domain.report import NotDoneLine, RescanLine, RunReport, SlideLine, StepLine
from app.domain.run import Run
from app.domain.scan import RunId
from app.domain.settings import Settings, declared_settings
from app.domain.slide import PictureKind
from app.pipeline.journey import JOURNEY, VERIFY
from app.services.board import attention_of, in_one_line
from app.services.reconciliation import current_scans

QUALITY_VERSION = "blur 1 (1.25x, Laplace, sigma 7), focus 1 (Tenengrad 3/1)"


@dataclass(frozen=True, slots=True)
class ReportFrame:
    """What a report says beside the journal's contents."""

    settings: Settings
    program_version: str
    created_at: datetime


def find_run(runs: Sequence[Run], wanted: str | None) -> Run:
    """Return the run of that id, or the newest; raise UseError where there is none."""
    if not runs:
        raise UseError("There is no run yet", "The journal is empty", "Start with `run --once` or open the window")
    if wanted is None:
        return runs[-1]
    for run in runs:
        if run.id == wanted:
            return run
    raise UseError("No such run", f"It was “{wanted}”", "Runs: " + ", ".join(run.id for run in runs[-10:]))


def make_report(journal: Journal, run_id: RunId, frame: ReportFrame) -> RunReport:
    """Read one run from the journal; to be called inside one transaction."""
    run = find_run(journal.runs(), run_id)
    dossiers = journal.dossiers(run.id)
    sheet = journal.sheet()
    ids = {dossier.id for dossier in dossiers}
    tip = journal.audit_tip()
    audits = journal.audits()
    links = [link for link in journal.links() if link.newer in ids or link.older in ids]
    return RunReport(
        lab=frame.settings.lab.name,
        run=run,
        created_at=frame.created_at,
        program_version=frame.program_version,
        quality_version=QUALITY_VERSION,
        journal_id=journal.id(),
        sheet_title=sheet.title if sheet else "",
        audit_head=tip.hash,
        audit_entries=tip.number,
        columns=frame.settings.report.columns,
        slides=tuple(_slide_line(journal, dossier) for dossier in dossiers),
        rescans=tuple(_rescan_line(link, audits) for link in links),
        audits=journal.audits(run.id),
        not_done=_not_done(journal, run, dossiers),
        settings=_settings_lines(frame.settings),
    )


def _slide_line(journal: Journal, dossier: Dossier) -> SlideLine:
    reasons = failing_reasons(dossier)
    return SlideLine(
        scan=dossier.id,
        barcode=dossier.scan.barcode,
        row=dossier.row,
        source_name=dossier.scan.files.name,
        files=dossier.files if dossier.published else (),
        size_bytes=dossier.scan.files.size_bytes,
        state=dossier.state,
        passed=dossier.published and not reasons,
        failing_reasons=reasons,
        quality=dossier.quality,
        found_at=dossier.scan.found_at,
        verified_at=dossier.steps[VERIFY].ended_at if dossier.published else None,
        thumbnail=journal.picture(dossier.id, PictureKind.THUMBNAIL),
        steps=tuple(_step_line(dossier, step.title, step.id) for step in JOURNEY),
        superseded_by=dossier.scan.superseded_by,
    )


def _step_line(dossier: Dossier, title: str, step: str) -> StepLine:
    record = next(record for key, record in dossier.steps.items() if key == step)
    return StepLine(title, record.state, record.seconds, record.attempts, record.message)


def failing_reasons(dossier: Dossier) -> tuple[str, ...]:
    """Return why a scan does not pass; empty for a good one."""
    reasons = []
    attention = attention_of(dossier)
    if attention is not None:
        reasons.append(in_one_line(attention.title, attention.message))
    elif not dossier.published:
        reasons.append(f"Not verified on the share: {dossier.state.title}")
    if dossier.scan.verdict_by_person == Verdict.RESCAN.value and dossier.quality is not None:
        reasons.append(f"Rescan ordered. {dossier.quality.reason}")
    return tuple(reasons)


def _rescan_line(link: RescanLink, audits: Sequence[AuditEntry]) -> RescanLine:
    """Return the line of two scans; a person's decision about them stands behind the reason for the rescan."""
    reason = link.reason
    said = next((e for e in reversed(audits) if e.action == "keep" and e.scan in (link.newer, link.older)), None)
    if said is not None:
        why = f": {said.reason}" if said.reason else ""
        reason += f". {said.who or said.account} decided to keep {said.new}{why}"
    if not link.older_destination:
        reason += ". The older image is not on the share"
    return RescanLine(link.barcode, link.older, link.newer, link.kept, link.older_destination, reason, link.at)


def _not_done(journal: Journal, run: Run, dossiers: Sequence[Dossier]) -> tuple[NotDoneLine, ...]:
    given = journal.end_reasons(run.id)
    lines = []
    safe = {dossier.scan.barcode for dossier in dossiers if dossier.published}
    open_scans = [d for d in current_scans(dossiers) if not d.published and d.scan.barcode not in safe]
    for dossier in open_scans:
        reason = _given(given, dossier) or "; ".join(failing_reasons(dossier)) or dossier.state.title
        lines.append(NotDoneLine(dossier.scan.barcode, dossier.scan.files.name, reason))
    seen = safe | {dossier.scan.barcode for dossier in open_scans}
    words = "Expected, not scanned yet" if run.ended_at is None else "Missing: expected, not scanned"
    for each in journal.expected(run.id):
        if each.barcode not in seen:
            lines.append(NotDoneLine(each.barcode, "", given.get(each.barcode, words)))
    return tuple(lines)


def _given(given: Mapping[str, str], dossier: Dossier) -> str:
    return given.get(dossier.scan.barcode or "", "") or given.get(dossier.id, "")


def _settings_lines(settings: Settings) -> tuple[tuple[str, str], ...]:
    lines = []
    for each in declared_settings():
        value = getattr(getattr(settings, each.section), each.key)
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        lines.append((f"[{each.section}] {each.key}", f"{text} {each.declaration.unit}".strip()))
    return tuple(lines)
