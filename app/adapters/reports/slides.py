"""Slide Details: one row a scan."""

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from app.adapters.reports import look
from app.adapters.reports.blocks import PICTURE_WIDTH, Badge, Picture, Stack
from app.adapters.reports.fonts import printable, text_width
from app.adapters.reports.pages import Pages
from app.adapters.reports.picture import thumbnail
from app.adapters.reports.table import PAD_X, Column, Row, Table
from app.adapters.reports.tally import failing_reasons, file_name
from app.adapters.reports.text import Block, Text
from app.adapters.reports.wording import clean, count, day, local, size
from app.domain.quality import Quality
from app.domain.report import RunReport, SlideLine

SHORT_SHA256 = 12
LEAST_SHEET_COLUMN = 44.0
"""Where the sheet's columns do not get this much each, in points, or their titles' longest words, they share one."""
LONGEST_TITLE = 60
"""A column with a longer title than this would have a head taller than its rows."""

_BEFORE = (Column("Picture", PICTURE_WIDTH + 2 * PAD_X), Column("Barcode", 78))
_AFTER = (
    Column("File Name", 106),
    Column("Size", 44, "right"),
    Column("SHA-256", 60),
    Column("Quality", 66),
    Column("Pass/Fail", 60),
    Column("Failing Reasons", 82),
    Column("Times", 62),
)
_SHEET_ROOM = look.WIDTH - sum(column.width for column in (*_BEFORE, *_AFTER))


def row_key(place: int) -> str:
    """Return the bookmark of the scan at this place of the report."""
    return f"scan{place}"


def draw_slides(pages: Pages, report: RunReport, progress: Callable[[int, int], None]) -> None:
    """Draw the table of all scans, telling `progress` after each one."""
    pages.section("Slide Details", "slides", need=140)
    if not report.slides:
        pages.place(Text("No scan was found in this run.", look.BODY), gap=4)
        progress(0, 0)
        return
    note = "The complete SHA-256 checksums and paths are in the appendix."
    pages.place(Text(note, look.NOTE), gap=5)
    Table((*_BEFORE, *_sheet_columns(report.columns), *_AFTER)).flow(pages, _rows(report, progress))


def _sheet_columns(titles: Sequence[str]) -> tuple[Column, ...]:
    if not titles:
        return (Column("Sheet", _SHEET_ROOM),)
    if _stacked(titles):
        return (Column("Sheet Columns", _SHEET_ROOM),)
    widths = [_least_width(title) for title in titles]
    more = (_SHEET_ROOM - sum(widths)) / len(titles)
    return tuple(Column(title, width + more) for title, width in zip(titles, widths, strict=True))


def _stacked(titles: Sequence[str]) -> bool:
    return sum(map(_least_width, titles)) > _SHEET_ROOM or max(map(len, titles)) > LONGEST_TITLE


def _least_width(title: str) -> float:
    words = printable(clean(title), look.TABLE_HEAD.font).split() or [""]
    longest = max(text_width(word, look.TABLE_HEAD.font, look.TABLE_HEAD.size) for word in words)
    return max(LEAST_SHEET_COLUMN, longest + 2 * PAD_X + 0.5)


def _rows(report: RunReport, progress: Callable[[int, int], None]) -> Iterator[Row]:
    total = len(report.slides)
    progress(0, total)
    for place, slide in enumerate(report.slides):
        yield _row(place, slide, report)
        progress(place + 1, total)


def _row(place: int, slide: SlideLine, report: RunReport) -> Row:
    name = slide.barcode or "No barcode"
    cells: tuple[Block, ...] = (
        Picture(thumbnail(slide.thumbnail)),
        Text(name, look.CELL_STRONG if slide.barcode else look.CELL_SOFT),
        *_sheet_cells(slide, report.columns),
        _file(slide),
        Text(size(slide.size_bytes), look.CELL.aligned("right")),
        _checksum(slide),
        _quality(slide.quality),
        _result(slide),
        _reasons(slide),
        _times(slide, report.created_at.tzinfo),
    )
    fails = not slide.passed and slide.superseded_by is None
    return Row(cells, row_key(place), name, look.PALE_RED if fails else None)


def _sheet_cells(slide: SlideLine, titles: Sequence[str]) -> tuple[Block, ...]:
    if not titles:
        return (Text("", look.CELL),)
    if _stacked(titles):
        values = ((title, slide.row.get(title, "") or "–") for title in titles)
        return (Stack([Text(f"{title}: {value}", look.CELL) for title, value in values], 0),)
    return tuple(Text(slide.row.get(title, ""), look.CELL) for title in titles)


def _file(slide: SlideLine) -> Block:
    name = file_name(slide)
    lines: list[Block] = [Text(name, look.CELL)]
    if slide.source_name != name:
        lines.append(Text(f"Scanner: {slide.source_name}", look.CELL_SOFT))
    if len(slide.files) > 1:
        lines.append(Text(count(len(slide.files), "file"), look.CELL_SOFT))
    return Stack(lines)


def _checksum(slide: SlideLine) -> Block:
    if not slide.files:
        return Text("–", look.CELL)
    lines: list[Block] = [Text(f"{slide.files[0].sha256[:SHORT_SHA256]}…", look.CODE)]
    if len(slide.files) > 1:
        lines.append(Text(f"and {len(slide.files) - 1:,} more", look.CELL_SOFT))
    return Stack(lines)


def _quality(quality: Quality | None) -> Block:
    if quality is None:
        return Text("Not checked", look.CELL_SOFT)
    word, colour = look.VERDICTS[quality.verdict]
    numbers = quality.numbers
    measured = (
        ("Blur", numbers.blurry_percent, "{:.1f} %"),
        ("Focus", numbers.focus, "{:.2f}"),
        ("Tissue", numbers.tissue_percent, "{:.1f} %"),
    )
    lines: list[Block] = [Text(word, look.CELL_STRONG.coloured(colour))]
    for title, value, form in measured:
        if value is not None:
            lines.append(Text(f"{title} {form.format(value)}", look.CELL))
    if quality.reason and numbers.blurry_percent is None:
        lines.append(Text(quality.reason, look.CELL_SOFT))
    return Stack(lines, 0)


def _result(slide: SlideLine) -> Block:
    if slide.superseded_by is not None:
        return Badge("SUPERSEDED", look.GREY)
    return Badge("PASS", look.GREEN) if slide.passed else Badge("FAIL", look.RED)


def _reasons(slide: SlideLine) -> Block:
    lines: list[Block] = []
    if slide.superseded_by is not None:
        lines.append(Text("Superseded, see Rescans", look.CELL.coloured(look.ACCENT), link="rescans"))
        lines.extend(Text(reason, look.CELL) for reason in slide.failing_reasons)
    else:
        lines.extend(Text(reason, look.CELL) for reason in failing_reasons(slide))
    return Stack(lines, 3) if lines else Text("–", look.CELL_SOFT)


def _times(slide: SlideLine, zone: tzinfo | None) -> Block:
    found = local(slide.found_at, zone)
    lines: list[Block] = [Text(day(found), look.CELL), Text(f"Found {found:%H:%M}", look.CELL)]
    if slide.verified_at is None:
        return Stack((*lines, Text("Not verified", look.CELL)), 0)
    verified = local(slide.verified_at, zone)
    if verified.date() != found.date():
        lines.append(Text(day(verified), look.CELL))
    return Stack((*lines, Text(f"Verified {verified:%H:%M}", look.CELL)), 0)
