"""The four test codes tell what a keyboard layout does to a hand scanner."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calibration import CODES, MARKS, PRINTED, Calibration, TestScan, calibrate, recognise
from app.domain.declaration import value_problem
from app.domain.errors import UseError
from app.domain.hand_scan import DEAD_KEY
from app.domain.settings import HandScannerSettings, Settings, declared_settings

US = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ ~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"
GERMAN = "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.- °!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_"
FRENCH = "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:! ~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§"
SWEDISH = "§1234567890+´qwertyuiopå¨'asdfghjklöäzxcvbnm,.- ½!\"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÖÄZXCVBNM;:_"
RUSSIAN = 'ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю. Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,'
DEAD = {GERMAN: "^´`", FRENCH: "^¨", SWEDISH: "´¨`^", RUSSIAN: "", US: ""}
COMBINING = {"^": "\u0302", "´": "\u0301", "`": "\u0300", "¨": "\u0308", "~": "\u0303", "'": "\u0301", '"': "\u0308"}


def typed(code: str, layout: str, dead: str, *, composing: bool = True) -> str:
    """Return what a scanner set to a US keyboard types on a PC with this layout."""
    table, out, waiting = dict(zip(US, layout, strict=True)), "", ""
    for character in (table[each] for each in code):
        if waiting:
            made = unicodedata.normalize("NFC", character + COMBINING[waiting])
            out += made if composing and len(made) == 1 else waiting + character if composing else DEAD_KEY + character
            waiting = ""
        elif character in dead:
            waiting = character
        else:
            out += character
    return out


def scanned(layout: str, dead: str, *, gap: float = 4.0, suffix: str = "enter", lead: str = "", composing: bool = True):
    return [TestScan(lead + typed(code, layout, dead, composing=composing), gap, suffix) for code in CODES]


def test_the_codes_hold_every_character_of_a_plain_keyboard_and_differ_in_length() -> None:
    assert set(PRINTED) == {chr(code) for code in range(0x20, 0x7F)}
    assert len({len(code) for code in CODES}) == len(CODES)
    assert all(code == code.strip() for code in CODES)


def test_a_scanner_in_the_pcs_layout_arrives_as_printed() -> None:
    found = calibrate(scanned(US, ""))
    assert found == Calibration(PRINTED, (), "", "", "enter", 4.0, 12.0)


@pytest.mark.parametrize("layout", [GERMAN, FRENCH, SWEDISH, RUSSIAN], ids=["german", "french", "swedish", "russian"])
@pytest.mark.parametrize("composing", [True, False])
def test_what_is_turned_back_is_what_was_printed(layout: str, *, composing: bool) -> None:
    found = calibrate(scanned(layout, DEAD[layout], composing=composing))
    table = str.maketrans({pair[0]: pair[1] for pair in found.mapped})
    for printed in set(PRINTED) - set(found.broken):
        assert typed(printed, layout, DEAD[layout]).translate(table) == printed
    assert len(found.broken) + len(found.same) + len(found.mapped) == len(PRINTED)


def test_a_german_pc_swaps_y_and_z_and_keeps_accents_back() -> None:
    found = calibrate(scanned(GERMAN, DEAD[GERMAN]))
    assert {"zy", "yz", "ß-", "?_", "-/", "ö;"} <= set(found.mapped)
    assert found.broken == "+=`"
    assert set("0123456789ABCDEFGHIJKLMNOPQRSTUVWX abc.,") <= set(found.same)


def test_a_french_pc_turns_digits_back() -> None:
    found = calibrate(scanned(FRENCH, DEAD[FRENCH]))
    assert {"&1", "é2", "à0", "qa", "aq"} <= set(found.mapped)
    assert found.broken == "[{"


def test_where_two_characters_arrive_alike_neither_is_turned_back() -> None:
    scans = scanned(US.replace("z", "y"), "")
    found = calibrate(scans)
    assert found.broken == "yz"
    assert found.mapped == ()


def test_prefix_suffix_and_speed_are_learned() -> None:
    found = calibrate(scanned(US, "", gap=9.0, suffix="tab", lead="]C0~"))
    assert (found.prefix, found.suffix, found.gap_ms, found.too_slow) == ("~", "tab", 27.0, False)
    slow = calibrate(scanned(US, "", gap=35.0, suffix="none"))
    assert (slow.suffix, slow.gap_ms, slow.too_slow) == ("none", 40.0, True)
    assert calibrate(scanned(US, "", gap=0.5)).gap_ms == 10.0


def test_what_was_learned_makes_settings_that_may_stand() -> None:
    made = calibrate(scanned(FRENCH, DEAD[FRENCH])).settings(HandScannerSettings(repeat_seconds=3.0))
    assert made.repeat_seconds == 3.0
    for each in declared_settings():
        if each.section == "wedge":
            assert value_problem(each.declaration, getattr(made, each.key)) is None
    assert Settings(wedge=made).wedge.translate


def test_caps_lock_is_seen_and_refused() -> None:
    swapped = [TestScan(scan.text.swapcase(), 4.0, "enter") for scan in scanned(US, "")]
    assert all(code is not None and code.swapped for code in (recognise(scan.text) for scan in swapped))
    with pytest.raises(UseError, match="Caps Lock"):
        calibrate(swapped)


def test_a_scan_that_is_none_of_the_codes_is_none() -> None:
    assert recognise("S24-0001-A1") is None
    assert recognise("x" * len(CODES[0])) is None
    assert recognise("0123456789012345" + CODES[0]) is None


def test_a_missing_code_and_a_layout_changed_in_between_are_said() -> None:
    scans = scanned(US, "")
    with pytest.raises(UseError, match="Not all codes"):
        calibrate(scans[:3])
    other = typed(CODES[1], US.replace("R", "§"), "")
    assert other.startswith("FE§C")
    with pytest.raises(UseError, match="contradict"):
        calibrate([scans[0], TestScan(CODES[1].replace("FERC", "fERC"), 4.0, "enter"), *scans[2:]])


@given(st.permutations(US.replace(" ", "")), st.sets(st.sampled_from("=+`[{'\"]}~^"), max_size=5))
def test_no_layout_whatever_turns_a_character_into_a_wrong_one(shuffled: list[str], lost: set[str]) -> None:
    marked = set("".join(MARKS)) | {"o"}
    free = [each for each in shuffled if each not in marked]
    layout = "".join(each if each in marked or each == " " else free.pop() for each in US)
    table = {each: "" if each in lost else came for each, came in zip(US, layout, strict=True)}
    scans = [TestScan("".join(table[each] for each in code), 4.0, "enter") for code in CODES]
    found = calibrate(scans)
    back = str.maketrans({pair[0]: pair[1] for pair in found.mapped})
    for printed in set(PRINTED) - set(found.broken):
        assert table[printed].translate(back) == printed
