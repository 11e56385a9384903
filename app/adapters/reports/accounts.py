"""What people did and what is missing: rescans, audits and exclusions, slides not done."""

from collections.abc import Iterator

from app.adapters.reports import look
from app.adapters.reports.blocks import Stack
from app.adapters.reports.pages import Pages
from app.adapters.reports.slides import row_key
from app.adapters.reports.table import Column, Row, Table
from app.adapters.reports.tally import file_name
from app.adapters.reports.text import Block, Text
from app.adapters.reports.wording import local, second
from app.domain.audit import AuditEntry
from app.domain.report import RescanLine, RunReport
from app.domain.scan import ScanId


def draw_rescans(pages: Pages, report: RunReport) -> None:
    """Draw which scan took the place of which, which was kept and where the older one lies."""
    pages.section("Rescans", "rescans")
    if not report.rescans:
        pages.place(Text("No slide was scanned again.", look.BODY), gap=4)
        return
    columns = (
        Column("Slide", 92),
        Column("Older Scan", 118),
        Column("Newer Scan", 118),
        Column("Kept", 56),
        Column("Reason", 140),
        Column("The Older Scan Lies At", look.WIDTH - 604),
        Column("Time", 80),
    )
    Table(columns).flow(pages, _rescan_rows(report))


def _rescan_rows(report: RunReport) -> Iterator[Row]:
    places = {slide.scan: place for place, slide in enumerate(report.slides)}
    for rescan in report.rescans:
        yield Row(
            (
                Text(rescan.barcode, look.CELL_STRONG),
                _scan(rescan.older, places, report),
                _scan(rescan.newer, places, report),
                Text(_kept(rescan), look.CELL_STRONG.coloured(look.GREEN)),
                Text(rescan.reason or "–", look.CELL),
                Text(rescan.older_destination or "–", look.CODE),
                Text(second(local(rescan.at, report.created_at.tzinfo)), look.CELL),
            )
        )


def _scan(scan: ScanId, places: dict[ScanId, int], report: RunReport) -> Block:
    place = places.get(scan)
    if place is None:
        return Text(scan, look.CELL)
    name = Text(file_name(report.slides[place]), look.CELL.coloured(look.ACCENT), link=row_key(place))
    return Stack((name, Text(scan, look.CELL_SOFT)))


def _kept(rescan: RescanLine) -> str:
    known = {rescan.newer: "Newer", rescan.older: "Older"}
    return known.get(rescan.kept, rescan.kept)


def draw_audits(pages: Pages, report: RunReport) -> None:
    """Draw every act of a person with its reason and what it changed."""
    pages.section("Audits and Exclusions", "audits")
    if not report.audits:
        pages.place(Text("Nobody changed, marked or excluded anything by hand.", look.BODY), gap=4)
        return
    columns = (
        Column("Slide", 110),
        Column("Action / Reason", 200),
        Column("User", 130),
        Column("Time", 90),
        Column("Description (old → new)", look.WIDTH - 530),
    )
    Table(columns).flow(pages, (_audit_row(entry, report) for entry in report.audits))


def _audit_row(entry: AuditEntry, report: RunReport) -> Row:
    account = f"{entry.account} at {entry.station}, {entry.authentication}".strip()
    return Row(
        (
            Text(entry.barcode or entry.scan or "The run", look.CELL_STRONG),
            Stack((Text(entry.action, look.CELL_STRONG), Text(entry.reason or "No reason given", look.CELL))),
            Stack((Text(entry.who, look.CELL), Text(account, look.CELL_SOFT))),
            Text(second(local(entry.at, report.created_at.tzinfo)), look.CELL),
            Text(f"{entry.old or '–'} → {entry.new or '–'}", look.CELL),
        )
    )


def draw_not_done(pages: Pages, report: RunReport) -> None:
    """Draw the expected or found slides without a verified image."""
    pages.section("Not Done", "not-done")
    if not report.not_done:
        pages.place(Text("Every expected and every found slide has a verified image.", look.BODY), gap=4)
        return
    columns = (Column("Barcode", 140), Column("File on the Scanner", 230), Column("Reason", look.WIDTH - 370))
    Table(columns).flow(
        pages,
        (
            Row(
                (
                    Text(line.barcode or "No barcode", look.CELL_STRONG if line.barcode else look.CELL_SOFT),
                    Text(line.source_name or report.not_scanned, look.CELL if line.source_name else look.CELL_SOFT),
                    Text(line.reason, look.CELL),
                )
            )
            for line in report.not_done
        ),
    )
