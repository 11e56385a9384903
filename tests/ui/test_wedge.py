"""A hand scanner's typing is told from a person's."""

import pytest

from app.ui.wedge import EndKind, WedgeBuffer, WedgeSettings


def type_in(buffer: WedgeBuffer, text: str, *, gap: float, start: float = 10.0) -> tuple[float, list[str]]:
    """Feed characters at an even pace; return the time after the last and what was released on the way."""
    released, at = [], start
    for character in text:
        if not buffer.take(character, at):
            released.append(buffer.held)
            buffer.drop()
            assert buffer.take(character, at)
        at += gap
    return at, released


@pytest.mark.parametrize("gap", [0.001, 0.005, 0.015, 0.02])
def test_fast_characters_ended_by_enter_are_a_scan(gap: float) -> None:
    buffer = WedgeBuffer()
    at, released = type_in(buffer, "S24-001001-A1", gap=gap)
    end = buffer.end(at)
    assert (end.kind, end.code, released) == (EndKind.SCAN, "S24-001001-A1", [])
    assert buffer.held == ""


@pytest.mark.parametrize("gap", [0.06, 0.1, 0.25])
def test_a_person_is_left_alone(gap: float) -> None:
    buffer = WedgeBuffer()
    at, released = type_in(buffer, "645750", gap=gap)
    assert released == list("64575")
    assert buffer.end(at).kind is EndKind.TYPED


def test_a_quick_typist_whose_keys_come_in_pairs_is_left_alone() -> None:
    buffer = WedgeBuffer()
    at, released = type_in(buffer, "645750", gap=0.035)
    assert buffer.end(at).kind is EndKind.TYPED
    assert released == []


def test_a_long_text_by_a_quick_typist_does_not_wait_for_its_end() -> None:
    _, released = type_in(WedgeBuffer(), "a sentence typed fast", gap=0.035)
    assert released
    assert len(released[0]) == 6


def test_one_late_character_does_not_break_a_scan() -> None:
    buffer = WedgeBuffer()
    at, _ = type_in(buffer, "6457", gap=0.005)
    at, released = type_in(buffer, "50", gap=0.005, start=at + 0.1)
    assert released == []
    assert buffer.end(at + 0.09).code == "645750"


def test_too_few_characters_are_no_scan() -> None:
    buffer = WedgeBuffer()
    at, _ = type_in(buffer, "123", gap=0.005)
    assert buffer.end(at).kind is EndKind.TYPED


def test_enter_alone_or_long_after_is_a_persons() -> None:
    buffer = WedgeBuffer()
    assert buffer.end(3.0).kind is EndKind.TYPED
    at, _ = type_in(buffer, "645750", gap=0.005)
    assert buffer.end(at + 0.5).kind is EndKind.TYPED


def test_the_same_code_within_two_seconds_counts_once() -> None:
    buffer = WedgeBuffer()
    kinds = []
    for start in (10.0, 11.0, 13.5):
        at, _ = type_in(buffer, "645750", gap=0.005, start=start)
        kinds.append(buffer.end(at).kind)
    at, _ = type_in(buffer, "645751", gap=0.005, start=at + 0.2)
    kinds.append(buffer.end(at).kind)
    assert kinds == [EndKind.SCAN, EndKind.REPEAT, EndKind.SCAN, EndKind.SCAN]


def test_a_prefix_is_asked_for_and_taken_off() -> None:
    buffer = WedgeBuffer(WedgeSettings(prefix="~"))
    at, _ = type_in(buffer, "645750", gap=0.005)
    assert buffer.end(at).kind is EndKind.TYPED
    at, _ = type_in(buffer, "~645750", gap=0.005, start=20.0)
    assert buffer.end(at).code == "645750"


def test_aim_prefix_and_group_separators_are_read_off() -> None:
    buffer = WedgeBuffer()
    at, _ = type_in(buffer, "]C1\x1dS24\x1d001", gap=0.005)
    assert buffer.end(at).code == "S24001"
