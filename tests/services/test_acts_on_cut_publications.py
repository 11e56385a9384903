"""What a person may do to a scan of which nobody knows whether it has its name on the share."""

import asyncio

import pytest

from app.domain.errors import DestinationError, SlideError, UseError
from app.domain.step import StepState
from app.pipeline.journey import CHECKSUM_SOURCE, COPY, IDENTIFY, NAME, REGISTER, SETTLE, VERIFY
from tests.fakes.cuts import FOLDER, cut, final
from tests.fakes.lab import Lab
from tests.fakes.sheets import row

S = StepState
AWAY = DestinationError("Trouble", "the share is away")


async def test_it_is_too_late_to_give_it_up(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs")
        with pytest.raises(UseError, match="Too late to cancel"):
            await station.acts.cancel(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
    assert lab.published() == {final(): path.read_bytes()}


async def test_while_the_share_is_away_nobody_can_give_it_up(lab: Lab) -> None:
    async with lab.open() as station:
        await cut(lab, station, "a.svs")
        lab.share.script["conclude"].append(AWAY)
        with pytest.raises(DestinationError, match="the share is away"):
            await station.acts.cancel(lab.id("a.svs"))
        assert not lab.get("a.svs").scan.cancelled


async def test_given_up_at_the_moment_at_which_the_answer_gets_lost(lab: Lab) -> None:
    """The step still runs when the person asks, and its failure is written first."""
    async with lab.open() as station:
        tasks: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()

        def lost(*_: object) -> None:
            def cancel() -> None:
                tasks.append(asyncio.create_task(station.acts.cancel(lab.id("a.svs"))))

            loop.call_soon_threadsafe(cancel)
            raise AWAY

        lab.share.script["published"].append(lost)
        path = lab.scan("a.svs", "620995")
        await station.runner.look()
        await lab.rest()
        with pytest.raises(UseError, match="Too late to cancel"):
            await tasks[0]
        assert lab.get("a.svs").state is S.SUCCEEDED
    assert lab.published() == {final(): path.read_bytes()}


async def test_with_another_barcode_it_moves_to_that_slide_s_name(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs")
        await station.acts.assign(lab.id("a.svs"), "407871", "the label was read wrongly")
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
    assert lab.published() == {final("407871", "P2"): path.read_bytes()}


async def test_so_it_does_where_the_last_step_itself_had_failed(lab: Lab) -> None:
    lab.share.script["published"].append(SlideError("No permission", "to write the manifest"))
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        assert lab.state("a.svs", VERIFY) is S.FAILED
        assert lab.state("a.svs", REGISTER) is S.BLOCKED
        await station.acts.assign(lab.id("a.svs"), "407871", "the label was read wrongly")
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
    assert lab.published() == {final("407871", "P2"): path.read_bytes()}


async def test_one_that_has_no_name_yet_is_given_up_and_leaves_nothing(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs", after="publish")
        await station.acts.cancel(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.CANCELLED
        assert path.exists()
        assert lab.share.leftovers() == ()
    assert lab.published() == {}


@pytest.mark.parametrize("step", [SETTLE, IDENTIFY])
async def test_its_bytes_are_never_taken_for_those_that_lie_at_the_scanner_now(lab: Lab, step) -> None:
    async with lab.open() as station:
        old = (await cut(lab, station, "a.svs")).read_bytes()
        new = lab.scan("a.svs", "407871", mark="another slide", size=8192)
        with pytest.raises(UseError, match="verified on the share"):
            await station.acts.restart(lab.id("a.svs"), step)
        await lab.rest()
        await station.runner.look()
        await lab.rest()
        assert lab.published() == {final(): old, final("407871", "P2"): new.read_bytes()}


async def test_nor_where_a_step_before_it_was_marked(lab: Lab) -> None:
    async with lab.open() as station:
        old = (await cut(lab, station, "a.svs")).read_bytes()
        new = lab.scan("a.svs", "407871", mark="another slide", size=8192)
        await station.acts.mark(lab.id("a.svs"), SETTLE, S.FAILED, "to see")
        with pytest.raises(UseError):
            await station.acts.restart(lab.id("a.svs"))
        assert lab.published() == {final(): old}
        assert new.exists()


async def test_a_step_of_the_pass_that_was_marked_does_not_hold_it_for_ever(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs")
        await station.acts.mark(lab.id("a.svs"), COPY, S.FAILED, "to see")
        for _ in range(3):
            if lab.get("a.svs").state is not S.SUCCEEDED:
                await station.acts.restart(lab.id("a.svs"))
                await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
        assert lab.state("a.svs", CHECKSUM_SOURCE) is S.SUCCEEDED
    assert lab.published() == {final(): path.read_bytes()}


@pytest.mark.parametrize("what", ["a folder", "a link"])
@pytest.mark.parametrize("act", ["assign", "restart", "cancel"])
async def test_whatever_has_its_name_holds_no_scan(lab: Lab, what: str, act: str) -> None:
    taken = lab.share_root / final()
    taken.parent.mkdir(parents=True)
    if what == "a folder":
        taken.mkdir()
    else:
        taken.symlink_to("/etc/hostname")
    async with lab.open() as station:
        lab.scan("a.svs", "620995", mark="a")
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").steps[VERIFY].title == "Another file has this name"
        if act == "assign":
            await station.acts.assign(lab.id("a.svs"), "407871", "misread")
        elif act == "restart":
            await station.acts.restart(lab.id("a.svs"), NAME)
        else:
            await station.acts.cancel(lab.id("a.svs"))
        await lab.rest()
        expected = {"assign": S.SUCCEEDED, "restart": S.NEEDS_ATTENTION, "cancel": S.CANCELLED}
        assert lab.get("a.svs").state is expected[act]


async def test_one_being_corrected_is_not_taken_for_one_that_stands(lab: Lab) -> None:
    """It has the old slide's name until it has moved; another scan of the new slide must not give way to it."""
    async with lab.open() as station:
        other = lab.scan("b.svs", "407871", mark="b")
        lab.share.script["publish"].append(SlideError("No permission", "to write"))
        await station.runner.look()
        await lab.rest()
        wrong = lab.scan("a.svs", "620995", mark="a")
        await station.runner.look()
        await lab.rest()
        await station.acts.assign(lab.id("a.svs"), "407871", "misread")
        await station.acts.pause(lab.id("a.svs"))
        await lab.rest()
        await station.acts.restart(lab.id("b.svs"))
        await lab.rest()
        assert lab.published() == {final(): wrong.read_bytes(), final("407871", "P2"): other.read_bytes()}
        await station.acts.resume(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").steps[VERIFY].state is not S.SUCCEEDED, "a person is asked"
        assert lab.published()[final("407871", "P2")] == other.read_bytes()


async def test_a_scan_given_up_and_taken_up_again_is_named_anew(lab: Lab) -> None:
    """Another slide may have got its name meanwhile: that is a question before a byte is carried."""
    lab.sheet.rules[0] = "REQUIRED"  # the barcode is no part of the name
    lab.sheet.rows = [row("620995"), row("407871")]
    async with lab.open() as station:
        lab.share.script["publish"].append(SlideError("No permission", "to write"))
        lab.scan("a.svs", "620995", mark="a")
        await station.runner.look()
        await lab.rest()
        await station.acts.cancel(lab.id("a.svs"))
        await lab.rest()
        other = lab.scan("b.svs", "407871", mark="b")
        await station.runner.look()
        await lab.rest()
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").steps[NAME].title == "Two slides, one name"
        assert lab.share.leftovers() == ()
    assert lab.published() == {f"{FOLDER}Prec01_P1.svs": other.read_bytes()}
