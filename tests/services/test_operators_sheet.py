"""What the window asks of the slide sheet: its findings as they are now, where a row is, lists of slides to expect."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.sheets.list_file import ListFiles
from app.domain.errors import UseError
from app.domain.run import ExpectedFrom
from app.domain.settings import SheetSettings
from app.services.desk import Desk
from app.services.sheet_reading import SheetReading
from app.services.sheet_views import SheetState
from app.services.station import Station
from tests.fakes.lab import Lab, until
from tests.fakes.sheets import row


def desk_of(station: Station, folder: Path) -> Desk:
    return Desk(station, folder, ListFiles("Barcode"))


async def test_findings_follow_each_reading(lab: Lab, tmp_path: Path) -> None:
    lab.sheet.rows += [row("111111", study=""), row("", panel="P7"), row("222222", study="", scanner="Cardinal")]
    async with lab.open() as station:
        desk = desk_of(station, tmp_path)
        assert desk.sheet.state() == SheetState("", None, 0, ())
        await SheetReading(station.kit).act()
        await until(lambda: desk.station().sheet_findings == 2)
        state = desk.sheet.state()
        assert (state.title, state.slides) == ("slides.xlsx", 6)
        assert [each.words for each in state.findings] == [
            "row 6: Study is empty, REQUIRED",
            "row 7: filled in, but without a barcode",
        ]
        lab.sheet.rows = [row("620995")]
        lab.clock.skip(60)
        await SheetReading(station.kit).act()
        await until(lambda: desk.station().sheet_findings == 0)


async def test_a_sheet_that_is_away_keeps_its_findings_and_disturbs_nobody(lab: Lab, tmp_path: Path) -> None:
    lab.sheet.rows = [row("620995"), row("620995")]
    async with lab.open() as station:
        desk = desk_of(station, tmp_path)
        await SheetReading(station.kit).act()
        await until(lambda: desk.station().sheet_findings == 1)
        lab.sheet.be_away()
        lab.clock.skip(60)
        await SheetReading(station.kit).act()
        assert desk.station().sheet_findings == 1
        assert "away" in desk.station().sheet_trouble


async def test_a_slides_row_is_known_by_its_last_reading(lab: Lab, tmp_path: Path) -> None:
    lab.scan("a.svs", "407871")
    lab.scan("b.svs", "")
    lab.settings = replace(lab.settings, sheet=SheetSettings(path="/lab/slides.xlsx"))
    async with lab.open() as station:
        await lab.rest()
        sheet = desk_of(station, tmp_path).sheet
        assert (sheet.cell_of(lab.id("a.svs")), sheet.cell_of(lab.id("b.svs"))) == ("A4", "")
        assert sheet.address("A4") == "/lab/slides.xlsx"


async def test_a_google_sheet_opens_at_the_tab_that_was_read(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pasted = "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOp/edit"
    sheet = SheetSettings(kind="google", spreadsheet=f"{pasted}?gid=77#gid=77", worksheet="Slides")
    lab.settings = replace(lab.settings, sheet=sheet)
    read = lab.sheet.read
    monkeypatch.setattr(lab.sheet, "read", lambda: replace(read(), tab=5))
    async with lab.open() as station:
        desk = desk_of(station, tmp_path)
        assert desk.sheet.address("A4") == f"{pasted}#gid=77&range=A4"
        await SheetReading(station.kit).act()
        assert desk.sheet.address("A4") == f"{pasted}#gid=5&range=A4"


async def test_a_list_is_compared_with_run_and_sheet_before_anything_is_expected(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "rack.csv"
    path.write_text("Slot;Barcode\n1;620995\n2;407871\n3;999999\n4;407871\n5;none\n", encoding="cp1252")
    async with lab.open() as station:
        await station.expect(["620995"], ExpectedFrom.HAND_SCAN)
        sheet = desk_of(station, tmp_path).sheet
        plan = await sheet.read_list(path)
        assert (plan.name, plan.sheet, plan.new) == ("rack.csv", "slides.xlsx", ("407871", "999999"))
        assert plan.not_in_sheet == ("999999",)
        assert (plan.found.twice, plan.found.refused) == (("407871",), ((6, "none"),))
        assert len(station.expected) == 1
        assert await sheet.expect(plan) == 2
        assert [(each.barcode, each.source) for each in station.expected] == [
            ("620995", ExpectedFrom.HAND_SCAN),
            ("407871", ExpectedFrom.IMPORT),
            ("999999", ExpectedFrom.IMPORT),
        ]


async def test_a_list_is_taken_although_the_sheet_is_away(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "rack.txt"
    path.write_text("620995\n", encoding="utf-8")
    lab.sheet.be_away()
    async with lab.open() as station:
        plan = await desk_of(station, tmp_path).sheet.read_list(path)
        assert (plan.new, plan.not_in_sheet) == (("620995",), None)
        assert "away" in plan.sheet


async def test_no_list_is_taken_between_two_runs(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "rack.txt"
    path.write_text("620995\n", encoding="utf-8")
    async with lab.open() as station:
        await station.end_run({})
        with pytest.raises(UseError, match="No run is open"):
            await desk_of(station, tmp_path).sheet.read_list(path)
        assert Desk(station, tmp_path).sheet.list_kinds == ()
