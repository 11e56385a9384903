"""Create Checksum, Copy File to Share, Create Checksum (share), Verify Checksum: four steps to the eye, one pass."""

import asyncio
from dataclasses import replace

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.scan import VerifiedFile
from app.domain.step import StepState
from app.domain.transfer import TransferPlan, TransferProgress
from app.pipeline.case import Case, Moved, Outcome
from app.pipeline.journey import CHECKSUM_SHARE, CHECKSUM_SOURCE, COPY, PASS, TRANSFER_STEPS, VERIFY, upstream_done
from app.pipeline.steps.concluding import carried_plan, conclude, passed
from app.pipeline.steps.placing import place, plan_for
from app.pipeline.steps.publish import publish, refile, start_over
from app.pipeline.threads import ended


async def transfer(case: Case) -> Outcome:
    """Carry the scan and publish it under its final name; what an interrupted pass verified is not carried twice."""
    await case.kit.threads.disk(case.kit.destination.check)
    await conclude(case.kit, case.id)
    begun = await case.kit.ledger.apply(case.id, _begin)
    if not any(begun.steps[step].state is StepState.RUNNING for step in TRANSFER_STEPS):
        return Moved()
    if begun.published:
        return await refile(case)
    placement = place(case)
    plan = plan_for(case.dossier, placement)
    if begun.steps[VERIFY].state is not StepState.RUNNING:
        await _leave_other_place(case, plan)
        files = await _carry(case, plan)
        await _begin_verify(case, files)
    elif [file.destination for file in begun.files] != [member.final for member in plan.members]:
        return await start_over(case)
    else:
        files = begun.files
    return await publish(case, plan, placement, files)


async def _leave_other_place(case: Case, plan: TransferPlan) -> None:
    """Remove the parts of an earlier pass for other names: another scan of the slide has them now."""
    earlier = carried_plan(case.dossier)
    if {each.final for each in earlier.members} - {each.final for each in plan.members}:
        await case.kit.threads.disk(case.kit.destination.discard, earlier)


def _begin(now: Dossier) -> Change:
    """Begin the pass, or only its end where its bytes are verified; not where a person changed the scan meanwhile."""
    held = now.scan.paused or now.scan.cancelled or now.steps[VERIFY].state.done
    if held or not upstream_done(CHECKSUM_SOURCE, now.steps):
        return Change()
    if now.published or all(now.steps[step].state.done for step in PASS):
        verify = StepChange(VERIFY, StepState.RUNNING, "both checksums are there")
        return Change(steps=(*passed(now, *PASS), verify))
    return Change(
        steps=(
            StepChange(CHECKSUM_SOURCE, StepState.RUNNING, "hashed while it is copied"),
            StepChange(COPY, StepState.RUNNING, "its turn has come"),
        )
    )


async def _begin_verify(case: Case, files: tuple[VerifiedFile, ...]) -> None:
    moves = (
        StepChange(CHECKSUM_SHARE, StepState.SUCCEEDED, "read back and equal", files[0].sha256),
        StepChange(VERIFY, StepState.RUNNING, "both checksums are there"),
    )
    await case.kit.ledger.apply(case.id, Change(steps=moves, files=files))


async def _carry(case: Case, plan: TransferPlan) -> tuple[VerifiedFile, ...]:
    """Run the pass in a thread, and move the steps on when the last byte was copied."""
    loop = asyncio.get_running_loop()
    all_copied = asyncio.Event()
    inner = case.watch()

    def progress(now: TransferProgress) -> None:
        inner.progress(now)
        if now.copied_bytes >= now.total_bytes:
            loop.call_soon_threadsafe(all_copied.set)

    watch = replace(inner, progress=progress)
    case.kit.progress.begin(case.id, plan.size_bytes)
    carrying = asyncio.create_task(case.kit.threads.copy(case.kit.destination.copy, plan, watch))
    waiting = asyncio.create_task(all_copied.wait())
    try:
        await asyncio.wait({carrying, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done() or carrying.exception() is None:
            await _begin_read_back(case)
        await ended(carrying)
        return carrying.result()
    finally:
        waiting.cancel()
        case.stop_unless_done(carrying)
        await ended(carrying)
        case.kit.progress.end(case.id)


async def _begin_read_back(case: Case) -> None:
    await case.kit.ledger.apply(
        case.id,
        Change(
            steps=(
                StepChange(CHECKSUM_SOURCE, StepState.SUCCEEDED, "all bytes were hashed"),
                StepChange(COPY, StepState.SUCCEEDED, "all bytes were written"),
                StepChange(CHECKSUM_SHARE, StepState.RUNNING, "reading the share back from the medium"),
            )
        ),
    )
