"""The whole report, part after part."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from app.adapters.reports.accounts import draw_audits, draw_not_done, draw_rescans
from app.adapters.reports.appendix import draw_appendix, manifest
from app.adapters.reports.attachments import attach
from app.adapters.reports.csv_form import csv_bytes
from app.adapters.reports.fonts import register
from app.adapters.reports.head import TITLE, draw_head, report_name
from app.adapters.reports.json_form import report_json
from app.adapters.reports.pages import Pages, PageWords
from app.adapters.reports.signoff import draw_signoff
from app.adapters.reports.slides import draw_slides
from app.adapters.reports.summary import draw_summary
from app.adapters.reports.tally import tally
from app.adapters.reports.wording import clean, count, day, one_line
from app.domain.report import RunReport

SHORT_HEAD = 16


def lay_out(report: RunReport, out: BinaryIO, fonts: Path, progress: Callable[[int, int], None]) -> None:
    """Write the report to `out`. Raises SurroundingsError when a font is missing."""
    register(fonts)
    counts = tally(report)
    pages = Pages(out, page_words(report))
    draw_head(pages, report, counts)
    draw_summary(pages, report, counts)
    draw_slides(pages, report, progress)
    draw_rescans(pages, report)
    draw_audits(pages, report)
    draw_not_done(pages, report)
    draw_signoff(pages)
    draw_appendix(pages, report)
    attach(
        pages.canvas,
        {
            "manifest.sha256": manifest(report),
            "run.csv": csv_bytes(report),
            "run.json": report_json(report).encode("ascii"),
        },
    )
    pages.finish()


def page_words(report: RunReport) -> PageWords:
    """Return what every page and the document's properties say about a report."""
    head = clean(report.audit_head)
    short = head if len(head) <= SHORT_HEAD else f"{head[:SHORT_HEAD]}…"
    run = report.run
    return PageWords(
        title=f"{TITLE}: {report_name(report)}",
        running_head=one_line(f"{TITLE}  ·  {report_name(report)}  ·  {report.lab}"),
        foot_left=f"Document Generated: {day(report.created_at)}",
        foot_middle=f"Audit head {short}" if short else "",
        author=", ".join(part for part in (run.operator.name, report.lab) if part),
        subject=f"{count(len(report.slides), 'scan')} of run {run.id} at {run.scanner}",
        keywords=", ".join(("whole-slide imaging", "scanning run", run.id, run.scanner, *report.columns)),
        creator=f"Slideferry {report.program_version}",
        made_at=report.created_at,
        identity=f"{report.journal_id} {run.id} {report.audit_head} {report.created_at.isoformat()}",
    )
