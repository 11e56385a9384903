"""A publication whose answer got lost: the scan is where its name is, and nothing of it stays under a name it left."""

from threading import Event

import pytest

from app.domain.dossier import Change, StepChange
from app.domain.errors import DestinationError, RetryableError, UseError
from app.domain.step import StepState
from app.pipeline.journey import RECORD, REGISTER, SUPERSEDE, VERIFY
from tests.fakes.lab import Lab

S = StepState
FOLDER = "Prec01/Run 2/"
LOST = RetryableError("Trouble", "the answer got lost")
AWAY = DestinationError("Trouble", "the share is away")


def final(barcode: str = "620995", panel: str = "P1", extension: str = "svs") -> str:
    return f"{FOLDER}{barcode}_Prec01_{panel}.{extension}"


def in_rescans(lab: Lab, name: str) -> str:
    return f"Rescans/{FOLDER}620995_Prec01_P1__{lab.id(name)}.{name.rpartition('.')[2]}"


async def cut(lab: Lab, station, name: str, *, after: str = "published"):
    """Let a scan's publication be cut, `after` its work or before it ("publish"), and its next looks at the share."""
    path = lab.scan(name, "620995", mark=name)
    lab.share.script[after].append(LOST)
    lab.share.script["check"].extend([lambda: None, LOST, LOST, LOST])
    await station.runner.look()
    await lab.rest()
    assert lab.get(name).state is S.FAILED, lab.get(name).steps
    assert not lab.get(name).published
    lab.share.script.clear()
    return path


async def test_a_retry_finds_the_image_under_its_name_and_copies_nothing_again(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    lab.share.script["published"].append(LOST)
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert lab.share.calls.count("copy") == 1
        assert lab.get("a.svs").steps[VERIFY].message.endswith("equal")
    assert lab.published() == {final(): path.read_bytes()}


@pytest.mark.parametrize("name", ["old.svs", "old.ndpi"])
async def test_a_newer_scan_finds_it_and_it_makes_way(lab: Lab, name: str) -> None:
    async with lab.open() as station:
        old = await cut(lab, station, name)
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        assert lab.get("new.svs").state is S.SUCCEEDED, lab.get("new.svs").steps[VERIFY]
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, name): old.read_bytes()}
        if lab.get(name).state is S.FAILED:
            await station.acts.restart(lab.id(name))
            await lab.rest()
        assert lab.get(name).state is S.SUCCEEDED
        assert lab.get(name).scan.superseded_by == lab.id("new.svs")
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, name): old.read_bytes()}
        assert lab.share.leftovers() == ()


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
        lab.share.script["published"].append(LOST)
        await station.acts.resume(lab.id("old.svs"))
        await lab.rest()
        assert lab.get("old.svs").state is S.SUCCEEDED
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}


async def test_it_is_too_late_to_give_it_up(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs")
        with pytest.raises(UseError, match="Too late to cancel"):
            await station.acts.cancel(lab.id("a.svs"))
        await station.acts.restart(lab.id("a.svs"))
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


async def test_with_another_barcode_it_moves_to_that_slide_s_name(lab: Lab) -> None:
    async with lab.open() as station:
        path = await cut(lab, station, "a.svs")
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


async def test_one_that_has_no_name_yet_gives_way_as_any_other(lab: Lab) -> None:
    async with lab.open() as station:
        old = await cut(lab, station, "old.ndpi", after="publish")
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        assert lab.published() == {final(): new.read_bytes()}
        await station.acts.restart(lab.id("old.ndpi"))
        await lab.rest()
        assert lab.published() == {final(): new.read_bytes(), in_rescans(lab, "old.ndpi"): old.read_bytes()}


async def test_the_program_that_dies_between_the_name_and_the_journal_knows_it_at_its_next_start(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        dossier = lab.get("a.svs")
        back = (REGISTER, SUPERSEDE, RECORD, VERIFY)
        moves = (*(StepChange(step, S.PENDING, "test") for step in back), StepChange(VERIFY, S.RUNNING, "test"))
        await station.kit.ledger.apply(dossier.id, Change(steps=moves, published=False, publishing=True))
    lab.share.calls.clear()
    async with lab.open() as station:
        await lab.rest()
        assert lab.get("a.svs").published
        assert not lab.get("a.svs").publishing
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert "copy" not in lab.share.calls
    assert lab.published() == {final(): path.read_bytes()}
