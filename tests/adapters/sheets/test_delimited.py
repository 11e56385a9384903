import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.sheets.delimited import DelimitedSheet
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import UseError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite

MANIFESTS = Path(__file__).parents[2] / "data" / "manifests"
NAMES = sorted(path.name for path in MANIFESTS.iterdir() if path.name.startswith("run_sheet"))
ENCODINGS = {
    "run_sheet_cp1252_semicolon.csv": "cp1252",
    "run_sheet_utf16_tab.txt": "utf-16",
    "run_sheet_utf8.csv": "utf-8",
    "run_sheet_utf8_bom_crlf.csv": "utf-8-sig",
}


def sheet_at(path: Path) -> WorkbookSheet:
    return WorkbookSheet(path, SheetSettings())


def made(tmp_path: Path, data: bytes, name: str = "s.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_is_read_alike(name: str) -> None:
    sheet = sheet_at(MANIFESTS / name).read()
    rows = {row.number: row for row in sheet.rows}
    assert len(sheet.columns) == 11
    assert len(rows) == 16
    assert rows[4].barcode == "S24-001003-A1-1"
    assert rows[6].cells["Operator"] == "Zoë"
    assert rows[13].cells["Notes"].splitlines() == ["two", "lines"]
    assert rows[17].barcode == "0012345"
    assert len(sheet.rows_for("S24-001001-A1-1")) == 2


@pytest.mark.parametrize("name", NAMES)
def test_writing_keeps_encoding_separator_line_ends_and_every_other_character(name: str, tmp_path: Path) -> None:
    path = Path(shutil.copy(MANIFESTS / name, tmp_path / name))
    path.chmod(0o644)
    before = path.read_bytes().decode(ENCODINGS[name])
    result = sheet_at(path).write(
        [CellWrite("0012345", "Status", "déjà vu", 1), CellWrite("S24-002005-A1-1", "Operator", "a,b;c\td", 1)]
    )
    assert len(result.written) == 2
    data = path.read_bytes()
    after = data.decode(ENCODINGS[name])
    assert data[:4] == (MANIFESTS / name).read_bytes()[:4]
    separator = ";" if "semicolon" in name else "\t" if "tab" in name else ","
    lines_before, lines_after = before.split("\n"), after.split("\n")
    changed = [old for old, new in zip(lines_before, lines_after, strict=True) if old != new]
    assert len(changed) == 3
    tail = "\r" if "crlf" in name else ""
    assert lines_after[0] == lines_before[0].rstrip("\r") + separator * 2 + "Status" + tail
    assert lines_after[-2] == lines_before[-2].rstrip("\r") + separator * 2 + "déjà vu" + tail
    row = sheet_at(path).read().rows_for("S24-002005-A1-1")[0]
    assert row.cells["Operator"] == "a,b;c\td"
    assert row.cells["Notes"].splitlines() == ["two", "lines"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=x", 'say "x"', " x ", "a\r\nb"])
def test_text_that_looks_like_a_formula_is_made_harmless(text: str, tmp_path: Path) -> None:
    path = made(tmp_path, b"Barcode,Study\r\n1,A\r\n")
    assert sheet_at(path).write([CellWrite("1", "Message", text, 1)]).written
    shown = sheet_at(path).read().rows[0].cells["Message"]
    assert shown == ("'" + text if text[0] in "=+-@\t\r" else text)
    stat = path.stat()
    assert sheet_at(path).write([CellWrite("1", "Message", text, 1)]).written
    assert path.stat().st_ino == stat.st_ino


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"Barcode;Notes\n1;a,b,c,d\n", "s.csv"),
        (b"sep=|\r\nBarcode|Notes\r\n1|a,b,c,d", "s.csv"),
        (b"REQUIRED\t\nBarcode\tNotes\n1\ta,b,c,d", "s.tsv"),
        ("Barcode\tNotes\n1\ta,b,c,d".encode("utf-16-be"), "s.txt"),
        (b'\xef\xbb\xbf"Barcode","Notes"\r"1","a,b,c,d"\r', "s.csv"),
        (b'Barcode,Notes\n"=""1""","a,b,c,d"\n', "s.csv"),
    ],
)
def test_separators_and_marks_are_found(data: bytes, name: str, tmp_path: Path) -> None:
    path = made(tmp_path, data, name)
    assert sheet_at(path).read().rows[0].cells == {"Barcode": "1", "Notes": "a,b,c,d"}
    assert sheet_at(path).write([CellWrite("1", "Status", "ok", 1)]).written
    assert sheet_at(path).read().rows[0].cells == {"Barcode": "1", "Notes": "a,b,c,d", "Status": "ok"}


def test_what_the_encoding_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, "Barcode;Study\n1;Étude\n".encode("cp1252"))
    result = sheet_at(path).write([CellWrite("1", "Message", "Ω", 1), CellWrite("1", "Status", "ok", 1)])
    assert "“Ω”" in result.refused[0].reason
    assert [write.value for write in result.written] == ["ok"]


def test_a_quote_that_is_never_closed_is_said_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(UseError, match="row 3"):
        sheet_at(made(tmp_path, b'Barcode,Study\n1,A\n2,"B\n3,C\n')).read()


def test_an_encoding_that_cannot_be_told_is_said(tmp_path: Path) -> None:
    with pytest.raises(UseError, match="neither UTF-8"):
        sheet_at(made(tmp_path, b"Barcode,Study\n1,\x81\x8d\n")).read()


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from('",;\t\n\r|'), max_size=8
).filter(lambda cell: '="' not in cell)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5), st.text(st.characters(codec="utf-8"), max_size=10)
)
def test_any_cell_can_be_set_and_the_others_stay(rows: list[list[str]], text: str) -> None:
    header = ["Barcode", "Study"]
    quoted = ["|".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    data = "\r\n".join(quoted).encode()
    sheet = DelimitedSheet(data, name="s.csv", barcode_header="Barcode")
    before = sheet.grid()
    assert before == [header, *rows]
    assert sheet.to_bytes() == data
    assert sheet.put(len(rows) + 1, 6, text) is None
    again = DelimitedSheet(sheet.to_bytes(), name="s.csv", barcode_header="Barcode").grid()
    assert again[-1][6] == sheet.as_stored(text)
    assert [row[: len(old)] for row, old in zip(again, before, strict=True)] == before
