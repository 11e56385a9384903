"""Mark Slide Complete: the slide's cells go into the outbox; the step succeeds once they were read back."""

from pathlib import PurePosixPath

from app.domain.dossier import Change, Dossier
from app.domain.quality import Verdict
from app.domain.sheet import CellWrite
from app.pipeline.case import Case, Outcome, Skip, Wait
from app.pipeline.journey import VERIFY
from app.pipeline.rescans import earlier_scans

WAITING = "sheet pending"


async def record(case: Case) -> Outcome:
    """Hand the slide's cells to the outbox, unless a later scan of the slide speaks for it."""
    if case.dossier.scan.superseded_by is not None:
        return Skip(f"Scan {case.dossier.scan.superseded_by} of this slide is the one in the sheet")
    barcode = case.dossier.scan.barcode or ""
    generation = int(case.kit.clock.now().timestamp() * 1000)
    values = await _values(case)
    writes = tuple(CellWrite(barcode, header, value, generation) for header, value in values.items())
    case.kit.sheet.wake()
    return Wait(WAITING, change=Change(writes=writes))


async def _values(case: Case) -> dict[str, str]:
    dossier = case.dossier
    main = dossier.files[0]
    numbers = dossier.quality.numbers if dossier.quality else None
    blurry = numbers.blurry_percent if numbers else None
    runs = await case.kit.store.work(lambda journal: journal.runs())
    operator = next((run.operator.name for run in runs if run.id == dossier.scan.run), "")
    verified = dossier.steps[VERIFY].ended_at or case.kit.clock.now()
    return {
        "Status": status_text(dossier),
        "Scan File": PurePosixPath(main.destination).name,
        "Image Path": case.kit.destination.absolute(main.destination),
        "SHA-256": main.sha256,
        "Size": str(sum(file.size_bytes for file in dossier.files)),
        "Scanned At": scanned_at(dossier),
        "Transferred At": verified.astimezone().isoformat(sep=" ", timespec="seconds"),
        "Quality": dossier.quality.reason if dossier.quality else "",
        "Blurry %": "" if blurry is None else f"{blurry:.2f}",
        "Rescans": str(len(earlier_scans(case.kit.ledger, dossier))),
        "Operator": operator,
        "Message": "",
    }


def status_text(dossier: Dossier) -> str:
    """Return what the Status column says about a verified scan."""
    verdict = dossier.quality.verdict if dossier.quality else Verdict.NOT_CHECKED
    accepted = dossier.scan.verdict_by_person == Verdict.PASS.value
    return "Need to rescan" if verdict is Verdict.RESCAN and not accepted else "Complete"


def scanned_at(dossier: Dossier) -> str:
    """Return when the slide was scanned: as the file says, else when the scan was found."""
    if dossier.facts is not None and dossier.facts.scanned_at:
        return dossier.facts.scanned_at
    return dossier.scan.found_at.astimezone().isoformat(sep=" ", timespec="seconds")
