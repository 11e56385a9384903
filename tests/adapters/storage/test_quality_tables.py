"""What the journal says of past verdicts: whose focus teaches, and what people made of each scan."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.adapters.storage.schema import MIGRATIONS
from app.adapters.storage.store import SqliteStore
from app.domain.focus_calibration import Optics
from app.domain.tuning import Said
from tests.fakes.judged import judged, put, scan_id, verdict

RAVEN = Optics("Raven", "", 20.0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "journal.sqlite")
    yield store
    await store.close()


async def first(store: SqliteStore, optics: Optics = RAVEN, since: date | None = None, most: int = 100):
    return await store.work(lambda j: j.first_accepted_focus(optics, since, most))


async def test_only_accepted_slides_teach(store: SqliteStore) -> None:
    scans = (
        judged(1, focus=0.11),
        judged(2, focus=0.12, published=False),
        judged(3, focus=0.13, by_person="pass", published=False),
        judged(4, focus=0.14, by_person="rescan"),
        judged(5, focus=0.15, superseded_by=6),
        judged(6, focus=0.16),
        judged(7, focus=0.30),
        judged(8, focus=0.31, by_person="pass"),
        judged(9, focus=0.19, blurry=12.0),
        judged(10, focus=None),
        judged(11, focus=0.21, by_person="pass", superseded_by=6),
    )
    await store.work(lambda j: put(j, scans))
    assert await first(store) == (0.11, 0.13, 0.16, 0.31)
    assert await store.work(lambda j: j.last_accepted_focus(RAVEN, 2)) == (0.31, 0.16)


async def test_each_scanner_serial_number_and_objective_learns_alone(store: SqliteStore) -> None:
    scans = (
        judged(1, focus=0.11),
        judged(2, focus=0.12, objective=40.0),
        judged(3, focus=0.13, objective=None),
        judged(4, focus=0.14, serial="SS1"),
        judged(5, focus=0.15, serial="SS2"),
        judged(6, focus=0.16, scanner="Cardinal"),
    )
    await store.work(lambda j: put(j, scans))
    groups = {
        RAVEN: 0.11,
        Optics("Raven", "", 40.0): 0.12,
        Optics("Raven"): 0.13,
        Optics("Raven", "SS1", 20.0): 0.14,
        Optics("Raven", "SS2", 20.0): 0.15,
        Optics("Cardinal", "", 20.0): 0.16,
    }
    assert {optics: await first(store, optics) for optics in groups} == {key: (each,) for key, each in groups.items()}


async def test_the_first_slides_teach_and_later_ones_change_nothing(store: SqliteStore) -> None:
    await store.work(lambda j: put(j, (judged(n, focus=0.15 + n / 1000) for n in range(120))))
    taught = await first(store)
    assert taught == tuple(0.15 + n / 1000 for n in range(100))
    await store.work(lambda j: put(j, (judged(n, focus=0.27) for n in range(200, 400))))
    assert await first(store) == taught


async def test_slides_of_before_a_day_teach_nothing(store: SqliteStore) -> None:
    await store.work(lambda j: put(j, (judged(n, focus=0.15 + n / 1000) for n in range(48))))
    assert await first(store, since=date(2026, 3, 2)) == tuple(0.15 + n / 1000 for n in range(15, 48))
    assert await first(store, since=date(2026, 3, 4)) == ()


async def test_the_slides_that_teach_are_found_by_their_index(store: SqliteStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
        asked: list[str] = []
        await store.work(lambda j: j._db.set_trace_callback(asked.append))
        await first(store)
        query = next(each for each in asked if each.startswith("SELECT"))
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "USING INDEX scan_by_optics (scanner=? AND <expr>=? AND <expr>=?)" in plan
    assert "TEMP B-TREE" not in plan, "the index has them in order"


async def test_past_verdicts_come_with_what_people_made_of_them(store: SqliteStore) -> None:
    scans = (
        judged(1, blurry=12.0, by_person="pass"),
        judged(2, by_person="rescan"),
        judged(3, superseded_by=4, objective=40.0, serial="SS1"),
        judged(4),
        judged(5, superseded_by=4),
    )
    await store.work(lambda j: put(j, scans, {1: "edge only", 2: "fold"}))
    found = await store.work(lambda j: j.past_verdicts())
    assert [(each.said, each.why) for each in found] == [
        (Said.ACCEPTED, "edge only"),
        (Said.RESCAN_ORDERED, "fold"),
        (Said.SCANNED_AGAIN, ""),
        (Said.NOTHING, ""),
        (Said.NOTHING, ""),  # it gave way to an earlier scan: that was no second try
    ]
    third = found[2]
    assert (third.scan, third.barcode, third.optics) == (scan_id(3), "700003", Optics("Raven", "SS1", 40.0))
    assert third.quality == verdict(0.5, 0.16)
    assert third.found_at == scans[2].scan.found_at


async def test_the_newest_reason_for_the_verdict_that_stands_is_told(store: SqliteStore) -> None:
    await store.work(lambda j: put(j, [judged(1, by_person="rescan")], {1: "first thought"}))
    entry = (await store.work(lambda j: j.audits()))[0]
    for new, reason in (("rescan", "second look"), ("pass", "changed again")):
        await store.work(lambda j, new=new, reason=reason: j.audit(replace(entry, new=new, reason=reason)))
    (found,) = await store.work(lambda j: j.past_verdicts())
    assert (found.said, found.why) == (Said.RESCAN_ORDERED, "second look")


async def test_verdicts_of_older_journals_are_read_without_limits(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    store = SqliteStore(path)
    await store.work(lambda j: put(j, [judged(1), judged(2)]))
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP INDEX scan_by_optics")
        db.execute("DROP TABLE sheet_intent")
        db.execute("DROP TRIGGER audit_is_not_replaced")
        db.execute("ALTER TABLE scan DROP COLUMN left_cells")
        db.execute("UPDATE scan SET quality = json_remove(quality, '$.limits', '$.program')")
        before = next(number for number, script in enumerate(MIGRATIONS) if "scan_by_optics" in script)
        db.execute(f"PRAGMA user_version = {before}")
    store = SqliteStore(path)
    dossiers = await store.work(lambda j: j.dossiers())
    assert [(each.quality.limits, each.quality.program) for each in dossiers if each.quality] == [(None, "")] * 2
    assert await first(store) == (0.16, 0.16)
    await store.close()
