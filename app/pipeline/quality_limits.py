"""The limits by which a scan's quality is judged: the settings' own, and the focus that accepted slides taught."""

from dataclasses import replace

from app.domain.focus_calibration import TEACHERS, FocusCalibration, Optics, learn_focus
from app.domain.journal import Journal
from app.domain.quality import QualityLimits
from app.domain.settings import QualitySettings, day_of

LEARNED, FIXED = "learned", "fixed"


def fixed_limits(settings: QualitySettings) -> QualityLimits:
    """Return the limits as the settings have them, whatever was learned."""
    return QualityLimits(
        blur_rescan_percent=settings.blur_limit_percent,
        focus_review=settings.focus_review,
        tissue_min_percent=settings.tissue_min_percent,
        missed_tissue_percent=settings.missed_tissue_percent,
    )


def calibration_of(journal: Journal, settings: QualitySettings, optics: Optics) -> FocusCalibration | None:
    """Return what the accepted slides of a scanner and objective taught; None where they are too few."""
    accepted = journal.first_accepted_focus(optics, day_of(settings.focus_learned_since), TEACHERS)
    return learn_focus(accepted, settings.focus_review)


def limits_with(settings: QualitySettings, optics: Optics, learned: FocusCalibration | None) -> QualityLimits:
    """Return the limits for a scan with these optics, given what its accepted slides taught."""
    limits = fixed_limits(settings)
    if learned is None or settings.focus_calibration != LEARNED:
        return limits
    return replace(limits, focus_review=learned.limit, focus_usual=learned.usual, focus_of=optics.words)


def limits_in_force(journal: Journal, settings: QualitySettings, optics: Optics) -> QualityLimits:
    """Return the limits for a scan with these optics; the focus limit is learned where settings and slides allow."""
    return limits_with(settings, optics, calibration_of(journal, settings, optics))
