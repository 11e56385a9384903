"""Tries thresholds on the verdicts that the journal holds; nothing is changed by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from statistics import median

from app.domain.errors import UseError
from app.domain.focus_calibration import FocusCalibration, Optics
from app.domain.journal import Journal
from app.domain.settings import QualitySettings
from app.domain.tuning import (
    ChangedVerdict,
    LimitsOf,
    PastVerdict,
    Tally,
    TriedValue,
    changed_verdicts,
    tally_now,
    tally_then,
)
from app.pipeline.quality_limits import FIXED, LEARNED, calibration_of, limits_with

NEWEST = 20
"""Of how many of the newest accepted slides the focus is told beside what was learned."""
BLUR_PERCENTS = tuple(float(percent) for percent in range(1, 11))
FOCUS_RATIOS = tuple(hundredths / 100 for hundredths in range(18, 35, 2))


@dataclass(frozen=True, slots=True)
class Trial:
    """The thresholds a person wants to try, None for those that stay as they are; of one scanner, or since a day."""

    blur_limit_percent: float | None = None
    focus_review: float | None = None
    tissue_min_percent: float | None = None
    scanner: str | None = None
    since: date | None = None

    def changes(self) -> dict[str, float | str]:
        """Return the settings that would have to be written, key to value."""
        numbers = {
            "blur_limit_percent": self.blur_limit_percent,
            "focus_review": self.focus_review,
            "tissue_min_percent": self.tissue_min_percent,
        }
        changed: dict[str, float | str] = {key: value for key, value in numbers.items() if value is not None}
        # A limit that was learned would stand before the one that was tried.
        return changed | ({"focus_calibration": FIXED} if self.focus_review is not None else {})


@dataclass(frozen=True, slots=True)
class FocusLesson:
    """What the accepted slides of a scanner and objective taught, and what the newest of them measure (median)."""

    learned: FocusCalibration | None
    newest: float | None


@dataclass(frozen=True, slots=True)
class PastJudging:
    """What is tried on: past verdicts, and the lesson of each scanner and objective among them."""

    verdicts: tuple[PastVerdict, ...]
    lessons: Mapping[Optics, FocusLesson]


@dataclass(frozen=True, slots=True)
class TuningReport:
    """What came of a trial: the verdicts as they were and as they would be, and other values of two thresholds."""

    in_force: QualitySettings
    tried: QualitySettings
    past: PastJudging
    then: Tally
    now: Tally
    changes: tuple[ChangedVerdict, ...]
    blur: tuple[TriedValue, ...]
    focus: tuple[TriedValue, ...]


def read_past(journal: Journal, settings: QualitySettings, trial: Trial) -> PastJudging:
    """Read what the trial is about; raise UseError for a scanner of which the journal knows nothing."""
    verdicts = journal.past_verdicts()
    scanners = sorted({past.optics.scanner for past in verdicts})
    if trial.scanner is not None and verdicts and trial.scanner not in scanners:
        raise UseError(
            "No scan of this scanner was judged",
            f"It was “{trial.scanner}”",
            "The journal holds verdicts on scans of " + ", ".join(scanners),
        )
    chosen = tuple(past for past in verdicts if _is_meant(past, trial))
    return PastJudging(chosen, {optics: _lesson(journal, settings, optics) for optics in _optics_of(chosen)})


def _is_meant(past: PastVerdict, trial: Trial) -> bool:
    of_scanner = trial.scanner is None or past.optics.scanner == trial.scanner
    return of_scanner and (trial.since is None or past.found_at.date() >= trial.since)


def _optics_of(verdicts: Iterable[PastVerdict]) -> list[Optics]:
    found = {past.optics for past in verdicts}
    return sorted(found, key=lambda each: (each.scanner, each.serial, each.objective or 0.0))


def _lesson(journal: Journal, settings: QualitySettings, optics: Optics) -> FocusLesson:
    newest = journal.last_accepted_focus(optics, NEWEST)
    return FocusLesson(calibration_of(journal, settings, optics), median(newest) if newest else None)


def try_thresholds(past: PastJudging, settings: QualitySettings, trial: Trial) -> TuningReport:
    """Judge all of it anew with the thresholds tried, and with a range of others."""
    tried = replace(settings, **trial.changes())  # type: ignore[arg-type]  # the keys are those of the settings
    limits_of = _limits_of(past, tried)
    return TuningReport(
        in_force=settings,
        tried=tried,
        past=past,
        then=tally_then(past.verdicts),
        now=tally_now(past.verdicts, limits_of),
        changes=changed_verdicts(past.verdicts, limits_of),
        blur=_tried_blur(past, limits_of, settings, tried),
        focus=_tried_focus(past, settings, tried),
    )


def _limits_of(past: PastJudging, settings: QualitySettings) -> LimitsOf:
    return cache(lambda optics: limits_with(settings, optics, past.lessons[optics].learned))


def _tried_blur(
    past: PastJudging, limits_of: LimitsOf, settings: QualitySettings, tried: QualitySettings
) -> tuple[TriedValue, ...]:
    def with_blur(percent: float) -> LimitsOf:
        return cache(lambda optics: replace(limits_of(optics), blur_rescan_percent=percent))

    def value(percent: float) -> TriedValue:
        tally = tally_now(past.verdicts, with_blur(percent))
        return TriedValue(percent, percent == settings.blur_limit_percent, tally)

    return tuple(map(value, sorted({*BLUR_PERCENTS, settings.blur_limit_percent, tried.blur_limit_percent})))


def _tried_focus(past: PastJudging, settings: QualitySettings, tried: QualitySettings) -> tuple[TriedValue, ...]:
    was_learned = any(lesson.learned for lesson in past.lessons.values())
    learns = was_learned and settings.focus_calibration == LEARNED

    def tally(calibration: str, ratio: float) -> Tally:
        other = replace(tried, focus_calibration=calibration, focus_review=ratio)
        return tally_now(past.verdicts, _limits_of(past, other))

    def value(ratio: float) -> TriedValue:
        return TriedValue(ratio, not learns and ratio == settings.focus_review, tally(FIXED, ratio))

    learned = (TriedValue(None, learns, tally(LEARNED, settings.focus_review)),) if was_learned else ()
    return (*learned, *map(value, sorted({*FOCUS_RATIOS, settings.focus_review, tried.focus_review})))
