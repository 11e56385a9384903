"""A hand scanner's typing is told from a person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.settings import HandScannerSettings
from app.ui.wedge import CALIBRATING, EndKey, EndKind, WedgeBuffer, WedgeSettings

TYPED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17E, exclude_categories=["Cc"]), max_size=24)
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./", min_size=4, max_size=40)


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


def test_the_text_keeps_aim_prefix_and_group_separators_for_who_reads_on() -> None:
    buffer = WedgeBuffer()
    at, _ = type_in(buffer, "]C1\x1dS24\x1d001", gap=0.005)
    assert buffer.end(at).text == "]C1\x1dS24\x1d001"


# --- suffixes


@pytest.mark.parametrize(
    ("suffix", "taken"),
    [
        ("enter_or_tab", {EndKey.ENTER, EndKey.TAB}),
        ("enter", {EndKey.ENTER}),
        ("tab", {EndKey.TAB}),
        ("none", {EndKey.ENTER, EndKey.TAB, EndKey.SILENCE}),
    ],
)
def test_only_the_suffix_of_the_settings_ends_a_code(suffix: str, taken: set[EndKey]) -> None:
    for key in EndKey:
        buffer = WedgeBuffer(WedgeSettings.of(HandScannerSettings(suffix=suffix)))
        at, _ = type_in(buffer, "645750", gap=0.005)
        end = buffer.fall_silent() if key is EndKey.SILENCE else buffer.end(at, key)
        assert end.kind is (EndKind.SCAN if key in taken else EndKind.TYPED)


def test_carriage_return_and_line_feed_are_one_end() -> None:
    buffer = WedgeBuffer()
    at, _ = type_in(buffer, "645750", gap=0.005)
    kinds = [buffer.end(at).kind, buffer.end(at + 0.004).kind, buffer.end(at + 0.5).kind]
    assert kinds == [EndKind.SCAN, EndKind.ECHO, EndKind.TYPED]


def test_an_enter_after_typing_has_no_echo() -> None:
    buffer = WedgeBuffer()
    assert [buffer.end(3.0).kind, buffer.end(3.004).kind] == [EndKind.TYPED, EndKind.TYPED]


# --- what the settings change


def test_the_layout_is_put_right_before_prefix_and_aim_are_read() -> None:
    german = HandScannerSettings(prefix="-", translate=("ß-", "+]", "zy", "yz"))
    buffer = WedgeBuffer(WedgeSettings.of(german))
    at, _ = type_in(buffer, "ß+C0zyß1", gap=0.005)
    end = buffer.end(at)
    assert (end.code, end.text) == ("yz-1", "]C0yz-1")


def test_a_slow_scanner_is_understood_once_the_settings_say_so() -> None:
    for gap_ms, kind in ((20.0, EndKind.TYPED), (40.0, EndKind.SCAN)):
        buffer = WedgeBuffer(WedgeSettings.of(HandScannerSettings(gap_ms=gap_ms)))
        at, _ = type_in(buffer, "645750", gap=0.036)
        assert buffer.end(at).kind is kind


def test_short_codes_and_repeats_follow_the_settings() -> None:
    buffer = WedgeBuffer(WedgeSettings.of(HandScannerSettings(least_length=2, repeat_seconds=0.0)))
    kinds = []
    for start in (10.0, 10.5):
        at, _ = type_in(buffer, "42", gap=0.005, start=start)
        kinds.append(buffer.end(at).kind)
    assert kinds == [EndKind.SCAN, EndKind.SCAN]


# --- whatever is typed and scanned


def typed_by(buffer: WedgeBuffer, keys: list[tuple[str, float]]) -> tuple[str, str, float]:
    """Type with these pauses before each key; return what was given back, what is still held, and the time."""
    back, at = "", 10.0
    for character, pause in keys:
        at += pause
        if pause > buffer.patience_seconds:
            back += buffer.held
            buffer.drop()
        if not buffer.take(character, at):
            back += buffer.held
            buffer.drop()
            assert buffer.take(character, at)
    return back, buffer.held, at


@given(st.lists(st.tuples(st.characters(exclude_categories=["Cc", "Cs"]), st.floats(0.0, 0.6)), max_size=40))
def test_nothing_typed_is_lost_or_out_of_order(keys: list[tuple[str, float]]) -> None:
    back, held, _ = typed_by(WedgeBuffer(), keys)
    assert back + held == "".join(character for character, _ in keys)


@given(TYPED, st.lists(st.floats(0.061, 0.5), min_size=25, max_size=25), st.sampled_from(EndKey), st.floats(0.0, 0.5))
def test_no_person_is_taken_for_a_scanner(text: str, pauses: list[float], key: EndKey, before_end: float) -> None:
    for suffix in ("enter_or_tab", "none"):
        for gap_ms in (20.0, 40.0):
            buffer = WedgeBuffer(WedgeSettings.of(HandScannerSettings(suffix=suffix, gap_ms=gap_ms)))
            _, _, at = typed_by(buffer, list(zip(text, pauses, strict=False)))
            end = buffer.fall_silent() if key is EndKey.SILENCE else buffer.end(at + before_end, key)
            assert end.kind is EndKind.TYPED


@given(CODES, st.lists(st.floats(0.001, 0.02), min_size=41, max_size=41), TYPED)
def test_every_scan_at_scanner_speed_is_caught_also_right_after_typing(
    code: str, gaps: list[float], typed: str
) -> None:
    buffer = WedgeBuffer()
    before = [(each, 0.11) for each in typed]
    scan = [(each, 0.2 if number == 0 else gaps[number]) for number, each in enumerate(code)]
    back, held, at = typed_by(buffer, before + scan)
    assert (back, held) == (typed, code)
    end = buffer.end(at + gaps[-1])
    assert (end.kind, end.text) == (EndKind.SCAN, code)


@given(CODES.filter(lambda code: len(code) >= 13), st.lists(st.floats(0.001, 0.055), min_size=41, max_size=41))
def test_the_test_of_a_scanner_takes_whatever_it_may_be_set_to(code: str, gaps: list[float]) -> None:
    buffer = WedgeBuffer(CALIBRATING)
    back, held, _ = typed_by(buffer, list(zip(code, gaps, strict=False)))
    assert (back, held) == ("", code)
    assert buffer.fall_silent().text == code
