"""The one place where a scan changes."""

import asyncio
import gc
from dataclasses import replace
from threading import Event

import pytest

from app.domain.dossier import Change, StepChange
from app.domain.errors import SurroundingsError, UseError
from app.domain.scan import RunId, ScanId
from app.domain.sheet import CellWrite
from app.domain.step import StepState
from app.pipeline.case import Kit
from app.pipeline.journey import COPY, IDENTIFY, SETTLE
from app.pipeline.ledger import Ledger
from tests.adapters.storage.samples import a_dossier
from tests.fakes.lab import Lab, until

S = StepState
DOSSIER = replace(a_dossier("one"), published=False)


@pytest.fixture
async def kit(lab: Lab):
    async with lab.kit_open() as kit:
        await kit.ledger.add(DOSSIER)
        yield kit


def move(step, new) -> Change:
    return Change(steps=(StepChange(step, new, "test", "in words"),))


async def test_a_move_that_the_table_does_not_hold_is_refused_and_nothing_is_changed(kit: Kit) -> None:
    change = Change(
        steps=(StepChange(SETTLE, S.RUNNING, "fine"), StepChange(IDENTIFY, S.NEEDS_ATTENTION, "not from Pending")),
        writes=(CellWrite("620995", "Status", "x", 1),),
    )
    with pytest.raises(UseError, match="identify is Pending and cannot become Needs Attention"):
        await kit.ledger.apply(DOSSIER.id, change)
    assert kit.ledger.get(DOSSIER.id) == DOSSIER
    assert await kit.store.work(lambda journal: (journal.pending_writes(), journal.moves(DOSSIER.id))) == ((), ())


async def test_memory_follows_only_what_is_written(kit: Kit) -> None:
    ledger, store = kit.ledger, kit.store
    broken = _Refusing(store)
    ledger._store = broken
    with pytest.raises(SurroundingsError):
        await ledger.apply(DOSSIER.id, move(SETTLE, S.RUNNING))
    assert ledger.get(DOSSIER.id) == DOSSIER
    ledger._store = store
    assert (await ledger.apply(DOSSIER.id, move(SETTLE, S.RUNNING))).steps[SETTLE].attempts == 1


class _Refusing:
    """A store on a full disk."""

    def __init__(self, store) -> None:
        self._store = store

    async def work(self, act):
        raise SurroundingsError("The journal cannot be written", "disk full")


async def test_a_caller_who_is_cancelled_while_it_is_written_leaves_memory_and_journal_equal(kit: Kit) -> None:
    writing, going_on = Event(), Event()

    class Slow:
        async def work(self, act):
            def slowly(journal):
                writing.set()
                assert going_on.wait(10)
                return act(journal)

            return await kit_store.work(slowly)

    kit_store, kit.ledger._store = kit.store, Slow()
    task = asyncio.create_task(kit.ledger.apply(DOSSIER.id, move(SETTLE, S.RUNNING)))
    await until(writing.is_set)
    task.cancel()
    await asyncio.sleep(0)
    going_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    (journal,) = await kit_store.work(lambda each: each.dossiers())
    assert journal == kit.ledger.get(DOSSIER.id)
    assert journal.steps[SETTLE].state is S.RUNNING


async def test_a_change_that_changes_nothing_is_neither_written_nor_told(kit: Kit) -> None:
    told: list[ScanId] = []
    kit.ledger.listen(told.append)
    await asyncio.sleep(0)
    assert await kit.ledger.apply(DOSSIER.id, Change()) is kit.ledger.get(DOSSIER.id)
    await asyncio.sleep(0)
    assert told == []
    await kit.ledger.apply(DOSSIER.id, move(SETTLE, S.RUNNING))
    await asyncio.sleep(0)
    assert told == [DOSSIER.id]


async def test_a_step_counts_its_attempts_and_its_seconds(kit: Kit, lab: Lab) -> None:
    await kit.ledger.apply(DOSSIER.id, move(COPY, S.RUNNING))
    lab.clock.skip(12)
    assert 12 <= kit.ledger.seconds_running(DOSSIER.id, COPY) < 13
    await kit.ledger.apply(DOSSIER.id, move(COPY, S.WAITING_TO_RETRY))
    lab.clock.skip(100)
    record = (await kit.ledger.apply(DOSSIER.id, move(COPY, S.RUNNING))).steps[COPY]
    assert (record.attempts, record.seconds, record.ended_at) == (2, 0.0, None)
    lab.clock.skip(3)
    record = (await kit.ledger.apply(DOSSIER.id, move(COPY, S.SUCCEEDED))).steps[COPY]
    assert 3 <= record.seconds < 4
    assert record.ended_at is not None
    assert record.message == "in words"
    assert [m.attempt for m in await kit.store.work(lambda j: j.moves(DOSSIER.id))] == [1, 1, 2, 2]


async def test_a_change_is_decided_from_the_scan_as_it_is_under_the_lock(kit: Kit) -> None:
    def first(now) -> Change:
        return Change(scan=replace(now.scan, priority=now.scan.priority + 1))

    await asyncio.gather(*(kit.ledger.apply(DOSSIER.id, first) for _ in range(20)))
    assert kit.ledger.get(DOSSIER.id).scan.priority == DOSSIER.scan.priority + 20


async def test_an_unknown_scan_is_refused_in_words(kit: Kit) -> None:
    with pytest.raises(UseError, match="No such scan"):
        await kit.ledger.apply(ScanId("nobody"), Change())


async def test_scans_are_found_by_what_one_looks_for_however_they_change(kit: Kit) -> None:
    ledger = kit.ledger
    other, third = (replace(a_dossier(name), published=False) for name in ("two", "three"))
    run = RunId("2026-11-22-1")
    await ledger.add(other, third)

    def looks() -> tuple[list[str], ...]:
        found = (ledger.of_barcode("000123"), ledger.of_barcode("9"), ledger.unfinished(), ledger.under_way(run))
        return tuple([each.id.removeprefix("scan-") for each in some] for some in found)

    assert looks() == (["one", "two", "three"], [], ["one", "two", "three"], ["one", "two", "three"])
    await ledger.apply(other.id, Change(scan=replace(other.scan, barcode="9")))
    await ledger.apply(DOSSIER.id, Change(scan=replace(DOSSIER.scan, barcode=None)))
    assert looks()[:2] == (["three"], ["two"])
    await ledger.apply(DOSSIER.id, Change(scan=DOSSIER.scan))
    assert looks()[:2] == (["one", "three"], ["two"])
    for step in third.steps:
        await ledger.apply(third.id, move(step, S.SKIPPED))
    assert looks()[2:] == (["one", "two"], ["one", "two"])
    reopened = Ledger(kit.store, kit.clock)
    await reopened.load()
    assert [each.id for each in reopened.unfinished()] == [DOSSIER.id, other.id]
    assert reopened.all() == ledger.all()
    assert gc.isenabled()
    await ledger.apply(third.id, move(SETTLE, S.PENDING))
    assert looks()[2] == ["one", "two", "three"], "oldest first, also one that began anew"
    assert ledger.find(third.id) is ledger.get(third.id)
    assert ledger.find(ScanId("nobody")) is None
    assert [each.id for each in ledger.of_run(None)] == [each.id for each in ledger.all()]


async def test_one_change_of_all_is_one_transaction(kit: Kit) -> None:
    ledger, told = kit.ledger, []
    await ledger.add(*(replace(a_dossier(f"n{number}"), published=False) for number in range(3)))
    store, ledger._store = kit.store, _Refusing(kit.store)
    running = Change(steps=(StepChange(SETTLE, S.RUNNING, "its turn"),))
    with pytest.raises(SurroundingsError):
        await ledger.apply_to_all(lambda _: running)
    assert {each.steps[SETTLE].state for each in ledger.all()} == {S.PENDING}
    counting = _Counting(store)
    ledger._store = counting
    ledger.listen(told.append)
    await asyncio.sleep(0)
    told.clear()
    await ledger.apply_to_all(lambda now: Change() if now.id == DOSSIER.id else running)
    await asyncio.sleep(0)
    assert counting.calls == 1
    assert sorted(told) == ["scan-n0", "scan-n1", "scan-n2"]
    assert await store.work(lambda journal: journal.dossiers()) == ledger.all()
    assert len(await store.work(lambda journal: journal.moves(ScanId("scan-n1")))) == 1
    await ledger.apply_to_all(lambda _: Change())
    assert counting.calls == 1


class _Counting:
    """A store that counts the transactions."""

    def __init__(self, store) -> None:
        self._store = store
        self.calls = 0

    async def work(self, act):
        self.calls += 1
        return await self._store.work(act)
