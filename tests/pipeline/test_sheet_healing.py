"""A slide that this station recorded and another took out of the sheet is written again; people's edits stay."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.adapters.sheets.google_sheet import GoogleSheet
from app.domain.own_columns import lab_headers
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS
from app.domain.step import StepState
from app.pipeline.journey import RECORD
from app.services.sheet_reading import SheetReading
from app.services.station import Station
from tests.adapters.sheets.google_lab import Memory, complete, google_lab
from tests.adapters.sheets.google_lab import row as google_row
from tests.fakes.lab import Lab, until
from tests.fakes.sheets_server import SheetsServer

OTHER_SCAN = {"Scan File": "another.svs", "SHA-256": "f" * 64}


class Watched:
    """A station with two recorded slides, and somebody else at the sheet."""

    def __init__(self, lab: Lab, station: Station) -> None:
        self.lab = lab
        self.station = station
        self.reading = SheetReading(station.kit)
        self.before = dict(lab.sheet.cells)

    async def reads(self, seconds: float = 60.0) -> int:
        """Read once more, write what waits, and return how many batches were written."""
        before = len(self.lab.sheet.batches)
        self.lab.clock.skip(seconds)
        self.lab.sheet.read_at = self.lab.clock.now()
        await self.reading.act()
        await until(lambda: self.station.runner.at_rest(), "at rest")
        await self.station.until_written()
        return len(self.lab.sheet.batches) - before

    def empties(self, barcode: str) -> None:
        for header in WRITTEN_COLUMNS:
            self.lab.sheet.cells[barcode, header] = ""

    @property
    def is_whole(self) -> bool:
        return self.lab.sheet.cells == self.before


@pytest.fixture
async def watched(lab: Lab):
    lab.sheet.shown = WRITTEN_COLUMNS
    lab.scan("a.svs", "620995")
    lab.scan("b.svs", "407871")
    async with lab.open() as station:
        await lab.rest()
        watched = Watched(lab, station)
        assert await watched.reads() == 0
        yield watched


async def test_cells_that_were_emptied_are_written_again(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.empties("620995")
    assert await watched.reads() == 1
    assert watched.is_whole
    assert "written again" in caplog.text
    assert watched.lab.get("a.svs").state is StepState.SUCCEEDED
    assert await watched.reads() == 0


async def test_another_slides_values_give_way_to_its_own(watched: Watched) -> None:
    for header in WRITTEN_COLUMNS:
        watched.lab.sheet.cells["620995", header] = watched.before["407871", header]
    await watched.reads()
    assert watched.is_whole


async def test_it_is_found_below_the_labs_own_headers(watched: Watched) -> None:
    watched.lab.sheet.headers = lab_headers(["Scan File = Image", "SHA-256 = Checksum"])
    assert await watched.reads() == 0
    watched.empties("620995")
    await watched.reads()
    assert watched.is_whole


async def test_what_people_write_beside_the_image_stays(watched: Watched) -> None:
    for header, text in (("Status", "repeat"), ("Message", "see Anna"), ("Image Path", "")):
        watched.lab.sheet.cells["620995", header] = text
    assert await watched.reads() == 0


async def test_one_of_the_two_cells_emptied_by_hand_stays_empty(watched: Watched) -> None:
    watched.lab.sheet.cells["620995", "SHA-256"] = ""
    assert await watched.reads() == 0


async def test_a_later_scan_of_another_station_stays_also_when_it_is_emptied(watched: Watched) -> None:
    for header, text in OTHER_SCAN.items():
        watched.lab.sheet.cells["620995", header] = text
    assert await watched.reads() == await watched.reads() == 0
    watched.empties("620995")
    assert await watched.reads() == 0


async def test_a_value_astray_for_a_moment_is_no_later_scan(watched: Watched) -> None:
    for header, text in OTHER_SCAN.items():
        watched.lab.sheet.cells["620995", header] = text
    assert await watched.reads() == 0
    watched.empties("620995")
    await watched.reads()
    assert watched.is_whole


async def test_a_slide_is_written_again_once_in_ten_minutes(watched: Watched) -> None:
    for seconds, written in ((60.0, 1), (60.0, 0), (60.0, 0), (600.0, 1)):
        watched.empties("620995")
        assert await watched.reads(seconds) == written


async def test_a_slide_without_its_one_row_is_left_alone(watched: Watched) -> None:
    watched.empties("620995")
    watched.lab.sheet.rows.append(list(watched.lab.sheet.rows[0]))
    assert await watched.reads() == 0
    del watched.lab.sheet.rows[0], watched.lab.sheet.rows[-1]
    assert await watched.reads() == 0


async def test_a_slide_that_a_person_marked_as_recorded_is_left_alone(watched: Watched) -> None:
    scan = watched.lab.id("a.svs")
    await watched.station.acts.restart(scan, RECORD)
    await watched.lab.rest()
    await watched.station.acts.mark(scan, RECORD, StepState.FAILED, "not for the sheet")
    await watched.station.acts.mark(scan, RECORD, StepState.SUCCEEDED, "not for the sheet")
    watched.empties("620995")
    assert await watched.reads() == 0


async def test_a_reading_of_before_the_slide_was_recorded_says_nothing(watched: Watched) -> None:
    watched.empties("620995")
    watched.lab.clock.skip(60.0)
    watched.lab.sheet.read_at = watched.lab.get("a.svs").steps[RECORD].ended_at
    await watched.reading.act()
    assert await watched.station.kit.store.work(lambda journal: journal.pending_writes()) == ()


async def test_where_our_columns_stand_on_a_tab_of_their_own_a_reading_says_nothing_of_them(lab: Lab) -> None:
    lab.sheet.shown = WRITTEN_COLUMNS
    lab.settings = replace(lab.settings, sheet=SheetSettings(mode="own_tab"))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        watched = Watched(lab, station)
        watched.empties("620995")
        assert await watched.reads() == 0


class Held:
    """A write of another PC that has read the sheet and waits just before it puts its values."""

    def __init__(self, gateway: GoogleSheet) -> None:
        assert gateway._tabs is not None
        self._put = gateway._tabs.slides.put
        gateway._tabs.slides.put = self.put
        self.reached, self.may_go = threading.Event(), threading.Event()

    def put(self, columns: Mapping[str, Mapping[int, str]]) -> None:
        self.reached.set()
        assert self.may_go.wait(20)
        self._put(columns)


async def test_what_another_pc_took_back_to_its_own_reading_is_written_again(lab: Lab) -> None:
    lab.settings = replace(lab.settings, destination=replace(lab.settings.destination, folder="{Study}"))
    slides = [google_row(each) for each in ("620995", "620996", "620997")]
    with SheetsServer() as server, google_lab(server, slides) as google, google.gateway() as other:
        other.write(complete("620995"))
        held = Held(other)
        with google.gateway(memory=Memory()) as ours:
            lab.sheet = ours
            async with lab.open() as station:
                writing = asyncio.create_task(asyncio.to_thread(other.write, complete("620996")))
                await asyncio.to_thread(held.reached.wait, 20)
                lab.scan("b.svs", "620997")
                await station.runner.look()
                await lab.rest()
                recorded = google.column("SHA-256")["620997"]
                assert recorded == lab.get("b.svs").files[0].sha256
                google.scientist.deletes_rows(3)  # what the other is about to write lands on our slide's row
                held.may_go.set()
                await writing
                assert google.column("SHA-256")["620997"] == ""
                lab.clock.skip(60.0)
                await SheetReading(station.kit).act()
                await station.until_written()
                assert google.column("SHA-256") == {"620996": complete("620996")[3].value, "620997": recorded}
                assert google.column("Status")["620997"] == "Complete"
