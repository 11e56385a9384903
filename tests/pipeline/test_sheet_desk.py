"""The one who talks to the sheet: shared readings, the last good one while it is away, and the outbox."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import AwayError, RetryableError, UseError
from app.domain.scan import ScanId
from app.domain.sheet import CellWrite
from app.domain.step import StepState
from app.pipeline import pauses, sheet_desk
from app.pipeline.journey import MATCH, RECORD, VERIFY
from tests.fakes.lab import Lab, until
from tests.fakes.sheets import row

S = StepState


@pytest.fixture
async def kit(lab: Lab):
    async with lab.kit_open() as kit:
        yield kit


async def put(kit, *writes: CellWrite, scan: str = "a") -> None:
    await kit.store.work(lambda journal: journal.put_writes(ScanId(scan), writes))


async def pending(kit) -> list[str]:
    return [each.write.value for each in await kit.store.work(lambda journal: journal.pending_writes())]


def require_pause(kit, lab: Lab, since: float, seconds: float) -> None:
    """The pause that began after `since` is as long, spread by a quarter so that stations do not come back together.

    However long the machine took to get here: what is left is no more than the pause, and no less with what went by.
    """
    left = kit.sheet.seconds_to_next_try()
    assert left <= seconds * 1.25
    assert left + lab.clock.monotonic() - since >= seconds * 0.75


class Settled:
    def __init__(self) -> None:
        self.calls = []

    async def __call__(self, waiting, result) -> None:
        self.calls.append((waiting, result))


async def test_many_who_ask_share_one_reading_and_it_is_read_again_when_it_is_old(kit, lab: Lab) -> None:
    sheets = await asyncio.gather(*(kit.sheet.fresh() for _ in range(10)))
    assert lab.sheet.reads == 1
    assert all(sheet is sheets[0] for sheet in sheets)
    lab.clock.skip(2.1)
    assert await kit.sheet.fresh() is not sheets[0]
    assert lab.sheet.reads == 2


async def test_while_the_sheet_is_away_the_last_good_reading_serves_also_after_a_start(kit, lab: Lab) -> None:
    good = await kit.sheet.fresh()
    lab.sheet.be_away()
    lab.clock.skip(3600)
    assert await kit.sheet.fresh() == good
    kit.sheet._last = None  # as after a start
    assert await kit.sheet.fresh() == good
    lab.clock.skip(23.5 * 3600)
    with pytest.raises(RetryableError, match="away"):
        await kit.sheet.fresh()


async def test_a_sheet_that_was_never_read_is_waited_for(kit, lab: Lab) -> None:
    lab.sheet.be_away()
    with pytest.raises(RetryableError):
        await kit.sheet.fresh()


async def test_a_silent_sheet_is_asked_once_however_many_look_something_up(kit, lab: Lab) -> None:
    good = await kit.sheet.fresh()
    lab.sheet.be_away()
    lab.clock.skip(60)
    served = await asyncio.gather(*(kit.sheet.fresh(doubted=True) for _ in range(20)))
    assert lab.sheet.reads == 2, "each reading may last as long as its time limit"
    assert all(each is good for each in served)
    assert kit.sheet.trouble is lab.sheet.away


async def test_a_silent_sheet_is_read_again_after_growing_pauses(
    kit, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "_JITTER", 0.0)

    async def reads_after(seconds: float) -> int:
        lab.clock.skip(seconds)
        await kit.sheet.fresh()
        return lab.sheet.reads

    assert await reads_after(0) == 1
    lab.sheet.be_away()
    assert await reads_after(60) == 2
    for reads, pause in enumerate((2, 4, 8, 15, 15), start=2):
        assert await reads_after(pause * 0.4) == reads, "too soon"
        assert await reads_after(pause * 0.6) == reads + 1
    lab.sheet.away = None
    assert await reads_after(15) == 8
    assert kit.sheet.trouble is None
    lab.sheet.be_away()
    assert await reads_after(2.1) == 9
    assert await reads_after(2 * 0.4) == 9
    assert await reads_after(2 * 0.6) == 10, "after a good reading the pauses are short again"


async def test_a_sheet_that_asks_to_be_left_alone_is_not_read_either(kit, lab: Lab) -> None:
    lab.sheet.away = AwayError("Google Sheets asks us to wait", "429", wait_seconds=45.0)
    for skipped, reads in ((0, 1), (40, 1), (6, 2)):
        lab.clock.skip(skipped)
        with pytest.raises(RetryableError, match="asks us to wait"):
            await kit.sheet.fresh()
        assert lab.sheet.reads == reads


async def test_a_sheet_that_could_be_written_is_read_at_once(kit, lab: Lab) -> None:
    lab.sheet.be_away()
    with pytest.raises(RetryableError):
        await kit.sheet.fresh()
    lab.sheet.away = None
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    assert await kit.sheet.flush(Settled())
    assert kit.sheet.trouble is None
    assert await kit.sheet.fresh() is kit.sheet.last
    assert lab.sheet.reads == 2


async def test_a_sheet_that_lacks_a_column_is_not_taken_for_one_that_is_away(kit, lab: Lab) -> None:
    good = await kit.sheet.fresh()
    lab.clock.skip(3)
    lab.sheet.header[0] = "Slide"
    for _ in range(3):
        with pytest.raises(RetryableError, match="no barcode column") as told:
            await kit.sheet.fresh()
    assert "row 1" in told.value.hint
    assert lab.sheet.reads == 2, "it is read no more often than one that is right"
    assert isinstance(kit.sheet.trouble, UseError)
    lab.sheet.header[0] = "Barcode"
    lab.clock.skip(2.1)
    assert (await kit.sheet.fresh()).columns == good.columns
    assert kit.sheet.trouble is None


@pytest.mark.parametrize(
    ("place", "column", "wrong", "words"),
    [
        ("header", 0, "Slide", "no barcode column"),
        ("header", 3, "Study", "one header"),
        ("rules", 1, "Include in Nme?", "misspelt"),
    ],
)
async def test_slides_wait_while_the_sheet_is_put_right_and_go_on_by_themselves(
    lab: Lab, place: str, column: int, wrong: str, words: str
) -> None:
    cells = getattr(lab.sheet, place)
    right, cells[column] = cells[column], wrong
    lab.scan("a.svs", "620995")
    async with lab.open():
        # More often than [pipeline] retries: a sheet that people are at work on fails no slide.
        await until(lambda: lab.get("a.svs").steps[MATCH].attempts > lab.settings.pipeline.retries + 1)
        await until(lambda: words in lab.get("a.svs").steps[MATCH].title)
        assert words in str(lab.station.kit.sheet.trouble)
        cells[column] = right
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert lab.station.kit.sheet.trouble is None
    assert lab.sheet.cells["620995", "Status"] == "Complete"


async def test_a_column_that_is_removed_for_a_while_disturbs_only_while_it_is_gone(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        grid = [lab.sheet.rules, lab.sheet.header, *lab.sheet.rows]
        removed = [cells.pop(0) for cells in grid]
        lab.clock.skip(60)
        lab.scan("b.svs", "407871")
        await station.runner.look()
        await until(lambda: lab.state("b.svs", MATCH) is S.WAITING_TO_RETRY)
        assert lab.get("a.svs").state is S.SUCCEEDED
        for cells, cell in zip(grid, removed, strict=True):
            cells.insert(0, cell)
        await lab.rest()
        assert lab.get("b.svs").state is S.SUCCEEDED


async def test_what_was_written_leaves_the_outbox_only_after_it_was_told(kit, lab: Lab) -> None:
    seen = []

    async def settled(waiting, result) -> None:
        seen.append((len(waiting), len(result.written), await pending(kit)))

    await put(kit, CellWrite("620995", "Status", "Complete", 1), CellWrite("407871", "Status", "x", 1))
    assert await kit.sheet.flush(settled)
    assert seen == [(2, 2, ["Complete", "x"])]
    assert await pending(kit) == []
    assert len(lab.sheet.batches) == 1, "one call for many cells"


async def test_what_waited_for_days_is_sent_in_parts_that_keep_a_slides_cells_together(
    kit, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_desk, "_MOST_CELLS", 5)
    lab.sheet.rows[:] = [row(f"{number:06}") for number in range(7)]
    for header in ("Status", "Message"):
        for number in range(7):
            await put(kit, CellWrite(f"{number:06}", header, "x", 1), scan=f"{number}")
    assert await kit.sheet.flush(Settled())
    assert [len(batch) for batch in lab.sheet.batches] == [6, 6, 2]
    assert all(len({each.barcode for each in batch}) * 2 == len(batch) for batch in lab.sheet.batches)
    assert kit.sheet.pending == 0
    assert await pending(kit) == []


async def test_where_the_sheet_goes_away_between_two_parts_the_others_wait(
    kit, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_desk, "_MOST_CELLS", 1)
    settled = Settled()

    async def settled_then_away(waiting, result) -> None:
        await settled(waiting, result)
        lab.sheet.be_away()

    await put(kit, CellWrite("620995", "Status", "Complete", 1), scan="a")
    await put(kit, CellWrite("407871", "Status", "waits", 1), scan="b")
    assert not await kit.sheet.flush(settled_then_away)
    assert kit.sheet.pending == 1
    assert await pending(kit) == ["waits"]
    assert len(settled.calls) == 1


async def test_one_row_that_does_not_hold_still_holds_up_no_other(
    kit, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = lab.sheet.write

    def write(writes):
        result = really(writes)
        return replace(result, written=tuple(each for each in result.written if each.barcode != "407871"))

    monkeypatch.setattr(lab.sheet, "write", write)
    await put(kit, CellWrite("407871", "Status", "moves", 1), scan="a")
    kit.sheet._writing_pause.failures = 20
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await until(lambda: bool(kit.sheet.seconds_to_next_try()))
    await put(kit, CellWrite("620995", "Status", "Complete", 1), scan="b")
    kit.sheet.wake()
    await until(lambda: len(lab.sheet.batches) == 2)
    await until(lambda: kit.sheet.pending == 1)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert await pending(kit) == ["moves"]


async def test_what_is_refused_leaves_the_outbox_and_is_told(kit) -> None:
    settled = Settled()
    await put(kit, CellWrite("999999", "Status", "Complete", 1))
    assert await kit.sheet.flush(settled)
    assert [each.reason for each in settled.calls[0][1].refused] == ["no row has this barcode"]
    assert await pending(kit) == []


async def test_while_the_sheet_is_away_the_outbox_waits_with_growing_pauses(kit, lab: Lab) -> None:
    lab.sheet.be_away()
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    since = lab.clock.monotonic()
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await until(lambda: kit.sheet.seconds_to_next_try() is not None)
    assert kit.sheet.pending == 1
    assert kit.sheet.trouble is lab.sheet.away
    require_pause(kit, lab, since, 2)
    serving.cancel()
    kit.sheet._writing_pause.clear()
    kit.sheet._writing_pause.failures = 2
    since = lab.clock.monotonic()
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await until(lambda: kit.sheet.seconds_to_next_try() is not None)
    require_pause(kit, lab, since, 8)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert await pending(kit) == ["Complete"]


async def test_a_workbook_that_was_open_for_hours_is_written_soon_after_it_was_closed(kit, lab: Lab) -> None:
    lab.sheet.be_away()
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    kit.sheet._writing_pause.failures = 500
    since = lab.clock.monotonic()
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await until(lambda: kit.sheet.seconds_to_next_try() is not None)
    require_pause(kit, lab, since, 15)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert await pending(kit) == ["Complete"]


async def test_a_sheet_that_asks_to_be_left_alone_is_left_alone(kit, lab: Lab) -> None:
    lab.sheet.away = AwayError("Google Sheets asks us to wait", "429", wait_seconds=45.0)
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await until(lambda: kit.sheet.seconds_to_next_try() is not None)
    assert 44 < kit.sheet.seconds_to_next_try() <= 45
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert await pending(kit) == ["Complete"]


async def test_whoever_wants_it_written_now_ends_the_pause_and_new_cells_do_not(kit, lab: Lab) -> None:
    settled = Settled()
    lab.sheet.away = AwayError("Google Sheets asks us to wait", "429", wait_seconds=3600.0)
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    serving = asyncio.create_task(kit.sheet.serve(settled))
    await until(lambda: kit.sheet.seconds_to_next_try() is not None)
    lab.sheet.away = None
    await put(kit, CellWrite("407871", "Status", "Complete", 1), scan="b")
    kit.sheet.wake()
    await asyncio.sleep(0.2)
    assert kit.sheet.seconds_to_next_try() > 3000
    assert lab.sheet.batches == []
    kit.sheet.try_now()
    await until(lambda: settled.calls)
    assert len(lab.sheet.batches[0]) == 2
    await until(lambda: kit.sheet.seconds_to_next_try() is None)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_whoever_wants_it_written_now_does_not_wait_for_slides_that_may_finish_soon(kit, lab: Lab) -> None:
    kit.sheet._pace = replace(kit.sheet._pace, gather=3600.0)
    settled = Settled()
    await put(kit, CellWrite("620995", "Status", "Complete", 1))
    serving = asyncio.create_task(kit.sheet.serve(settled))
    await until(lambda: settled.calls)
    await put(kit, CellWrite("407871", "Status", "Complete", 1), scan="b")
    kit.sheet.wake()
    await asyncio.sleep(0.1)
    assert len(settled.calls) == 1
    kit.sheet.try_now()
    await until(lambda: len(settled.calls) == 2)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_whoever_wants_it_tried_now_has_it_read_too(kit, lab: Lab) -> None:
    await kit.sheet.fresh()
    lab.sheet.be_away()
    lab.clock.skip(60)
    await kit.sheet.fresh()
    lab.sheet.away = None
    kit.sheet.try_now()
    await kit.sheet.fresh()
    assert lab.sheet.reads == 3
    assert kit.sheet.trouble is None


async def test_a_row_that_is_gone_when_it_is_recorded_asks_a_person(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.rows.clear()
        lab.images.hold_quality.set()
        await lab.rest()
        record = lab.get("a.svs").steps[RECORD]
        assert (record.state, record.title) == (S.NEEDS_ATTENTION, "Not written to the sheet")
        lab.sheet.rows.append(row("620995"))
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Complete"


async def test_a_sheet_that_is_away_when_a_row_is_looked_up_is_asked_again(lab: Lab) -> None:
    lab.sheet.be_away()
    lab.scan("a.svs", "620995")
    async with lab.open():
        # More often than [pipeline] retries: a sheet that is away fails no slide.
        await until(lambda: lab.get("a.svs").steps[MATCH].attempts > lab.settings.pipeline.retries + 1)
        assert lab.station.kit.sheet.trouble is not None
        lab.sheet.away = None
        await lab.rest()
        assert lab.station.kit.sheet.trouble is None
        assert lab.get("a.svs").steps[MATCH].attempts > 1
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_nothing_is_at_rest_while_cells_wait_for_the_sheet(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", RECORD) is S.WAITING_TO_RETRY)
        assert not station.runner.at_rest()
        await station.until_at_rest()
        assert lab.state("a.svs", RECORD) is S.SUCCEEDED


async def test_a_clock_that_was_set_back_does_not_hide_the_newer_value(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.blurry["a.svs"] = 12.4
    lab.clock.skip(7200)
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.be_away()
        await until(lambda: lab.state("a.svs", RECORD) in (S.WAITING_TO_RETRY, S.SUCCEEDED))
        lab.clock.skip(-7200)
        await station.acts.verdict(lab.id("a.svs"), "pass", "good enough")
        await until(lambda: lab.get("a.svs").steps[RECORD].attempts == 2)
        lab.sheet.away = None
        await lab.rest()
    assert lab.sheet.cells["620995", "Status"] == "Complete", "the verdict came after the cells were queued"


async def test_closing_at_the_moment_something_was_put_into_the_outbox_ends_the_desk(kit) -> None:
    serving = asyncio.create_task(kit.sheet.serve(Settled()))
    await asyncio.sleep(0.1)
    kit.sheet.wake()
    await asyncio.sleep(0)
    serving.cancel()
    done, _ = await asyncio.wait({serving}, timeout=2)
    assert done, "the cancelling was lost"


def test_readings_carry_their_time() -> None:
    from tests.fakes.sheets import FakeSheet

    sheet = FakeSheet([])
    sheet.read_at = datetime.now(UTC) - timedelta(hours=1)
    assert sheet.read().read_at == sheet.read_at
