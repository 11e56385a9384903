"""The first page's head: who, what, where, when, with which versions."""

from app.adapters.reports import look
from app.adapters.reports.pages import Pages
from app.adapters.reports.tally import Tally
from app.adapters.reports.text import Text
from app.adapters.reports.wording import count, duration, local, second, size, zone_name
from app.domain.report import RunReport

TITLE = "Slide Scanning Run Report"
_COLUMNS = 4
_GUTTER = 16.0


def draw_head(pages: Pages, report: RunReport, counts: Tally) -> None:
    """Draw the lab's name, the title and the fields, and begin the outline with them."""
    pages.mark("head", TITLE, level=0)
    pages.place(Text(report.lab, look.SUBSECTION.coloured(look.ACCENT)), gap=1)
    pages.place(Text(TITLE, look.TITLE), gap=5)
    canvas = pages.canvas
    canvas.setFillColor(look.ACCENT)
    canvas.rect(look.MARGIN, pages.y - 2, look.WIDTH, 2, stroke=0, fill=1)
    pages.y -= 12
    pairs = fields(report, counts)
    for start in range(0, len(pairs), _COLUMNS):
        _draw_row(pages, pairs[start : start + _COLUMNS])


def report_name(report: RunReport) -> str:
    """Return the name by which a report is filed: run and scanner."""
    return f"{report.run.id} on {report.run.scanner}"


def fields(report: RunReport, counts: Tally) -> tuple[tuple[str, str], ...]:
    """Return the fields of the head with their values, in order."""
    run, zone = report.run, report.created_at.tzinfo
    operator = f"{run.operator.name}\n{run.operator.email}" if run.operator.email else run.operator.name
    ended = second(local(run.ended_at, zone)) if run.ended_at else "Still open when this report was made"
    created = f"{second(report.created_at)} {zone_name(report.created_at)}".rstrip()
    rate = counts.size_bytes / counts.seconds if counts.seconds >= 1 else 0.0
    return (
        ("Report Name", report_name(report)),
        ("Run", run.id),
        ("Scanner", run.scanner),
        ("Operator", operator),
        ("Run Started", second(local(run.started_at, zone))),
        ("Run Ended", ended),
        ("Duration", duration(counts.seconds) + ("" if run.ended_at else " so far")),
        ("Report Created", created),
        ("Total Slides", f"{counts.slides:,}"),
        ("Failing Slides", f"{counts.failing:,}"),
        ("Data Verified", f"{size(counts.size_bytes)} ({count(counts.size_bytes, 'byte')})"),
        ("Throughput", f"{size(round(rate))}/s" if rate else "–"),
        ("Program Version", report.program_version),
        ("Analysis Version", report.quality_version),
        ("Sheet", report.sheet_title or "–"),
        ("Journal", report.journal_id),
        ("Audit Head", _audit_head(report)),
    )


def _audit_head(report: RunReport) -> str:
    return f"Entry {report.audit_entries}: {report.audit_head}" if report.audit_head else "–"


def _draw_row(pages: Pages, pairs: tuple[tuple[str, str], ...]) -> None:
    width = (look.WIDTH - _GUTTER * (_COLUMNS - 1)) / _COLUMNS
    if len(pairs) == 1:
        width = look.WIDTH
    values = [Text(value, look.VALUE) for _, value in pairs]
    tall = look.LABEL.leading + max(value.height(width) for value in values) + 5
    if tall > pages.full_room:
        for label, value in pairs:
            pages.place(Text(label, look.LABEL))
            pages.place(Text(value, look.VALUE), gap=5)
        return
    pages.need(tall)
    for place, ((label, _), block) in enumerate(zip(pairs, values, strict=True)):
        x = look.MARGIN + place * (width + _GUTTER)
        Text(label, look.LABEL).draw(pages.canvas, x, pages.y, width)
        block.draw(pages.canvas, x, pages.y - look.LABEL.leading, width)
    pages.y -= tall
