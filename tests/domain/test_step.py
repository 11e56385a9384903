"""The whole table of moves, and the state of a scan derived from its steps."""

from itertools import permutations

import pytest

from app.domain.errors import UseError
from app.domain.step import MOVES, StepId, StepState, check_move, scan_state

S = StepState
BY_HAND = {S.SUCCEEDED, S.SKIPPED, S.FAILED}
ALLOWED: dict[StepState, set[StepState]] = {
    S.PENDING: {S.RUNNING, S.BLOCKED, S.PAUSED, S.CANCELLED, *BY_HAND},
    S.RUNNING: {S.WAITING_TO_RETRY, S.NEEDS_ATTENTION, S.PAUSED, S.CANCELLED, S.PENDING, *BY_HAND},
    S.WAITING_TO_RETRY: {S.RUNNING, S.PENDING, S.PAUSED, S.CANCELLED, *BY_HAND},
    S.SUCCEEDED: {S.PENDING, S.FAILED},
    S.SKIPPED: {S.PENDING, S.FAILED},
    S.FAILED: {S.PENDING, S.SUCCEEDED, S.SKIPPED, S.CANCELLED},
    S.BLOCKED: {S.PENDING, S.CANCELLED, *BY_HAND},
    S.NEEDS_ATTENTION: {S.PENDING, S.CANCELLED, *BY_HAND},
    S.PAUSED: {S.PENDING, S.CANCELLED, *BY_HAND},
    S.CANCELLED: {S.PENDING},
}


@pytest.mark.parametrize("old", list(StepState))
@pytest.mark.parametrize("new", list(StepState))
def test_every_pair_of_states(old: StepState, new: StepState) -> None:
    if new in ALLOWED[old]:
        check_move(StepId("copy"), old, new)
        assert MOVES[old, new], "each move has its reason"
    else:
        with pytest.raises(UseError) as refused:
            check_move(StepId("copy"), old, new)
        assert refused.value.message == f"copy is {old.title} and cannot become {new.title}"


def test_every_state_can_be_left_and_reached() -> None:
    assert {old for old, _ in MOVES} == {new for _, new in MOVES} == set(StepState)


ORDER = (
    S.CANCELLED, S.NEEDS_ATTENTION, S.FAILED, S.PAUSED, S.RUNNING, S.WAITING_TO_RETRY, S.BLOCKED, S.PENDING,
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), list(permutations(ORDER, 2)))
def test_a_scan_is_what_stands_first_in_the_order(one: StepState, other: StepState) -> None:
    assert scan_state([S.SUCCEEDED, one, other]) is min(one, other, key=ORDER.index)


def test_a_scan_whose_steps_are_all_done_has_succeeded() -> None:
    assert scan_state([S.SUCCEEDED, S.SKIPPED]) is S.SUCCEEDED


@pytest.mark.parametrize("state", list(StepState))
def test_an_undecided_advice_to_rescan_needs_attention_once_nothing_goes_on(state: StepState) -> None:
    found = scan_state([S.SUCCEEDED, state], undecided_rescan=True)
    goes_on = {S.CANCELLED, S.RUNNING, S.WAITING_TO_RETRY, S.PENDING, S.PAUSED}
    assert found is (state if state in goes_on else S.NEEDS_ATTENTION)


def test_titles_are_spelt_as_people_read_them() -> None:
    assert S.WAITING_TO_RETRY.title == "Waiting To Retry"
    assert [state for state in S if state.on_its_way] == [S.PENDING, S.RUNNING, S.WAITING_TO_RETRY]
    assert [state for state in S if state.done] == [S.SUCCEEDED, S.SKIPPED]
