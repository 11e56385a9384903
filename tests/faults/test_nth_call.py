"""The Nth call of every kind fails, N = 1, 2, 3 … until a run passes clean; a restart always ends in one state."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from app.domain.errors import ErrorKind, SlideferryError
from tests.faults.collector import Faults
from tests.faults.injection import CALLS, CHANGING, Fault, errors_of, injected
from tests.faults.operations import OPERATIONS, Case, Operation, Stage, snapshot

pytestmark = pytest.mark.usefixtures("_small_chunks")

MOST_CALLS = 500
KILLED = "SIGKILL"
LASTING = ("EIO", "ENOTCONN", "EACCES", "ENOSPC", "ESTALE")
ALLOWED = frozenset(ErrorKind) - {ErrorKind.CORRUPTION, ErrorKind.STOPPED}
BY_NAME = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name.replace(" ", "-"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a flush is a call to be disturbed here, not a disk to be waited for."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


def act(operation: Operation, case: Case, fault: Fault) -> ErrorKind | None:
    """Let the operation meet the fault: it succeeds all the same or says in our own words what is wrong."""
    try:
        with injected(fault):
            operation.act(case)
    except SlideferryError as error:
        said = error
    else:
        return None
    assert said.title
    assert said.message
    return said.kind


def require_recovery(operation: Operation, case: Case) -> None:
    """A restart ends the operation; a second one changes nothing at all."""
    case.require_only_verified()
    operation.finish(case)
    operation.require_end(case)
    if operation.keeps_source:
        case.require_sources()
    before = snapshot(case.world.root)
    operation.finish(case)
    assert snapshot(case.world.root) == before


def disturb(operation: Operation, stage: Stage, call: str, number: int, error: str, *, lasting: bool) -> bool:
    """Run once with one fault and judge it; return False when there were fewer than `number` such calls."""
    case = stage.case()
    fault = Fault(call, number, error, lasting, look=case.require_only_verified)
    kind = act(operation, case, fault)
    if fault.happened:
        assert kind is None or kind in ALLOWED, kind
        require_recovery(operation, case)
    stage.clear(case)
    return fault.happened


def until_clean(operation: Operation, call: str) -> Iterator[int]:
    """Count calls up; the test leaves once a run passes clean, and has not seen every call if none ever does."""
    yield from range(1, MOST_CALLS)
    pytest.fail(f"{operation.name}: after {MOST_CALLS - 1} of {call} no run passed clean")


def test_a_bound_that_is_reached_is_no_clean_run() -> None:
    with pytest.raises(pytest.fail.Exception, match="no run passed clean"):
        assert len(list(until_clean(OPERATIONS[0], "open"))) < MOST_CALLS


@BY_NAME
@pytest.mark.long
def test_every_call_fails_once(folder: Path, faults: Faults, operation: Operation) -> None:
    """Each call, each time it is made, with each error it can give."""
    stage = Stage(operation, folder)
    for call in CALLS:
        for number in until_clean(operation, call):
            errors = errors_of(call)[number % 3 :: 3] if operation.is_variant else errors_of(call)
            if not all(disturb(operation, stage, call, number, error, lasting=False) for error in errors):
                break
            for error in errors:
                faults.note(operation.name, f"{call} #{number}", error, "tried again on a new handle")


@BY_NAME
@pytest.mark.long
def test_every_call_fails_from_then_on(folder: Path, faults: Faults, operation: Operation) -> None:
    """As when a share goes away: clearing up fails too. The errors take turns."""
    stage = Stage(operation, folder)
    for call in CALLS:
        for number in until_clean(operation, call):
            error = LASTING[number % len(LASTING)]
            if not disturb(operation, stage, call, number, error, lasting=True):
                break
            faults.note(operation.name, f"{call} #{number}", error, "went on failing, then a new handle")


@BY_NAME
@pytest.mark.quick_share
def test_some_calls_fail(folder: Path, faults: Faults, operation: Operation) -> None:
    """For each operation another sixth of the calls: the first and third of each, the errors taking turns."""
    stage = Stage(operation, folder)
    for turn, call in enumerate(CALLS[OPERATIONS.index(operation) % 6 :: 6]):
        for number in (1, 3):
            error = errors_of(call)[(turn + number) % len(errors_of(call))]
            if not disturb(operation, stage, call, number, error, lasting=turn % 3 == 0):
                break
            faults.note(operation.name, f"{call} #{number}", error, "tried again on a new handle")


def die(operation: Operation, stage: Stage, call: str, number: int, error: str) -> bool:
    """Run once in a child that is killed; return False when it came to its end before."""
    case = stage.case()
    child = os.fork()
    if child == 0:
        try:
            with suppress(SlideferryError), injected(_deadly(call, number, error)):
                operation.act(case)
            os._exit(0)
        finally:
            os._exit(70)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    if code:
        require_recovery(operation, case)
    stage.clear(case)
    return code != 0


def _deadly(call: str, number: int, error: str) -> Fault:
    """SIGKILL at the call; or, with another error, at the next call of any kind, while what failed is cleared up."""
    kill = partial(os.kill, os.getpid(), signal.SIGKILL)
    if error == KILLED:
        return Fault(call, number, "EIO", then=kill)
    return Fault(call, number, error, lasting=True, later=kill)


@BY_NAME
@pytest.mark.long
def test_killed_at_every_call(folder: Path, faults: Faults, operation: Operation) -> None:
    """The process ends there, or at the first call it makes after one has failed."""
    stage = Stage(operation, folder)
    for call in sorted(CHANGING):
        for number in until_clean(operation, call):
            if not die(operation, stage, call, number, KILLED):
                break
            faults.note(operation.name, f"{call} #{number}", KILLED, "a fresh process recovered")
            if die(operation, stage, call, number, "EIO"):
                faults.note(operation.name, f"{call} #{number}", "EIO, then SIGKILL", "a fresh process recovered")


@BY_NAME
@pytest.mark.quick_share
def test_killed_at_some_calls(folder: Path, faults: Faults, operation: Operation) -> None:
    stage = Stage(operation, folder)
    calls = ("pwritev", "fsync", "unlink", "rename", "replace", "renameat2", "mkdir")
    for call in calls[OPERATIONS.index(operation) % 3 :: 3]:
        if die(operation, stage, call, 1, KILLED):
            faults.note(operation.name, f"{call} #1", KILLED, "a fresh process recovered")
