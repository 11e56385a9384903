"""What a person can do: each act is done, audited, or refused in words with nothing changed."""

from threading import Event

import pytest

from app.domain.errors import SlideError, UseError
from app.domain.step import StepId, StepState
from app.pipeline.journey import COPY, IDENTIFY, MATCH, QUALITY, RECORD, REGISTER, RELEASE, SETTLE, VERIFY
from tests.fakes.lab import Lab, until

S = StepState
JUDGED = (
    "rescan: 12.4 % blurred (limit 5 %), focus 0.16 (limit 0.28), 30.0 % tissue (least 0.1 %), judged by version 1.0"
)


async def audits(station) -> list[tuple[str, str, str, str]]:
    entries = await station.kit.store.work(lambda journal: journal.audits())
    return [(each.action, each.old, each.new, each.reason) for each in entries]


async def test_each_act_is_audited_with_who_where_old_and_new(lab: Lab) -> None:
    lab.scan("a.svs", "")
    lab.images.blurry["a.svs"] = 12.4
    async with lab.open() as station:
        await lab.rest()
        scan, acts = lab.id("a.svs"), station.acts
        await acts.first(scan)
        await acts.mark(scan, QUALITY, S.FAILED, "wrong thresholds")
        await acts.restart(scan, QUALITY)
        await lab.rest()
        await acts.assign(scan, "620995", "read from the glass")
        await lab.rest()
        await acts.verdict(scan, "pass", "beside the tissue")
        await lab.rest()
        await acts.verdict(scan, "rescan", "not only there")
        await lab.rest()
        assert await audits(station) == [
            ("first", "0", "1", ""),
            ("mark", "quality succeeded", "quality failed", "wrong thresholds"),
            ("restart", "", "quality", ""),
            ("assign", "", "620995", "read from the glass"),
            ("verdict", JUDGED, "pass", "beside the tissue"),
            ("verdict", f"pass by a person; {JUDGED}", "rescan", "not only there"),
        ]
        entry = (await station.kit.store.work(lambda journal: journal.audits()))[-1]
        assert (entry.who, entry.account, entry.station, entry.version) == ("Mira Holm", "mholm", "scanner-pc", "1.0")
        assert (entry.run, entry.scan, entry.barcode) == (station.run.id, scan, "620995")
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_pause_resume_and_cancel_are_audited(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
        scan = lab.id("a.svs")
        await station.acts.pause(scan)
        with pytest.raises(UseError, match="Nothing to pause"):
            await station.acts.pause(scan)
        await until(lambda: lab.get("a.svs").state is S.PAUSED)
        await station.acts.resume(scan)
        with pytest.raises(UseError, match="Not paused"):
            await station.acts.resume(scan)
        await station.acts.cancel(scan)
        with pytest.raises(UseError, match="Cancelled already"):
            await station.acts.cancel(scan)
        assert [each[0] for each in await audits(station)] == ["pause", "resume", "cancel"]


async def test_what_is_refused_leaves_no_trace(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.scan("b.svs", "")
    async with lab.open() as station:
        await lab.rest()
        safe, nameless, acts = lab.id("a.svs"), lab.id("b.svs"), station.acts
        before = station.kit.ledger.all()
        refusals = {
            "Nothing to restart": acts.restart(safe),
            "verified on the share": acts.restart(safe, SETTLE),
            "No such step": acts.restart(safe, StepId("nonsense")),
            "A reason is needed": acts.mark(nameless, QUALITY, S.FAILED, "  "),
            "This mark is not possible": acts.mark(nameless, QUALITY, S.RUNNING, "x"),
            "has no barcode": acts.mark(nameless, IDENTIFY, S.SUCCEEDED, "x"),
            "cannot be marked": acts.mark(nameless, COPY, S.SUCCEEDED, "x"),
            "This scan is verified": acts.mark(safe, VERIFY, S.FAILED, "x"),
            "Not a barcode of this lab": acts.assign(nameless, "12", "x"),
            "The reason is empty": acts.assign(nameless, "620995", ""),
            "It is this slide already": acts.assign(safe, "620995", "x"),
            "only one scan of this slide": acts.keep(safe, "old"),
            "Too late to cancel": acts.cancel(safe),
            "It may be old, new or both": acts.keep(nameless, "either"),
            "There is no such question": acts.keep(nameless, "old"),
            "No such verdict": acts.verdict(safe, "review", "x"),
            "No such scan": acts.first("nobody"),
        }
        for words, act in refusals.items():
            with pytest.raises(UseError) as refused:
                await act
            assert words in " ".join((refused.value.title, refused.value.message, refused.value.hint))
        assert station.kit.ledger.all() == before
        assert await audits(station) == []


async def test_a_step_at_work_cannot_be_marked(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", QUALITY) is S.RUNNING)
        with pytest.raises(UseError, match="Still at work"):
            await station.acts.mark(lab.id("a.svs"), QUALITY, S.SUCCEEDED, "x")
        lab.images.hold_quality.set()
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_a_mark_frees_what_is_behind_and_a_failure_blocks_it(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.explode.clear()
    async with lab.open() as station:
        await lab.rest()
        scan = lab.id("a.svs")
        await station.acts.mark(scan, REGISTER, S.FAILED, "the platform lost it")
        await station.acts.restart(scan, RECORD)
        await until(lambda: lab.state("a.svs", RECORD) is S.BLOCKED and lab.state("a.svs", RELEASE) is S.BLOCKED)
        await station.acts.mark(scan, REGISTER, S.SUCCEEDED, "registered by hand")
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_restart_without_a_step_restarts_everything_that_failed(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    lab.share.script["copy"].append(SlideError("No", "no"))
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", COPY) is S.FAILED)
        lab.images.explode.add("a.svs")
        lab.images.hold_quality.set()
        await until(lambda: lab.state("a.svs", QUALITY) is S.FAILED)
        lab.images.explode.clear()
        await station.acts.restart(lab.id("a.svs"))
        await lab.rest()
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_the_first_is_carried_before_all_others(tmp_path) -> None:
    lab = Lab(tmp_path, copies=1)
    names = ["a.svs", "b.svs", "c.svs"]
    for name, barcode in zip(names, ("620995", "407871", "545891"), strict=True):
        lab.scan(name, barcode)
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.share.copying and all(lab.get(n).scan.stem for n in names))
        last = next(n for n in reversed(names) if n not in lab.share.copying)
        await until(lambda: lab.state(last, MATCH) is S.SUCCEEDED)
        await station.acts.first(lab.id(last))
        lab.share.hold.set()
        await lab.rest()
        assert lab.share.copying[1] == last


@pytest.mark.parametrize("verdict", ["pass", "rescan"])
async def test_a_verdict_reaches_the_sheet_whatever_was_written_before(lab: Lab, verdict: str) -> None:
    lab.scan("a.svs", "620995")
    lab.images.blurry["a.svs"] = 12.4 if verdict == "pass" else 0.5
    async with lab.open() as station:
        await lab.rest()
        before = lab.sheet.cells["620995", "Status"]
        await station.acts.verdict(lab.id("a.svs"), verdict, "looked at it")
        await lab.rest()
        assert (before, lab.sheet.cells["620995", "Status"]) == {
            "pass": ("Need to rescan", "Complete"),
            "rescan": ("Complete", "Need to rescan"),
        }[verdict]
        assert lab.get("a.svs").state is S.SUCCEEDED
