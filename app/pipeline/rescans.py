"""Several scans of one slide: which came before which, and which one is kept."""

from app.domain.dossier import Dossier
from app.domain.quality import Verdict
from app.pipeline.journey import VERIFY
from app.pipeline.ledger import Ledger


def scans_of_slide(ledger: Ledger, dossier: Dossier) -> tuple[Dossier, ...]:
    """Return every other scan of the same slide that was not given up, oldest first."""
    barcode = dossier.scan.barcode
    return tuple(
        other
        for other in ledger.all()
        if other.id != dossier.id and barcode and other.scan.barcode == barcode and not other.scan.cancelled
    )


def came_before(first: Dossier, second: Dossier) -> bool:
    """Whether `first` was found before `second`."""
    return (first.scan.found_at, first.id) < (second.scan.found_at, second.id)


def earlier_scans(ledger: Ledger, dossier: Dossier) -> tuple[Dossier, ...]:
    """Return the verified scans of the slide that came before this one, oldest first."""
    return tuple(o for o in scans_of_slide(ledger, dossier) if o.published and came_before(o, dossier))


def later_scan(ledger: Ledger, dossier: Dossier) -> Dossier | None:
    """Return a verified scan of the slide that came after this one and was kept, None where there is none."""
    later = [o for o in scans_of_slide(ledger, dossier) if o.published and came_before(dossier, o)]
    kept = [other for other in later if other.scan.superseded_by is None]
    return kept[-1] if kept else None


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
