"""Lists of slides as labs make them: any separator, any encoding, a workbook's first tab; and in words what is none."""

from pathlib import Path

import openpyxl
import pytest

from app.adapters.sheets.list_file import ListFiles
from app.domain.errors import UseError

GRID = [["Barcode", "Dye"], ["000123", "Hämalaun"], ["620995", "é"]]


def text_of(separator: str, line_end: str = "\r\n") -> str:
    return "".join(separator.join(row) + line_end for row in GRID)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_texts_of_every_separator_and_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "rack.TXT"
    path.write_bytes(text_of(separator).encode(encoding))
    assert ListFiles("Barcode").grid(path) == GRID


def test_a_workbook_shows_its_first_tab_as_people_see_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Barcode"])
    sheet.append([620995])
    sheet["A2"].number_format = "00000000"
    book.create_sheet("other").append(["x"])
    book.save(tmp_path / "rack.xlsx")
    assert ListFiles("Barcode").grid(tmp_path / "rack.xlsx") == [["Barcode"], ["00620995"]]


def test_what_is_no_list_is_said(tmp_path: Path) -> None:
    lists = ListFiles("Barcode")
    (tmp_path / "a.svs").write_bytes(b"x")
    (tmp_path / "open.csv").write_bytes(b'Barcode\n"620995\n')
    (tmp_path / "broken.xlsx").write_bytes(b"PK no zip")
    (tmp_path / "folder.csv").mkdir()
    for name, words in {
        "a.svs": "This is no list of slides",
        "folder.csv": "This is no list of slides",
        "open.csv": "row 2",
        "broken.xlsx": "cannot be read",
        "absent.csv": "cannot be read",
    }.items():
        with pytest.raises(UseError, match=words):
            lists.grid(tmp_path / name)
