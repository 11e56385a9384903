"""A scientist changes a row after its slide was named: it is told, never followed by itself, and a person chooses."""

from threading import Event

import pytest

from app.adapters.files.manifest import read_manifest
from app.cli.runs import status_text
from app.domain.errors import UseError
from app.domain.sheet_differences import Difference
from app.domain.step import StepState
from app.pipeline.journey import COPY
from app.services.desk import Desk
from app.services.differences import changes_in_words, open_differences
from app.services.station import Station
from tests.fakes.lab import Lab, until
from tests.fakes.sheets import row

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"
RENAMED = "Prec01/Run 2/620995_Prec01_P9.svs"
NOTE = Difference("Note", "", "hurry")
PANEL = Difference("Panel", "P1", "P9")


@pytest.fixture
def noted(lab: Lab) -> Lab:
    """Return a lab whose sheet has a column that makes no name, too."""
    lab.sheet.header.append("Note")
    lab.sheet.rules.append("")
    lab.sheet.rows = [[*row("620995"), ""], [*row("407871", panel="P2"), ""]]
    return lab


async def change(lab: Lab, station: Station, column: str, text: str) -> None:
    """Change a cell of the first row as a scientist does; somebody reads the sheet later."""
    lab.sheet.rows[0][lab.sheet.header.index(column)] = text
    lab.clock.skip(60)
    await station.kit.sheet.fresh()


def told(lab: Lab, station: Station) -> tuple[Difference, ...]:
    return open_differences(lab.get("a.svs"), station.kit.sheet.last)


async def acts_of(station: Station) -> list[tuple[str, str, str]]:
    entries = await station.kit.store.work(lambda journal: journal.audits())
    return [(each.action, each.old, each.new) for each in entries]


async def test_a_change_is_told_and_changes_nothing_by_itself(noted: Lab, tmp_path) -> None:
    noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        desk, before = Desk(station, tmp_path), noted.get("a.svs")
        desk.station()
        heard: list[frozenset[str]] = []
        desk.subscribe(heard.append)
        await change(noted, station, "Panel", "P9")
        desk.station()
        await until(lambda: heard)
        assert heard == [frozenset({before.id})], "the window draws the card anew"
        view = desk.scan(before.id)
        assert view.differences == (PANEL,)
        assert view.message.endswith("sheet written. The sheet changed since: Panel: P1 → P9")
        assert (view.state, view.badge, view.attention) == (S.SUCCEEDED, "Safe", None)
        assert noted.get("a.svs") == before
        assert set(noted.published()) == {FINAL}
        lines = status_text(await station.status()).splitlines()
        assert any("the sheet changed since it was named: Panel: P1 → P9" in line for line in lines)


async def test_a_change_before_the_last_step_is_seen_although_nobody_asked(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    noted.share.hold = Event()
    async with noted.open() as station:
        await until(lambda: noted.state("a.svs", COPY) is S.RUNNING)
        noted.sheet.rows[0][-1] = "hurry"
        noted.clock.skip(60)
        noted.share.hold.set()
        await noted.rest()
        assert told(noted, station) == (NOTE,)
        assert noted.get("a.svs").state is S.SUCCEEDED


async def test_a_sheet_that_is_away_says_nothing_and_keeps_no_scan_from_being_done(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    noted.share.hold = Event()
    async with noted.open() as station:
        await until(lambda: noted.state("a.svs", COPY) is S.RUNNING)
        noted.sheet.rows[0][-1] = "hurry"
        noted.sheet.be_away()
        noted.clock.skip(60)
        noted.share.hold.set()
        await until(lambda: noted.get("a.svs").published)
        assert told(noted, station) == ()
        noted.sheet.away = None
        noted.clock.skip(600)
        station.kit.sheet.wake()
        await noted.rest()
        assert noted.get("a.svs").state is S.SUCCEEDED


async def test_what_makes_no_name_is_taken_over_at_once(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        await change(noted, station, "Note", "hurry")
        acts, scan = station.acts.differences, noted.id("a.svs")
        assert acts.new_path(scan) == ""
        await acts.take_over(scan, told(noted, station))
        assert noted.get("a.svs").row["Note"] == "hurry"
        assert noted.get("a.svs").state is S.SUCCEEDED
        assert told(noted, station) == ()
        assert await acts_of(station) == [("take over", "Note: ", "Note: hurry")]


async def test_a_safe_image_moves_to_its_new_name_and_the_sheet_and_the_manifest_follow(noted: Lab) -> None:
    path = noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        await change(noted, station, "Panel", "P9")
        acts, scan = station.acts.differences, noted.id("a.svs")
        assert acts.new_path(scan) == RENAMED
        await acts.take_over(scan, told(noted, station))
        await noted.rest()
        assert noted.published() == {RENAMED: path.read_bytes()}
        assert set(read_manifest(noted.share_root / "Prec01/Run 2")) == {"620995_Prec01_P9.svs"}
        assert noted.get("a.svs").state is S.SUCCEEDED
        assert noted.get("a.svs").row["Panel"] == "P9"
        assert noted.sheet.cells["620995", "Scan File"] == "620995_Prec01_P9.svs"
        assert told(noted, station) == ()
        assert await acts_of(station) == [("take over", "Panel: P1", "Panel: P9")]


async def test_an_image_moves_also_when_the_scanners_copy_was_freed(noted: Lab) -> None:
    noted.release(keep_days=0.0)
    path = noted.scan("a.svs", "620995")
    whole = path.read_bytes()
    async with noted.open() as station:
        await noted.rest()
        assert not path.exists()
        await change(noted, station, "Experiment", "Run 3")
        await station.acts.differences.take_over(noted.id("a.svs"), told(noted, station))
        await noted.rest()
        assert noted.published() == {"Prec01/Run 3/620995_Prec01_P1.svs": whole}
        assert noted.get("a.svs").state is S.SUCCEEDED


async def test_a_slide_with_a_rescan_keeps_its_older_image_where_it_is(noted: Lab) -> None:
    noted.scan("old.svs", "620995", mark="old")
    async with noted.open() as station:
        await noted.rest()
        new = noted.scan("a.svs", "620995", mark="new")
        await station.runner.look()
        await noted.rest()
        older = noted.get("old.svs").files[0].destination
        await change(noted, station, "Study", "Prec02")
        await station.acts.differences.take_over(noted.id("a.svs"), told(noted, station))
        await noted.rest()
        assert set(noted.published()) == {older, "Prec02/Run 2/620995_Prec02_P1.svs"}
        assert noted.published()["Prec02/Run 2/620995_Prec02_P1.svs"] == new.read_bytes()
        assert {noted.get(name).state for name in ("old.svs", "a.svs")} == {S.SUCCEEDED}
        assert open_differences(noted.get("old.svs"), station.kit.sheet.last) == ()


async def test_a_scan_that_is_not_safe_yet_is_named_and_carried_anew(noted: Lab) -> None:
    path = noted.scan("a.svs", "620995")
    noted.share.hold = Event()
    async with noted.open() as station:
        await until(lambda: noted.state("a.svs", COPY) is S.RUNNING)
        await change(noted, station, "Panel", "P9")
        acts, scan = station.acts.differences, noted.id("a.svs")
        with pytest.raises(UseError, match="Still at work"):
            await acts.take_over(scan, told(noted, station))
        assert await acts_of(station) == []
        await station.acts.pause(scan)
        noted.share.hold.set()
        await until(lambda: noted.get("a.svs").state is S.PAUSED)
        await acts.take_over(scan, told(noted, station))
        await station.acts.resume(scan)
        await noted.rest()
        assert noted.published() == {RENAMED: path.read_bytes()}


async def test_what_changed_once_more_since_it_was_seen_is_not_decided_about(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        await change(noted, station, "Panel", "P9")
        seen = told(noted, station)
        await change(noted, station, "Panel", "P10")
        acts, scan = station.acts.differences, noted.id("a.svs")
        for act in (acts.take_over, acts.leave):
            with pytest.raises(UseError, match="It now says Panel: P1 → P10"):
                await act(scan, seen)
        assert await acts_of(station) == []


async def test_a_row_that_lacks_a_required_cell_is_not_taken_over(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        await change(noted, station, "Study", "")
        acts, before = station.acts.differences, noted.get("a.svs")
        with pytest.raises(UseError, match="Study"):
            acts.new_path(before.id)
        with pytest.raises(UseError, match="The changed row lacks cells"):
            await acts.take_over(before.id, told(noted, station))
        assert noted.get("a.svs") == before
        await acts.leave(before.id, told(noted, station))
        assert told(noted, station) == ()


async def test_what_was_left_is_not_asked_again_also_after_a_restart(noted: Lab) -> None:
    noted.scan("a.svs", "620995")
    async with noted.open() as station:
        await noted.rest()
        await change(noted, station, "Panel", "P9")
        await station.acts.differences.leave(noted.id("a.svs"), told(noted, station))
        assert told(noted, station) == ()
        with pytest.raises(UseError, match="Nothing differs any more"):
            await station.acts.differences.take_over(noted.id("a.svs"), told(noted, station))
        assert await acts_of(station) == [("leave", "Panel: P1", "Panel: P9")]
    async with noted.open() as station:
        await change(noted, station, "Panel", "P9")
        assert told(noted, station) == ()
        assert set(noted.published()) == {FINAL}
        await change(noted, station, "Panel", "P10")
        assert told(noted, station) == (Difference("Panel", "P1", "P10"),)


async def test_a_name_that_another_slide_has_is_a_question_and_nothing_moves(noted: Lab) -> None:
    """The rule row makes the name of Barcode, Study and Panel: only a folder-like accident can collide."""
    noted.sheet.rules[0] = "REQUIRED"
    noted.scan("a.svs", "620995")
    noted.scan("b.svs", "407871")
    async with noted.open() as station:
        await noted.rest()
        before = noted.published()
        await change(noted, station, "Panel", "P2")
        await station.acts.differences.take_over(noted.id("a.svs"), told(noted, station))
        await noted.rest()
        assert noted.get("a.svs").state is S.NEEDS_ATTENTION
        assert noted.published() == before


def test_many_changes_are_told_in_one_line() -> None:
    many = tuple(Difference(f"C{number}", "a", "b") for number in range(5))
    assert changes_in_words(many) == "C0: a → b, C1: a → b, C2: a → b and 2 more"
