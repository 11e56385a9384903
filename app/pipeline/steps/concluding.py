"""Finding out what became of a publication whose end nobody heard: the program died, or the share's answer got lost.

The journal says that a scan is getting its names before the first one is given. Until it is known what came of that,
the scan leaves these names for nothing: not for another slide's, not for the rescans, and not to be given up.
"""

from pathlib import Path

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import SlideError
from app.domain.naming import own_folder
from app.domain.scan import ScanId
from app.domain.step import StepId, StepState
from app.domain.transfer import MemberPlan, TransferPlan
from app.pipeline.blocking import unblocking_moves
from app.pipeline.case import Ask, Case, Kit
from app.pipeline.journey import CHECKSUM_SOURCE, PASS, TRANSFER_STEPS, upstream_done
from app.pipeline.rescans import scans_of_slide
from app.pipeline.steps.placing import in_order, own_finals

_WAS_CUT = "its image was found under its name"


def carried_plan(dossier: Dossier) -> TransferPlan:
    """Return what was carried, under the names it was carried for; when a member was written is not known any more."""
    files = dossier.files
    return TransferPlan(
        dossier.scan.files.fingerprint(),
        tuple(MemberPlan(Path(file.source), file.destination, file.size_bytes, 0) for file in files),
        own_folder=own_folder(dossier.scan.files.layout, tuple(file.destination for file in files)),
    )


async def conclude(kit: Kit, scan: ScanId) -> bool:
    """Return whether a scan lies under its final names; see `conclude_now`."""
    if not kit.ledger.get(scan).publishing:
        return kit.ledger.get(scan).published
    async with kit.publishing:
        return await conclude_now(kit, scan)


async def conclude_now(kit: Kit, scan: ScanId) -> bool:
    """Ask the share, where the journal does not know, and write it down; the caller holds `kit.publishing`.

    Raises what the share raises: then it stays unknown.
    """
    dossier = kit.ledger.get(scan)
    if not dossier.publishing:
        return dossier.published
    there = await kit.threads.copy(kit.destination.conclude, carried_plan(dossier), dossier.files)

    def change(now: Dossier) -> Change:
        return Change(published=there, publishing=False, steps=passed(now, *PASS) if there else ())

    await kit.ledger.apply(scan, change)
    return there


async def conclude_others(case: Case) -> Ask | None:
    """Let other scans of the slide that have their name, unknown to the journal, count as what they are.

    A question where something is in the way of one; the caller holds `kit.publishing`.
    """
    kit = case.kit
    for other in scans_of_slide(kit.ledger, case.dossier):
        if not other.publishing:
            continue
        try:
            there = await conclude_now(kit, other.id)
        except SlideError as error:
            message = f"Scan {other.id} of {other.scan.barcode}: {error.title}: {error.message}"
            return Ask("Another scan of this slide comes first", message, error.hint or "Put it right, then restart")
        if there:
            await kit.ledger.apply(other.id, _stands_after_all)
    return None


def _stands_after_all(now: Dossier) -> Change:
    """Return the change for a scan that lies where its slide's name is made for; any other goes on by itself.

    One that is being corrected is named first: until then it lies under another slide's name.
    """
    named = upstream_done(CHECKSUM_SOURCE, now.steps)
    if not named or tuple(file.destination for file in now.files) != in_order(now, own_finals(now)):
        return Change()
    return Change(steps=passed(now, *TRANSFER_STEPS))


def passed(now: Dossier, *steps: StepId) -> tuple[StepChange, ...]:
    """Return the moves that end these steps of a scan that lies on the share, and free those behind them."""
    moves = []
    for step in steps:
        state = now.steps[step].state
        if state is StepState.PENDING:
            moves.append(StepChange(step, StepState.RUNNING, _WAS_CUT))
        if not state.done:
            moves.append(StepChange(step, StepState.SUCCEEDED, _WAS_CUT, _WAS_CUT))
    return (*moves, *(move for move in unblocking_moves(now.steps, but=set(steps)) if move.step not in steps))
