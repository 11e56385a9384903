"""The printed page of test codes can be scanned, and says what to do."""

from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from app.adapters.imaging.symbols import ZxingSymbols
from app.adapters.reports import PrintedSymbols
from app.domain.calibration import CODES
from app.domain.errors import SurroundingsError

FONTS = Path(__file__).parents[3] / "resources" / "fonts"


def symbols():
    return [tuple(ZxingSymbols().make(text, each) for each in ("DataMatrix", "Code128")) for text in CODES]


def test_every_code_on_the_page_is_read_in_both_symbologies(tmp_path: Path) -> None:
    out = tmp_path / "codes.pdf"
    PrintedSymbols(FONTS).write(symbols(), out)
    with pypdfium2.PdfDocument(out) as document:
        assert len(document) == 1
        page = document[0]
        picture = page.render(scale=300 / 72).to_pil().convert("L")
        words = page.get_textpage().get_text_bounded()
        assert (round(page.get_width()), round(page.get_height())) == (595, 842)
    read = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    found = {(each.text, str(each.format)) for each in read}
    assert {text for text, _ in found} == set(CODES)
    assert len(found) == 2 * len(CODES)
    assert "Ctrl+H" in words


def test_the_same_codes_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.pdf", tmp_path / "other.pdf"
    for out in (one, other):
        PrintedSymbols(FONTS).write(symbols(), out)
    assert one.read_bytes() == other.read_bytes()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="cannot be written"):
        PrintedSymbols(FONTS).write(symbols(), tmp_path / "nowhere" / "codes.pdf")
