"""The one declaration of the journey: the window draws it, the report prints it, the runner takes its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.domain.errors import ErrorKind
from app.domain.step import StepId, StepRecord

SETTLE = StepId("settle")
IDENTIFY = StepId("identify")
MATCH = StepId("match")
NAME = StepId("name")
QUALITY = StepId("quality")
CHECKSUM_SOURCE = StepId("checksum_source")
COPY = StepId("copy")
CHECKSUM_SHARE = StepId("checksum_share")
VERIFY = StepId("verify")
REGISTER = StepId("register")
SUPERSEDE = StepId("supersede")
RECORD = StepId("record")
RELEASE = StepId("release")


class Resource(Enum):
    """What a step competes for; the runner limits each kind."""

    NOTHING = "nothing"
    DECODER = "decoder"
    QUALITY = "quality"
    TRANSFER = "transfer"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for which errors a step is tried again. The pause doubles up to `longest_seconds`, ± `jitter`."""

    attempts: int | None = None
    """None: as `[pipeline] retries` says."""
    kinds: frozenset[ErrorKind] = frozenset({ErrorKind.RETRYABLE})
    longest_seconds: float = 300.0
    jitter: float = 0.2
    held_seconds: float = 300.0
    """For how long at least it is tried again while another program holds a file, whatever `attempts` says."""
    held_pause_seconds: float = 15.0


UNTIL_IT_IS_BACK = RetryPolicy(attempts=1_000_000, longest_seconds=60.0)
"""For what all slides share: when the sheet is away none of them fails, they wait for it together."""


@dataclass(frozen=True, slots=True)
class Step:
    """One named part of the journey. `expected_seconds` is fixed, or None where it follows from bytes and speed."""

    id: StepId
    title: str
    upstream: tuple[StepId, ...]
    resource: Resource = Resource.NOTHING
    retry: RetryPolicy = RetryPolicy()
    expected_seconds: float | None = 10.0
    by_hand: bool = True


JOURNEY: tuple[Step, ...] = (
    Step(SETTLE, "Wait Until Written", (), by_hand=False, expected_seconds=None),
    Step(IDENTIFY, "Get Slide Information", (SETTLE,), Resource.DECODER),
    Step(MATCH, "Verify Not Missing", (IDENTIFY,), Resource.SHEET, UNTIL_IT_IS_BACK),
    Step(NAME, "Create File Name", (MATCH,), retry=UNTIL_IT_IS_BACK, by_hand=False),
    Step(QUALITY, "Check Image Quality", (SETTLE,), Resource.QUALITY, expected_seconds=60.0),
    Step(CHECKSUM_SOURCE, "Create Checksum", (NAME,), Resource.TRANSFER, expected_seconds=None, by_hand=False),
    Step(COPY, "Copy File to Share", (NAME,), Resource.TRANSFER, expected_seconds=None, by_hand=False),
    Step(CHECKSUM_SHARE, "Create Checksum (share)", (COPY,), Resource.TRANSFER, expected_seconds=None, by_hand=False),
    Step(VERIFY, "Verify Checksum", (CHECKSUM_SOURCE, CHECKSUM_SHARE), Resource.TRANSFER, by_hand=False),
    Step(REGISTER, "Upload Image", (VERIFY,)),
    Step(SUPERSEDE, "Move Rescanned Images", (REGISTER,), Resource.TRANSFER),
    Step(RECORD, "Mark Slide Complete", (SUPERSEDE, QUALITY), Resource.SHEET, expected_seconds=60.0),
    Step(RELEASE, "Remove File From Queue", (RECORD,)),
)

STEPS: dict[StepId, Step] = {step.id: step for step in JOURNEY}

PASS = (CHECKSUM_SOURCE, COPY, CHECKSUM_SHARE)
"""Three steps to the eye, one pass over the data to the machine."""
TRANSFER_STEPS = (*PASS, VERIFY)
ON_THIS_PC = (SETTLE, IDENTIFY, QUALITY)
"""The steps that need neither the sheet nor the share."""


def upstream_done(step: StepId, steps: Mapping[StepId, StepRecord]) -> bool:
    """Whether every step that comes before this one, however far, is done."""
    return all(steps[each].state.done for each in _ALL_UPSTREAM[step])


def downstream(step: StepId) -> tuple[StepId, ...]:
    """Return all steps that come after this one by way of upstreams, in journey order."""
    found = {step}
    for each in JOURNEY:
        if found & set(each.upstream):
            found.add(each.id)
    return tuple(each.id for each in JOURNEY if each.id in found and each.id != step)


_ALL_UPSTREAM = {step: tuple(each for each in STEPS if step in downstream(each)) for step in STEPS}
