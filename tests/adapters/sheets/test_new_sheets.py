"""The sheets that the demo makes: a lab's scientists choose the scanner from a list."""

from pathlib import Path

from openpyxl import load_workbook

from app.adapters.sheets.new_spreadsheet import make_spreadsheet
from app.adapters.sheets.new_workbook import make_workbook
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite
from tests.adapters.sheets.google_lab import signed_in
from tests.fakes.sheets_server import SheetsServer

GRID = [["REQUIRED", "", "REQUIRED"], ["Barcode", "Notes", "Scanner"], ["000123", "=1+1", "Raven"]]
CHOICES = {"Scanner": ("Raven", "Cardinal")}


def test_a_workbook_has_a_drop_down_that_a_write_leaves(tmp_path: Path) -> None:
    path = tmp_path / "slides.xlsx"
    make_workbook(path, GRID, choices=CHOICES)
    gateway = WorkbookSheet(path, SheetSettings())
    assert gateway.write([CellWrite("000123", "Status", "Complete", 1)]).written
    sheet = load_workbook(path).active
    (rule,) = sheet.data_validations.dataValidation
    assert (rule.type, rule.formula1, rule.errorStyle, rule.showErrorMessage) == (
        "list",
        '"Raven,Cardinal"',
        "warning",
        True,
    )
    assert str(rule.sqref) == "C3:C1048576"
    assert (sheet["A3"].value, sheet["B3"].value, sheet["B3"].data_type) == ("000123", "=1+1", "s")


def test_a_google_sheet_has_a_drop_down_too(server: SheetsServer) -> None:
    made = make_spreadsheet(signed_in(server), server.url, "Slides", GRID, choices=CHOICES)
    (tab,) = server.store.books[made].tabs
    rules = [tab[row, column].validation for row in (1, 2, 3, 999) for column in (1, 2)]
    assert rules[0] is rules[1] is rules[2] is None
    assert rules[3] == rules[5] == rules[7]
    assert [each["userEnteredValue"] for each in rules[3]["condition"]["values"]] == ["Raven", "Cardinal"]
    assert rules[3]["showCustomUi"]
    assert (tab[2, 0].value, tab[2, 1].is_formula) == ("000123", False)
