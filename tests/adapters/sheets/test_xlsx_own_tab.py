"""Our columns on a tab of the program's own in a workbook: what people see there, and what stays as it was."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection

from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import SurroundingsError, UseError
from app.domain.own_tab import OWN_TAB_HEADER
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite
from tests.adapters.sheets.workbooks import SHEET_PART, lab_workbook, parts, with_part

OURS = "xl/worksheets/sheet3.xml"
PATCHED = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return lab_workbook(tmp_path / "slides.xlsx")


def sheet_at(path: Path, **settings: object) -> WorkbookSheet:
    settings = {"mode": "own_tab", **settings}
    return WorkbookSheet(path, SheetSettings(**settings), now=lambda: datetime(2026, 5, 4, tzinfo=UTC))  # type: ignore[arg-type]


def slide(barcode: str, word: str = "") -> list[CellWrite]:
    return [CellWrite(barcode, header, f"{header} of {barcode}{word}", 1) for header in WRITTEN_COLUMNS]


def rows_of(path: Path, tab: str = "Slideferry") -> list[tuple[object, ...]]:
    return [tuple(row) for row in load_workbook(path)[tab].iter_rows(values_only=True)]


def shown(barcode: str, word: str = "") -> tuple[object, ...]:
    return (barcode, *(cell.value for cell in slide(barcode, word)))


def test_a_slide_stands_on_our_tab_and_nothing_else_changes(lab: Path) -> None:
    before = parts(lab)
    assert set(sheet_at(lab).write(slide("000123")).written) == set(slide("000123"))
    assert rows_of(lab) == [OWN_TAB_HEADER, shown("000123")]
    after = parts(lab)
    assert list(after) == [*before, OURS]
    assert {name for name in before if before[name] != after[name]} == PATCHED
    assert load_workbook(lab).sheetnames == ["Slides", "Lookup", "Slideferry"]


def test_the_barcode_is_text_in_the_first_column_and_lookups_are_calculated_anew(lab: Path) -> None:
    """Without the last, Excel would show what a lookup found when people last saved."""
    book = load_workbook(lab)
    book.defined_names["Studies"] = DefinedName("Studies", attr_text="Slides!$B$3:$B$5")
    book.save(lab)
    workbook = etree.fromstring(parts(lab)["xl/workbook.xml"])
    workbook.remove(workbook.find("{*}calcPr"))
    with_part(lab, "xl/workbook.xml", etree.tostring(workbook))
    sheet_at(lab).write(slide("000123"))
    cell = etree.fromstring(parts(lab)[OURS]).find(".//{*}c[@r='A2']")
    assert cell.get("t") == "inlineStr"
    workbook = etree.fromstring(parts(lab)["xl/workbook.xml"])
    assert workbook.find("{*}calcPr").get("fullCalcOnLoad") == "1"
    names = [etree.QName(each).localname for each in workbook]
    assert names.index("calcPr") == names.index("definedNames") + 1


def test_rows_are_added_below_and_found_wherever_people_move_them(lab: Path) -> None:
    sheet_at(lab).write([*slide("000123"), *slide("620995")])
    book = load_workbook(lab)
    book["Slideferry"].insert_rows(2, 2)
    book["Slideferry"].insert_cols(1)
    book["Slideferry"]["A5"] = "a note"
    book.save(lab)
    sheet_at(lab).write([*slide("000123", "!"), *slide("S-1")])
    empty = (None,) * (len(OWN_TAB_HEADER) + 1)
    assert rows_of(lab) == [
        (None, *OWN_TAB_HEADER),
        empty,
        empty,
        (None, *shown("000123", "!")),
        ("a note", *shown("620995")),
        (None, *shown("S-1")),
    ]


def test_empty_rows_that_only_look_different_are_used(lab: Path) -> None:
    sheet_at(lab).write(slide("000123"))
    book = load_workbook(lab)
    book["Slideferry"]["A3"].number_format = "@"
    book["Slideferry"]["A9"].number_format = "@"
    book.save(lab)
    sheet_at(lab).write([*slide("620995"), *slide("S-1")])
    assert [row[0] for row in rows_of(lab)][:5] == ["Barcode", "000123", "620995", "S-1", None]


def test_a_deleted_row_comes_again(lab: Path) -> None:
    sheet_at(lab).write([*slide("000123"), *slide("620995")])
    book = load_workbook(lab)
    book["Slideferry"].delete_rows(2)
    book.save(lab)
    sheet_at(lab).write(slide("000123"))
    assert rows_of(lab) == [OWN_TAB_HEADER, shown("620995"), shown("000123")]


def test_a_slide_without_its_one_row_in_the_scientists_tab_is_refused(lab: Path) -> None:
    book = load_workbook(lab)
    book["Slides"]["A6"] = "S-1"
    book.save(lab)
    before = lab.read_bytes()
    result = sheet_at(lab).write([*slide("nope"), *slide("S-1")])
    assert {each.reason for each in result.refused} == {
        "no row of slides.xlsx, Slides has the barcode nope",
        "rows 5, 6 of slides.xlsx, Slides have the barcode S-1: it must be one",
    }
    assert not result.written
    assert lab.read_bytes() == before


def test_two_rows_of_a_slide_on_our_tab_are_a_question(lab: Path) -> None:
    sheet_at(lab).write(slide("000123"))
    book = load_workbook(lab)
    book["Slideferry"]["A3"] = "000123"
    book.save(lab)
    result = sheet_at(lab).write(slide("000123", "!"))
    assert "rows 2, 3 of slides.xlsx, Slideferry" in result.refused[0].reason


def test_what_is_there_already_leaves_the_file_alone(lab: Path) -> None:
    sheet_at(lab).write(slide("000123"))
    before = lab.stat()
    assert len(sheet_at(lab).write(slide("000123")).written) == len(WRITTEN_COLUMNS)
    assert (lab.stat().st_mtime_ns, lab.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_tab_of_the_labs_that_has_our_name_is_not_touched(lab: Path) -> None:
    before = lab.read_bytes()
    with pytest.raises(UseError, match=r"slides\.xlsx, Lookup has no column “Barcode”") as raised:
        sheet_at(lab, own_tab="lookup").write(slide("000123"))
    assert "[sheet] own_tab" in raised.value.hint
    assert lab.read_bytes() == before


def test_a_chart_that_has_our_name_is_not_touched(lab: Path) -> None:
    book = load_workbook(lab)
    book.create_chartsheet("Slideferry").add_chart(BarChart())
    book.save(lab)
    before = lab.read_bytes()
    with pytest.raises(UseError, match="“Slideferry” is no worksheet with cells"):
        sheet_at(lab).write(slide("000123"))
    assert lab.read_bytes() == before


def test_a_tab_of_ours_that_lost_a_column_is_not_guessed_at(lab: Path) -> None:
    sheet_at(lab).write(slide("000123"))
    book = load_workbook(lab)
    book["Slideferry"]["C1"] = "File"
    book.save(lab)
    with pytest.raises(UseError, match="no column “Scan File”"):
        sheet_at(lab).write(slide("620995"))


def test_an_empty_tab_of_our_name_is_taken(lab: Path) -> None:
    book = load_workbook(lab)
    book.create_sheet("Slideferry", 0)
    book.save(lab)
    assert sheet_at(lab).read().title == "slides.xlsx, Slides"
    sheet_at(lab).write(slide("000123"))
    assert rows_of(lab) == [OWN_TAB_HEADER, shown("000123")]


def test_a_protected_structure_is_said_and_an_empty_tab_helps(lab: Path) -> None:
    book = load_workbook(lab)
    book.security = WorkbookProtection(lockStructure=True)
    book.save(lab)
    with pytest.raises(SurroundingsError, match="is protected") as raised:
        sheet_at(lab).write(slide("000123"))
    assert "“Slideferry”" in raised.value.hint
    book = load_workbook(lab)
    book.create_sheet("Slideferry")
    book.save(lab)
    assert sheet_at(lab).write(slide("000123")).written


def test_names_that_are_taken_are_not_used_again(lab: Path) -> None:
    """Parts and relations may have any names: ours are free ones."""
    with_part(lab, "xl/worksheets/Sheet3.xml", b"<left/>")
    rels = parts(lab)["xl/_rels/workbook.xml.rels"]
    count = len(etree.fromstring(rels))
    with_part(lab, "xl/_rels/workbook.xml.rels", rels.replace(b'Id="rId1"', f'Id="rId{count + 1}"'.encode()))
    xml = parts(lab)["xl/workbook.xml"]
    with_part(lab, "xl/workbook.xml", xml.replace(b'r:id="rId1"', f'r:id="rId{count + 1}"'.encode()))
    assert sheet_at(lab, worksheet="Slides").write(slide("000123")).written
    assert parts(lab)["xl/worksheets/Sheet3.xml"] == b"<left/>"
    assert "xl/worksheets/sheet4.xml" in parts(lab)
    assert rows_of(lab) == [OWN_TAB_HEADER, shown("000123")]


def test_a_strict_workbook_gets_a_strict_worksheet(lab: Path) -> None:
    spaces = {
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
            b"http://purl.oclc.org/ooxml/officeDocument/relationships"
        ),
    }
    for name, data in parts(lab).items():
        for old, new in spaces.items():
            data = data.replace(old, new)
        with_part(lab, name, data)
    assert sheet_at(lab).write(slide("000123")).written
    assert b'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"' in parts(lab)[OURS]
    added = etree.fromstring(parts(lab)["xl/_rels/workbook.xml.rels"])[-1]
    assert added.get("Type") == "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet"


def test_a_sheet_of_macros_keeps_them(tmp_path: Path) -> None:
    path = lab_workbook(tmp_path / "slides.xlsm")
    with_part(path, "xl/vbaProject.bin", b"macros")
    assert sheet_at(path).write(slide("000123")).written
    assert parts(path)["xl/vbaProject.bin"] == b"macros"


def test_many_slides_fit(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Barcode"])
    barcodes = [f"{number:06}" for number in range(2000)]
    for barcode in barcodes:
        book.active.append([barcode])
    book.save(tmp_path / "s.xlsx")
    writes = [CellWrite(barcode, "Status", "Succeeded", 1) for barcode in barcodes]
    assert len(sheet_at(tmp_path / "s.xlsx").write(writes).written) == 2000
    assert [row[0] for row in rows_of(tmp_path / "s.xlsx")] == ["Barcode", *barcodes]


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("s.csv", {}, r"\[sheet\] mode is own_tab, and s.csv is no workbook"),
        ("s.xlsx", {"own_tab": " "}, r"\[sheet\] own_tab is empty"),
        ("s.xlsx", {"own_tab": "slides", "worksheet": "Slides"}, r"own_tab and \[sheet\] worksheet both name “slides”"),
        ("s.xlsx", {"own_tab": "a/b"}, r"\[sheet\] own_tab is “a/b”"),
        ("s.xlsx", {"own_tab": "x" * 32}, r"\[sheet\] own_tab is “xx"),
    ],
)
def test_settings_that_cannot_be_are_said_at_the_start(
    tmp_path: Path, name: str, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(UseError, match=words):
        sheet_at(tmp_path / name, **settings)


def test_in_place_leaves_the_workbook_part_alone(lab: Path) -> None:
    before = parts(lab)
    sheet_at(lab, mode="in_place").write(slide("000123"))
    assert [name for name, data in parts(lab).items() if data != before.get(name)] == [SHEET_PART]
