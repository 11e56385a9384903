"""The station: runs, requests of other commands, closing and opening again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from app.domain.errors import ErrorKind, UseError
from app.domain.journal import Answer
from app.domain.run import ExpectedFrom, Operator, SlideClass
from app.domain.settings import LabSettings
from app.domain.step import StepState
from app.pipeline.journey import COPY, QUALITY
from app.services.finding import find_scan
from app.services.reconciliation import open_slides, standings
from app.services.station import Station
from app.services.status_json import run_document
from tests.fakes.lab import OPERATOR, Lab, until
from tests.fakes.sheets import row

S = StepState
DOCUMENT = {"run", "scans", "expected", "report", "pending_sheet_writes"}
SCAN = {
    "id", "barcode", "state", "files", "bytes", "destination", "row", "quality", "barcodes", "steps", "attention",
    "superseded_by",
}  # fmt: skip


@asynccontextmanager
async def for_one_act(lab: Lab) -> AsyncIterator[Station]:
    """Open the station as a command does that acts where nobody holds the journal."""
    async with lab.kit_open() as kit:
        station = Station(kit, lab.maker, station_name="scanner-pc", take_existing=True)
        lab.station = station
        try:
            await station.open(OPERATOR, watch=False, go_on=False)
            yield station
        finally:
            await station.close()


async def ask(station, action: str, *, age: float = 0.0, **body: object) -> Answer:
    """Put a request as another command does, `age` seconds ago; return its answer."""
    store, at = station.kit.store, station.kit.clock.now() - timedelta(seconds=age)
    number = await store.work(lambda journal: journal.ask(at, "other", action, body))
    for _ in range(1000):
        answer = await store.work(lambda journal: journal.answer_to(number))
        if answer is not None:
            return answer
        await asyncio.sleep(0.01)
    raise AssertionError("nobody answered")


async def test_requests_are_done_or_refused_and_a_broken_one_does_not_stop_the_others(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        scan = lab.id("a.svs")
        for action, body, words in (
            ("mark", {"scan": scan}, "not complete"),
            ("mark", {"scan": scan, "step": "quality", "state": "nonsense", "reason": "x"}, "not complete"),
            ("dance", {}, "No such request"),
            ("cancel", {"scan": "nobody"}, "No such scan"),
        ):
            answer = await ask(station, action, **body)
            assert not answer.ok
            assert answer.kind is ErrorKind.USE
            assert words in answer.title
        assert (await ask(station, "assign", scan=scan, barcode="620995", reason="read")).ok
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_a_request_that_cannot_be_read_is_answered_once_and_the_next_one_is_served(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()

        def put_broken(journal) -> int:
            number = journal.ask(station.kit.clock.now(), "other", "first", {})
            journal._db.execute("UPDATE request SET body = '{broken' WHERE number = ?", (number,))
            return number

        broken = await station.kit.store.work(put_broken)
        assert (await ask(station, "first", scan=lab.id("a.svs"))).ok
        answer = await station.kit.store.work(lambda journal: journal.answer_to(broken))
        assert answer is not None
        assert (answer.ok, answer.title, answer.kind) == (False, "The request cannot be read", ErrorKind.USE)


async def test_an_error_nobody_foresaw_is_the_answer_and_the_next_request_is_served(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        answer = await ask(station, "pause", scan=["not", "a", "text"])
        assert (answer.ok, answer.title) == (False, "Something unforeseen happened")
        assert "TypeError" in answer.message
        assert (await ask(station, "first", scan=lab.id("a.svs"))).ok


async def test_a_request_that_waited_too_long_is_refused(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        scan = lab.id("a.svs")
        before = station.kit.clock.now() - timedelta(seconds=61)
        await station.close()
        number = await station.kit.store.work(lambda journal: journal.ask(before, "other", "cancel", {"scan": scan}))
    async with lab.open() as station:
        late = await ask(station, "pause", age=61, scan=scan)
        assert (late.ok, late.title) == (False, "The request is too old")
        left = await station.kit.store.work(lambda journal: journal.answer_to(number))
        assert left is not None
        assert left.title == late.title, "what a dead holder left is refused as well"
        assert lab.get("a.svs").state is S.NEEDS_ATTENTION
        assert (await ask(station, "cancel", age=50, scan=scan)).ok


async def test_acts_of_another_command_are_audited_with_its_account(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        await ask(station, "first", scan=lab.id("a.svs"))
        await station.acts.first(lab.id("a.svs"))
        await ask(station, "end_run", **{lab.id("a.svs"): "no label"})
        audits = await station.kit.store.work(lambda journal: journal.audits())
    assert [(each.action, each.who, each.account) for each in audits] == [
        ("first", "Mira Holm", "other"), ("first", "Mira Holm", "mholm"), ("end run", "Mira Holm", "other"),
    ]  # fmt: skip


async def test_a_run_started_by_request_knows_the_lab_s_operator(lab: Lab) -> None:
    lab.settings = replace(lab.settings, lab=LabSettings("Lab", ("Ada Kern, ada@example.org, AK",)))
    async with lab.open() as station:
        await station.end_run({})
        assert (await ask(station, "start_run", operator="ak")).ok
        assert station.run.operator == Operator("Ada Kern", "ada@example.org", "AK", "other")
        again = await ask(station, "start_run", operator="ak")
        assert (again.title, again.kind) == ("A run is open", ErrorKind.USE)


async def test_one_act_leaves_other_scans_where_they_are(lab: Lab) -> None:
    lab.scan("a.svs", "")
    lab.scan("b.svs", "")
    async with lab.open() as station:
        await lab.rest()
        run = station.run.id
        await station.runner.close()
        await station.acts.assign(lab.id("b.svs"), "407871", "read")
    async with for_one_act(lab) as station:
        await station.act("assign", {"scan": lab.id("a.svs"), "barcode": "620995", "reason": "read"}, "other")
        await station.until_at_rest(lab.id("a.svs"))
        assert station.run.id == run
        assert lab.get("a.svs").state is S.SUCCEEDED
        assert (lab.get("b.svs").state, lab.state("b.svs", COPY)) == (S.PENDING, S.PENDING)


async def test_an_act_ends_though_an_earlier_scan_of_the_slide_stands_still(lab: Lab) -> None:
    lab.scan("a.svs", "", mark="old")
    async with lab.open() as station:
        await lab.rest()
        lab.scan("b.svs", "", mark="new")
        await station.runner.look()
        await lab.rest()
        await station.runner.close()
        await station.acts.assign(lab.id("a.svs"), "620995", "read")
    async with for_one_act(lab) as station:
        scan = lab.id("b.svs")
        await station.act("assign", {"scan": scan, "barcode": "620995", "reason": "read"}, "other")
        waiting = asyncio.create_task(station.until_at_rest(scan))
        await until(lambda: lab.get("b.svs").steps[QUALITY].state.done and lab.get("b.svs").scan.stem)
        while not waiting.done():
            lab.clock.skip(1)
            await asyncio.sleep(0.02)
        assert lab.state("b.svs", COPY) is S.PENDING


async def test_checks_end_before_a_run_does_though_the_share_is_away(lab: Lab) -> None:
    marker = lab.share_root / ".slideferry" / "destination.json"
    lab.images.hold_quality.clear()
    lab.scan("a.svs", "620995")
    marker.rename(lab.folder / "away")
    async with lab.open(once=True) as station:
        waiting = asyncio.create_task(station.until_at_rest())
        await until(lambda: not station.kit.gate.is_open and lab.state("a.svs", QUALITY) is S.RUNNING)
        for _ in range(20):
            lab.clock.skip(1)
            await asyncio.sleep(0.06)
        assert not waiting.done(), "Check Image Quality needs no share, and goes on"
        lab.images.hold_quality.set()
        await until(lambda: lab.state("a.svs", QUALITY) is S.SUCCEEDED)
        while not waiting.done():
            lab.clock.skip(1)
            await asyncio.sleep(0.02)
        assert lab.get("a.svs").state is not S.RUNNING


async def test_acts_begin_no_run(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with for_one_act(lab) as station:
        with pytest.raises(UseError, match="No run is open"):
            await station.act("end_run", {}, "other")
        await station.act("sync", {}, "other")
        await station.until_written()
        assert await station.kit.store.work(lambda journal: journal.runs()) == ()
    async with lab.open() as station:
        await lab.rest()
        await station.end_run({lab.id("a.svs"): "no label"})
    async with for_one_act(lab) as station:
        scan = lab.id("a.svs")
        await station.act("cancel", {"scan": scan}, "other")
        await station.act("restart", {"scan": scan}, "other")
        audits = await station.kit.store.work(lambda journal: journal.audits())
        assert [(each.action, each.who, each.account) for each in audits[1:]] == [
            ("cancel", "Mira Holm", "other"), ("restart", "Mira Holm", "other"),
        ]  # fmt: skip
        assert station.open_run is None
        await station.act("start_run", {"operator": "Ada"}, "other")
        assert station.run.operator == Operator("Ada", account="other")
        assert len(await station.kit.store.work(lambda journal: journal.runs())) == 2


async def test_a_run_ends_only_with_a_reason_for_each_open_slide(lab: Lab, tmp_path) -> None:
    lab.scan("a.svs", "620995")
    lab.scan("nameless.svs", "")
    async with lab.open() as station:
        await station.expect(["620995", "407871"], ExpectedFrom.HAND_SCAN)
        await lab.rest()
        run, nameless = station.run.id, lab.id("nameless.svs")
        with pytest.raises(UseError) as refused:
            await station.end_run({"407871": "broken glass", nameless: " "})
        assert nameless in refused.value.message
        assert "407871" not in refused.value.message
        with pytest.raises(UseError, match=r"407871 \(missing: expected, not scanned\)"):
            await station.end_run({nameless: "no label"})
        assert station.run.id == run
        await station.report(tmp_path / "open.pdf")
        assert ("407871", "Expected, not scanned yet") in {
            (each.barcode, each.reason) for each in lab.maker.reports[-1].not_done
        }
        reasons = {"407871": "broken glass", nameless: "no label"}
        await station.end_run(reasons)
        assert station.open_run is None
        assert station.expected == ()
        await station.report(tmp_path / "r.pdf", run)
        report = lab.maker.reports[-1]
        assert {(each.barcode, each.reason) for each in report.not_done} == {
            ("407871", "broken glass"), (None, "no label"),
        }  # fmt: skip
        assert [each.action for each in report.audits] == ["end run", "end run"]
        assert [(each.barcode, each.passed) for each in report.slides] == [("620995", True), (None, False)]
        assert report.not_scanned == "Missing"
        assert report.slides[0].thumbnail == b"thumbnail of a.svs"
        assert ("[scanner] name", "Raven") in report.settings
        assert report.audit_head


async def test_a_run_without_open_slides_is_audited_when_it_ends_and_a_new_scan_starts_the_next(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        first = station.run.id
        await station.end_run({})
        (entry,) = await station.kit.store.work(lambda journal: journal.audits())
        assert (entry.action, entry.run, entry.who) == ("end run", first, "Mira Holm")
        assert station.dossiers() == ()
        lab.scan("b.svs", "407871")
        await station.runner.look()
        assert station.run.id != first
        assert station.run.operator == OPERATOR
        await lab.rest()
        assert [d.scan.barcode for d in station.dossiers()] == ["407871"]
        with pytest.raises(UseError, match="A run is open"):
            await station.start_run(OPERATOR)


async def test_closed_in_the_middle_of_a_copy_and_opened_again(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    lab.share.hold_at_end = Event()
    async with lab.open() as station:
        await until(lambda: lab.share.leftovers())
        run = station.run.id
    lab.share.hold_at_end = None
    async with lab.open() as station:
        assert station.run.id == run, "the open run goes on"
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED
        await station.close()
    assert list(lab.published().values()) == [path.read_bytes()]
    async with lab.open() as station:
        await lab.rest()
        moves = await station.kit.store.work(lambda journal: journal.moves(lab.id("a.svs")))
    async with lab.open() as station:
        await lab.rest()
        assert await station.kit.store.work(lambda journal: journal.moves(lab.id("a.svs"))) == moves


async def test_a_station_opens_while_the_share_is_away_and_goes_on_when_it_is_back(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    away = lab.share_root.with_name("unmounted")
    lab.share_root.rename(away)
    lab.share_root.mkdir()
    async with lab.open() as station:
        assert not station.kit.gate.is_open
        await until(lambda: lab.get("a.svs").scan.stem)
        assert lab.state("a.svs", COPY) is S.PENDING
        lab.share_root.rmdir()
        away.rename(lab.share_root)
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_the_status_document_has_the_shape_that_scripts_depend_on(lab: Lab) -> None:
    path = lab.scan("a.svs", "620995")
    lab.scan("b.svs", "")
    async with lab.open() as station:
        await station.expect(["407871"], ExpectedFrom.COMMAND)
        await lab.rest()
        document = run_document(await station.status(), lab.share.absolute)
    assert set(document) == DOCUMENT
    assert set(document["run"]) == {"id", "scanner", "operator", "started", "ended"}
    assert document["expected"] == {"missing": ["407871"], "unexpected": ["620995"]}
    safe, nameless = sorted(document["scans"], key=lambda each: each["state"], reverse=True)
    assert set(safe) == set(nameless) == SCAN
    final = str(lab.share_root / "Prec01/Run 2/620995_Prec01_P1.svs")
    assert safe["files"] == [
        {"source": str(path), "destination": final, "bytes": 4096, "sha256": lab.get("a.svs").files[0].sha256}
    ]
    assert (safe["destination"], safe["state"], safe["attention"]) == (final, "succeeded", None)
    assert safe["quality"] == {"verdict": "pass", "blurry_percent": 0.5, "focus": 0.16, "tissue_percent": 30.0}
    assert safe["barcodes"][0] == {"text": "620995", "symbology": "DataMatrix", "source": "label"}
    assert set(safe["steps"]["copy"]) == {"state", "attempts", "seconds", "message"}
    assert len(safe["steps"]) == 13
    assert safe["row"]["Study"] == "Prec01"
    assert (nameless["state"], nameless["destination"], nameless["barcode"]) == ("needs_attention", None, None)
    assert set(nameless["attention"]) == {"title", "message", "hint"}
    assert nameless["files"][0]["sha256"] is None


async def test_each_class_of_the_reconciliation(lab: Lab) -> None:
    classes = {
        "620995": SlideClass.COMPLETE,
        "700001": SlideClass.NOT_IN_SHEET,
        "700002": SlideClass.DUPLICATE_BARCODE,
        "700003": SlideClass.METADATA_MISSING,
        "700004": SlideClass.WRONG_SCANNER,
        "407871": SlideClass.EXPECTED,
        "700005": SlideClass.NOT_IN_SHEET,
    }
    lab.sheet.rows += [
        row("700002"), row("700002"), row("700003", experiment=""), row("700004", scanner="Cardinal"),
    ]  # fmt: skip
    for barcode in list(classes)[:5]:
        lab.scan(f"{barcode}.svs", barcode)
    async with lab.open() as station:
        await station.expect(["407871", "700005"], ExpectedFrom.IMPORT)
        await lab.rest()
        found = standings(station.expected, station.dossiers(), station.kit.sheet.last)
        assert {each.key: each.klass for each in found} == classes
        del classes["620995"]
        assert {each.key: each.klass for each in open_slides(found)} == classes | {"407871": SlideClass.MISSING}
        lab.scan("again.svs", "620995", mark="again")
        await station.runner.look()
        await lab.rest()
        found = {each.key: each for each in standings((), station.dossiers(), None)}
        assert found["620995"].klass is SlideClass.RESCAN
        lab.images.blurry["third.svs"] = 50.0
        lab.scan("third.svs", "620995", mark="third")
        await station.runner.look()
        await lab.rest()
        await station.acts.cancel(lab.id("third.svs"))
        await lab.rest()
        found = {each.key: each for each in standings((), station.dossiers(), None)}
        assert found["620995"].klass is SlideClass.RESCAN, "a scan given up does not hide the good one"


async def test_a_scan_is_found_by_id_its_beginning_or_its_barcode(lab: Lab) -> None:
    lab.scan("a.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        old = lab.get("a.svs")
        lab.scan("b.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        dossiers, new = station.kit.ledger.all(), lab.get("b.svs")
    assert find_scan(old.id, dossiers) == old.id
    assert find_scan(old.id[:6], dossiers) == old.id
    assert find_scan("620995", dossiers) == new.id, "the scan whose place no other took"
    with pytest.raises(UseError, match="No such scan"):
        find_scan("abc", dossiers)
    twin = replace(new, scan=replace(new.scan, id="other"))
    with pytest.raises(UseError, match="Several scans fit"):
        find_scan("620995", (*dossiers, twin))
