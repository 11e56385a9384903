"""The run as CSV: one line a scan, safe to open in a spreadsheet program."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.adapters.reports.atomic import replacing
from app.adapters.reports.tally import failing_reasons, file_name
from app.domain.report import RunReport, SlideLine
from app.domain.spreadsheet_text import plain_cell

BEFORE = ("Scan", "Barcode")
AFTER = (
    "File name",
    "Scanner file",
    "Files",
    "Size (bytes)",
    "SHA-256",
    "Destinations",
    "Verdict",
    "Blur (%)",
    "Focus",
    "Tissue (%)",
    "Quality reason",
    "Pass/Fail",
    "Failing reasons",
    "State",
    "Found",
    "Verified",
    "Superseded by",
)


def write_csv(report: RunReport, out: Path) -> None:
    """Write one line a scan, atomically, as UTF-8 with a byte order mark (spreadsheet programs need it).

    Texts that a spreadsheet would take for a formula get an apostrophe in front. Lists are joined by " | ".
    Raises SurroundingsError when the file cannot be written.
    """
    with replacing(out) as file:
        file.write(csv_bytes(report))


def csv_bytes(report: RunReport) -> bytes:
    """Return the bytes that `write_csv` writes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([plain_cell(title) for title in (*BEFORE, *_column_titles(report.columns), *AFTER)])
    for slide in report.slides:
        writer.writerow(list(_cells(slide, report.columns)))
    return text.getvalue().encode("utf-8-sig", errors="backslashreplace")


def _column_titles(columns: tuple[str, ...]) -> tuple[str, ...]:
    taken = {*BEFORE, *AFTER}
    return tuple(f"{title} (sheet)" if title in taken else title for title in columns)


def _cells(slide: SlideLine, columns: tuple[str, ...]) -> Iterator[str]:
    yield plain_cell(slide.scan)
    yield plain_cell(slide.barcode or "")
    for title in columns:
        yield plain_cell(slide.row.get(title, ""))
    yield plain_cell(file_name(slide))
    yield plain_cell(slide.source_name)
    yield str(len(slide.files))
    yield str(slide.size_bytes)
    yield " | ".join(file.sha256 for file in slide.files)
    yield plain_cell(" | ".join(file.destination for file in slide.files))
    numbers = slide.quality.numbers if slide.quality else None
    yield slide.quality.verdict.value if slide.quality else ""
    yield _number(numbers.blurry_percent if numbers else None)
    yield _number(numbers.focus if numbers else None)
    yield _number(numbers.tissue_percent if numbers else None)
    yield plain_cell(slide.quality.reason if slide.quality else "")
    yield "Pass" if slide.passed else "Fail"
    yield plain_cell(" | ".join(failing_reasons(slide)))
    yield slide.state.title
    yield _moment(slide.found_at)
    yield _moment(slide.verified_at)
    yield plain_cell(slide.superseded_by or "")


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
