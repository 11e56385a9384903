"""A stop in the middle of every step: starting again ends right, and starting once more changes nothing."""

from pathlib import Path

import pytest

from app.domain.dossier import Change, StepChange
from app.domain.errors import RetryableError
from app.domain.step import StepState
from app.pipeline.journey import (
    CHECKSUM_SHARE,
    CHECKSUM_SOURCE,
    COPY,
    JOURNEY,
    RECORD,
    RELEASE,
    SUPERSEDE,
    TRANSFER_STEPS,
    VERIFY,
    downstream,
)
from app.pipeline.recovery import recover
from tests.fakes.lab import Lab, until

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"


async def put_back_to(lab: Lab, station, running: tuple, *, published: bool) -> None:
    """Make the journal look as it does when the program dies while these steps run."""
    dossier = lab.get("a.svs")
    behind = {each for step in running for each in downstream(step)} - set(running)
    keep = {CHECKSUM_SOURCE, COPY} if running == (CHECKSUM_SHARE,) else set()
    moves = [StepChange(step, S.PENDING, "test") for step in (*running, *sorted(behind - keep))]
    moves += [StepChange(step, S.RUNNING, "test") for step in running]
    await station.kit.ledger.apply(dossier.id, Change(steps=tuple(moves), published=published))


PASSES = {
    CHECKSUM_SOURCE: (CHECKSUM_SOURCE, COPY),
    COPY: (CHECKSUM_SOURCE, COPY),
    CHECKSUM_SHARE: (CHECKSUM_SHARE,),
}


@pytest.mark.parametrize("step", [step.id for step in JOURNEY])
async def test_started_again_after_a_stop_in_a_step(lab: Lab, step) -> None:
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        running = PASSES.get(step, (step,))
        unpublished = bool({step, *downstream(step)} & set(TRANSFER_STEPS))
        if unpublished and step != VERIFY:
            # Nothing had its final name yet.
            (lab.share_root / FINAL).unlink()
            (lab.share_root / FINAL).with_name("manifest-sha256.txt").unlink()
        await put_back_to(lab, station, running, published=not unpublished)
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED, lab.get("a.svs").steps
        assert lab.get("a.svs").published
    assert lab.published() == {FINAL: path.read_bytes()}
    assert lab.share.leftovers() == ()


async def test_a_second_recovery_changes_nothing(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        await put_back_to(lab, station, (CHECKSUM_SHARE,), published=False)
    async with lab.kit_open() as kit:
        await kit.ledger.load()
        await recover(kit)
        first, (dossier,) = await moves_of(kit), kit.ledger.all()
        assert {dossier.steps[each].state for each in (CHECKSUM_SOURCE, COPY, CHECKSUM_SHARE, VERIFY)} == {S.PENDING}
        await recover(kit)
        assert await moves_of(kit) == first
        assert kit.ledger.all() == (dossier,)


async def moves_of(kit):
    return await kit.store.work(lambda journal: [journal.moves(each.id) for each in journal.dossiers()])


async def test_a_stop_between_the_two_renames_of_a_rescan_is_finished(tmp_path: Path) -> None:
    lab = Lab(tmp_path, retry_seconds=60.0)
    old = lab.scan("a.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        new = lab.scan("new.svs", "620995", mark="new")
        lab.share.script["publish"].append(RetryableError("The share is away", "between the two renames"))
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.WAITING_TO_RETRY)
        assert lab.published() == {in_rescans(lab): old.read_bytes()}
    lab.clock.skip(120)
    async with lab.open():
        await lab.rest()
        assert lab.published() == {in_rescans(lab): old.read_bytes(), FINAL: new.read_bytes()}
        assert lab.state("new.svs", SUPERSEDE) is S.SUCCEEDED
        assert lab.get("a.svs").files[0].destination == in_rescans(lab)


def in_rescans(lab: Lab) -> str:
    return f"Rescans/Prec01/Run 2/620995_Prec01_P1__{lab.id('a.svs')}.svs"


async def test_cells_that_wait_survive_a_stop_and_reach_the_sheet(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open():
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.be_away()
        await until(lambda: lab.state("a.svs", RECORD) is not S.PENDING)
    lab.sheet.away = None
    async with lab.open():
        await lab.rest()
        assert lab.state("a.svs", RECORD) is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Complete"


async def test_a_stop_after_the_disk_was_freed_and_before_it_was_written_down(lab: Lab) -> None:
    lab.release(0.0)
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        assert not path.exists()
        await put_back_to(lab, station, (RELEASE,), published=True)
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert lab.get("a.svs").files


async def test_everything_written_again_after_the_disk_was_freed(lab: Lab) -> None:
    lab.release(0.0)
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        lab.sheet.cells.clear()
        await station.act("sync", {"rebuild": "True"}, "other")
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        await station.acts.verdict(lab.id("a.svs"), "rescan", "folded tissue")
        await lab.rest()
    assert lab.sheet.cells["620995", "Status"] == "Need to rescan"


async def test_the_scanner_s_copy_is_kept_for_as_long_as_told_and_another_scan_under_its_name_stays(lab: Lab) -> None:
    lab.release(7.0)
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        assert path.exists()
        assert lab.state("a.svs", RELEASE) is S.WAITING_TO_RETRY
        scan = lab.id("a.svs")
        lab.scan("a.svs", "407871", mark="the name is used again")
        await station.runner.look()
        lab.clock.skip(8 * 86400)
        station.runner.go_on(scan)
        await until(lambda: station.kit.ledger.get(scan).steps[RELEASE].state is S.SKIPPED)
        assert path.exists()
        assert station.kit.gate.is_open
