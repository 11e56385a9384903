"""A lab without a sheet makes one, fills it in, and it serves."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.e2e import lab

SETTINGS = """
[scanner]
name = "Raven"
watch = "{folder}/scanner"
[destination]
url = "{folder}/share"
folder = "{{Study}}/{{Block}}"
[sheet]
path = "{folder}/{sheet}"
"""


def settings(folder: Path, sheet: str = "slides.xlsx", more: str = "") -> Path:
    path = folder / "settings.toml"
    path.write_text(SETTINGS.format(folder=folder, sheet=sheet) + more, encoding="utf-8")
    return path


def test_a_new_sheet_is_filled_in_and_serves(tmp_path: Path) -> None:
    (tmp_path / "scanner").mkdir()
    config = settings(tmp_path)
    made = lab.run("--config", config, "sheet", "new", "--scanner", "Cardinal", "--json")
    assert made.returncode == 0, made.stderr
    path = tmp_path / "slides.xlsx"
    assert lab.document(made) == {"sheet": str(path)}
    book = load_workbook(path)
    sheet = book.active
    assert [cell.value for cell in sheet[2]] == ["Barcode", "Study", "Block", "Panel", "Scanner", "Scan requested by"]
    (choices,) = sheet.data_validations.dataValidation
    assert (choices.formula1, str(choices.sqref)) == ('"Raven,Cardinal"', "E3:E1048576")
    sheet.append(["000123", "Prec01", "B7", "P1", "Raven", ""])
    sheet.append(["000124", "Prec01", "", "P1", "Raven", ""])
    book.save(path)
    told = lab.document(lab.run("--config", config, "doctor", "--json"))
    (check,) = [each for each in told["checks"] if each["name"] == "sheet"]
    assert check["ok"]
    assert "2 slides, 1 to put right (row 4: Block is empty, REQUIRED)" in check["message"]

    before = path.read_bytes()
    again = lab.run("--config", config, "sheet", "new")
    assert (again.returncode, path.read_bytes()) == (2, before)
    assert "There is a slide sheet already" in again.stderr


@pytest.mark.parametrize(
    ("sheet", "more", "words"),
    [
        ("slides.csv", "", "ending in .xlsx"),
        ("gone/slides.xlsx", "", "its folder is there"),
        ("slides.xlsx", 'kind = "google"\n', "Make a spreadsheet in Google Sheets"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, sheet: str, more: str, words: str) -> None:
    refused = lab.run("--config", settings(tmp_path, sheet, more), "sheet", "new")
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
