"""Which slides a list holds, however it was made."""

import pytest

from app.domain.errors import UseError
from app.domain.expected_list import ExpectedList, read_expected_list

SIX = "[0-9]{6}"


def read(grid: list[list[str]], pattern: str = SIX) -> ExpectedList:
    return read_expected_list(grid, title="rack.csv", barcode_header="Barcode", pattern=pattern)


def test_the_column_is_found_by_its_header_wherever_it_stands() -> None:
    found = read([["Slot", " barcode "], ["100001", "620995"], ["100002", "407871"]])
    assert found == ExpectedList("barcode", ("620995", "407871"), (), ())
    below_rules = read([["", "REQUIRED"], ["Slot", "Barcode"], ["1", "620995"]])
    assert below_rules.barcodes == ("620995",)


@pytest.mark.parametrize("pattern", [SIX, ""])
def test_the_only_column_needs_no_header(pattern: str) -> None:
    assert read([["620995"], ["407871"]], pattern) == ExpectedList("A", ("620995", "407871"), (), ())
    assert read([["", "Slides of rack"], ["", "620995"]], pattern) == ExpectedList(
        "Slides of rack", ("620995",), (), ()
    )


def test_of_several_columns_the_first_that_mostly_fits_the_labs_pattern() -> None:
    grid = [["Slot", "Glass", "Old"], ["1", "620995", "100001"], ["2", "407871", "100002"], ["3", "?", "100003"]]
    assert read(grid) == ExpectedList("Glass", ("620995", "407871"), (), ((4, "?"),))


def test_twice_is_once_and_what_is_no_barcode_is_left_out_and_told() -> None:
    found = read([["Barcode"], ["620995"], ["\x1d620995 "], ["62 0996"], [""], ["407871"]])
    assert found == ExpectedList("Barcode", ("620995", "407871"), ("620995",), ((4, "62 0996"),))


def test_without_such_a_column_or_such_a_slide_it_is_said() -> None:
    with pytest.raises(UseError, match="no column is called “Barcode”"):
        read([["a", "b"], ["c", "d"]])
    with pytest.raises(UseError, match="no column is called"):
        read([["1", "620995"], ["2", "407871"]], "")
    with pytest.raises(UseError, match="holds no barcode of this lab"):
        read([["Barcode", "x"], ["none", "y"]])
    with pytest.raises(UseError, match="no column is called"):
        read([])
