"""What the summary of a run report counts."""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from app.domain.quality import Verdict
from app.domain.report import RunReport, SlideLine
from app.domain.step import StepState

BLUR_BINS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper edges, in percent, of the bars of the quality histogram; the last bar is open."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over a report. `slides` are the scans that stand; superseded ones are counted apart."""

    slides: int
    verified: int
    failing: int
    need_attention: int
    superseded: int
    rescans: int
    not_done: int
    not_scanned: int
    not_scanned_title: str
    size_bytes: int
    seconds: float
    blur: tuple[Counter[Verdict], ...]
    unmeasured: int
    step_seconds: tuple[tuple[str, float], ...]


def tally(report: RunReport) -> Tally:
    """Count a report's slides, bytes, time and blur."""
    standing = [slide for slide in report.slides if slide.superseded_by is None]
    blur = tuple(Counter[Verdict]() for _ in range(len(BLUR_BINS) + 1))
    unmeasured = sum(1 for slide in standing if not _count_blur(slide, blur))
    seconds: dict[str, float] = {}
    for slide in report.slides:
        for step in slide.steps:
            seconds[step.title] = seconds.get(step.title, 0.0) + step.seconds
    ended = report.run.ended_at or report.created_at
    return Tally(
        slides=len(standing),
        verified=sum(1 for slide in standing if slide.verified_at is not None),
        failing=sum(1 for slide in standing if not slide.passed),
        need_attention=sum(1 for slide in standing if slide.state is StepState.NEEDS_ATTENTION),
        superseded=len(report.slides) - len(standing),
        rescans=len(report.rescans),
        not_done=len(report.not_done),
        not_scanned=sum(1 for line in report.not_done if not line.source_name),
        not_scanned_title=report.not_scanned,
        size_bytes=sum(slide.size_bytes for slide in report.slides if slide.verified_at is not None),
        seconds=max(0.0, (ended - report.run.started_at).total_seconds()),
        blur=blur,
        unmeasured=unmeasured,
        step_seconds=tuple(seconds.items()),
    )


def _count_blur(slide: SlideLine, blur: tuple[Counter[Verdict], ...]) -> bool:
    percent = slide.quality.numbers.blurry_percent if slide.quality else None
    if slide.quality is None or percent is None:
        return False
    place = sum(1 for edge in BLUR_BINS if percent > edge)
    blur[place][slide.quality.verdict] += 1
    return True


def file_name(slide: SlideLine) -> str:
    """Return the name the scan has at the destination, before that the scanner's."""
    return PurePosixPath(slide.files[0].destination).name if slide.files else slide.source_name


def failing_reasons(slide: SlideLine) -> tuple[str, ...]:
    """Return why a slide fails; where nobody gave a reason, the state it stopped in and the message of that step."""
    if slide.passed or slide.failing_reasons:
        return slide.failing_reasons
    if slide.quality is not None and slide.quality.verdict is Verdict.RESCAN:
        return (slide.quality.reason,)
    if slide.state is StepState.SUCCEEDED:
        return ("No reason was recorded",)
    stopped = next((step for step in slide.steps if step.state is slide.state), None)
    if stopped is None:
        return (slide.state.title,)
    said = f": {stopped.message}" if stopped.message else ""
    return (f"{stopped.title}: {slide.state.title}{said}",)
