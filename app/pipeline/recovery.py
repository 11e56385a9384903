"""After a stop or a crash: what ran goes back to pending; the steps then judge from what is on disk."""

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.step import StepState
from app.pipeline.acts import settle_pass
from app.pipeline.case import Kit
from app.pipeline.journey import RECORD

CAUSE = "the program stopped in the middle"


async def recover(kit: Kit) -> None:
    """Make every scan ready to go on. Doing it twice changes nothing."""
    pending = await kit.store.work(lambda journal: journal.pending_writes())
    waiting_for_sheet = {each.scan for each in pending}

    def change(dossier: Dossier) -> Change:
        moves = settle_pass(dossier.steps, CAUSE)
        recorded = dossier.steps[RECORD]
        if recorded.state is StepState.WAITING_TO_RETRY and dossier.id not in waiting_for_sheet:
            moves = (*moves, StepChange(RECORD, StepState.PENDING, CAUSE))
        return Change(steps=moves)

    await kit.ledger.apply_to_all(change)
