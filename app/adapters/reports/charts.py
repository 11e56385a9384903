"""The summary's charts, drawn as vectors inside a panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from app.adapters.reports import look
from app.adapters.reports.fonts import SANS, printable, text_width
from app.adapters.reports.tally import BLUR_BINS, Tally
from app.adapters.reports.text import Text
from app.adapters.reports.wording import clean, count, duration
from app.domain.quality import Verdict

STEPS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the page, in points; `y` is its lower edge."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, pad: float) -> "Area":
        """Return the area without a margin."""
        return Area(self.x + pad, self.y + pad, self.width - 2 * pad, self.height - 2 * pad)


def panel(canvas: Canvas, area: Area, title: str, draw: Callable[[Canvas, Area], None]) -> None:
    """Draw a framed panel with its title, and the chart inside."""
    canvas.setStrokeColor(look.LINE)
    canvas.setLineWidth(0.6)
    canvas.roundRect(area.x, area.y, area.width, area.height, 4, stroke=1, fill=0)
    inner = area.inside(10)
    Text(title, look.SUBSECTION).draw(canvas, inner.x, inner.y + inner.height + 2, inner.width)
    draw(canvas, Area(inner.x, inner.y, inner.width, inner.height - 18))


def draw_outcome(canvas: Canvas, area: Area, counts: Tally) -> None:
    """Draw one bar of all scans by outcome, with its legend."""
    shares: tuple[tuple[str, int, Color], ...] = (
        ("Passed", counts.slides - counts.failing, look.GREEN),
        ("Failing", counts.failing, look.RED),
        ("Superseded by a rescan", counts.superseded, look.GREY),
        (counts.not_scanned_title, counts.not_scanned, look.AMBER),
    )
    total = sum(number for _, number, _ in shares)
    bar = Area(area.x, area.y + area.height - 20, area.width, 16)
    canvas.setFillColor(look.BAND)
    canvas.rect(bar.x, bar.y, bar.width, bar.height, stroke=0, fill=1)
    x = bar.x
    for _, number, colour in shares:
        wide = bar.width * number / total if total else 0.0
        canvas.setFillColor(colour)
        canvas.rect(x, bar.y, wide, bar.height, stroke=0, fill=1)
        x += wide
    y = bar.y - 17
    for title, number, colour in shares:
        canvas.setFillColor(colour)
        canvas.rect(area.x, y - 0.5, 7, 7, stroke=0, fill=1)
        share = f"{number:,}  ({100 * number / total:.0f} %)" if total else "0"
        _line(canvas, area.x + 12, y, title, look.INK)
        _line(canvas, area.x + area.width - _wide(share), y, share, look.INK)
        y -= 14.5


def draw_blur(canvas: Canvas, area: Area, counts: Tally) -> None:
    """Draw how many slides have how much of their tissue blurred; the colours are the verdicts."""
    highest = max((sum(each.values()) for each in counts.blur), default=0)
    base, room = area.y + 24, area.height - 36
    slot = area.width / len(counts.blur)
    for place, verdicts in enumerate(counts.blur):
        x, y = area.x + place * slot, base
        for verdict in Verdict:
            tall = room * verdicts[verdict] / highest if highest else 0.0
            canvas.setFillColor(look.VERDICTS[verdict][1])
            canvas.rect(x + slot * 0.16, y, slot * 0.68, tall, stroke=0, fill=1)
            y += tall
        number = sum(verdicts.values())
        if number:
            _line(canvas, x + (slot - _wide(f"{number:,}")) / 2, y + 3, f"{number:,}", look.INK)
        label = _bin_label(place)
        _line(canvas, x + (slot - _wide(label)) / 2, base - 9, label, look.SOFT)
    canvas.setStrokeColor(look.SOFT)
    canvas.setLineWidth(0.5)
    canvas.line(area.x, base, area.x + area.width, base)
    _legend(canvas, area, counts)


def _legend(canvas: Canvas, area: Area, counts: Tally) -> None:
    x = area.x
    for verdict in (Verdict.PASS, Verdict.REVIEW, Verdict.RESCAN):
        word, colour = look.VERDICTS[verdict]
        canvas.setFillColor(colour)
        canvas.rect(x, area.y - 0.5, 6, 6, stroke=0, fill=1)
        _line(canvas, x + 9, area.y, word, look.SOFT)
        x += 9 + _wide(word) + 9
    if counts.unmeasured:
        left_out = f"{counts.unmeasured:,} not measured"
        _line(canvas, area.x + area.width - _wide(left_out), area.y, left_out, look.SOFT)


def draw_time(canvas: Canvas, area: Area, counts: Tally) -> None:
    """Draw the time all scans together spent in each step, in the journey's order, small steps as one."""
    bars = _largest(counts.step_seconds)
    if not bars:
        _line(canvas, area.x, area.y + area.height - 14, "No step has been taken.", look.SOFT)
        return
    longest = max(seconds for _, seconds in bars) or 1.0
    titles = [_short(title) for title, _ in bars]
    start, end = area.x + 100, area.x + area.width - 56
    pitch = area.height / (STEPS_SHOWN + 1)
    y = area.y + area.height - pitch * 0.75
    for title, (_, seconds) in zip(titles, bars, strict=True):
        _line(canvas, area.x, y, title, look.INK)
        canvas.setFillColor(look.MIDDLE_ACCENT)
        canvas.rect(start, y - 1.2, max(0.6, (end - start) * seconds / longest), 7.5, stroke=0, fill=1)
        value = duration(seconds)
        _line(canvas, area.x + area.width - _wide(value), y, value, look.INK)
        y -= pitch


def _short(title: str) -> str:
    """Return what of a step's title fits before its bar; the appendix has it whole."""
    lines = Text(title, look.CELL_SOFT).lines(85)
    return lines[0] if len(lines) == 1 else f"{lines[0]} …"


def _largest(steps: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    if len(steps) <= STEPS_SHOWN + 1:
        return list(steps)
    least = sorted((seconds for _, seconds in steps), reverse=True)[STEPS_SHOWN - 1]
    shown = [step for step in steps if step[1] >= least][:STEPS_SHOWN]
    others = [step for step in steps if step not in shown]
    return [*shown, (count(len(others), "other step"), sum(seconds for _, seconds in others))]


def _bin_label(place: int) -> str:
    if place == 0:
        return f"≤ {BLUR_BINS[0]:g} %"
    if place == len(BLUR_BINS):
        return f"> {BLUR_BINS[-1]:g} %"
    return f"≤ {BLUR_BINS[place]:g} %"


def _wide(text: str) -> float:
    return text_width(text, SANS, 7)


def _line(canvas: Canvas, x: float, base: float, text: str, colour: Color) -> None:
    canvas.setFont(SANS, 7)
    canvas.setFillColor(colour)
    canvas.drawString(x, base, printable(clean(text), SANS))
