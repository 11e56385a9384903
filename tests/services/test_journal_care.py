"""The journal is copied each day, tidied if told to, and its audit log's head is told to the share."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import ANY

import pytest

from app.adapters.storage.backups import JournalBackups, _compare, backups_of
from app.adapters.storage.store import SqliteStore
from app.domain.errors import DestinationError, SurroundingsError
from app.domain.journal import Answer
from app.domain.run import Operator, Run
from app.domain.scan import RunId
from app.domain.settings import JournalSettings
from app.domain.slide import PictureKind
from app.domain.step import StepMove, StepState
from app.pipeline.case import Kit
from app.pipeline.journey import SETTLE
from app.services.journal_care import BackupCare, HeadKeeper, Tidying
from tests.adapters.storage.samples import a_dossier
from tests.adapters.storage.test_store import ENTRY
from tests.fakes.lab import Lab

RUN = RunId("2026-11-22-1")


@pytest.fixture
async def kit(lab: Lab):
    async with lab.kit_open() as kit:
        yield kit


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_one_copy_a_day_and_the_newest_are_kept(kit: Kit, lab: Lab) -> None:
    settings = replace(kit.settings, journal=JournalSettings(backups=2))
    kit = replace(kit, settings=settings)
    backups = backups_of(lab.folder / "journal.sqlite")
    care, folder = BackupCare(kit, backups), lab.folder / "backups"
    folder.mkdir()
    for name in ("journal-notes.sqlite", "journal-2026-13-99.sqlite", "other.sqlite"):
        (folder / name).write_text("somebody else's")
    (folder / "journal-2001-01-01.sqlite.new").write_text("of a program that was killed")
    days = []
    for _ in range(3):
        today = kit.clock.now().astimezone().date()
        days.append(f"journal-{today.isoformat()}.sqlite")
        await kit.store.work(lambda j: j.audit(ENTRY))
        await care.look()
        before = (folder / days[-1]).stat().st_mtime_ns
        await care.look()
        assert (folder / days[-1]).stat().st_mtime_ns == before, "one a day"
        lab.clock.skip(86400)
    own = set(names(folder)) - {"journal-notes.sqlite", "journal-2026-13-99.sqlite", "other.sqlite"}
    assert own == set(days[1:])


async def test_a_copy_is_a_journal_that_goes_on(kit: Kit, lab: Lab) -> None:
    dossier = a_dossier("one")
    await kit.store.work(lambda j: (j.add(dossier), j.audit(ENTRY)))
    backups = backups_of(lab.folder / "journal.sqlite")
    backups.make(date(2026, 11, 22))
    path = backups.newest_path()
    assert path is not None
    copy = SqliteStore(path)
    assert await copy.work(lambda j: j.dossiers()) == (dossier,)
    assert await copy.work(lambda j: (j.id(), j.audit_tip())) == await kit.store.work(lambda j: (j.id(), j.audit_tip()))
    await copy.close()


async def test_the_journal_is_written_while_it_is_copied(kit: Kit, lab: Lab) -> None:
    await kit.store.work(lambda j: [j.add(a_dossier(f"{number}")) for number in range(300)])
    made = threading.Event()

    def copy() -> None:
        backups_of(lab.folder / "journal.sqlite").make(date(2026, 11, 22))
        made.set()

    thread = threading.Thread(target=copy)
    thread.start()
    written = 0
    while not made.is_set() or written < 3:
        await kit.store.work(lambda j: j.audit(ENTRY))
        written += 1
    thread.join()
    assert backups_of(lab.folder / "journal.sqlite").newest() == date(2026, 11, 22)


async def test_a_copy_that_is_not_as_the_journal_is_gets_no_name(kit: Kit, lab: Lab) -> None:
    await kit.store.work(lambda j: j.audit(ENTRY))
    backups = JournalBackups(lab.folder / "journal.sqlite", lab.folder / "backups")
    backups.make(date(2026, 11, 21))
    copy = lab.folder / "backups" / "journal-2026-11-21.sqlite"
    with closing(sqlite3.connect(lab.folder / "journal.sqlite")) as journal:
        _compare(copy, journal)
        with closing(sqlite3.connect(copy, isolation_level=None)) as changed:
            changed.execute("DROP TRIGGER audit_is_not_changed")
            changed.execute("UPDATE audit SET hash = 'another'")
        with pytest.raises(SurroundingsError, match="another entry 1"):
            _compare(copy, journal)
    copy.unlink()
    (lab.folder / "backups").rmdir()
    (lab.folder / "backups").write_text("a file in the folder's place")
    with pytest.raises(SurroundingsError, match="could not be backed up"):
        backups.make(date(2026, 11, 22))
    assert backups.newest() is None


async def test_details_of_long_ended_runs_are_dropped_and_nothing_else(kit: Kit, lab: Lab) -> None:
    now = kit.clock.now()

    def a_run(name: str, ended_days_ago: float | None) -> Run:
        ended = None if ended_days_ago is None else now - timedelta(days=ended_days_ago)
        return Run(RunId(name), "Raven", Operator("Mira"), now - timedelta(days=90), ended)

    def put(journal) -> None:
        for run in (a_run("old", 40), a_run("young", 20), a_run("open", None)):
            journal.add_run(run)
            if run.ended_at is not None:
                journal.end_run(run.id, run.ended_at, {})
            for name, state in (("done", StepState.SUCCEEDED), ("stuck", StepState.NEEDS_ATTENTION)):
                dossier = a_dossier(f"{run.id}-{name}", run=run.id)
                steps = {step: replace(record, state=state) for step, record in dossier.steps.items()}
                journal.add(replace(dossier, steps=steps))
                move = StepMove(SETTLE, StepState.PENDING, StepState.RUNNING, "its turn", 1, now)
                journal.save(replace(dossier, steps=steps), (move,))
                journal.put_picture(dossier.id, PictureKind.LABEL, b"png")
        journal.audit(ENTRY)
        for days in (40, 20):
            number = journal.ask(now - timedelta(days=days), "mholm", "pause", {})
            journal.answer(number, now - timedelta(days=days), Answer(ok=True))
        journal.ask(now - timedelta(days=40), "mholm", "first", {})

    await kit.store.work(put)
    await Tidying(kit).look()
    everything = await kit.store.work(lambda j: j.dossiers())
    assert all([await details(kit, dossier.id) for dossier in everything]), "0 days: never"
    await Tidying(replace(kit, settings=replace(kit.settings, journal=JournalSettings(keep_days=30)))).look()
    kept = {dossier.id for dossier in everything if await details(kit, dossier.id)}
    assert {dossier.id for dossier in everything} - kept == {"scan-old-done"}
    assert await kit.store.work(lambda j: j.dossiers()) == everything
    assert await kit.store.work(lambda j: (len(j.audits()), [each.action for each in j.requests()])) == (1, ["first"])
    db = sqlite3.connect(lab.folder / "journal.sqlite")
    assert db.execute("SELECT action FROM request ORDER BY number").fetchall() == [("pause",), ("first",)]
    db.close()


async def details(kit: Kit, scan) -> bool:
    found = await kit.store.work(lambda j: (j.moves(scan), j.picture(scan, PictureKind.LABEL)))
    assert bool(found[0]) == bool(found[1])
    return bool(found[0])


def remembered(lab: Lab) -> dict:
    (path,) = (lab.share_root / ".slideferry" / "audit").iterdir()
    return json.loads(path.read_text(encoding="utf-8"))


async def test_the_share_is_told_how_far_the_audit_log_goes(kit: Kit, lab: Lab) -> None:
    heads = HeadKeeper(kit, "scanner-pc")
    await heads.look()
    assert lab.share.calls == [], "nobody did anything yet"
    await kit.store.work(lambda j: j.audit(ENTRY))
    await heads.tell()
    journal, tip = await kit.store.work(lambda j: (j.id(), j.audit_tip()))
    assert remembered(lab) == {
        "station": "scanner-pc", "journal": journal, "number": 1, "hash": tip.hash, "at": ANY,
    }  # fmt: skip
    asked = len(lab.share.calls)
    await heads.tell()
    assert len(lab.share.calls) == asked, "the share knows already"
    for _ in range(2):
        await kit.store.work(lambda j: j.audit(ENTRY))
        await heads.look()
    assert remembered(lab)["number"] == 1, "not more often than every five minutes"
    lab.clock.skip(301)
    await heads.look()
    assert remembered(lab)["number"] == 3
    await kit.store.work(lambda j: (j.audit(ENTRY), j.add_run(Run(RUN, "Raven", Operator("Mira"), kit.clock.now()))))
    await kit.store.work(lambda j: j.end_run(RUN, kit.clock.now(), {}))
    await heads.look()
    assert remembered(lab)["number"] == 4, "at the end of a run at once"
    found = kit.destination.audit_head(journal)
    assert found is not None
    assert found.tip == await kit.store.work(lambda j: j.audit_tip())


async def test_what_the_share_remembers_is_not_exchanged_for_another_log(kit: Kit, lab: Lab) -> None:
    for _ in range(3):
        await kit.store.work(lambda j: j.audit(ENTRY))
    await HeadKeeper(kit, "scanner-pc").tell()

    def cut(journal) -> None:
        db = journal._db
        db.execute("DROP TRIGGER audit_is_not_deleted")
        db.execute("DELETE FROM audit WHERE number > 1")
        db.execute("UPDATE meta SET value = '1' WHERE key = 'audit_count'")
        db.execute("UPDATE meta SET value = ? WHERE key = 'audit_hash'", (journal.audit_hash(1),))

    await kit.store.work(cut)
    with pytest.raises(DestinationError, match="entry 3; here it is missing"):
        await HeadKeeper(kit, "scanner-pc").tell()
    for _ in range(4):
        await kit.store.work(lambda j: j.audit(replace(ENTRY, reason="other")))
    with pytest.raises(DestinationError, match="entry 3; here it is another one"):
        await HeadKeeper(kit, "scanner-pc").tell()
    assert remembered(lab)["number"] == 3


async def test_a_broken_share_costs_the_head_only(lab: Lab) -> None:
    async with lab.open() as station:
        heads = HeadKeeper(station.kit, "scanner-pc")
        await station.kit.store.work(lambda j: j.audit(ENTRY))
        lab.share.script["put_audit_head"].append(DestinationError("The share is away", "no route"))
        with pytest.raises(DestinationError):
            await heads.tell()
        await heads.tell()
        assert remembered(lab)["number"] == 1
