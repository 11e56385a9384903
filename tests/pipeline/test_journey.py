"""One scan's walk, with everything going right and with each thing going wrong."""

import asyncio
from itertools import pairwise
from threading import Event

import pytest

from app.domain.errors import CorruptionError, DestinationError, RetryableError, SlideError, UseError
from app.domain.slide import PictureKind
from app.domain.step import StepState
from app.pipeline.journey import (
    CHECKSUM_SHARE,
    COPY,
    IDENTIFY,
    JOURNEY,
    NAME,
    QUALITY,
    RECORD,
    REGISTER,
    RELEASE,
    SETTLE,
    VERIFY,
)
from app.services.desk import Desk
from tests.fakes.images import slide_bytes
from tests.fakes.lab import Lab, set_old, until

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"
BARCODE_2, FINAL_2 = "407871", "Prec01/Run 2/407871_Prec01_P2.svs"
AWAY = RetryableError("The share did not answer", "time-out")


async def test_a_scan_is_carried_named_recorded_and_its_bytes_are_the_source_s(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    async with lab.open():
        await lab.rest()
        dossier = lab.get("a.svs")
    assert dossier.state is S.SUCCEEDED
    assert lab.published() == {FINAL: path.read_bytes()}
    assert dossier.files[0].destination == FINAL
    assert lab.sheet.cells["620995", "SHA-256"] == dossier.files[0].sha256
    assert lab.sheet.cells["620995", "Status"] == "Complete"
    assert lab.sheet.cells["620995", "Operator"] == "Mira Holm"
    assert dossier.steps[REGISTER].state is dossier.steps[RELEASE].state is S.SKIPPED


async def test_every_move_is_in_the_journal_and_follows_the_one_before(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        moves = await station.kit.store.work(lambda journal: journal.moves(lab.id("a.svs")))
    for step in JOURNEY:
        mine = [move for move in moves if move.step == step.id]
        assert mine[0].old is S.PENDING
        assert all(before.new is after.old for before, after in pairwise(mine))
        assert mine[-1].new is lab.get("a.svs").steps[step.id].state


@pytest.mark.parametrize("moment", ["check", "copy", "read back", "publish", "published"])
async def test_passing_trouble_is_tried_again_until_it_passes(lab: Lab, moment: str) -> None:
    lab.scan("a.svs", "620995")
    lab.share.script[moment].extend([AWAY, AWAY])
    if moment == "check":
        lab.share.script["check"].appendleft(lambda: None)  # the station's own look at the start
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
    assert list(lab.published()) == [FINAL]


async def test_after_the_last_try_the_step_fails_what_is_behind_is_blocked_and_restart_frees_it(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.script["copy"].extend([AWAY] * 3)
    async with lab.open() as station:
        await lab.rest()
        assert lab.state("a.svs", COPY) is S.FAILED
        assert lab.get("a.svs").steps[COPY].attempts == 3
        assert {lab.state("a.svs", s) for s in (CHECKSUM_SHARE, VERIFY, REGISTER, RECORD, RELEASE)} == {S.BLOCKED}
        assert lab.get("a.svs").state is S.FAILED
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_an_error_of_this_slide_fails_at_once_and_no_other_slide(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.scan("b.svs", BARCODE_2)

    def refuse(plan, _watch) -> None:
        if plan.members[0].source.name == "a.svs":
            raise SlideError("A file lies where the folder has to be", "Prec01")

    lab.share.script["copy"].extend([refuse, refuse])
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").steps[COPY].attempts == 1
        assert (lab.get("a.svs").state, lab.get("b.svs").state) == (S.FAILED, S.SUCCEEDED)


async def test_a_full_share_closes_the_gate_and_all_go_on_when_it_is_well_again(lab: Lab) -> None:
    names = {"a.svs": "620995", "b.svs": BARCODE_2, "c.svs": "545891"}
    for name, barcode in names.items():
        lab.scan(name, barcode)
    full = DestinationError("The destination is full", "0 bytes are free")
    well_again = asyncio.Event()
    loop = asyncio.get_running_loop()

    def closed() -> None:
        if not loop.is_closed() and not well_again.is_set():
            raise full

    lab.share.script["copy"].extend([full] * 2)
    lab.share.script["check"].append(lambda: None)
    lab.share.script["check"].extend([lambda: None] * 2 + [closed] * 200)
    async with lab.open() as station:
        await until(lambda: not station.kit.gate.is_open, "the gate closes")
        assert station.kit.gate.trouble is not None
        await asyncio.sleep(0.3)
        assert not station.runner.at_rest()
        assert all(lab.get(name).state is not S.FAILED for name in names)
        well_again.set()
        await lab.rest()
        assert {lab.get(name).state for name in names} == {S.SUCCEEDED}
        assert station.kit.gate.trouble is None


async def test_corruption_stops_the_queue_until_a_person_restarts(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.script["copy"].append(CorruptionError("The copy differs from the scan", "twice"))
    async with lab.open() as station:
        await until(lambda: lab.get("a.svs").state is S.FAILED)
        assert station.kit.gate.alarm
        lab.scan("b.svs", BARCODE_2)
        await station.runner.look()
        await until(lambda: lab.state("b.svs", NAME) is S.SUCCEEDED and lab.state("b.svs", QUALITY) is S.SUCCEEDED)
        await station.kit.gate.look(lab.share, station.kit.threads.disk)
        await asyncio.sleep(0.3)
        assert lab.state("b.svs", COPY) is S.PENDING, "an alarm does not open by itself"
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert {lab.get(name).state for name in ("a.svs", "b.svs")} == {S.SUCCEEDED}


async def test_an_alarm_outlives_the_program_and_ends_with_a_restart_of_the_scan_that_raised_it(lab: Lab) -> None:
    lab.share.script["copy"].append(SlideError("The name is too long", "for this share"))
    lab.scan("b.svs", BARCODE_2)
    async with lab.open():
        await until(lambda: lab.get("b.svs").state is S.FAILED)
    lab.share.script["copy"].append(CorruptionError("The copy differs from the scan", "twice"))
    lab.scan("a.svs", "620995")
    async with lab.open():
        await until(lambda: lab.get("a.svs").state is S.FAILED)
    async with lab.open() as station:
        assert station.kit.gate.alarm, "a restart of the PC is not a person who looked at the disk"
        told = Desk(station, lab.folder).station().share_trouble
        assert "The copy differs from the scan" in told
        assert "620995" in told, "which one to restart"
        await station.acts.restart(lab.id("b.svs"))
        await station.sync(rebuild=True)
        await asyncio.sleep(0.3)
        assert station.kit.gate.alarm
        assert lab.state("b.svs", COPY) is S.PENDING, "another slide's restart says nothing of the disk"
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert {lab.get(name).state for name in ("a.svs", "b.svs")} == {S.SUCCEEDED}
    async with lab.open() as station:
        assert not station.kit.gate.alarm
        assert station.kit.gate.trouble is None


async def test_an_alarm_of_a_scan_given_up_ends_when_it_is_taken_up_again(lab: Lab) -> None:
    lab.share.script["copy"].append(CorruptionError("The copy differs from the scan", "twice"))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await until(lambda: lab.get("a.svs").state is S.FAILED)
        await station.acts.cancel(lab.id("a.svs"))
        await until(lambda: lab.get("a.svs").state is S.CANCELLED)
        assert station.kit.gate.alarm
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


@pytest.mark.parametrize("moment", ["copy", "read back"])
async def test_a_source_that_changes_under_us_goes_back_to_the_start(lab: Lab, moment: str) -> None:
    path = lab.scan("a.svs", "620995", mark="first")

    def change(plan, _watch) -> None:
        path.write_bytes(slide_bytes("407871", mark="second", size=5000))
        set_old(path, 1)
        if moment == "read back":
            from app.domain.errors import SourceChangedError

            raise SourceChangedError("The scan changed", "under us")

    lab.share.script[moment].append(change)
    async with lab.open():
        await lab.rest()
        dossier = lab.get("a.svs")
        assert dossier.state is S.SUCCEEDED
        assert dossier.scan.barcode == "407871", "the label is read anew"
    assert lab.published() == {FINAL_2: path.read_bytes()}
    assert lab.share.leftovers() == (), "the part of the old bytes is removed"


async def test_what_a_person_said_of_a_scan_does_not_pass_to_another_slide_under_the_same_name(lab: Lab) -> None:
    """A scan without a barcode waits; the scanner writes another slide under its name; then the person assigns."""
    path = lab.scan("slide 1.svs", "")
    async with lab.open() as station:
        await lab.rest()
        assert lab.state("slide 1.svs", IDENTIFY) is S.NEEDS_ATTENTION
        path.write_bytes(slide_bytes("407871", mark="another slide"))
        await station.acts.assign(lab.id("slide 1.svs"), "620995", "read from the glass")
        await lab.rest()
        assert lab.get("slide 1.svs").scan.barcode == "407871"
    assert list(lab.published()) == [FINAL_2], "never under the first slide's name"


async def test_an_old_label_picture_does_not_stay_when_the_new_slide_has_none(lab: Lab) -> None:
    path = lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        store, scan = station.kit.store, lab.id("a.svs")
        assert await store.work(lambda j: j.picture(scan, PictureKind.LABEL)) == b"label of a.svs"
        lab.images.without_label.add("a.svs")
        path.write_bytes(slide_bytes("", mark="another slide"))
        await station.acts.restart(scan, SETTLE)
        await lab.rest()
        assert await store.work(lambda j: j.picture(scan, PictureKind.LABEL)) is None


async def test_a_scan_that_vanishes_is_a_question_and_goes_on_when_it_is_back(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    lab.share.script["copy"].append(lambda *_: path.rename(path.with_suffix(".bak")))
    async with lab.open() as station:
        await lab.rest()
        assert lab.get("a.svs").steps[SETTLE].title == "The scan is gone"
        path.with_suffix(".bak").rename(path)
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


@pytest.mark.parametrize("held", ["hold", "hold_at_end"])
async def test_pause_in_the_middle_and_resume(lab: Lab, held: str) -> None:
    path = lab.scan("a.svs", "620995")
    gate = Event()
    setattr(lab.share, held, gate)
    running = COPY if held == "hold" else CHECKSUM_SHARE
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", running) is S.RUNNING)
        await station.acts.pause(lab.id("a.svs"))
        await until(lambda: lab.get("a.svs").state is S.PAUSED)
        assert lab.published() == {}
        assert station.runner.at_rest()
        gate.set()
        await station.acts.resume(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
    assert lab.published() == {FINAL: path.read_bytes()}


async def test_pause_and_resume_at_once_does_not_leave_the_scan_standing(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
        await station.acts.pause(lab.id("a.svs"))
        await station.acts.resume(lab.id("a.svs"))
        lab.share.hold.set()
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_a_scan_that_waits_for_its_place_pauses_at_once(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: "a.svs" in lab.images.in_quality)
        lab.scan("b.svs", BARCODE_2)
        await station.runner.look()
        await until(lambda: lab.state("b.svs", RELEASE) is S.PENDING and lab.state("b.svs", VERIFY) is S.SUCCEEDED)
        await station.acts.pause(lab.id("b.svs"))
        await until(lambda: lab.state("b.svs", QUALITY) is S.PAUSED, "while the other one still holds the place")
        lab.images.hold_quality.set()
        await station.acts.resume(lab.id("b.svs"))
        await lab.rest()
        assert lab.get("b.svs").state is S.SUCCEEDED


async def test_cancel_in_the_middle_removes_the_parts_and_restart_goes_the_whole_way(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    lab.share.hold_at_end = Event()
    async with lab.open() as station:
        await until(lambda: lab.share.held_at_end and lab.state("a.svs", CHECKSUM_SHARE) is S.RUNNING)
        assert len(lab.share.leftovers()) == 1, "its part, and no longer what claims it"
        await station.acts.cancel(lab.id("a.svs"))
        lab.images.hold_quality.set()
        await until(lambda: lab.state("a.svs", RELEASE) is S.CANCELLED)
        assert lab.share.leftovers() == ()
        assert lab.published() == {}
        lab.share.hold_at_end.set()
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_restart_of_a_cancelled_scan_frees_every_step_not_only_those_behind_the_first(lab: Lab) -> None:
    lab.sheet.rows.clear()
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    lab.scan("other.svs", "")
    async with lab.open() as station:
        await until(lambda: lab.images.in_quality)
        name = "a.svs" if "other.svs" in lab.images.in_quality else "other.svs"
        await until(lambda: lab.get(name).state is S.NEEDS_ATTENTION)
        await station.acts.cancel(lab.id(name))
        await until(lambda: lab.state(name, QUALITY) is S.CANCELLED)
        lab.images.hold_quality.set()
        await station.acts.restart(lab.id(name))
        await lab.rest()
        assert lab.state(name, QUALITY) is S.SUCCEEDED
        assert S.CANCELLED not in {record.state for record in lab.get(name).steps.values()}


@pytest.mark.parametrize("first", ["failed", "paused"])
async def test_a_failed_and_a_paused_scan_can_be_cancelled(lab: Lab, first: str) -> None:
    lab.scan("a.svs", "620995")
    lab.share.hold = Event()
    if first == "failed":
        lab.share.hold.set()
        lab.share.script["copy"].append(SlideError("No", "no"))
    async with lab.open() as station:
        if first == "paused":
            await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
            await station.acts.pause(lab.id("a.svs"))
        await lab.rest()
        await station.acts.cancel(lab.id("a.svs"))
        await until(lambda: lab.get("a.svs").state is S.CANCELLED)
        await lab.rest()
        assert lab.state("a.svs", RECORD) is S.CANCELLED


async def test_cancel_comes_too_late_while_the_name_is_given(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    going_on, held = Event(), Event()

    def hold(*_) -> None:
        held.set()
        assert going_on.wait(10)

    lab.share.script["publish"].append(hold)
    async with lab.open() as station:
        await until(held.is_set)
        with pytest.raises(UseError, match="Too late"):
            await station.acts.cancel(lab.id("a.svs"))
        going_on.set()
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_quality_runs_beside_the_copy_and_record_waits_for_both(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open():
        await until(lambda: lab.state("a.svs", REGISTER) is S.SKIPPED)
        assert lab.state("a.svs", QUALITY) is S.RUNNING
        assert lab.state("a.svs", RECORD) is S.PENDING
        lab.images.hold_quality.set()
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_a_blurred_scan_is_carried_all_the_same_and_asks_for_a_rescan(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.blurry["a.svs"] = 12.4
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.NEEDS_ATTENTION
        assert lab.state("a.svs", RECORD) is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Need to rescan"
    assert list(lab.published()) == [FINAL]


async def test_what_nobody_foresaw_fails_the_struck_step_of_that_scan_alone(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.scan("b.svs", BARCODE_2)
    lab.images.hold_quality.clear()
    lab.share.hold = Event()
    async with lab.open():
        await until(lambda: "a.svs" in lab.images.in_quality or "b.svs" in lab.images.in_quality)
        name = next(iter(lab.images.in_quality))
        await until(lambda: lab.state(name, COPY) is S.RUNNING)
        lab.images.explode.add(name)
        lab.images.hold_quality.set()
        await until(lambda: lab.state(name, QUALITY) is S.FAILED)
        lab.share.hold.set()
        await lab.rest()
        assert lab.state(name, VERIFY) is S.SUCCEEDED, "the copy beside it is carried all the same"
        assert "nobody foresaw this" in lab.get(name).steps[QUALITY].message
        other = ({"a.svs", "b.svs"} - {name}).pop()
        assert lab.get(other).state is S.SUCCEEDED


async def test_a_listener_that_fails_harms_no_scan(lab: Lab) -> None:
    seen: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: seen.append(str(context["exception"])))
    lab.scan("a.svs", "620995")

    def broken(_scan) -> None:
        raise ValueError("a window's mistake")

    async with lab.open() as station:
        station.kit.ledger.listen(broken)
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
    assert seen[0] == "a window's mistake"
