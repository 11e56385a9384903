"""`sync`: the outbox is pushed at once, and every slide's cells are written anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.dossier import Change, StepChange
from app.domain.errors import AwayError
from app.domain.journal import Answer, Journal, Store
from app.domain.step import StepState
from app.pipeline.journey import RECORD, RELEASE, VERIFY
from app.services import sheet_rebuild
from app.services.sheet_rebuild import rebuild_sheet
from tests.fakes.lab import Lab, until
from tests.fakes.sheets import row

S = StepState


async def test_a_sync_does_not_wait_for_the_next_try(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.away = AwayError("Google Sheets asks us to wait", "429", wait_seconds=3600.0)
        lab.images.hold_quality.set()
        await until(lambda: station.kit.sheet.seconds_to_next_try() is not None)
        lab.sheet.away = None
        await station.act("sync", {"rebuild": "False"}, "other")
        await lab.rest()
        assert lab.state("a.svs", RECORD) is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Complete"


async def test_a_rebuild_writes_every_slide_and_touches_no_step(lab: Lab) -> None:
    for name, barcode in (("a.svs", "620995"), ("b.svs", "407871"), ("c.svs", "545891")):
        lab.scan(name, barcode)
    async with lab.open() as station:
        await lab.rest()
        again = (StepChange(RELEASE, S.PENDING, "test"), StepChange(RELEASE, S.RUNNING, "test"))
        await station.kit.ledger.apply(lab.id("a.svs"), Change(steps=again))
        steps = {dossier.id: dossier.steps for dossier in station.kit.ledger.all()}
        written, lab.sheet.cells = lab.sheet.cells, {}
        assert len(await station.sync(rebuild=True)) == 3
        await until(lambda: lab.sheet.cells == written, "all cells are there again")
        assert {dossier.id: dossier.steps for dossier in station.kit.ledger.all()} == steps
        audit = (await station.kit.store.work(lambda journal: journal.audits()))[-1]
        assert (audit.action, audit.new) == ("rebuild sheet", "3 slides")


async def test_a_rebuild_takes_few_transactions(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_rebuild, "_PART", 2)
    lab.sheet.rows[:] = [row(f"{number:06}", panel=f"P{number}") for number in range(5)]
    for number in range(5):
        lab.scan(f"{number}.svs", f"{number:06}")
    async with lab.open() as station:
        await lab.rest()
        works = CountedStore(station.kit.store)
        await rebuild_sheet(replace(station.kit, store=works))
        assert works.calls == 1 + 3, "the operators, and the generations of each part"
        assert await station.kit.store.work(lambda journal: journal.count_writes()) == 5 * 12


class CountedStore:
    """Counts the units of work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls = 0

    async def work(self, act: Callable[[Journal], Any]) -> Any:
        self.calls += 1
        return await self._store.work(act)

    async def close(self) -> None:
        await self._store.close()


async def test_a_rebuild_tries_again_what_was_refused(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        gone = lab.sheet.rows.pop(0)
        lab.images.hold_quality.set()
        await until(lambda: lab.state("a.svs", RECORD) is S.NEEDS_ATTENTION)
        lab.sheet.rows.append(gone)
        assert await station.sync(rebuild=True) == (lab.id("a.svs"),)
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Complete"


async def test_a_row_that_refuses_a_rebuild_asks_a_person(lab: Lab) -> None:
    lab.release(7.0)
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        gone = lab.sheet.rows.pop(0)
        await station.sync(rebuild=True)
        await until(lambda: lab.state("a.svs", RECORD) is S.NEEDS_ATTENTION)
        assert lab.get("a.svs").steps[RECORD].title == "Not written to the sheet"
        assert lab.state("a.svs", RELEASE) is S.WAITING_TO_RETRY
        lab.sheet.rows.append(gone)
        await station.acts.restart(lab.id("a.svs"))
        await until(lambda: lab.state("a.svs", RECORD) is S.SUCCEEDED)


async def test_of_several_scans_of_a_slide_a_rebuild_writes_the_one_that_is_kept(lab: Lab) -> None:
    lab.scan("a.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        written, lab.sheet.cells = lab.sheet.cells, {}
        assert await station.sync(rebuild=True) == (lab.id("new.svs"),)
        await until(lambda: lab.sheet.cells == written)


async def test_who_asks_for_a_rebuild_is_told_of_how_many_slides(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        lab.sheet.be_away()
        work, now = station.kit.store.work, lab.clock.now()
        number = await work(lambda journal: journal.ask(now, "other", "sync", {"rebuild": "True"}))
        answers: list[Answer] = []
        while not answers:
            answer = await work(lambda journal: journal.answer_to(number))
            answers += [answer] if answer else []
        assert answers == [Answer(ok=True, message="Slides that are written anew: 1")]
        assert await work(lambda journal: journal.count_writes()) == 12, "though the sheet is away"
