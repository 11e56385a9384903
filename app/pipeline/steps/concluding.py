"""Finding out what became of a publication whose end nobody heard: the program died, or the share's answer got lost.

The journal says that a scan is getting its names before the first one is given. Until it is known what came of that,
the scan leaves these names for nothing: not for another slide's, not for the rescans, and not to be given up.
"""

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.naming import own_folder
from app.domain.scan import ScanId
from app.domain.step import StepId, StepState
from app.domain.transfer import MemberPlan, TransferPlan
from app.pipeline.blocking import unblocking_moves
from app.pipeline.case import Case, Kit
from app.pipeline.journey import PASS, TRANSFER_STEPS
from app.pipeline.rescans import scans_of_slide
from app.pipeline.steps.placing import in_order, own_finals

_WAS_CUT = "its image was found under its name"


def carried_plan(dossier: Dossier) -> TransferPlan:
    """Return what was carried, under the names it was carried for."""
    files = dossier.scan.files
    members = sorted(files.members, key=lambda member: member.path != files.main)
    return TransferPlan(
        files.fingerprint(),
        tuple(
            MemberPlan(files.root / member.path, file.destination, member.size_bytes, member.mtime_ns)
            for member, file in zip(members, dossier.files, strict=True)
        ),
        own_folder=own_folder(files.layout, tuple(file.destination for file in dossier.files)),
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
        moves = _passed(now, *PASS) if there else ()
        return Change(published=there, publishing=False, steps=moves)

    await kit.ledger.apply(scan, change)
    return there


async def conclude_others(case: Case) -> None:
    """Let other scans of the slide that have their name already, unknown to the journal, count as what they are."""
    kit = case.kit
    for other in scans_of_slide(kit.ledger, case.dossier):
        if await conclude_now(kit, other.id):
            await kit.ledger.apply(other.id, _stands_after_all)


def _stands_after_all(now: Dossier) -> Change:
    """Return the change for a scan under its slide's own name; one on its way elsewhere goes on by itself."""
    if tuple(file.destination for file in now.files) != in_order(now, own_finals(now)):
        return Change()
    return Change(steps=_passed(now, *TRANSFER_STEPS))


def _passed(now: Dossier, *steps: StepId) -> tuple[StepChange, ...]:
    """Return the moves that end these steps of a scan that lies on the share, and free those behind them."""
    moves = []
    for step in steps:
        state = now.steps[step].state
        if state is StepState.PENDING:
            moves.append(StepChange(step, StepState.RUNNING, _WAS_CUT))
        if not state.done:
            moves.append(StepChange(step, StepState.SUCCEEDED, _WAS_CUT, _WAS_CUT))
    return (*moves, *(move for move in unblocking_moves(now.steps, but=set(steps)) if move.step not in steps))
