"""Where a scan and the slide sheet differ: a scientist changed the row after the scan got its name."""

from collections.abc import Sequence

from app.domain.dossier import Dossier
from app.domain.sheet import SlideSheet
from app.domain.sheet_differences import Difference, differences
from app.pipeline.journey import NAME

_SHOWN = 3


def open_differences(dossier: Dossier, sheet: SlideSheet | None) -> tuple[Difference, ...]:
    """Return what a person has not decided about yet; nothing without a reading of the sheet, or before the name.

    A scan that another one took the place of keeps its row: the other one speaks for the slide.
    """
    scan = dossier.scan
    if sheet is None or not scan.barcode or scan.cancelled or scan.superseded_by is not None:
        return ()
    if not dossier.steps[NAME].state.done:
        return ()
    return differences(dossier.row, sheet, scan.barcode, dossier.left)


def changes_in_words(found: Sequence[Difference]) -> str:
    """Return differences in one line: `Panel: P1 → P2, Study: A → B`."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(each.words for each in found[:_SHOWN]) + more
