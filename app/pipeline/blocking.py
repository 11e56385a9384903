"""What stands behind a failed step is blocked, until that step is restarted or marked."""

from collections.abc import Mapping, Set

from app.domain.dossier import StepChange
from app.domain.step import StepId, StepRecord, StepState
from app.pipeline.journey import JOURNEY, STEPS, downstream

Steps = Mapping[StepId, StepRecord]


def blocking_moves(steps: Steps) -> tuple[StepChange, ...]:
    """Return the moves that block every pending step behind a failed one."""
    failed = [step.id for step in JOURNEY if steps[step.id].state is StepState.FAILED]
    behind = {step for each in failed for step in downstream(each)}
    return tuple(
        StepChange(step.id, StepState.BLOCKED, f"{STEPS[failed[0]].title} failed")
        for step in JOURNEY
        if step.id in behind and steps[step.id].state is StepState.PENDING
    )


def unblocking_moves(steps: Steps, *, but: Set[StepId] = frozenset()) -> tuple[StepChange, ...]:
    """Return the moves that free blocked steps no failed step stands before; those of `but` count as not failed."""
    failed = [step.id for step in JOURNEY if steps[step.id].state is StepState.FAILED and step.id not in but]
    behind = {step for each in failed for step in downstream(each)}
    return tuple(
        StepChange(step.id, StepState.PENDING, "the earlier step was restarted or marked")
        for step in JOURNEY
        if steps[step.id].state is StepState.BLOCKED and step.id not in behind
    )
