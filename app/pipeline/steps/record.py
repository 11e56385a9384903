"""Mark Slide Complete: the slide's cells go into the outbox; the step succeeds once they were read back."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from app.domain.dossier import Change, Dossier
from app.domain.errors import RetryableError
from app.domain.scan import RunId, ScanId
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite
from app.pipeline.case import Case, Kit, Outcome, Skip, Wait
from app.pipeline.journey import VERIFY
from app.pipeline.rescans import advises_rescan, earlier_scans, later_scan

WAITING = "sheet pending"


async def record(case: Case) -> Outcome:
    """Hand the slide's cells to the outbox, unless a later scan of the slide speaks for it."""
    speaker = other_speaker(case.kit, case.dossier)
    if speaker is not None:
        return Skip(f"Scan {speaker} of this slide is the one in the sheet")
    await _look_again(case.kit)
    generation = await next_generation(case.kit, case.dossier.scan.barcode or "")
    operators = await operator_names(case.kit)
    return Wait(WAITING, change=Change(writes=cells_of(case.kit, case.dossier, operators, generation=generation)))


def other_speaker(kit: Kit, dossier: Dossier) -> ScanId | None:
    """Return the scan that speaks for the slide in this one's place, None where this one does."""
    later = later_scan(kit.ledger, dossier)
    return dossier.scan.superseded_by or (later.id if later else None)


async def _look_again(kit: Kit) -> None:
    """Read the sheet once more before a scan is done: its row may have changed since the scan was named by it.

    What differs is shown to people and changes nothing here; a sheet that cannot be read says so where it is written.
    """
    with suppress(RetryableError):
        await kit.sheet.fresh()


async def next_generation(kit: Kit, barcode: str) -> int:
    """Return the time in ms, or one more than what waits already: a clock that was set back must not hide the new."""
    waiting = await kit.store.work(lambda journal: journal.newest_generation(barcode))
    return max(int(kit.clock.now().timestamp() * 1000), 1 + waiting)


def cleared(barcode: str, message: str, generation: int) -> tuple[CellWrite, ...]:
    """Return the cells of a slide that has no verified image after all, with the reason as its message."""
    return tuple(
        CellWrite(barcode, header, message if header == "Message" else "", generation) for header in WRITTEN_COLUMNS
    )


async def operator_names(kit: Kit) -> Mapping[RunId, str]:
    """Return who carried out each run."""
    runs = await kit.store.work(lambda journal: journal.runs())
    return {run.id: run.operator.name for run in runs}


def cells_of(kit: Kit, dossier: Dossier, operators: Mapping[RunId, str], *, generation: int) -> tuple[CellWrite, ...]:
    """Return the cells of a verified scan's row."""
    main = dossier.files[0]
    numbers = dossier.quality.numbers if dossier.quality else None
    blurry = numbers.blurry_percent if numbers else None
    verified = dossier.steps[VERIFY].ended_at or kit.clock.now()
    values = {
        "Status": status_text(dossier),
        "Scan File": PurePosixPath(main.destination).name,
        "Image Path": kit.destination.absolute(main.destination),
        "SHA-256": main.sha256,
        "Size": str(sum(file.size_bytes for file in dossier.files)),
        "Scanned At": scanned_at(dossier),
        "Transferred At": verified.astimezone().isoformat(sep=" ", timespec="seconds"),
        "Quality": dossier.quality.reason if dossier.quality else "",
        "Blurry %": "" if blurry is None else f"{blurry:.2f}",
        "Rescans": str(len(earlier_scans(kit.ledger, dossier))),
        "Operator": operators.get(dossier.scan.run, "") if dossier.scan.run else "",
        "Message": "",
    }
    barcode = dossier.scan.barcode or ""
    return tuple(CellWrite(barcode, header, value, generation) for header, value in values.items())


def status_text(dossier: Dossier) -> str:
    """Return what the Status column says about a verified scan."""
    return "Need to rescan" if advises_rescan(dossier) else "Complete"


def scanned_at(dossier: Dossier) -> str:
    """Return when the slide was scanned: as the file says, else when the scan was found."""
    if dossier.facts is not None and dossier.facts.scanned_at:
        return dossier.facts.scanned_at
    return dossier.scan.found_at.astimezone().isoformat(sep=" ", timespec="seconds")
