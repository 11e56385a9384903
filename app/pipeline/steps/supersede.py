"""Move Rescanned Images: what is left of it once names were given, for an older scan that lies under another name."""

from app.domain.errors import SlideError
from app.pipeline.case import Ask, Case, Done, Outcome, Skip
from app.pipeline.rescans import earlier_scans
from app.pipeline.steps.publish import make_way


async def supersede(case: Case) -> Outcome:
    """Move the slide's older scans and link them; a missing older image is a question with choices."""
    scan = case.dossier.scan
    if scan.superseded_by is not None:
        return Done(f"gave way to scan {scan.superseded_by}")
    earlier = earlier_scans(case.kit.ledger, case.dossier)
    if not earlier:
        return Skip("No earlier scan of this slide")
    if scan.keep == "both":
        return Skip("Both scans are kept")
    for older in earlier:
        if older.scan.superseded_by is not None:
            continue
        try:
            async with case.kit.publishing:
                await make_way(case, older)
        except SlideError as error:
            return Ask(
                "The older image is not there",
                f"Scan {older.id} of {scan.barcode}: {error.message}",
                "Put it back and restart; or mark this step as skipped to go on without it",
            )
    moved = [older.id for older in earlier]
    return Done(f"older scan {', '.join(moved)} is in {case.kit.settings.destination.rescans}")
