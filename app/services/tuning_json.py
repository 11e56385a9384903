"""What came of thresholds that were tried, for scripts; docs/interface.md describes the document."""

from collections.abc import Sequence
from typing import Any

from app.domain.focus_calibration import Optics
from app.domain.settings import QualitySettings
from app.domain.tuning import ChangedVerdict, PastVerdict, Said, Tally, TriedValue
from app.services.tuning import FocusLesson, Trial, TuningReport


def tuning_document(report: TuningReport, trial: Trial) -> dict[str, Any]:
    """Return the document of `quality-tune`."""
    return {
        "scans": len(report.past.verdicts),
        "people": _people_part(report.past.verdicts),
        "in_force": _thresholds_part(report.in_force),
        "tried": _thresholds_part(report.tried),
        "then": _tally_part(report.then),
        "now": _tally_part(report.now),
        "changes": [_change_part(each) for each in report.changes],
        "blur_limits": [_value_part(each) for each in report.blur],
        "focus_limits": [_value_part(each) for each in report.focus],
        "focus_learned": [_lesson_part(optics, lesson) for optics, lesson in report.past.lessons.items()],
        "settings": trial.changes(),
    }


def _people_part(pasts: Sequence[PastVerdict]) -> dict[str, int]:
    return {_key(said): sum(past.said is said for past in pasts) for said in Said}


def _key(said: Said) -> str:
    return said.value.replace(" ", "_")


def _thresholds_part(settings: QualitySettings) -> dict[str, Any]:
    return {
        "blur_limit_percent": settings.blur_limit_percent,
        "focus_review": settings.focus_review,
        "focus_calibration": settings.focus_calibration,
        "tissue_min_percent": settings.tissue_min_percent,
    }


def _tally_part(tally: Tally) -> dict[str, Any]:
    return {"verdicts": {verdict.value: count for verdict, count in tally.verdicts.items()}, **_counts(tally)}


def _counts(tally: Tally) -> dict[str, int]:
    return {"right": tally.right, "false": tally.false, "missed": tally.missed, "unanswered": tally.unanswered}


def _change_part(each: ChangedVerdict) -> dict[str, Any]:
    past, numbers = each.past, each.past.quality.numbers
    return {
        "id": past.scan,
        "barcode": past.barcode,
        "scanner": past.optics.scanner,
        "objective": past.optics.objective,
        "found": past.found_at.isoformat(),
        "blurry_percent": numbers.blurry_percent,
        "focus": numbers.focus,
        "tissue_percent": numbers.tissue_percent,
        "then": past.quality.verdict.value,
        "now": each.now.value,
        "people": _key(past.said),
        "reason": past.why,
    }


def _value_part(each: TriedValue) -> dict[str, Any]:
    return {"limit": each.value, "in_force": each.in_force, "alarms": each.tally.alarms, **_counts(each.tally)}


def _lesson_part(optics: Optics, lesson: FocusLesson) -> dict[str, Any]:
    learned = lesson.learned
    return {
        "scanner": optics.scanner,
        "serial": optics.serial or None,
        "objective": optics.objective,
        "slides": learned.slides if learned else None,
        "usual": learned.usual if learned else None,
        "spread": learned.spread if learned else None,
        "limit": learned.limit if learned else None,
        "newest": lesson.newest,
    }
