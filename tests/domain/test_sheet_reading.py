from datetime import UTC, datetime

import pytest

from app.domain.errors import UseError
from app.domain.sheet import SlideSheet
from app.domain.sheet_reading import column_letter, read_grid

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LAB = [
    ["Include in Name?", "include in name?\nREQUIRED", " Required , Include  in Name?", "REQUIRED", "", "our notes"],
    ["Barcode", "Study", "Experiment", "Panel", "Scanner", "Scan\n Date"],
    ["620995", "Prec01", "Run 2", "", "Cardinal", "x"],
    ["", "", "", "", "", ""],
    [" 000123 ", "Prec01"],
]


def read(grid: list[list[str]], barcode_header: str = "Barcode") -> SlideSheet:
    return read_grid(grid, title="slides.xlsx, Slides", barcode_header=barcode_header, read_at=NOW)


def test_the_rule_row_says_what_is_required_and_what_makes_the_name() -> None:
    sheet = read(LAB)
    assert [column.header for column in sheet.name_columns()] == ["Barcode", "Study", "Experiment"]
    assert [column.header for column in sheet.columns if column.required] == ["Study", "Experiment", "Panel"]
    assert [column.header for column in sheet.columns][-1] == "Scan Date"
    assert sheet.read_at == NOW


def test_rows_keep_their_numbers_and_barcodes_lose_their_blanks() -> None:
    sheet = read(LAB)
    assert [(row.number, row.barcode) for row in sheet.rows] == [(3, "620995"), (5, "000123")]
    assert sheet.rows_for("000123")[0].cells["Panel"] == ""
    assert sheet.missing_cells(sheet.rows[0]) == ("D3 (Panel)",)


def test_without_a_rule_row_the_header_is_in_row_one_and_only_the_barcode_is_required() -> None:
    sheet = read([["Study", " barcode"], ["A", "1"], ["B", ""]])
    assert sheet.barcode_header == "barcode"
    assert [(column.header, column.required, column.in_name) for column in sheet.columns] == [
        ("Study", False, False),
        ("barcode", True, False),
    ]
    assert [row.number for row in sheet.rows] == [2, 3]


def test_an_empty_first_row_is_a_rule_row_without_rules() -> None:
    sheet = read([[], ["Barcode"], ["7"]])
    assert sheet.rows[0].number == 3
    assert not sheet.columns[0].in_name


def test_columns_beyond_z_have_two_letters() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
    assert read([["Barcode", *(f"h{n}" for n in range(26))]]).columns[-1].letter == "AA"


def test_a_missing_barcode_column_is_said_with_what_is_there_and_what_is_near() -> None:
    with pytest.raises(UseError) as raised:
        read([["REQUIRED"], ["Barcodes", "Study"]])
    assert "slides.xlsx, Slides" in raised.value.message
    assert "“Barcodes”, “Study”" in raised.value.message
    assert "“Barcodes”" in raised.value.hint


def test_an_empty_sheet_is_said_to_be_empty() -> None:
    with pytest.raises(UseError, match="empty"):
        read([])


def test_a_header_that_stands_twice_is_refused_with_both_cells() -> None:
    with pytest.raises(UseError, match=r"A2 and C2 both say “study”"):
        read([["REQUIRED"], ["Study", "Barcode", "study"]])


def test_a_misspelt_rule_is_not_passed_over() -> None:
    with pytest.raises(UseError, match="B1 says “REQUIERD”") as raised:
        read([["", "REQUIERD"], ["Barcode", "Study"]])
    assert "REQUIRED" in raised.value.hint
