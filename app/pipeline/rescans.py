"""Several scans of one slide: which came before which, and which one is kept."""

from app.domain.dossier import Dossier
from app.domain.quality import Verdict
from app.domain.scan import Scan, ScanId
from app.pipeline.journey import VERIFY
from app.pipeline.ledger import Ledger

OLD, NEW, BOTH = "old", "new", "both"
FIND, WITHOUT = "find", "without"


def kept_choice(scan: Scan) -> str | None:
    """Return which of two scans a person keeps: old, new or both; None while nobody said."""
    return scan.keep.partition("+")[0] or None if scan.keep else None


def missing_answer(scan: Scan) -> str | None:
    """Return what a person said about an older image that is not there: find, without, or None."""
    return scan.keep.partition("+")[2] or None if scan.keep else None


def answer(choice: str | None, missing: str = "") -> str | None:
    """Return both answers as `Scan.keep` holds them."""
    return f"{choice or ''}+{missing}" if missing else choice


def stands(dossier: Dossier) -> bool:
    """Whether a scan lies verified on the share under the name it should have."""
    return dossier.published and dossier.steps[VERIFY].state.done


def is_being_corrected(dossier: Dossier) -> bool:
    """Whether a verified scan is on its way to another slide's name: its barcode was wrong."""
    return dossier.published and not dossier.steps[VERIFY].state.done


def is_lost(dossier: Dossier) -> bool:
    """Whether a scan was verified on the share, and another went on without its image, which is not there any more."""
    return not dossier.published and dossier.scan.superseded_by is not None and dossier.steps[VERIFY].state.done


def scans_of_slide(ledger: Ledger, dossier: Dossier) -> tuple[Dossier, ...]:
    """Return every other scan of the same slide that was not given up, oldest first."""
    barcode = dossier.scan.barcode
    return tuple(
        other
        for other in (ledger.of_barcode(barcode) if barcode else ())
        if other.id != dossier.id and not other.scan.cancelled
    )


def came_before(first: Dossier, second: Dossier) -> bool:
    """Whether `first` was found before `second`."""
    return (first.scan.found_at, first.id) < (second.scan.found_at, second.id)


def earlier_scans(ledger: Ledger, dossier: Dossier) -> tuple[Dossier, ...]:
    """Return the verified scans of the slide that came before this one, oldest first."""
    return tuple(o for o in scans_of_slide(ledger, dossier) if stands(o) and came_before(o, dossier))


def heads(ledger: Ledger, dossier: Dossier) -> tuple[Dossier, ...]:
    """Return the other verified scans of the slide that no scan took the place of, oldest first."""
    return tuple(o for o in scans_of_slide(ledger, dossier) if stands(o) and o.scan.superseded_by is None)


def later_scan(ledger: Ledger, dossier: Dossier) -> Dossier | None:
    """Return a verified scan of the slide that came after this one and was kept, None where there is none."""
    kept = [other for other in heads(ledger, dossier) if came_before(dossier, other)]
    return kept[-1] if kept else None


def older_to_keep(ledger: Ledger, dossier: Dossier) -> Dossier | None:
    """Return the earlier scan that gets the name when the old one is kept: the newest good one, else the newest."""
    earlier = earlier_scans(ledger, dossier)
    good = tuple(other for other in earlier if not advises_rescan(other))
    return next(reversed(good or earlier), None)


def still_coming(ledger: Ledger, dossier: Dossier) -> bool:
    """Whether an earlier scan of the slide is on its way to the share and must be let through first."""
    return any(
        came_before(other, dossier) and not other.steps[VERIFY].state.done and other.state.on_its_way
        for other in scans_of_slide(ledger, dossier)
    )


def advises_rescan(dossier: Dossier) -> bool:
    """Whether the verdict on a scan, a person's before the program's, is to scan again."""
    if dossier.scan.verdict_by_person is not None:
        return dossier.scan.verdict_by_person == Verdict.RESCAN.value
    return dossier.quality is not None and dossier.quality.verdict is Verdict.RESCAN


def gave_way_to(ledger: Ledger, dossier: Dossier) -> Dossier | None:
    """Return the scan that took this one's place; None also where that scan was given up, or is another slide's."""
    other = None if dossier.scan.superseded_by is None else ledger.find(dossier.scan.superseded_by)
    if other is None:
        return None
    given_up = other.scan.cancelled and not other.published
    other_slide = other.scan.barcode is not None and other.scan.barcode != dossier.scan.barcode
    # One that is being corrected still holds the name, until it has moved to the other slide's.
    return None if given_up or (other_slide and not is_being_corrected(other)) else other


def is_orphan(ledger: Ledger, dossier: Dossier) -> bool:
    """Whether a verified scan made way for nothing: it gets its name back, or gives way to another scan."""
    return stands(dossier) and dossier.scan.superseded_by is not None and gave_way_to(ledger, dossier) is None


def orphans_of(ledger: Ledger, scan: ScanId) -> tuple[Dossier, ...]:
    """Return the scans that made way for this one, which does not take their place after all."""
    return tuple(o for o in ledger.all() if o.scan.superseded_by == scan and is_orphan(ledger, o))
