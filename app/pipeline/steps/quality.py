"""Check Image Quality: advice while the glass is still in the rack; the copy goes on beside it."""

from app.domain.dossier import Change
from app.domain.quality import QualityLimits, judge
from app.domain.slide import PictureKind
from app.pipeline.case import Case, Done, Outcome, Skip


async def quality(case: Case) -> Outcome:
    """Measure and judge; every verdict is a success of this step."""
    settings = case.kit.settings.quality
    if not settings.enabled:
        return Skip("Switched off by [quality] enabled")
    numbers, picture = await case.kit.images.quality(case.dossier.scan.files, with_map=True)
    limits = QualityLimits(
        settings.blur_limit_percent,
        settings.focus_review,
        settings.tissue_min_percent,
        settings.missed_tissue_percent,
    )
    verdict = judge(numbers, limits)
    return Done(verdict.reason, Change(quality=verdict, pictures={PictureKind.QUALITY_MAP: picture or b""}))
