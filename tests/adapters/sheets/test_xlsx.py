import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from openpyxl import Workbook, load_workbook

from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import SurroundingsError, UseError
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite
from tests.adapters.sheets.workbooks import SHEET_PART, lab_workbook, parts, with_part


def cell(barcode: str, column: str, value: str, generation: int = 1) -> CellWrite:
    return CellWrite(barcode, column, value, generation)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return lab_workbook(tmp_path / "slides.xlsx")


def sheet_at(path: Path, **settings: object) -> WorkbookSheet:
    return WorkbookSheet(path, SheetSettings(**settings), now=lambda: datetime(2026, 5, 4, tzinfo=UTC))  # type: ignore[arg-type]


def test_cells_are_read_as_a_person_sees_them(lab: Path) -> None:
    sheet = sheet_at(lab).read()
    assert sheet.title == "slides.xlsx, Slides"
    assert [row.barcode for row in sheet.rows] == ["620995", "000123", "S-1", "merged note"]
    assert [row.cells["Date"] for row in sheet.rows[:3]] == ["2024-03-08", "2024-03-08T14:30:00", "25%"]
    assert sheet.rows[2].cells["Study"] == "TRUE"
    assert [column.header for column in sheet.name_columns()] == ["Barcode", "Study"]


def test_the_last_result_of_a_formula_is_read(lab: Path) -> None:
    xml = parts(lab)[SHEET_PART]
    with_part(lab, SHEET_PART, re.sub(rb"<f>1\+1</f><v\s*/>|<f>1\+1</f><v></v>", b"<f>1+1</f><v>2</v>", xml))
    assert sheet_at(lab).read().rows_for("S-1")[0].cells["Experiment"] == "2"


def test_only_our_cells_change_and_every_other_part_keeps_its_bytes(lab: Path) -> None:
    before = parts(lab)
    result = sheet_at(lab).write([cell("620995", "Status", "Succeeded"), cell("000123", "Message", "=1+1 <&> \u00e9")])
    assert {write.column for write in result.written} == {"Status", "Message"}
    after = parts(lab)
    assert list(after) == list(before)
    assert [name for name in before if before[name] != after[name]] == [SHEET_PART]
    assert without(after[SHEET_PART], {"D3", "F2", "F4"}) == without(before[SHEET_PART], {"D3", "F2", "F4"})
    sheet = load_workbook(lab)["Slides"]
    assert sheet["D3"].fill.start_color.rgb == "00FFFF00"
    assert (sheet["D3"].value, sheet["F2"].value, sheet["F4"].value) == ("Succeeded", "Message", "=1+1 <&> \u00e9")
    assert sheet["F2"].font.bold
    assert sheet.dimensions == "A1:F20"


def test_after_five_hundred_writes_only_our_cells_differ(lab: Path) -> None:
    before = parts(lab)
    sheet, barcodes, columns = sheet_at(lab), ("620995", "000123", "S-1"), ("Status", "Message", "Quality")
    for number in range(500):
        barcode, column = barcodes[number % 3], columns[number // 3 % 3]
        assert sheet.write([cell(barcode, column, f"value {number}", number)]).written
    after = parts(lab)
    assert list(after) == list(before)
    assert [name for name in before if before[name] != after[name]] == [SHEET_PART]
    ours = {f"{letter}{row}" for letter in "DFG" for row in (2, 3, 4, 5)} - {"D2"}
    assert without(after[SHEET_PART], ours) == without(before[SHEET_PART], ours)


def without(xml: bytes, ours: set[str]) -> bytes:
    """The worksheet without our cells and without the size that they stretch."""
    root = etree.fromstring(xml)
    for each in root.iterfind(".//{*}c"):
        if each.get("r") in ours:
            each.getparent().remove(each)
    for each in root.iterfind(".//{*}row"):
        each.attrib.pop("spans", None)
    root.find("{*}dimension").attrib.clear()
    return etree.tostring(root, method="c14n")


def test_text_that_looks_like_a_formula_is_stored_as_text(lab: Path) -> None:
    texts = ["=cmd|'/c calc'!A0", "+1", "-1", "@x", "\tx", "\rx", " lead", "a\r\nb", "\x01_x0041_", "000123"]
    for text in texts:
        result = sheet_at(lab).write([cell("620995", "Message", text)])
        assert result.written[0].value == text
        root = etree.fromstring(parts(lab)[SHEET_PART])
        assert root.find(".//{*}c[@r='F3']").get("t") == "inlineStr"
        assert root.find(".//{*}c[@r='F3']/{*}f") is None
        assert sheet_at(lab).read().rows_for("620995")[0].cells["Message"] == text


def test_all_our_columns_are_added_in_order_right_of_everything(tmp_path: Path) -> None:
    path = lab_workbook(tmp_path / "slides.xlsx", status=False)
    writes = [cell("620995", column, f"v {column}") for column in reversed(WRITTEN_COLUMNS)]
    assert len(sheet_at(path).write(writes).written) == len(WRITTEN_COLUMNS)
    assert [column.header for column in sheet_at(path).read().columns[5:]] == list(WRITTEN_COLUMNS)
    assert sheet_at(path).read().columns[5].letter == "F"


def test_a_column_is_not_added_where_that_is_forbidden(lab: Path) -> None:
    before = lab.read_bytes()
    result = sheet_at(lab, add_columns=False).write([cell("620995", "Message", "x")])
    assert "add_columns" in result.refused[0].reason
    assert lab.read_bytes() == before


@pytest.mark.parametrize(
    ("barcode", "column", "reason"),
    [
        ("nope", "Status", "no row"),
        ("", "Status", "without a barcode"),
        ("620995", "Study", "not a column of ours"),
    ],
)
def test_a_write_without_its_one_cell_is_refused(lab: Path, barcode: str, column: str, reason: str) -> None:
    result = sheet_at(lab).write([cell(barcode, column, "x")])
    assert not result.written
    assert reason in result.refused[0].reason


def test_two_rows_of_a_barcode_formulas_and_hidden_cells_are_refused(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["Barcode", "Status", "Message"], ["1", "=A2", ""], ["2", "", ""], ["2", "", ""], ["3", "", ""]):
        book.active.append(row)
    book.active.merge_cells("B5:C5")
    book.save(tmp_path / "s.xlsx")
    writes = [
        cell("1", "Status", "x"),
        cell("2", "Status", "x"),
        cell("3", "Message", "x"),
        cell("3", "Status", "x" * 40000),
    ]
    result = sheet_at(tmp_path / "s.xlsx").write(writes)
    reasons = {(each.write.barcode, each.write.column): each.reason for each in result.refused}
    assert "formula" in reasons["1", "Status"]
    assert "rows 3, 4" in reasons["2", "Status"]
    assert "merged" in reasons["3", "Message"]
    assert "32767" in reasons["3", "Status"]
    assert result.written == ()


def test_the_newest_value_of_a_cell_wins(lab: Path) -> None:
    result = sheet_at(lab).write([cell("S-1", "Status", "new", 7), cell("S-1", "Status", "older", 6)])
    assert [write.value for write in result.written] == ["new"]
    assert [refused.write.value for refused in result.refused] == ["older"]


def test_writing_what_is_there_already_leaves_the_file_alone(lab: Path) -> None:
    writes = [cell("620995", "Status", "Succeeded"), cell("000123", "Status", "5")]
    sheet_at(lab).write(writes)
    stat = lab.stat()
    assert len(sheet_at(lab).write(writes).written) == 2
    assert (lab.stat().st_mtime_ns, lab.stat().st_ino) == (stat.st_mtime_ns, stat.st_ino)


def test_an_empty_value_empties_the_cell(lab: Path) -> None:
    assert sheet_at(lab).write([cell("S-1", "Status", "")]).written
    assert load_workbook(lab)["Slides"]["D5"].value is None


def test_rows_are_found_by_barcode_wherever_people_move_them(lab: Path) -> None:
    gateway = sheet_at(lab)
    gateway.read()
    book = load_workbook(lab)
    book["Slides"].insert_rows(3, 2)
    book.save(lab)
    assert gateway.write([cell("620995", "Status", "here")]).written
    assert load_workbook(lab)["Slides"]["D5"].value == "here"


def test_a_worksheet_by_name_and_the_first_visible_one(lab: Path) -> None:
    book = load_workbook(lab)
    book["Slides"].sheet_state = "hidden"
    book["Lookup"].append(["Barcode"])
    book["Lookup"].delete_rows(1)
    book.active = 1
    book.save(lab)
    assert sheet_at(lab).read().title == "slides.xlsx, Lookup"
    assert sheet_at(lab, worksheet="slides").read().title == "slides.xlsx, Slides"
    with pytest.raises(UseError, match="“Slides”, “Lookup”") as raised:
        sheet_at(lab, worksheet="Slide").read()
    assert "“Slides”" in raised.value.hint


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("s.xlsx", b"", SurroundingsError, "damaged"),
        ("s.xlsx", b"PK\x03\x04 torn", SurroundingsError, "damaged"),
        ("s.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), UseError, "password"),
        ("s.ods", b"", UseError, r"\.xlsx"),
    ],
)
def test_what_is_no_workbook_is_said_in_words(
    tmp_path: Path, name: str, data: bytes, kind: type[Exception], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(kind) as raised:
        sheet_at(path).read()
    assert re.search(words, f"{raised.value} {raised.value.hint}")  # type: ignore[attr-defined]


def test_a_workbook_with_a_torn_part_is_damaged_not_a_crash(lab: Path) -> None:
    data = bytearray(lab.read_bytes())
    data[data.index(SHEET_PART.encode()) + 60] ^= 0xFF
    lab.write_bytes(data)
    with pytest.raises(SurroundingsError, match="damaged"):
        sheet_at(lab).read()


def test_entities_are_not_expanded(lab: Path) -> None:
    secret = lab.with_name("secret.txt")
    secret.write_text("secret text", encoding="utf-8", newline="")
    xml = (
        parts(lab)[SHEET_PART].split(b"?>", 1)[-1]
        if parts(lab)[SHEET_PART].startswith(b"<?")
        else parts(lab)[SHEET_PART]
    )
    evil = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()
    bad = xml.replace(b"<v>5</v>", b"<v>&e;</v>")
    assert bad != xml
    with_part(lab, SHEET_PART, evil + bad)
    assert "secret text" not in str(sheet_at(lab).read())


def test_cells_and_rows_that_do_not_say_where_they_are(tmp_path: Path) -> None:
    path = lab_workbook(tmp_path / "s.xlsx")
    ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def text(value: str) -> str:
        return f'<c t="inlineStr"><is><r><t>{value[:1]}</t></r><r><t>{value[1:]}</t></r></is></c>'

    rows = f"<row>{text('Barcode')}{text('Study')}</row><row>{text('000123')}{text('A')}</row>"
    with_part(path, SHEET_PART, f'<worksheet xmlns="{ns}"><sheetData>{rows}</sheetData></worksheet>'.encode())
    assert sheet_at(path).write([cell("000123", "Status", "done")]).written
    assert sheet_at(path).read().rows[0].cells == {"Barcode": "000123", "Study": "A", "Status": "done"}
