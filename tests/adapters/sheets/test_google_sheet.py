"""The slide sheet in Google Sheets, over real HTTP to a server that answers as Google does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.errors import SurroundingsError, UseError
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite
from tests.adapters.sheets.google_lab import HEADER, RULES, GoogleLab, complete, google_lab, row
from tests.adapters.sheets.google_own_lab import OWN_TAB
from tests.fakes.sheets_server import SheetsServer

SLIDES = [row("620995"), row("000123"), row("620997")]


@pytest.fixture
def lab(server: SheetsServer) -> Iterator[GoogleLab]:
    with google_lab(server, SLIDES) as lab:
        yield lab


def test_the_sheet_is_read_as_people_see_it(lab: GoogleLab) -> None:
    lab.scientist.types(6, 1, "=1+1")
    with lab.gateway() as gateway:
        sheet = gateway.read()
    assert sheet.title == "Summary of Slides, tab Sheet1"
    assert [each.barcode for each in sheet.rows] == ["620995", "000123", "620997", "2"]
    assert [each.header for each in sheet.name_columns()] == ["Barcode", "Panel"]
    assert sheet.rows[1].cells == dict(zip(HEADER, row("000123"), strict=True))


def test_a_slide_is_written_and_our_columns_come_at_the_right_end(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        result = gateway.write(complete("000123"))
        assert set(result.written) == set(complete("000123"))
        assert result.sheet is not None
        assert result.sheet.rows_for("000123")[0].cells["Scan File"] == "000123_P1.svs"
    grid = lab.scientist.sees()
    assert grid[1] == [*HEADER, *WRITTEN_COLUMNS[:-1], "Message"]
    assert [each[:4] for each in grid[2:]] == SLIDES
    assert lab.column("Status") == {"620995": "", "000123": "Complete", "620997": ""}
    assert lab.memory.kept is None


def test_a_batch_costs_two_readings_and_one_writing(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write(complete("620995"))
        lab.server.log.clear()
        gateway.write([*complete("620997"), *complete("000123")])
    assert (lab.calls("read"), lab.calls("write")) == (2, 1)


def test_what_is_there_already_is_not_written_again(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write(complete("620995"))
        lab.server.log.clear()
        assert len(gateway.write(complete("620995", generation=2)).written) == len(WRITTEN_COLUMNS)
    assert (lab.calls("read"), lab.calls("write")) == (1, 0)


def test_columns_of_the_lab_are_used_wherever_they_stand_and_however_they_are_spelt(lab: GoogleLab) -> None:
    lab.scientist.inserts_columns(2)
    lab.scientist.types(2, 2, "  status ")
    with lab.gateway() as gateway:
        gateway.write(complete("620995"))
    grid = lab.scientist.sees()
    assert grid[1].count("  status ") == 1
    assert "Status" not in grid[1]
    assert grid[2][1] == "Complete"


def test_without_leave_no_column_is_added(lab: GoogleLab) -> None:
    lab.scientist.types(2, 5, "Status")
    with lab.gateway(SheetSettings(kind="google", add_columns=False)) as gateway:
        result = gateway.write(complete("620995"))
    assert [each.column for each in result.written] == ["Status"]
    assert result.refused[0].reason == "there is no column “Scan File”, and [sheet] add_columns is false"
    assert lab.scientist.sees()[1] == [*HEADER, "Status"]


def test_a_text_that_looks_like_a_formula_is_made_harmless(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write([CellWrite("620995", "Message", '=HYPERLINK("http://x")', 1)])
        gateway.write([CellWrite("620997", "Message", "000123", 1)])
    assert lab.column("Message") == {"620995": '\'=HYPERLINK("http://x")', "000123": "", "620997": "000123"}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("1")], "no row of {} has the barcode 620995"),
        ([row("620995"), row("620995")], "rows 3, 4 of {} have the barcode 620995: it must be one"),
    ],
)
def test_without_one_row_nothing_is_written(server: SheetsServer, rows: list[list[str]], reason: str) -> None:
    with google_lab(server, rows) as lab, lab.gateway() as gateway:
        result = gateway.write(complete("620995"))
        assert {each.reason for each in result.refused} == {reason.format("Summary of Slides, tab Sheet1")}
        assert not result.written
        assert [each[:4] for each in lab.scientist.sees()[2:]] == rows


def test_a_renamed_tab_is_still_the_sheet(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.read()
        lab.scientist.renames_tab("It's 2026!")
        assert gateway.write(complete("620995")).written
        assert gateway.read().title == "Summary of Slides, tab It's 2026!"


def test_a_tab_is_found_by_its_title(lab: GoogleLab) -> None:
    lab.scientist.adds_tab("Archive")
    with (
        lab.gateway(SheetSettings(kind="google", worksheet="archiv")) as gateway,
        pytest.raises(
            SurroundingsError, match=r"has no tab “archiv”, but “Sheet1”, “Archive”; did you mean “Archive”\?"
        ),
    ):
        gateway.read()


def test_the_first_tab_is_one_with_cells_that_people_see(lab: GoogleLab) -> None:
    lab.scientist.adds_tab("Slides of 2026")
    lab.scientist.hides_tab()
    lab.scientist.adds_chart_tab("Throughput")
    seen = replace(lab.scientist, tab_id=lab.book.tabs[-1].id)
    seen.puts([RULES, HEADER, row("620998")])
    with lab.gateway() as gateway:
        sheet = gateway.read()
        assert [each.barcode for each in sheet.rows] == ["620998"]
        assert sheet.title == "Summary of Slides, tab Slides of 2026"
        assert sheet.tab == seen.tab_id
    with lab.gateway(SheetSettings(kind="google", worksheet="Sheet1")) as gateway:
        assert len(gateway.read().rows) == len(SLIDES), "a hidden tab that is named is read"


def test_where_only_charts_are_seen_the_tab_is_asked_for(lab: GoogleLab) -> None:
    lab.scientist.adds_chart_tab("Throughput")
    lab.scientist.hides_tab()
    with lab.gateway() as gateway, pytest.raises(SurroundingsError, match="shows no tab with cells, but has") as told:
        gateway.read()
    assert "[sheet] worksheet" in told.value.hint


@pytest.mark.parametrize("own_tab", [False, True], ids=["in place", "on our own tab"])
def test_a_reading_knows_the_scientists_tab(lab: GoogleLab, *, own_tab: bool) -> None:
    lab.scientist.adds_tab("Slides of 2026")
    seen = replace(lab.scientist, tab_id=lab.book.tabs[-1].id)
    seen.puts([RULES, HEADER, row("620998")])
    settings = replace(OWN_TAB if own_tab else SheetSettings(kind="google"), worksheet="Slides of 2026")
    with lab.gateway(settings) as gateway:
        assert gateway.read().tab == seen.tab_id
        written = gateway.write(complete("620998")).sheet
    assert written is not None
    assert written.tab == seen.tab_id


def test_a_deleted_tab_is_said(lab: GoogleLab) -> None:
    lab.scientist.adds_tab("Other")
    with lab.gateway(SheetSettings(kind="google", worksheet="Sheet1")) as gateway:
        gateway.read()
        lab.scientist.deletes_tab()
        with pytest.raises(SurroundingsError, match="has no tab “Sheet1”, but “Other”"):
            gateway.read()


def test_a_sheet_without_barcodes_is_said(lab: GoogleLab) -> None:
    lab.scientist.types(2, 1, "Slide No.")
    with lab.gateway() as gateway, pytest.raises(UseError, match="no column is called “Barcode”"):
        gateway.read()


def test_a_column_of_ours_that_is_removed_comes_again(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write(complete("620995"))
        lab.scientist.deletes_columns(lab.scientist.column_of("Status"))
        gateway.write(complete("620997"))
    assert lab.column("Status") == {"620995": "", "000123": "", "620997": "Complete"}
    assert lab.column("Notes") == {each[0]: each[3] for each in SLIDES}


def test_a_column_of_ours_that_is_renamed_becomes_the_labs(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write(complete("620995"))
        lab.scientist.types(2, lab.scientist.column_of("Status"), "Status of May")
        gateway.write(complete("620997"))
    assert lab.column("Status of May") == {"620995": "Complete", "000123": "", "620997": ""}
    assert lab.column("Status") == {"620995": "", "000123": "", "620997": "Complete"}
