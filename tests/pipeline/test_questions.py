"""What a scan asks a person: unfinished files, the sheet's row, differing barcodes, names; and what an answer does."""

from threading import Event

import pytest

from app.domain.errors import RetryableError, UseError
from app.domain.step import StepState
from app.pipeline.journey import (
    CHECKSUM_SHARE,
    CHECKSUM_SOURCE,
    COPY,
    IDENTIFY,
    MATCH,
    NAME,
    SETTLE,
    VERIFY,
)
from tests.fakes.images import UNFINISHED
from tests.fakes.lab import Lab, until
from tests.fakes.sheets import row

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"
BARCODE_2, FINAL_2 = "407871", "Prec01/Run 2/407871_Prec01_P2.svs"
AWAY = RetryableError("The share did not answer", "time-out")


async def test_an_unfinished_scan_goes_on_when_it_is_whole(lab: Lab) -> None:
    path = lab.watch / "a.svs"
    path.write_bytes(UNFINISHED)
    async with lab.open() as station:
        await until(lambda: lab.images.inspected)
        assert lab.state("a.svs", SETTLE) is S.RUNNING
        assert not station.runner.at_rest()
        lab.scan("a.svs", "620995")
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_an_unfinished_scan_is_a_question_at_once_when_only_what_lies_there_is_taken(lab: Lab) -> None:
    (lab.watch / "a.svs").write_bytes(UNFINISHED)
    async with lab.open(once=True):
        await lab.rest()
        assert lab.state("a.svs", SETTLE) is S.NEEDS_ATTENTION
        assert lab.get("a.svs").steps[SETTLE].hint == "Scan again"


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([], "Missing Task"),
        ([row("620995"), row("620995")], "Two rows, one barcode"),
        ([row("620995", experiment="")], "Metadata missing"),
        ([row("620995", scanner="Cardinal")], "Wrong scanner"),
    ],
)
async def test_a_row_that_is_not_right_is_a_question_and_restart_reads_it_anew(lab: Lab, rows, title) -> None:
    lab.sheet.rows = rows
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        assert lab.get("a.svs").steps[MATCH].title == title
        assert lab.get("a.svs").state is S.NEEDS_ATTENTION
        assert lab.published() == {}
        lab.sheet.rows = [row("620995")]
        lab.clock.skip(3)
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_two_barcodes_that_differ_are_a_question_and_one_assignment_answers_it(lab: Lab) -> None:
    lab.scan("a.svs", "620995/407871")
    async with lab.open() as station:
        await lab.rest()
        message = lab.get("a.svs").steps[IDENTIFY].message
        assert "620995 (label)" in message
        assert "407871 (metadata)" in message
        assert lab.get("a.svs").scan.barcode is None
        await station.acts.assign(lab.id("a.svs"), "407871", "read from the glass")
        await lab.rest()
    assert list(lab.published()) == [FINAL_2]


async def test_two_slides_that_would_have_one_name_are_a_question_never_a_suffix(lab: Lab) -> None:
    lab.sheet.rules[0] = "REQUIRED"
    lab.sheet.rows = [row("620995"), row("407871", panel="p1")]
    first = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        lab.scan("b.svs", "407871")
        await station.runner.look()
        await lab.rest()
        assert lab.get("b.svs").steps[NAME].title == "Two slides, one name"
        assert lab.published() == {"Prec01/Run 2/Prec01_P1.svs": first.read_bytes()}
        lab.sheet.rows[1][3] = "P2"
        lab.clock.skip(3)
        await station.acts.restart(lab.id("b.svs"), MATCH)
        await lab.rest()
    assert list(lab.published()) == ["Prec01/Run 2/Prec01_P1.svs", "Prec01/Run 2/Prec01_P2.svs"]


async def test_the_row_of_another_slide_never_names_a_scan(lab: Lab) -> None:
    """Assigned to a barcode that no row has, and marked as matched by a person: the first slide's row is gone."""
    lab.scan("a.svs", "620995")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
        scan = lab.id("a.svs")
        await station.acts.pause(scan)
        await until(lambda: lab.get("a.svs").state is S.PAUSED)
        await station.acts.assign(scan, "999999", "misread")
        lab.share.hold.set()
        await station.acts.resume(scan)
        await lab.rest()
        assert lab.get("a.svs").steps[MATCH].title == "Missing Task"
        assert lab.get("a.svs").row == {}
        await station.acts.mark(scan, MATCH, S.SUCCEEDED, "an old slide without a row")
        await lab.rest()
    assert list(lab.published()) == ["999999.svs"]
    assert lab.share.leftovers() == ()


async def test_nobody_gives_a_name_by_hand(lab: Lab) -> None:
    lab.sheet.rows.clear()
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        for step in (NAME, CHECKSUM_SOURCE, COPY, CHECKSUM_SHARE, VERIFY, SETTLE):
            with pytest.raises(UseError, match="cannot be marked"):
                await station.acts.mark(lab.id("a.svs"), step, S.SUCCEEDED, "because")


async def test_a_renamed_header_between_row_and_name_is_a_question_not_a_shorter_name(lab: Lab) -> None:
    lab.sheet.rows = []
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        lab.sheet.rows = [row("620995", scanner="Cardinal")]
        lab.clock.skip(3)
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").steps[MATCH].title == "Wrong scanner"
        lab.sheet.header[1] = "Project"
        lab.clock.skip(3)
        await station.kit.sheet.fresh()
        await station.acts.mark(lab.id("a.svs"), MATCH, S.SUCCEEDED, "moved to this scanner")
        await lab.rest()
        assert lab.get("a.svs").steps[NAME].title == "The sheet changed"
    assert lab.published() == {}
