"""The summary: counts as figures, three charts, and the slides somebody has to look at."""

from functools import partial

from reportlab.lib.colors import Color

from app.adapters.reports import look
from app.adapters.reports.charts import Area, draw_blur, draw_outcome, draw_time, panel
from app.adapters.reports.pages import Pages
from app.adapters.reports.slides import row_key
from app.adapters.reports.table import Column, Row, Table
from app.adapters.reports.tally import Tally, failing_reasons, file_name
from app.adapters.reports.text import Text
from app.adapters.reports.wording import count, duration, size
from app.domain.report import RunReport, SlideLine

_GAP = 8.0
_TILE_HEIGHT = 50.0
_PANEL_HEIGHT = 128.0
FAILING_SHOWN = 4


def draw_summary(pages: Pages, report: RunReport, counts: Tally) -> None:
    """Draw the summary, on the first page where the head leaves room."""
    pages.section("Summary", "summary", need=_TILE_HEIGHT + _PANEL_HEIGHT + 60)
    _draw_tiles(pages, report, counts)
    _draw_panels(pages, counts)
    _list_failing(pages, report)


def _draw_tiles(pages: Pages, report: RunReport, counts: Tally) -> None:
    bad, warn = look.RED, look.AMBER
    tiles: tuple[tuple[str, str, Color], ...] = (
        (f"{counts.slides:,}", "Slides", look.INK),
        (f"{counts.verified:,}", "Verified", look.GREEN if counts.verified == counts.slides else look.INK),
        (f"{counts.failing:,}", "Failing", bad if counts.failing else look.INK),
        (f"{counts.need_attention:,}", "Need attention", warn if counts.need_attention else look.INK),
        (f"{counts.rescans:,}", "Rescans", look.INK),
        (f"{counts.not_done:,}", "Not done", warn if counts.not_done else look.INK),
        (size(counts.size_bytes), "Data verified", look.INK),
        (duration(counts.seconds), "Duration" if report.run.ended_at else "Duration so far", look.INK),
    )
    weights = [1.0] * 6 + [1.35, 1.6]
    unit = (look.WIDTH - _GAP * (len(tiles) - 1)) / sum(weights)
    x, canvas = look.MARGIN, pages.canvas
    for (figure, label, colour), weight in zip(tiles, weights, strict=True):
        canvas.setFillColor(look.BAND)
        canvas.roundRect(x, pages.y - _TILE_HEIGHT, unit * weight, _TILE_HEIGHT, 4, stroke=0, fill=1)
        Text(figure, look.FIGURE.coloured(colour)).draw(canvas, x + 9, pages.y - 7, unit * weight - 12)
        Text(label, look.NOTE).draw(canvas, x + 9, pages.y - 31, unit * weight - 12)
        x += unit * weight + _GAP
    pages.y -= _TILE_HEIGHT + _GAP


def _draw_panels(pages: Pages, counts: Tally) -> None:
    panels = (
        ("Outcome", partial(draw_outcome, counts=counts)),
        ("Blurred part of the tissue (slides)", partial(draw_blur, counts=counts)),
        ("Where the time went (all scans together)", partial(draw_time, counts=counts)),
    )
    width = (look.WIDTH - 2 * _GAP) / 3
    for place, (title, draw) in enumerate(panels):
        area = Area(look.MARGIN + place * (width + _GAP), pages.y - _PANEL_HEIGHT, width, _PANEL_HEIGHT)
        panel(pages.canvas, area, title, draw)
    pages.y -= _PANEL_HEIGHT + _GAP


def _list_failing(pages: Pages, report: RunReport) -> None:
    failing = [
        (place, slide) for place, slide in enumerate(report.slides) if not slide.passed and slide.superseded_by is None
    ]
    if not failing:
        return
    columns = (Column("Failing Slide", 130), Column("File", 220), Column("Reason", look.WIDTH - 350))
    Table(columns, pad_y=2.5).flow(pages, (_failing_row(place, slide) for place, slide in failing[:FAILING_SHOWN]))
    if len(failing) > FAILING_SHOWN:
        more = f"… and {count(len(failing) - FAILING_SHOWN, 'more failing slide')}: see Slide Details."
        pages.y -= 3
        pages.place(Text(more, look.NOTE, link="slides"))


def _failing_row(place: int, slide: SlideLine) -> Row:
    name = slide.barcode or "No barcode"
    return Row(
        (
            Text(name, look.CELL_STRONG.coloured(look.ACCENT), link=row_key(place)),
            Text(file_name(slide), look.CELL),
            Text("; ".join(failing_reasons(slide)), look.CELL),
        )
    )
