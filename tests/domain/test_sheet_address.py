"""What opens the sheet, at which cell."""

import pytest

from app.domain.errors import UseError
from app.domain.settings import SheetSettings
from app.domain.sheet_address import sheet_address

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
ROOT = f"https://docs.google.com/spreadsheets/d/{ID}"


@pytest.mark.parametrize(
    ("spreadsheet", "cell", "address"),
    [
        (ID, "", f"{ROOT}/edit"),
        (ID, "D17", f"{ROOT}/edit#range=D17"),
        (f"{ROOT}/edit?usp=sharing", "A3", f"{ROOT}/edit#range=A3"),
        (f"{ROOT}/edit?gid=77#gid=77", "A3", f"{ROOT}/edit#gid=77&range=A3"),
        (f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit#gid=5", "", f"{ROOT}/edit#gid=5"),
    ],
)
def test_a_google_sheet_opens_in_the_browser_at_the_cell(spreadsheet: str, cell: str, address: str) -> None:
    assert sheet_address(SheetSettings(kind="google", spreadsheet=spreadsheet), cell) == address


def test_the_tab_that_was_read_is_opened() -> None:
    settings = SheetSettings(kind="google", spreadsheet=f"{ROOT}/edit?gid=77#gid=77", worksheet="Slides")
    assert sheet_address(settings, "A3", tab=5) == f"{ROOT}/edit#gid=5&range=A3"
    assert sheet_address(settings, tab=0) == f"{ROOT}/edit#gid=0"


def test_a_workbook_is_its_file() -> None:
    assert sheet_address(SheetSettings(path="/lab/slides.xlsx"), "D17") == "/lab/slides.xlsx"


def test_what_no_browser_shows_is_refused_in_words() -> None:
    with pytest.raises(UseError, match="no Google spreadsheet"):
        sheet_address(SheetSettings(kind="google", spreadsheet="slides"))
    with pytest.raises(UseError, match="not Google's own"):
        sheet_address(SheetSettings(kind="google", spreadsheet=ID, api_root="http://127.0.0.1:8001"))
