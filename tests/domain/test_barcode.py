import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.barcode import LONGEST, Agreement, agree, clean, file_name_candidates, matches
from app.domain.slide import BarcodeReading, BarcodeSource

PATTERN = r"S\d{2}-\d{6}-A\d-\d"
ONE, OTHER = "S24-001001-A1-1", "S24-001002-A1-1"
ALL = ("hand", "metadata", "label", "macro", "file_name")


def said(text: str, source: BarcodeSource = BarcodeSource.LABEL, symbology: str = "DataMatrix") -> BarcodeReading:
    return BarcodeReading(text, symbology, source)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("S24-1", "S24-1"),
        ("]C1S24-1", "S24-1"),
        ("]d2\x1dS24-1", "S24-1"),
        ("\x1d]d2S24-1\r\n", "S24-1"),
        ("  S24-1\t", "S24-1"),
        ("S24\x1d-1", "S24-1"),
        ("\u202eS24-1\u200b", "S24-1"),
        ("A B", "A B"),
        ("]1", "]1"),
        ("Ä-1", "Ä-1"),
        ("", ""),
        ("\x1d \x00", ""),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(st.text())
def test_clean_text_is_visible_and_trimmed(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert not any(ord(each) < 32 or ord(each) == 127 for each in cleaned)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (PATTERN, ONE, True),
        (PATTERN, ONE + "x", False),
        (PATTERN, "x" + ONE, False),
        (PATTERN, ONE + "\n", False),
        ("A|B", "B", True),
        ("", "anything", True),
        ("", "", False),
        (".*", "", False),
        (".*", "x" * (LONGEST + 1), False),
    ],
)
def test_matches(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_all_that_speak_agree() -> None:
    readings = [said("]C1" + ONE, BarcodeSource.HAND), said(ONE), said(ONE, BarcodeSource.METADATA)]
    assert agree(readings, PATTERN, ALL) == Agreement(ONE)


def test_nobody_speaks() -> None:
    assert agree([], PATTERN, ALL) == Agreement(None)


def test_two_that_differ_are_a_conflict() -> None:
    agreement = agree([said(ONE), said(OTHER, BarcodeSource.HAND), said(ONE)], PATTERN, ALL)
    assert agreement.barcode is None
    assert agreement.conflict == (said(ONE), said(OTHER, BarcodeSource.HAND))


def test_two_differing_symbols_on_one_label_are_a_conflict() -> None:
    assert agree([said(ONE), said(OTHER)], PATTERN, ALL).conflict == (said(ONE), said(OTHER))


def test_what_is_not_of_the_labs_pattern_is_ignored() -> None:
    advertising = said("www.example.org", symbology="QRCode")
    assert agree([advertising, said(ONE)], PATTERN, ALL) == Agreement(ONE, ignored=(advertising,))


def test_sources_not_asked_are_ignored() -> None:
    assert agree([said(OTHER), said(ONE, BarcodeSource.HAND)], PATTERN, ("hand",)) == Agreement(
        ONE, ignored=(said(OTHER),)
    )


def test_a_person_overrules_everything() -> None:
    readings = [
        said(ONE),
        said(OTHER, BarcodeSource.HAND),
        said("typed wrongly", BarcodeSource.PERSON),
        said(" by hand ", BarcodeSource.PERSON),
    ]
    agreement = agree(readings, PATTERN, ())
    assert agreement.barcode == "by hand"
    assert agreement.conflict == ()


def test_an_empty_word_of_a_person_says_nothing() -> None:
    assert agree([said(" ", BarcodeSource.PERSON), said(ONE)], PATTERN, ALL).barcode == ONE


def test_a_file_name_speaks_only_with_a_pattern() -> None:
    named = said(ONE, BarcodeSource.FILE_NAME, "")
    assert agree([named], PATTERN, ALL).barcode == ONE
    assert agree([named], "", ALL) == Agreement(None, ignored=(named,))
    assert agree([named, said(OTHER)], "", ALL) == Agreement(OTHER, ignored=(named,))


def test_a_file_name_that_differs_is_a_conflict() -> None:
    named = said(OTHER, BarcodeSource.FILE_NAME, "")
    assert agree([said(ONE), named], PATTERN, ALL).conflict == (said(ONE), named)


def test_one_candidate_of_a_file_name_that_agrees_is_enough() -> None:
    named = [said(OTHER, BarcodeSource.FILE_NAME, ""), said(ONE, BarcodeSource.FILE_NAME, "")]
    assert agree([said(ONE), *named], PATTERN, ALL) == Agreement(ONE, ignored=(named[0],))
    assert agree(named, PATTERN, ALL).conflict == tuple(named)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{ONE}.svs", (ONE,)),
        (f"{ONE}_20240308_101500.svs", (ONE,)),
        (f"HE {ONE} (2).ome.tiff", (ONE,)),
        (f"{ONE}_{OTHER}.ndpi", (ONE, OTHER)),
        (f"{ONE}_{ONE}.ndpi", (ONE,)),
        (f"C:\\scans\\{ONE}.svs", (ONE,)),
        (f"scans/{ONE}", (ONE,)),
        (f"X{ONE}.svs", ()),
        (f"{ONE}9.svs", ()),
        ("240891.svs", ()),
        ("", ()),
    ],
)
def test_file_name_candidates(name: str, expected: tuple[str, ...]) -> None:
    assert file_name_candidates(name, PATTERN) == expected


def test_the_longest_part_of_a_file_name_wins() -> None:
    assert file_name_candidates("S24-001_x.svs", r"S\d+(-\d+)?") == ("S24-001",)


def test_without_a_pattern_a_file_name_says_nothing() -> None:
    assert file_name_candidates(f"{ONE}.svs", "") == ()


@given(st.text(max_size=80))
def test_candidates_match_and_come_from_the_name(name: str) -> None:
    for candidate in file_name_candidates(name, r"[A-Z]\d+|\w{5}"):
        assert candidate in name
        assert matches(r"[A-Z]\d+|\w{5}", candidate)
