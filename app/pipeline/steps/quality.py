"""Check Image Quality: advice while the glass is still in the rack; the copy goes on beside it."""

from dataclasses import replace

from app.domain.dossier import Change
from app.domain.focus_calibration import optics_of
from app.domain.quality import judge
from app.domain.slide import PictureKind
from app.pipeline.case import Case, Done, Outcome, Skip
from app.pipeline.quality_limits import limits_in_force


async def quality(case: Case) -> Outcome:
    """Measure and judge; every verdict is a success of this step. By which limits it was judged is kept with it."""
    kit, settings = case.kit, case.kit.settings.quality
    if not settings.enabled:
        return Skip("Switched off by [quality] enabled")
    numbers, picture = await kit.images.quality(case.dossier.scan.files, with_map=True)
    optics = optics_of(case.dossier.scan.scanner, case.dossier.facts)
    limits = await kit.store.work(lambda journal: limits_in_force(journal, settings, optics))
    verdict = replace(judge(numbers, limits), limits=limits, program=kit.program_version)
    return Done(verdict.reason, Change(quality=verdict, pictures={PictureKind.QUALITY_MAP: picture or b""}))
