"""The journal's file: everything comes back as it was put in, and what was not finished is not there."""

import asyncio
import hashlib
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.storage.store import SqliteStore
from app.domain.audit import AuditEntry
from app.domain.dossier import RescanLink
from app.domain.errors import ErrorKind, SurroundingsError
from app.domain.journal import Answer
from app.domain.run import Expected, ExpectedFrom, Operator, Run
from app.domain.scan import RunId, ScanId
from app.domain.sheet import CellWrite, SheetColumn, SheetRow, SlideSheet
from app.domain.slide import PictureKind
from app.domain.step import StepMove, StepState
from app.pipeline.journey import COPY, SETTLE
from tests.adapters.storage.samples import AT, a_dossier

RUN = Run(RunId("2026-11-22-1"), "Raven", Operator("Mira Holm", "mira@example.org", "MH", "mholm"), AT)
ENTRY = AuditEntry(
    AT, "Mira Holm", "mholm", "pc", "1.0", "mark", RUN.id, ScanId("scan-a"), "000123", "failed", "done", "so"
)


@pytest.fixture
async def store(tmp_path: Path):
    store = SqliteStore(tmp_path / "new folder" / "journal.sqlite")
    yield store
    await store.close()


async def test_a_scan_comes_back_with_every_field(store: SqliteStore, tmp_path: Path) -> None:
    dossier = a_dossier("a", run=RUN.id)
    bare = replace(a_dossier("b"), facts=None, quality=None, row={}, files=(), published=False)
    await store.work(lambda j: (j.add_run(RUN), j.add(dossier), j.add(bare)))
    assert await store.work(lambda j: j.dossiers()) == (dossier, bare)
    assert await store.work(lambda j: j.dossiers(RUN.id)) == (dossier,)
    assert list((await store.work(lambda j: j.dossiers()))[0].row) == ["Study", "Barcode"], "in the sheet's order"


async def test_a_saved_scan_and_its_moves_come_back(store: SqliteStore) -> None:
    dossier = a_dossier("a")
    record = replace(
        dossier.steps[COPY], state=StepState.WAITING_TO_RETRY, attempts=3, seconds=1.5, message="m", title="t",
        hint="h", started_at=AT, ended_at=AT + timedelta(seconds=2), retry_at=AT + timedelta(seconds=9),
    )  # fmt: skip
    changed = replace(
        dossier,
        scan=replace(dossier.scan, paused=True, cancelled=True, earlier=False, keep=None, superseded_by=None),
        steps={**dossier.steps, COPY: record},
        published=False,
    )
    moves = tuple(
        StepMove(COPY, StepState.PENDING, StepState.RUNNING, f"cause {n}", n, AT + timedelta(seconds=n)) for n in (1, 2)
    )
    await store.work(lambda j: j.add(dossier))
    await store.work(lambda j: j.save(changed, moves))
    assert await store.work(lambda j: j.dossiers()) == (changed,)
    assert await store.work(lambda j: j.moves(dossier.id)) == moves


async def test_runs_expected_slides_and_reasons_come_back(store: SqliteStore) -> None:
    expected = [Expected(each, ExpectedFrom.HAND_SCAN, AT) for each in ("000124", "000123")]
    assert await store.work(lambda j: (j.add_run(RUN), [j.expect(RUN.id, e) for e in (*expected, expected[0])])[1]) == [
        True,
        True,
        False,
    ]
    assert await store.work(lambda j: j.expected(RUN.id)) == tuple(expected)
    assert await store.work(lambda j: j.runs()) == (RUN,)
    await store.work(lambda j: j.end_run(RUN.id, AT, {"000123": "broken glass"}))
    assert await store.work(lambda j: j.runs()) == (replace(RUN, ended_at=AT),)
    assert await store.work(lambda j: j.end_reasons(RUN.id)) == {"000123": "broken glass"}


async def test_the_newest_note_on_a_pair_of_scans_stands(store: SqliteStore) -> None:
    link = RescanLink("1", ScanId("a"), ScanId("b"), ScanId("b"), "Rescans/x", "blurry", AT)
    other = replace(link, newer=ScanId("c"))
    await store.work(lambda j: [j.link(each) for each in (link, other, replace(link, kept=ScanId("a")))])
    assert await store.work(lambda j: j.links()) == (other, replace(link, kept=ScanId("a")))


async def test_a_picture_takes_the_place_of_an_older_one_and_an_empty_one_takes_it_away(store: SqliteStore) -> None:
    async def keep(png: bytes) -> bytes | None:
        await store.work(lambda j: j.put_picture(ScanId("a"), PictureKind.LABEL, png))
        return await store.work(lambda j: j.picture(ScanId("a"), PictureKind.LABEL))

    assert [await keep(png) for png in (b"one", b"two", b"")] == [b"one", b"two", None]
    assert await store.work(lambda j: j.picture(ScanId("a"), PictureKind.MACRO)) is None


async def test_the_outbox_keeps_the_newest_value_of_a_cell_and_forgets_only_what_was_written(store) -> None:
    def write(value: str, generation: int, column: str = "Status") -> CellWrite:
        return CellWrite("000123", column, value, generation)

    async def put(scan: str, *writes: CellWrite) -> list[tuple[str, str]]:
        await store.work(lambda j: j.put_writes(ScanId(scan), writes))
        return [(e.scan, e.write.value) for e in await store.work(lambda j: j.pending_writes())]

    assert await put("a", write("1", 5), write("size", 5, "Size")) == [("a", "1"), ("a", "size")]
    assert await put("b", write("2", 7)) == [("b", "2"), ("a", "size")]
    assert await put("c", write("older", 6)) == [("b", "2"), ("a", "size")]
    await store.work(lambda j: j.settle_writes([write("1", 5)]))
    assert len(await store.work(lambda j: j.pending_writes())) == 2, "a newer value came meanwhile"
    await store.work(lambda j: j.settle_writes([write("2", 7)]))
    assert [e.write.column for e in await store.work(lambda j: j.pending_writes())] == ["Size"]


async def test_the_last_reading_of_the_sheet_comes_back(store: SqliteStore) -> None:
    columns = (SheetColumn("Barcode", 0, "A", in_name=True, required=True), SheetColumn("Z", 3, "D"))
    sheet = SlideSheet("s.xlsx", columns, (SheetRow(3, "000123", {"Z": "1", "Barcode": "000123"}),), "Barcode", AT)
    assert await store.work(lambda j: j.sheet()) is None
    await store.work(lambda j: j.put_sheet(replace(sheet, rows=())))
    await store.work(lambda j: j.put_sheet(sheet))
    assert await store.work(lambda j: j.sheet()) == sheet


async def test_the_audit_log_comes_back_and_each_hash_covers_the_one_before(store: SqliteStore, tmp_path: Path) -> None:
    assert await store.work(lambda j: j.audit_head()) == ""
    entries = (ENTRY, replace(ENTRY, run=None, scan=None, barcode=None, reason="Grüße"), ENTRY)
    for entry in entries:
        await store.work(lambda j, entry=entry: j.audit(entry))
    assert await store.work(lambda j: j.audits()) == entries
    assert await store.work(lambda j: j.audits(RUN.id)) == (ENTRY, ENTRY)
    head = ""
    for row in rows_of(tmp_path, "SELECT * FROM audit ORDER BY number"):
        text = json.dumps(list(row[1:-1]), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        head = hashlib.sha256((head + text).encode()).hexdigest()
        assert row[-1] == head
    assert await store.work(lambda j: j.audit_head()) == head


@pytest.mark.parametrize("change", ["UPDATE audit SET reason = 'x'", "DELETE FROM audit"])
async def test_the_audit_log_can_only_grow(store: SqliteStore, tmp_path: Path, change: str) -> None:
    await store.work(lambda j: j.audit(ENTRY))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        rows_of(tmp_path, change)
    assert await store.work(lambda j: j.audits()) == (ENTRY,)


async def test_requests_are_open_until_they_are_answered(store: SqliteStore) -> None:
    one = await store.work(lambda j: j.ask(AT, "mholm", "mark", {"scan": "a", "reason": "ü"}))
    two = await store.work(lambda j: j.ask(AT, "mholm", "pause", {}))
    first, second = await store.work(lambda j: j.requests())
    assert (first.number, first.at, first.who, first.action, first.body) == (
        one, AT, "mholm", "mark", {"scan": "a", "reason": "ü"},
    )  # fmt: skip
    assert await store.work(lambda j: j.answer_to(one)) is None
    answer = Answer(ok=False, title="No", message="why", hint="do", kind=ErrorKind.USE)
    await store.work(lambda j: j.answer(one, AT, answer))
    assert await store.work(lambda j: j.answer_to(one)) == answer
    assert [each.number for each in await store.work(lambda j: j.requests())] == [two] == [second.number]


async def test_an_answer_without_its_kind_is_still_read(store: SqliteStore) -> None:
    number = await store.work(lambda j: j.ask(AT, "mholm", "mark", {}))
    old = """UPDATE request SET answer = '[false, "No", "why", "do"]'"""
    await store.work(lambda j: j._db.execute(old))
    expected = Answer(ok=False, title="No", message="why", hint="do", kind=ErrorKind.THIS_SLIDE)
    assert await store.work(lambda j: j.answer_to(number)) == expected


async def test_a_unit_of_work_that_fails_leaves_nothing_and_the_next_one_works(store: SqliteStore) -> None:
    def half(journal) -> None:
        journal.add_run(RUN)
        raise LookupError("in the middle")

    with pytest.raises(LookupError):
        await store.work(half)
    assert await store.work(lambda j: j.runs()) == ()


async def test_a_commit_that_fails_is_undone_and_the_next_unit_of_work_works(store: SqliteStore) -> None:
    def refused_at_the_end(journal) -> None:
        journal._db.execute("PRAGMA defer_foreign_keys = ON")
        journal.add(a_dossier("a", run=RunId("no such run")))

    with pytest.raises(SurroundingsError, match="cannot be written"):
        await store.work(refused_at_the_end)
    assert await store.work(lambda j: j.dossiers()) == ()
    await store.work(lambda j: j.add_run(RUN))
    assert await store.work(lambda j: j.runs()) == (RUN,)


async def test_a_journal_of_a_newer_program_is_refused_in_words_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    await SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(SurroundingsError) as refused:
        SqliteStore(path)
    assert "newer than the program" in refused.value.title
    assert "schema 99" in refused.value.message
    assert path.read_bytes() == before


async def test_a_damaged_journal_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"this is no journal at all " * 100)
    with pytest.raises(SurroundingsError, match="cannot be opened"):
        SqliteStore(tmp_path / "journal.sqlite")


async def test_the_journal_s_id_stays(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        store = SqliteStore(tmp_path / "journal.sqlite")
        ids.append(await store.work(lambda j: j.id()))
        await store.close()
    assert ids[0] == ids[1]
    assert len(ids[0]) == 32


CHILD = """
import asyncio, os, sys
from pathlib import Path
from app.adapters.storage.store import SqliteStore
from tests.adapters.storage.samples import a_dossier

async def main(path, name, how):
    store = SqliteStore(Path(path))
    for number in range(20):
        await store.work(lambda j: j.add(a_dossier(f"{name}-{number}")))
    if how == "killed":
        def half(journal):
            journal.add(a_dossier(f"{name}-half"))
            print("in the middle", flush=True)
            sys.stdin.read()
        await store.work(half)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


def child(path: Path, name: str, how: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(path), name, how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_processes_that_make_and_write_one_journal_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    children = [child(path, name, "well") for name in ("a", "b", "c")]
    codes = [await asyncio.to_thread(each.communicate, timeout=60) and each.returncode for each in children]
    assert codes == [0, 0, 0]
    store = SqliteStore(path)
    assert len(await store.work(lambda j: j.dossiers())) == 60
    await store.close()


async def test_a_writer_that_is_killed_leaves_its_last_whole_transaction(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    writer = child(path, "a", "killed")
    assert writer.stdout is not None
    assert await asyncio.to_thread(writer.stdout.readline) == b"in the middle\n"
    writer.kill()
    await asyncio.to_thread(writer.communicate, timeout=60)
    store = SqliteStore(path)
    found = await store.work(lambda j: j.dossiers())
    assert [each.id for each in found] == [f"scan-a-{number}" for number in range(20)]
    assert found[-1].steps[SETTLE].state is StepState.PENDING
    await store.close()


def rows_of(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(tmp_path / "new folder" / "journal.sqlite")
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()
