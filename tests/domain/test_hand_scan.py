"""What a hand scanner typed becomes the right slide, or a question, never another slide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.aim import gs1_values, split_aim
from app.domain.hand_scan import CapsLock, HandReading, HandScan, read_hand_scan

LAB = r"S\d{2}-\d{4}-[A-Z]\d"
GS = "\x1d"


def nobody(_barcode: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("sent", "symbology", "text"),
    [
        ("]C0S24-0001-A1", "Code128", "S24-0001-A1"),
        ("]d1S24-0001-A1", "DataMatrix", "S24-0001-A1"),
        ("]Q1S24-0001-A1", "QRCode", "S24-0001-A1"),
        ("]L0S24-0001-A1", "PDF417", "S24-0001-A1"),
        ("]X0S24-0001-A1", "", "S24-0001-A1"),
        ("S24-0001-A1", "", "S24-0001-A1"),
    ],
)
def test_the_aim_prefix_says_which_symbology_was_read(sent: str, symbology: str, text: str) -> None:
    assert (split_aim(sent).symbology, split_aim(sent).text) == (symbology, text)
    assert read_hand_scan(HandScan(sent), LAB, nobody) == HandReading((text,), symbology)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"010950600013435217260131{GS}21S24-0001-A1", ("09506000134352", "260131", "S24-0001-A1")),
        (f"10LOT7{GS}21S24-0001-A1", ("LOT7", "S24-0001-A1")),
        (f"3103000123{GS}240X1", ("000123", "X1")),
        (f"4109506000134352{GS}99in-house", ("9506000134352", "in-house")),
        ("S24-0001-A1", ()),
        ("0109506", ()),
    ],
)
def test_gs1_contents_fall_apart_at_their_identifiers(text: str, values: tuple[str, ...]) -> None:
    assert gs1_values(text) == values


def test_the_part_of_gs1_contents_that_is_of_the_labs_pattern_counts() -> None:
    read = read_hand_scan(HandScan(f"]d20109506000134352{GS}21S24-0001-A1"), LAB, nobody)
    assert read == HandReading(("S24-0001-A1",), "DataMatrix")
    plain = read_hand_scan(HandScan(f"LOT7{GS}S24-0001-A1{GS}x"), LAB, nobody)
    assert plain.candidates == ("S24-0001-A1",)


def test_two_parts_of_the_labs_pattern_are_a_question_unless_only_one_is_known() -> None:
    scan = HandScan(f"]C121S24-0001-A1{GS}10S24-0002-A1")
    assert read_hand_scan(scan, LAB, nobody).candidates == ("S24-0001-A1", "S24-0002-A1")
    assert read_hand_scan(scan, LAB, "S24-0002-A1".__eq__).candidates == ("S24-0002-A1",)


def test_without_a_pattern_the_whole_counts_unless_a_part_is_known() -> None:
    scan = HandScan(f"]C110LOT{GS}21645750")
    assert read_hand_scan(scan, "", nobody).candidates == ("10LOT21645750",)
    assert read_hand_scan(scan, "", "645750".__eq__).candidates == ("645750",)


# --- Caps Lock


@pytest.mark.parametrize("state", [CapsLock.ON, CapsLock.UNKNOWN])
def test_what_only_fits_with_its_case_swapped_is_swapped_and_said(state: CapsLock) -> None:
    read = read_hand_scan(HandScan("s24-0001-a1", state), LAB, nobody)
    assert read == HandReading(("S24-0001-A1",), "", case_swapped=True)


def test_the_aim_prefix_is_understood_with_caps_lock_on() -> None:
    read = read_hand_scan(HandScan("]D1s24-0001-a1", CapsLock.ON), LAB, nobody)
    assert read == HandReading(("S24-0001-A1",), "DataMatrix", case_swapped=True)


def test_nothing_is_swapped_while_caps_lock_is_off_or_letters_shall_stay() -> None:
    assert read_hand_scan(HandScan("s24-0001-a1", CapsLock.OFF), LAB, nobody).candidates == ()
    assert read_hand_scan(HandScan("s24-0001-a1", CapsLock.ON), LAB, nobody, correct_case=False).candidates == ()


def test_without_a_pattern_the_known_one_of_both_counts() -> None:
    scan = HandScan("aB-1", CapsLock.UNKNOWN)
    assert read_hand_scan(scan, "", "Ab-1".__eq__) == HandReading(("Ab-1",), "", case_swapped=True)
    assert read_hand_scan(scan, "", "aB-1".__eq__) == HandReading(("aB-1",))
    assert read_hand_scan(scan, "", nobody) == HandReading(("aB-1",))


@pytest.mark.parametrize("state", [CapsLock.ON, CapsLock.UNKNOWN])
def test_two_slides_that_differ_in_case_only_are_a_question(state: CapsLock) -> None:
    read = read_hand_scan(HandScan("aB-1", state), "", {"aB-1", "Ab-1"}.__contains__)
    assert read == HandReading(("aB-1", "Ab-1"))


def test_caps_lock_on_and_neither_known_is_a_question() -> None:
    assert read_hand_scan(HandScan("aB-1", CapsLock.ON), "", nobody).candidates == ("aB-1", "Ab-1")


@given(
    printed=st.from_regex(r"[A-Za-z]{2}[0-9]{2}", fullmatch=True),
    known=st.sets(st.from_regex(r"[A-Za-z]{2}[0-9]{2}", fullmatch=True), max_size=4),
    inverted=st.booleans(),
    said=st.booleans(),
)
def test_a_slide_of_the_lab_is_never_taken_for_another(
    printed: str, known: set[str], *, inverted: bool, said: bool
) -> None:
    known = known | {printed}
    state = CapsLock.UNKNOWN if not said else CapsLock.ON if inverted else CapsLock.OFF
    typed = printed.swapcase() if inverted else printed
    candidates = read_hand_scan(HandScan(typed, state), "", known.__contains__).candidates
    assert candidates == (printed,) or (printed in candidates and len(candidates) > 1)
