"""Which scan a person means by an id, the beginning of one, or a barcode."""

from collections.abc import Sequence

from app.domain.dossier import Dossier
from app.domain.errors import UseError
from app.domain.scan import ScanId


def find_scan(wanted: str, dossiers: Sequence[Dossier]) -> ScanId:
    """Return the one scan that is meant; a barcode means the scan that no other took the place of.

    Raises UseError when none or several fit, naming them.
    """
    by_id = [each for each in dossiers if each.id == wanted]
    by_barcode = [each for each in dossiers if each.scan.barcode == wanted]
    current = [each for each in by_barcode if each.scan.superseded_by is None and not each.scan.cancelled]
    by_start = [each for each in dossiers if len(wanted) >= 4 and each.id.startswith(wanted)]
    for found in (by_id, current, by_barcode, by_start):
        if len(found) == 1:
            return found[0].id
        if found:
            listed = ", ".join(f"{each.id} ({each.scan.files.name})" for each in found)
            raise UseError("Several scans fit", f"“{wanted}” is {listed}", "Name the scan by its id")
    raise UseError("No such scan", f"“{wanted}” is no scan's id or barcode", "`status` lists the scans")
