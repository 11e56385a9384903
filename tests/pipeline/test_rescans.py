"""Several scans of one slide: which keeps the name, and that nothing is ever lost."""

import asyncio
from threading import Event

import pytest

from app.domain.errors import SlideError, UseError
from app.domain.step import StepState
from app.pipeline.journey import COPY, QUALITY, RECORD, SUPERSEDE, VERIFY
from app.pipeline.steps.publish import WHICH_ONE
from app.services.board import attention_of
from app.services.views import Choice
from tests.fakes.lab import Lab, until

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"


def in_rescans(lab: Lab, name: str) -> str:
    return f"Rescans/Prec01/Run 2/620995_Prec01_P1__{lab.id(name)}.svs"


async def both(lab: Lab, station, *, old_blur: float = 0.5, new_blur: float = 0.5) -> None:
    """Scan a slide, and scan it again once the first is safe."""
    lab.images.blurry.update({"old.svs": old_blur, "new.svs": new_blur})
    await station.runner.look()
    await lab.rest()
    lab.scan("new.svs", "620995", mark="new")
    await station.runner.look()
    await lab.rest()


async def test_a_rescan_takes_the_name_and_the_older_scan_moves_to_the_rescans(lab: Lab) -> None:
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await both(lab, station, old_blur=12.4)
        assert lab.published() == {
            FINAL: (lab.watch / "new.svs").read_bytes(),
            in_rescans(lab, "old.svs"): old.read_bytes(),
        }
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")
        assert lab.get("old.svs").files[0].destination == in_rescans(lab, "old.svs")
        assert lab.get("old.svs").state is S.SUCCEEDED, "its advice to rescan was followed"
        assert lab.state("new.svs", SUPERSEDE) is S.SUCCEEDED
        links = await station.kit.store.work(lambda journal: journal.links())
    assert [(each.older, each.newer, each.kept) for each in links] == [
        (lab.id("old.svs"), lab.id("new.svs"), lab.id("new.svs"))
    ]
    assert "blurry" in links[0].reason
    assert lab.sheet.cells["620995", "SHA-256"] == lab.get("new.svs").files[0].sha256
    assert lab.sheet.cells["620995", "Rescans"] == "1"


@pytest.mark.parametrize("answer", ["old", "new", "both"])
async def test_when_only_the_old_scan_is_good_a_person_says_which_is_kept(lab: Lab, answer: str) -> None:
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await both(lab, station, new_blur=12.4)
        new = lab.watch / "new.svs"
        assert lab.get("new.svs").steps[VERIFY].title == "Which scan is kept?"
        assert lab.published() == {FINAL: old.read_bytes()}, "the old one keeps its name meanwhile"
        await station.acts.keep(lab.id("new.svs"), answer)
        await lab.rest()
        beside = f"Prec01/Run 2/620995_Prec01_P1__{lab.id('new.svs')}.svs"
        expected = {
            "old": {FINAL: old, in_rescans(lab, "new.svs"): new},
            "new": {FINAL: new, in_rescans(lab, "old.svs"): old},
            "both": {FINAL: old, beside: new},
        }[answer]
        assert lab.published() == {place: path.read_bytes() for place, path in expected.items()}
        assert lab.share.leftovers() == ()
        recorded = lab.sheet.cells["620995", "SHA-256"]
        kept = "old.svs" if answer == "old" else "new.svs"
        assert recorded == lab.get(kept).files[0].sha256


async def test_keep_answers_no_other_question(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    taken = lab.share_root / FINAL
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody's file")
    async with lab.open() as station:
        await lab.rest()
        assert lab.state("a.svs", VERIFY) is S.NEEDS_ATTENTION
        assert taken.read_bytes() == b"somebody's file"
        with pytest.raises(UseError, match="no such question"):
            await station.acts.keep(lab.id("a.svs"), "new")
        taken.unlink()
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_a_rescan_waits_for_its_quality_before_it_takes_the_name(lab: Lab) -> None:
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        lab.images.hold_quality.clear()
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.RUNNING)
        await asyncio.sleep(0.3)
        assert lab.published() == {FINAL: old.read_bytes()}
        lab.images.hold_quality.set()
        await lab.rest()
        assert lab.published()[FINAL] == (lab.watch / "new.svs").read_bytes()


async def test_an_older_scan_that_comes_late_does_not_take_the_newer_one_s_name(lab: Lab) -> None:
    old = lab.scan("old.svs", "620995", mark="old")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("old.svs", COPY) is S.RUNNING)
        await station.acts.pause(lab.id("old.svs"))
        await until(lambda: lab.get("old.svs").state is S.PAUSED)
        lab.share.hold.set()
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        await station.acts.resume(lab.id("old.svs"))
        await lab.rest()
        assert lab.published() == {FINAL: new.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")
        assert lab.state("old.svs", RECORD) is S.SKIPPED
    assert lab.sheet.cells["620995", "SHA-256"] == lab.get("new.svs").files[0].sha256


async def test_two_scans_of_one_slide_found_together_are_carried_in_the_order_they_were_written(lab: Lab) -> None:
    old = lab.scan("z first.svs", "620995", mark="old")
    new = lab.scan("a second.svs", "620995", mark="new")
    from tests.fakes.lab import set_old

    set_old(old, 60)
    set_old(new, 30)
    async with lab.open():
        await lab.rest()
        assert lab.published()[FINAL] == new.read_bytes()
        assert lab.published()[in_rescans(lab, "z first.svs")] == old.read_bytes()


async def test_an_older_image_that_is_gone_from_the_share_is_a_question_with_a_way_on(lab: Lab) -> None:
    lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        (lab.share_root / FINAL).unlink()
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        assert lab.get("new.svs").steps[VERIFY].title == "The older image is not there"
        assert lab.get("new.svs").state is S.NEEDS_ATTENTION, "never a dead task"
        await station.acts.keep(lab.id("new.svs"), "new")
        await lab.rest()
        assert lab.get("new.svs").state is S.SUCCEEDED
        assert lab.published() == {FINAL: new.read_bytes()}
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")
        lab.share_root.joinpath(FINAL).touch()
        lab.share_root.joinpath(FINAL).write_bytes(new.read_bytes())
        old = lab.get("old.svs")
        assert old.files[0].sha256 != lab.get("new.svs").files[0].sha256
        # What the journal says of the lost one stays what was verified then.
        await station.kit.ledger.apply(old.id, lambda now: _without_files(now))


def _without_files(now):
    from app.domain.dossier import Change

    return Change(published=False, files=())


async def test_a_barcode_that_another_scan_has_makes_a_rescan_and_loses_nothing(lab: Lab) -> None:
    old = lab.scan("old.svs", "620995", mark="old")
    nameless = lab.scan("nameless.svs", "", mark="new")
    async with lab.open() as station:
        await lab.rest()
        await station.acts.assign(lab.id("nameless.svs"), "620995", "read from the glass")
        await lab.rest()
        assert lab.published() == {FINAL: old.read_bytes()}
        await station.acts.keep(lab.id("nameless.svs"), "new")
        await lab.rest()
        assert lab.published() == {FINAL: nameless.read_bytes(), in_rescans(lab, "old.svs"): old.read_bytes()}


async def test_a_verdict_on_the_older_scan_given_while_it_is_moved_is_not_lost(lab: Lab) -> None:
    lab.scan("old.svs", "620995", mark="old")
    moving, going_on = Event(), Event()

    def hold(*_) -> None:
        moving.set()
        assert going_on.wait(10)

    lab.images.blurry["old.svs"] = 12.4
    async with lab.open() as station:
        await lab.rest()
        lab.share.script["relocate"].append(hold)
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(moving.is_set)
        await station.acts.verdict(lab.id("old.svs"), "pass", "the blur is beside the tissue")
        going_on.set()
        await lab.rest()
        assert lab.get("old.svs").scan.verdict_by_person == "pass"
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs")


async def test_a_rescan_while_the_sheet_is_away_leaves_no_scan_waiting_for_ever(lab: Lab) -> None:
    lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await until(lambda: lab.state("old.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.be_away()
        await until(lambda: lab.state("old.svs", RECORD) is not S.PENDING and lab.state("old.svs", QUALITY).done)
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", RECORD) is S.WAITING_TO_RETRY)
        lab.sheet.away = None
        await lab.rest()
        assert (lab.get("old.svs").state, lab.get("new.svs").state) == (S.SUCCEEDED, S.SUCCEEDED)
    assert lab.sheet.cells["620995", "SHA-256"] == lab.get("new.svs").files[0].sha256


async def test_a_barcode_that_a_person_typed_takes_no_verified_image_s_name_without_a_question(lab: Lab) -> None:
    lab.scan("good.svs", "620995")
    lab.scan("nameless.svs", "")
    async with lab.open() as station:
        await lab.rest()
        await station.acts.assign(lab.id("nameless.svs"), "620995", "a slip")
        await lab.rest()
        good, nameless = lab.get("good.svs"), lab.get("nameless.svs")
        assert nameless.steps[VERIFY].title == WHICH_ONE
        attention = attention_of(nameless)
        assert attention is not None
        assert Choice.ASSIGN in attention.choices
        assert good.scan.superseded_by is None
        await station.acts.assign(nameless.id, "407871", "read again")
        await lab.rest()
        assert lab.get("nameless.svs").state is StepState.SUCCEEDED
        assert lab.get("good.svs") == good


async def test_a_good_image_that_made_way_for_one_still_to_come_does_not_lose_its_name_unasked(lab: Lab) -> None:
    """The newest scan failed after the older image had moved: a blurred scan between the two must not slip in."""
    lab.images.blurry["between.svs"] = 12.4
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        lab.scan("between.svs", "620995", mark="between")
        await station.runner.look()
        await station.acts.pause(lab.id("between.svs"))
        await lab.rest()
        lab.share.script["publish"].append(SlideError("No permission", "to give it its name"))
        lab.scan("newest.svs", "620995", mark="newest")
        await station.runner.look()
        await lab.rest()
        assert lab.state("newest.svs", VERIFY) is S.FAILED
        assert lab.published() == {in_rescans(lab, "old.svs"): old.read_bytes()}
        await station.acts.resume(lab.id("between.svs"))
        await lab.rest()
        assert lab.get("between.svs").steps[VERIFY].title == WHICH_ONE
        assert FINAL not in lab.published()
        await station.acts.restart(lab.id("newest.svs"))
        await lab.rest()
        assert lab.published()[FINAL] == (lab.watch / "newest.svs").read_bytes()
