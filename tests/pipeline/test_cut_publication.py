"""A publication whose answer got lost: the scan is where its name is, and nothing of it stays under a name it left."""

import asyncio
import shutil
from threading import Event

import pytest

from app.domain.dossier import Change, StepChange
from app.domain.errors import SlideError, SourceChangedError
from app.domain.step import StepState
from app.pipeline.journey import QUALITY, RECORD, REGISTER, SUPERSEDE, VERIFY
from app.pipeline.steps.publish import WHICH_ONE
from tests.fakes.cuts import FOLDER, LOST, cut, final, in_rescans
from tests.fakes.lab import Lab, until

S = StepState


async def test_a_retry_finds_the_image_under_its_name_and_copies_nothing_again(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    lab.share.script["published"].append(LOST)
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert (lab.share.calls.count("copy"), lab.share.calls.count("conclude")) == (1, 1)
        assert lab.get("a.svs").steps[VERIFY].message.endswith("equal")
    assert lab.published() == {final(): path.read_bytes()}


@pytest.mark.parametrize("name", ["old.svs", "old.ndpi"])
async def test_a_newer_scan_finds_it_and_it_makes_way(lab: Lab, name: str) -> None:
    async with lab.open() as station:
        old = await cut(lab, station, name)
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        for each in (name, "new.svs"):
            assert lab.get(each).state is S.SUCCEEDED, lab.get(each).steps
        assert lab.get(name).scan.superseded_by == lab.id("new.svs")
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, name): old.read_bytes()}
        assert lab.share.calls.count("copy") == 1
        assert lab.share.leftovers() == ()


async def test_a_bad_newer_scan_does_not_take_its_name_unasked(lab: Lab) -> None:
    lab.images.blurry["new.svs"] = 12.4
    async with lab.open() as station:
        old = await cut(lab, station, "old.svs")
        lab.images.hold_quality.clear()
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.RUNNING)
        await asyncio.sleep(0.5)
        lab.images.hold_quality.set()
        await lab.rest()
        assert lab.get("new.svs").steps[VERIFY].title == WHICH_ONE
        assert lab.published() == {final(): old.read_bytes()}


async def test_one_that_is_given_this_slide_s_barcode_finds_it_too(lab: Lab) -> None:
    lab.images.blurry["old.svs"] = 12.4
    async with lab.open() as station:
        old = await cut(lab, station, "old.svs")
        new = lab.scan("new.svs", "407871", mark="new")
        await station.runner.look()
        await lab.rest()
        await station.acts.assign(lab.id("new.svs"), "620995", "misread")
        await lab.rest()
        assert lab.get("new.svs").steps[VERIFY].title == WHICH_ONE, "a person named it, so a person is asked"
        await station.acts.keep(lab.id("new.svs"), "new")
        await lab.rest()
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}


async def test_trouble_with_it_is_told_of_the_scan_that_has_it(lab: Lab) -> None:
    async with lab.open() as station:
        old = await cut(lab, station, "old.svs")
        lab.share.script["conclude"].append(SlideError("A link is in the way", "there"))
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        asked = lab.get("new.svs").steps[VERIFY]
        assert asked.state is S.NEEDS_ATTENTION
        assert lab.id("old.svs") in asked.message
        assert lab.published() == {final(): old.read_bytes()}
        await station.acts.restart(lab.id("new.svs"))
        await lab.rest()
        assert lab.get("new.svs").state is S.SUCCEEDED


async def test_what_was_on_its_way_to_the_rescans_is_found_there(lab: Lab) -> None:
    lab.share.hold = Event()
    async with lab.open() as station:
        old = lab.scan("old.svs", "620995", mark="old")
        await station.runner.look()
        await station.acts.pause(lab.id("old.svs"))
        await lab.rest()
        lab.share.hold.set()
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        lab.share.calls.clear()
        lab.share.script["published"].append(LOST)
        await station.acts.resume(lab.id("old.svs"))
        await lab.rest()
        assert lab.get("old.svs").state is S.SUCCEEDED
        assert (lab.share.calls.count("copy"), lab.share.calls.count("conclude")) == (1, 1)
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}


async def test_one_that_has_no_name_yet_gives_way_as_any_other(lab: Lab) -> None:
    async with lab.open() as station:
        old = await cut(lab, station, "old.svs", after="publish")
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        assert lab.published() == {final(): new.read_bytes()}
        await station.acts.restart(lab.id("old.svs"))
        await lab.rest()
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}
        assert lab.share.leftovers() == (), "its part beside the slide's name is gone"


async def test_the_program_that_dies_between_the_name_and_the_journal_knows_it_at_its_next_start(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        back = (REGISTER, SUPERSEDE, RECORD, VERIFY)
        moves = (*(StepChange(step, S.PENDING, "test") for step in back), StepChange(VERIFY, S.RUNNING, "test"))
        await station.kit.ledger.apply(lab.id("a.svs"), Change(steps=moves, published=False, publishing=True))
    lab.share.calls.clear()
    async with lab.open() as station:
        await lab.rest()
        assert (lab.get("a.svs").published, lab.get("a.svs").publishing) == (True, False)
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert (lab.share.calls.count("copy"), lab.share.calls.count("conclude")) == (0, 1)
    assert lab.published() == {final(): path.read_bytes()}


async def test_a_folder_that_was_deleted_meanwhile_is_made_again(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs", after="publish")
        shutil.rmtree(lab.share_root / "Prec01")
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
    assert lab.published() == {final(): path.read_bytes()}


async def test_a_name_that_is_taken_is_an_end_that_was_heard(lab: Lab) -> None:
    """The scanner writes the file anew while a person looks: the old bytes are forgotten, as ever."""
    (lab.share_root / FOLDER).mkdir(parents=True)
    (lab.share_root / final()).write_bytes(b"somebody's")
    async with lab.open() as station:
        lab.scan("a.svs", "620995", mark="a")
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").steps[VERIFY].title == "Another file has this name"
        assert not lab.get("a.svs").publishing
        new = lab.scan("a.svs", "407871", mark="another slide", size=8192)
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert lab.published() == {final(): b"somebody's", final("407871", "P2"): new.read_bytes()}


async def test_while_it_is_unknown_new_bytes_at_the_scanner_do_not_make_it_forgotten(lab: Lab) -> None:
    async with lab.open() as station:
        old = (await cut(lab, station, "a.svs")).read_bytes()
        new = lab.scan("a.svs", "407871", mark="another slide", size=8192)
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").state is S.FAILED
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        await station.runner.look()
        await lab.rest()
        assert lab.published() == {final(): old, final("407871", "P2"): new.read_bytes()}


async def test_a_source_that_changes_while_its_bytes_get_their_name_does_not_make_it_forgotten(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    getting_its_name, go_on = Event(), Event()

    def hold(*_: object) -> None:
        getting_its_name.set()
        go_on.wait(10)

    async def changed(*_: object, **__: object) -> None:
        await until(getting_its_name.is_set)
        asyncio.get_running_loop().call_later(0.1, go_on.set)
        raise SourceChangedError("The scan changed", "test")

    lab.share.script["publish"].append(hold)
    monkeypatch.setattr(lab.images, "quality", changed)
    async with lab.open() as station:
        path = lab.scan("a.svs", "620995")
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").published
        assert lab.state("a.svs", VERIFY) is S.SUCCEEDED
        assert lab.state("a.svs", QUALITY) is S.FAILED
    assert lab.published() == {final(): path.read_bytes()}


async def test_cancelled_while_the_last_bytes_are_read_back_it_gets_no_name(lab: Lab) -> None:
    reading, go_on = Event(), Event()

    def hold(*_: object) -> None:
        reading.set()
        go_on.wait(10)

    lab.share.script["read back"].append(hold)
    async with lab.open() as station:
        lab.scan("a.svs", "620995")
        await station.runner.look()
        await until(reading.is_set)
        await station.acts.cancel(lab.id("a.svs"))
        go_on.set()
        await lab.rest()
        assert lab.get("a.svs").state is S.CANCELLED
        assert not lab.get("a.svs").published
        assert lab.share.leftovers() == ()
    assert lab.published() == {}
