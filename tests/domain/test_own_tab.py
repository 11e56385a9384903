from datetime import UTC, datetime

import pytest

from app.domain.errors import UseError
from app.domain.own_tab import OWN_TAB_HEADER, own_tab_title, read_own_tab
from app.domain.settings import SheetSettings
from app.domain.sheet import SlideSheet


def read(*grid: tuple[str, ...]) -> SlideSheet:
    return read_own_tab(grid, title="slides.xlsx, Slideferry", read_at=datetime(2026, 5, 4, tzinfo=UTC))


def test_a_tab_of_ours_is_known_by_its_headers_wherever_they_stand() -> None:
    header = ("Notes", *reversed(OWN_TAB_HEADER))
    sheet = read(header, ("see me", *("x" for _ in OWN_TAB_HEADER[1:]), " 000123 "))
    assert [(row.number, row.barcode) for row in sheet.rows] == [(2, "000123")]
    assert [column.header for column in sheet.columns] == list(header)


def test_spelling_and_a_row_above_do_not_matter() -> None:
    sheet = read(("our slides",), tuple(f" {header.upper()} " for header in OWN_TAB_HEADER), ("000123",))
    assert [row.barcode for row in sheet.rows] == ["000123"]


@pytest.mark.parametrize("grid", [(), (("", " "),)])
def test_a_tab_without_text_has_no_columns_yet(grid: tuple[tuple[str, ...], ...]) -> None:
    assert read(*grid).columns == ()


def test_a_tab_that_lacks_a_header_is_somebody_elses() -> None:
    with pytest.raises(
        UseError, match=r"slides\.xlsx, Slideferry has no column “Scan File”, “Message”; nothing is wri"
    ):
        read(tuple(header for header in OWN_TAB_HEADER if header not in ("Scan File", "Message")))


def test_the_tab_has_a_name_of_its_own() -> None:
    assert own_tab_title(SheetSettings(own_tab=" Ours ")) == "Ours"
    with pytest.raises(UseError, match="own_tab is empty"):
        own_tab_title(SheetSettings(own_tab="  "))
    with pytest.raises(UseError, match="both name “SLIDES”"):
        own_tab_title(SheetSettings(own_tab="SLIDES", worksheet="Slides"))
