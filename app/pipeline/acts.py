"""Which function takes which steps. An act covers one step, or the four of the transfer, which are one pass."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.domain.dossier import StepChange
from app.domain.step import StepId, StepRecord, StepState
from app.pipeline.case import Case, Outcome
from app.pipeline.journey import (
    COPY,
    IDENTIFY,
    MATCH,
    NAME,
    PASS,
    QUALITY,
    RECORD,
    REGISTER,
    RELEASE,
    SETTLE,
    SUPERSEDE,
    TRANSFER_STEPS,
    VERIFY,
    upstream_done,
)
from app.pipeline.steps.identify import identify
from app.pipeline.steps.match import match
from app.pipeline.steps.name import name
from app.pipeline.steps.quality import quality
from app.pipeline.steps.record import record
from app.pipeline.steps.register import register
from app.pipeline.steps.release import release
from app.pipeline.steps.settle import settle
from app.pipeline.steps.supersede import supersede
from app.pipeline.steps.transfer import transfer


@dataclass(frozen=True, slots=True)
class Act:
    """One piece of work and the steps it shows as; `moves_itself` means that the act writes their moves to Running."""

    steps: tuple[StepId, ...]
    work: Callable[[Case], Awaitable[Outcome]]
    moves_itself: bool = False


ACTS: tuple[Act, ...] = (
    Act((SETTLE,), settle),
    Act((IDENTIFY,), identify),
    Act((MATCH,), match),
    Act((NAME,), name),
    Act((QUALITY,), quality),
    Act(TRANSFER_STEPS, transfer, moves_itself=True),
    Act((REGISTER,), register),
    Act((SUPERSEDE,), supersede),
    Act((RECORD,), record),
    Act((RELEASE,), release),
)

Steps = Mapping[StepId, StepRecord]
_TO_COME = (StepState.PENDING, StepState.WAITING_TO_RETRY)


def is_ready(act: Act, steps: Steps) -> bool:
    """Whether the act's steps are to come and every step before them, however far, is done."""
    states = [steps[step].state for step in act.steps]
    if not any(state in _TO_COME for state in states) or not all(state in _TO_COME or state.done for state in states):
        return False
    if any(steps[step].state is StepState.WAITING_TO_RETRY and steps[step].retry_at is None for step in act.steps):
        return False
    return upstream_done(act.steps[0], steps)


def current_step(act: Act, steps: Steps) -> StepId:
    """Return the step of an act that the work is at: the last one running, else the first that is to come."""
    running = [step for step in act.steps if steps[step].state is StepState.RUNNING]
    if running:
        return COPY if running[-1] in PASS and COPY in running else running[-1]
    return next((step for step in act.steps if not steps[step].state.done), act.steps[-1])


def settle_pass(steps: Steps, cause: str) -> tuple[StepChange, ...]:
    """Return the moves that put what runs back to pending; a pass cut in the middle starts again as a whole."""
    back = [step for step, record in steps.items() if record.state is StepState.RUNNING]
    if not all(steps[step].state.done for step in PASS) and not steps[VERIFY].state.done:
        cut = (StepState.SUCCEEDED, StepState.RUNNING)
        back += [step for step in PASS if steps[step].state in cut and step not in back]
    return tuple(StepChange(step, StepState.PENDING, cause) for step in back)
