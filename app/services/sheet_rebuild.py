"""Writes what the sheet says of all slides anew, from the journal: after rows or columns of it were lost."""

from collections.abc import Mapping

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.journal import Journal
from app.domain.scan import RunId, ScanId
from app.domain.step import StepState
from app.pipeline.case import Kit
from app.pipeline.journey import RECORD
from app.pipeline.rescans import stands
from app.pipeline.steps.record import WAITING, cells_of, operator_names, other_speaker

_PART = 250
"""How many scans share a transaction: whatever else goes on gets its turn between two of them."""
_CAUSE = "the whole sheet is written anew"
_TRIED_AGAIN = (
    StepChange(RECORD, StepState.PENDING, _CAUSE),
    StepChange(RECORD, StepState.RUNNING, _CAUSE),
    StepChange(RECORD, StepState.WAITING_TO_RETRY, WAITING, WAITING),
)


async def rebuild_sheet(kit: Kit) -> tuple[ScanId, ...]:
    """Put the cells of every slide that was written, or refused, into the outbox; return the scans they tell of.

    What was written stays recorded, what was refused waits for the sheet again; no other step is touched. A slide that
    is still on its way to the sheet gets there by itself.
    """
    operators = await operator_names(kit)
    scans = [dossier.id for dossier in kit.ledger.all() if dossier.published]
    told: list[ScanId] = []
    for start in range(0, len(scans), _PART):
        told += await _rebuild(kit, scans[start : start + _PART], operators)
    return tuple(told)


async def _rebuild(kit: Kit, scans: list[ScanId], operators: Mapping[RunId, str]) -> list[ScanId]:
    barcodes = [kit.ledger.get(scan).scan.barcode or "" for scan in scans]

    def newest_generations(journal: Journal) -> dict[str, int]:
        return {barcode: journal.newest_generation(barcode) for barcode in barcodes}

    newest = await kit.store.work(newest_generations)

    def change(now: Dossier) -> Change:
        recorded = now.steps[RECORD].state
        refused = recorded is StepState.NEEDS_ATTENTION
        if not stands(now) or not (refused or recorded is StepState.SUCCEEDED) or other_speaker(kit, now):
            return Change()
        generation = max(int(kit.clock.now().timestamp() * 1000), 1 + newest.get(now.scan.barcode or "", 0))
        writes = cells_of(kit, now, operators, generation=generation)
        return Change(steps=_TRIED_AGAIN if refused else (), writes=writes)

    return [dossier.id for dossier in await kit.ledger.apply_to_all(change, scans)]
