"""The journal's file: everything comes back as it was put in, and what was not finished is not there."""

import asyncio
import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.storage.records import scan_values
from app.adapters.storage.schema import MIGRATIONS
from app.adapters.storage.store import SqliteStore
from app.domain.audit import AuditEntry, AuditTip
from app.domain.dossier import RescanLink
from app.domain.errors import ErrorKind, SurroundingsError
from app.domain.journal import Answer
from app.domain.quality import Quality, QualityNumbers, Verdict
from app.domain.run import Expected, ExpectedFrom, Operator, Run
from app.domain.scan import RunId, ScanId
from app.domain.sheet import CellWrite, SheetColumn, SheetRow, SlideSheet
from app.domain.slide import PictureKind
from app.domain.step import StepMove, StepRecord, StepState
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


async def test_a_verdict_of_an_older_program_is_still_read(store: SqliteStore) -> None:
    await store.work(lambda j: j.add(a_dossier("a")))
    known = {"blank": False, "blurry_percent": 1.5, "focus": 0.2, "tissue_percent": 9.0, "why_not": ""}
    old = json.dumps(known | {"verdict": "pass", "reason": "r"})
    await store.work(lambda j: j._db.execute("UPDATE scan SET quality = ?", (old,)))
    dossier = (await store.work(lambda j: j.dossiers()))[0]
    assert dossier.quality == Quality(Verdict.PASS, QualityNumbers(1.5, 0.2, 9.0), "r")


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
    assert await store.work(lambda j: (j.count_writes(), j.newest_generation("000123"), j.newest_generation("1"))) == (
        2,
        7,
        0,
    )
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
    assert await store.work(lambda j: j.audit_tip()) == AuditTip(0, "")
    entries = (ENTRY, replace(ENTRY, run=None, scan=None, barcode=None, reason="Grüße"), ENTRY)
    for entry in entries:
        await store.work(lambda j, entry=entry: j.audit(entry))
    assert await store.work(lambda j: j.audits()) == entries
    assert await store.work(lambda j: j.audits(RUN.id)) == (ENTRY, ENTRY)
    head = ""
    columns = "number, at, who, account, authentication, station, version, action, run, scan, barcode, old, new, reason"
    for *values, found in rows_of(tmp_path, f"SELECT {columns}, hash FROM audit ORDER BY number"):
        assert values[4] == "not authenticated"
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        head = hashlib.sha256((head + text).encode()).hexdigest()
        assert found == head
    assert await store.work(lambda j: j.audit_tip()) == AuditTip(3, head)
    assert await store.work(lambda j: [j.audit_hash(number) for number in (3, 4)]) == [head, None]


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


@pytest.mark.parametrize(
    "damage",
    ["body = '{broken'", "body = '[1, 2]'", "at = 'yesterday'", "at = '2026-11-22T10:00:00'"],
)
async def test_a_request_that_cannot_be_read_can_still_be_answered(store: SqliteStore, damage: str) -> None:
    number = await store.work(lambda j: j.ask(AT, "mholm", "mark", {"scan": "a"}))
    other = await store.work(lambda j: j.ask(AT, "mholm", "pause", {"scan": "b"}))
    await store.work(lambda j: j._db.execute(f"UPDATE request SET {damage} WHERE number = ?", (number,)))
    first, second = await store.work(lambda j: j.requests())
    assert (first.number, first.action, first.body) == (number, "mark", {})
    assert first.unreadable
    assert (second.number, second.unreadable) == (other, "")


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


OLD_STEPS = """
INSERT INTO step (scan, step, state, attempts, seconds, message, title, hint, started_at, ended_at, retry_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


async def test_scans_of_an_older_journal_come_back_with_every_field(tmp_path: Path) -> None:
    """Put scans into the tables of schema 2, as its program did, and read them with this one."""
    path = tmp_path / "journal.sqlite"
    done = StepRecord(COPY, StepState.SUCCEEDED, 3, 1.5, "m ü", "t", "h", AT, AT + timedelta(seconds=2), None)
    records = {COPY: done, SETTLE: replace(done, step=SETTLE, state=StepState.SKIPPED, retry_at=AT, started_at=None)}
    ended = replace(a_dossier("a"), steps=records, left={})
    bare = replace(a_dossier("b"), facts=None, row={}, files=(), left={})
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2; INSERT INTO meta VALUES ('id', 'x')")
        for dossier in (ended, bare):
            values = {
                n: v
                for n, v in scan_values(dossier).items()
                if n not in ("steps", "properties", "finished", "publishing", "left_cells")
            }
            if dossier.facts is not None:
                facts = json.loads(values["facts"]) | {"properties": dict(dossier.facts.properties)}
                values["facts"] = json.dumps(facts)
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT INTO scan ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
            for r in dossier.steps.values():
                times = [None if each is None else each.isoformat() for each in (r.started_at, r.ended_at, r.retry_at)]
                known = (r.attempts, r.seconds, r.message, r.title, r.hint)
                db.execute(OLD_STEPS, (dossier.id, r.step, r.state.value, *known, *times))
    store = SqliteStore(path)
    assert await store.work(lambda j: j.dossiers()) == (ended, bare)
    assert await store.work(lambda j: j.unfinished()) == {bare.id}
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT step, state FROM step WHERE scan = ? ORDER BY step", (ended.id,)).fetchall()
    assert found == [("copy", "succeeded"), ("settle", "skipped")]


async def test_only_what_changed_is_written_and_all_of_it(store: SqliteStore) -> None:
    before = a_dossier("a")
    other = a_dossier("b")
    await store.work(lambda j: j.add(before))
    parts = {
        "scan": replace(other.scan, id=before.id),
        "steps": {**before.steps, COPY: replace(before.steps[COPY], state=StepState.RUNNING, attempts=1)},
        "facts": None,
        "quality": None,
        "row": dict(reversed(before.row.items())),
        "files": (),
        "published": False,
        "left": {"Panel": "P2"},
    }
    for name, value in parts.items():
        after = replace(before, **{name: value})
        await store.work(lambda j, after=after, before=before: j.save(after, (), before))
        (found,) = await store.work(lambda j: j.dossiers())
        assert found == after, name
        assert list(found.row) == list(after.row)
        before = after
    await store.work(lambda j: j.save(before, (), before))
    assert await store.work(lambda j: j.dossiers()) == (before,)


async def test_a_damaged_journal_is_refused_in_words_that_name_the_newest_backup(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no journal at all " * 100)
    with pytest.raises(SurroundingsError, match="journal is damaged") as refused:
        SqliteStore(path)
    assert "no backup" in refused.value.hint
    (tmp_path / "backups").mkdir()
    for day in ("2026-11-21", "2026-11-22"):
        (tmp_path / "backups" / f"journal-{day}.sqlite").write_bytes(b"")
    with pytest.raises(SurroundingsError, match="journal is damaged") as refused:
        SqliteStore(path)
    assert "journal-2026-11-22.sqlite" in refused.value.hint


async def test_a_page_that_is_damaged_later_is_told_in_the_same_words(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.sqlite")
    await store.work(lambda j: [j.add(a_dossier(f"{number}")) for number in range(200)])
    await store.close()
    content = bytearray((tmp_path / "journal.sqlite").read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "journal.sqlite").write_bytes(content)
    store = SqliteStore(tmp_path / "journal.sqlite")
    with pytest.raises(SurroundingsError, match="journal is damaged"):
        await store.work(lambda j: [dossier.steps for dossier in j.dossiers()])
    await store.close()


async def test_a_row_that_no_program_wrote_is_told_in_the_same_words(store: SqliteStore) -> None:
    """Half a page of zeros: SQLite reads values that were never there, and sees nothing wrong."""
    await store.work(lambda j: j.add(a_dossier("a")))
    await store.work(lambda j: j._db.execute("UPDATE scan SET members = ''"))
    with pytest.raises(SurroundingsError, match="journal is damaged"):
        await store.work(lambda j: j.dossiers())


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
from app.adapters.storage.records import scan_values
from app.adapters.storage.schema import MIGRATIONS
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
