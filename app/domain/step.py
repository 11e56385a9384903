"""States of a step, the one table of moves between them, and the state of a scan derived from its steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType

from app.domain.errors import UseError

StepId = NewType("StepId", str)


class StepState(Enum):
    """Where a step of one scan stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING_TO_RETRY = "waiting_to_retry"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"
    BLOCKED = "blocked"
    NEEDS_ATTENTION = "needs_attention"
    PAUSED = "paused"
    CANCELLED = "cancelled"

    @property
    def title(self) -> str:
        """The name people see, as Prefect's screens spell it."""
        return " ".join(word.capitalize() for word in self.value.split("_"))

    @property
    def on_its_way(self) -> bool:
        """Whether something in this state goes on by itself, without a person."""
        return self in (StepState.PENDING, StepState.RUNNING, StepState.WAITING_TO_RETRY)

    @property
    def done(self) -> bool:
        """Whether the steps behind this one may start."""
        return self in (StepState.SUCCEEDED, StepState.SKIPPED)


_P, _R, _W = StepState.PENDING, StepState.RUNNING, StepState.WAITING_TO_RETRY
_S, _K, _F = StepState.SUCCEEDED, StepState.SKIPPED, StepState.FAILED
_B, _N, _H, _C = StepState.BLOCKED, StepState.NEEDS_ATTENTION, StepState.PAUSED, StepState.CANCELLED

MOVES: dict[tuple[StepState, StepState], str] = {
    (_P, _R): "its turn has come",
    (_P, _B): "an earlier step failed",
    (_P, _H): "a person paused the scan",
    (_P, _C): "a person cancelled the scan",
    (_P, _K): "nothing to do here",
    (_P, _S): "a person marked it",
    (_P, _F): "a person marked it",
    (_R, _S): "the work is done",
    (_R, _K): "nothing to do here",
    (_R, _F): "the work failed for good",
    (_R, _W): "the work failed and is tried again",
    (_R, _N): "a person has to decide",
    (_R, _H): "a person paused the scan",
    (_R, _C): "a person cancelled the scan",
    (_R, _P): "the program stopped in the middle, or the source changed",
    (_W, _R): "the pause is over",
    (_W, _P): "the program started again, or a person restarted it",
    (_W, _F): "a person marked it",
    (_W, _S): "a person marked it, or the sheet was read back",
    (_W, _K): "a person marked it",
    (_W, _H): "a person paused the scan",
    (_W, _C): "a person cancelled the scan",
    (_S, _P): "a person restarted it, or the source changed",
    (_S, _F): "a person marked it",
    (_K, _P): "a person restarted it, or the source changed",
    (_K, _F): "a person marked it",
    (_F, _P): "a person restarted it",
    (_F, _S): "a person marked it",
    (_F, _K): "a person marked it",
    (_F, _C): "a person cancelled the scan",
    (_B, _P): "the earlier step was restarted or marked",
    (_B, _S): "a person marked it",
    (_B, _K): "a person marked it",
    (_B, _F): "a person marked it",
    (_B, _C): "a person cancelled the scan",
    (_N, _P): "a person decided, or restarted it",
    (_N, _S): "a person marked it",
    (_N, _K): "a person marked it",
    (_N, _F): "a person marked it",
    (_N, _C): "a person cancelled the scan",
    (_H, _P): "a person resumed the scan",
    (_H, _S): "a person marked it",
    (_H, _K): "a person marked it",
    (_H, _F): "a person marked it",
    (_H, _C): "a person cancelled the scan",
    (_C, _P): "a person restarted the scan",
}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one scan, as the journal holds it. `seconds` counts the work of the last attempt, monotonic."""

    step: StepId
    state: StepState
    attempts: int = 0
    seconds: float = 0.0
    message: str = ""
    title: str = ""
    hint: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepMove:
    """One move of one step, written to the journal before the act it announces."""

    step: StepId
    old: StepState
    new: StepState
    cause: str
    attempt: int
    at: datetime


def check_move(step: StepId, old: StepState, new: StepState) -> None:
    """Refuse a move that the table does not hold.

    Raises UseError naming the step and both states.
    """
    if (old, new) not in MOVES:
        raise UseError(
            "This change of state is not possible",
            f"{step} is {old.title} and cannot become {new.title}",
            "See the states and their moves in docs/operators-guide.md",
        )


_ORDER = (_C, _N, _F, _H, _R, _W, _B, _P)


def scan_state(states: Iterable[StepState], *, undecided_rescan: bool = False) -> StepState:
    """Derive a scan's state from its steps: the first of the order that any step is in, else succeeded.

    An undecided advice to rescan makes a scan, whose other steps went on to their end, need attention.
    """
    seen = set(states)
    if undecided_rescan and not seen & {_C, _R, _W, _P, _H}:
        seen.add(_N)
    return next((state for state in _ORDER if state in seen), StepState.SUCCEEDED)
