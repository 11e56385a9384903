"""What is to be put right in the sheet: which rows, which cells, in words; others' rows are left to them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.domain.sheet_findings import FindingKind, SheetFinding, sheet_findings
from app.domain.sheet_reading import read_grid

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RULES = ["Include in Name?, REQUIRED", "REQUIRED", "", "REQUIRED", ""]
HEADER = ["Barcode", "Study", "Scanner", "Panel", "Status"]
GOOD = ["620995", "Prec01", "Raven", "P1", ""]


def found(*rows: list[str], scanner_column: str = "Scanner") -> tuple[SheetFinding, ...]:
    sheet = read_grid([RULES, HEADER, *rows], title="slides.xlsx", barcode_header="Barcode", read_at=NOW)
    return sheet_findings(sheet, scanner_column=scanner_column, scanner="Raven")


def words(*rows: list[str], scanner_column: str = "Scanner") -> list[str]:
    return [each.words for each in found(*rows, scanner_column=scanner_column)]


def test_a_good_sheet_has_none() -> None:
    assert found(GOOD, [], ["620996", "Prec01", "", "P1"]) == ()


def test_an_empty_required_cell_is_named_with_its_row_and_address() -> None:
    assert found(GOOD, ["620996", "Prec01", "raven", "  "], ["620997"]) == (
        SheetFinding(FindingKind.EMPTY, 4, ("D4",), "row 4: Panel is empty, REQUIRED"),
        SheetFinding(FindingKind.EMPTY, 5, ("B5",), "row 5: Study is empty, REQUIRED"),
        SheetFinding(FindingKind.EMPTY, 5, ("D5",), "row 5: Panel is empty, REQUIRED"),
    )


def test_a_barcode_that_stands_twice_is_one_finding_with_all_its_cells() -> None:
    twice = found(GOOD, ["620996", "A", "Raven", "B"], GOOD)
    assert twice == (SheetFinding(FindingKind.TWICE, 3, ("A3", "A5"), "rows 3 and 5: 620995 stands twice"),)
    assert words(*[GOOD] * 8) == ["rows 3, 4, 5, 6, 7, 8 and 2 more: 620995 stands 8 times"]


def test_a_row_without_a_barcode_is_told_once_unless_only_this_program_wrote_into_it() -> None:
    assert words(["", "Prec01", "Raven", ""]) == ["row 3: filled in, but without a barcode"]
    assert words(["", "", "", "", "Complete"]) == []


def test_rows_of_other_scanners_are_left_to_them_unless_they_take_a_barcode_of_ours() -> None:
    theirs = ["620996", "", "Cardinal", ""]
    assert words(GOOD, theirs, theirs, ["", "x", "Cardinal"]) == []
    assert words(theirs, scanner_column="") == [
        "row 3: Study is empty, REQUIRED",
        "row 3: Panel is empty, REQUIRED",
    ]
    assert words(GOOD, ["620995", "Prec01", "Cardinal", "P1"]) == ["rows 3 and 4: 620995 stands twice"]


def test_a_sheet_without_a_scanner_column_is_all_ours() -> None:
    sheet = read_grid([["Barcode"], ["1"], ["1"]], title="t", barcode_header="barcode", read_at=NOW)
    (finding,) = sheet_findings(sheet, scanner_column="Scanner", scanner="Raven")
    assert finding.cells == ("A2", "A3")


@given(st.lists(st.lists(st.sampled_from(["", " ", "1", "2", "Raven", "Cardinal"]), min_size=5, max_size=5)))
def test_every_slide_that_would_be_asked_about_is_found_before_it_is_scanned(rows: list[list[str]]) -> None:
    sheet = read_grid([RULES, HEADER, *rows], title="t", barcode_header="Barcode", read_at=NOW)
    cells = {cell for each in found(*rows) for cell in each.cells}
    for row in sheet.rows:
        if row.barcode and row.cells["Scanner"].strip() in ("", "Raven"):
            assert {address.split(" ")[0] for address in sheet.missing_cells(row)} <= cells
            assert len(sheet.rows_for(row.barcode)) == 1 or f"A{row.number}" in cells
