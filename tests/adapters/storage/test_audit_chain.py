"""Whatever somebody does to the audit log's rows is found, and where one can say so, at the right entry."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.storage.audit_table import AuditTable
from app.adapters.storage.schema import MIGRATIONS, migrate
from app.adapters.storage.store import SqliteStore
from app.domain.audit import AuditEntry, AuditHead, AuditTip
from app.domain.audit_chain import AuditBreak, AuditRecord, BreakKind, break_with, entry_hash, first_break
from app.domain.scan import RunId, ScanId
from tests.adapters.storage.samples import AT

OLD_ENTRIES, ENTRIES = 40, 200
SEED = 20261122
TEXTS = ("at", "who", "account", "station", "version", "action", "run", "scan", "barcode", "old", "new", "reason")
K = BreakKind


def an_entry(number: int) -> AuditEntry:
    run = RunId("2026-11-22-1") if number % 3 else None
    scan = ScanId(f"scan-{number % 7}") if number % 5 else None
    return AuditEntry(
        AT, "Mira Holm", "mholm", "pc", "1.0", "mark", run, scan, None, f"old {number}", "new", "weil ü"
    )  # fmt: skip


def add_by_the_old_rule(connection: sqlite3.Connection, number: int, previous: str) -> str:
    """Write an entry as the first program did."""
    e = an_entry(number)
    values = [AT.isoformat(), e.who, e.account, e.station, e.version, e.action, e.run, e.scan, e.barcode, e.old, e.new]
    values.append(e.reason)
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256((previous + text).encode()).hexdigest()
    columns = "at, who, account, station, version, action, run, scan, barcode, old, new, reason, hash"
    connection.execute(f"INSERT INTO audit ({columns}) VALUES ({', '.join('?' * 13)})", (*values, digest))
    return digest


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A journal that an older program began and this one went on with; its triggers are dropped by hand."""
    connection = sqlite3.connect(tmp_path_factory.mktemp("audit") / "journal.sqlite", isolation_level=None)
    connection.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2; INSERT INTO meta VALUES ('id', 'x')")
    head = ""
    for number in range(1, OLD_ENTRIES + 1):
        head = add_by_the_old_rule(connection, number, head)
    connection.row_factory = sqlite3.Row
    migrate(connection, "journal")
    connection.execute("BEGIN")
    for number in range(OLD_ENTRIES + 1, ENTRIES + 1):
        AuditTable(connection).audit(an_entry(number))
    connection.execute("COMMIT")
    connection.execute("DROP TRIGGER audit_is_not_changed")
    connection.execute("DROP TRIGGER audit_is_not_deleted")
    yield connection
    connection.close()


def found_after(connection: sqlite3.Connection, act: Callable[[sqlite3.Connection], None]) -> AuditBreak | None:
    """Do something to the log, look at the chain, and put everything back."""
    connection.execute("BEGIN")
    try:
        act(connection)
        table = AuditTable(connection)
        return first_break(table.audit_records(), table.audit_tip())
    finally:
        connection.execute("ROLLBACK")


def renumber(connection: sqlite3.Connection, first: int, by: int) -> None:
    connection.execute("UPDATE audit SET number = -(number + ?) WHERE number >= ?", (by, first))
    connection.execute("UPDATE audit SET number = -number WHERE number < 0")


def put(connection: sqlite3.Connection, record: AuditRecord) -> None:
    columns = ("number", *TEXTS, "authentication", "hash")
    values = [getattr(record, name) for name in columns]
    connection.execute(f"INSERT INTO audit ({', '.join(columns)}) VALUES ({', '.join('?' * 15)})", values)


def test_an_untouched_chain_is_whole_across_both_rules(journal: sqlite3.Connection) -> None:
    assert found_after(journal, lambda _: None) is None
    rules = [record.rule for record in AuditTable(journal).audit_records()]
    assert rules == [1] * OLD_ENTRIES + [2] * (ENTRIES - OLD_ENTRIES)
    assert {entry.authentication for entry in AuditTable(journal).audits()} == {"not authenticated"}


def test_250_changed_entries_are_found(journal: sqlite3.Connection) -> None:
    chance = random.Random(SEED)
    for _ in range(250):
        number, column = chance.randint(1, ENTRIES), chance.choice((*TEXTS, "authentication", "hash"))
        value = chance.choice((chance.randbytes(6).hex(), "", "Mira Holm "))

        def change(db: sqlite3.Connection, number=number, column=column, value=value) -> None:
            db.execute(f"UPDATE audit SET {column} = ? WHERE number = ?", (value, number))

        assert found_after(journal, change) == AuditBreak(number, K.CHANGED), (number, column, value)


def test_an_empty_value_is_not_a_missing_one_and_bytes_that_are_no_text_are_found(journal: sqlite3.Connection) -> None:
    def empty(db: sqlite3.Connection) -> None:
        db.execute("UPDATE audit SET barcode = '' WHERE number = 77")

    def no_authentication(db: sqlite3.Connection) -> None:
        db.execute("UPDATE audit SET authentication = NULL WHERE number = 78")

    def no_text(db: sqlite3.Connection) -> None:
        db.execute("UPDATE audit SET reason = CAST(x'ff00fe' AS TEXT) WHERE number = 79")

    for number, act in ((77, empty), (78, no_authentication), (79, no_text)):
        assert found_after(journal, act) == AuditBreak(number, K.CHANGED)


def test_250_removed_entries_are_found(journal: sqlite3.Connection) -> None:
    chance = random.Random(SEED + 1)
    for turn in range(250):
        number, closed = ENTRIES if turn == 0 else chance.randint(1, ENTRIES), chance.random() < 0.5

        def remove(db: sqlite3.Connection, number=number, closed=closed) -> None:
            db.execute("DELETE FROM audit WHERE number = ?", (number,))
            if closed:
                renumber(db, number + 1, -1)

        kind = K.CUT_OFF if number == ENTRIES else K.MISSING
        assert found_after(journal, remove) == AuditBreak(number, kind), (number, closed)


def test_250_inserted_entries_are_found(journal: sqlite3.Connection) -> None:
    chance = random.Random(SEED + 2)
    records = AuditTable(journal).audit_records()
    for turn in range(250):
        number = ENTRIES + 1 if turn == 0 else chance.randint(1, ENTRIES + 1)
        forged = replace(chance.choice(records), number=number, reason=chance.choice(("forged", "weil ü")))
        knows_the_rule = chance.random() < 0.5
        if knows_the_rule:
            forged = replace(forged, hash=entry_hash(records[number - 2].hash if number > 1 else "", forged))

        def insert(db: sqlite3.Connection, forged=forged) -> None:
            renumber(db, forged.number, 1)
            put(db, forged)

        found = found_after(journal, insert)
        assert found is not None
        if number > ENTRIES:
            assert found == AuditBreak(number, K.INSERTED)
        elif knows_the_rule:
            # It fits to what stands before it: the next one does not fit to it.
            assert found.number == number + 1
        else:
            assert found.number == number
            assert found.kind in ((K.INSERTED,) if forged.reason == "forged" else (K.INSERTED, K.OUT_OF_ORDER))


def test_250_reorderings_are_found(journal: sqlite3.Connection) -> None:
    chance = random.Random(SEED + 3)
    for _ in range(250):
        first, second = sorted(chance.sample(range(1, ENTRIES + 1), 2))
        how = chance.choice(("swap", "up", "down"))

        def move(db: sqlite3.Connection, first=first, second=second, how=how) -> None:
            if how == "swap":
                order = {first: second, second: first}
            elif how == "up":
                order = {second: first} | {number: number + 1 for number in range(first, second)}
            else:
                order = {first: second} | {number: number - 1 for number in range(first + 1, second + 1)}
            db.executemany("UPDATE audit SET number = ? WHERE number = ?", [(-to, of) for of, to in order.items()])
            db.execute("UPDATE audit SET number = -number WHERE number < 0")

        assert found_after(journal, move) == AuditBreak(first, K.OUT_OF_ORDER), (first, second, how)


def test_a_cut_end_with_its_note_is_found_by_what_the_share_remembers(journal: sqlite3.Connection) -> None:
    head = AuditHead("pc", "x", AuditTable(journal).audit_tip(), AT)

    def cut(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM audit WHERE number > 190")
        tip = AuditTable(db).audit_hash(190)
        db.execute("UPDATE meta SET value = '190' WHERE key = 'audit_count'")
        db.execute("UPDATE meta SET value = ? WHERE key = 'audit_hash'", (tip,))
        assert break_with(AuditTable(db).audit_records(), head) == AuditBreak(191, K.CUT_OFF)
        AuditTable(db).audit(an_entry(1))
        for number in range(191, 201):
            AuditTable(db).audit(an_entry(number))
        assert break_with(AuditTable(db).audit_records(), head) == AuditBreak(200, K.OTHER_THAN_REMEMBERED)

    assert found_after(journal, cut) is None, "in itself it is whole: only the share knows better"


def test_entries_go_on_behind_a_log_that_was_cut_and_it_never_fits_again(journal: sqlite3.Connection) -> None:
    def cut_and_go_on(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM audit WHERE number > 190")
        AuditTable(db).audit(an_entry(1))

    def add_and_go_on(db: sqlite3.Connection) -> None:
        records = AuditTable(db).audit_records()
        forged = replace(records[-1], number=ENTRIES + 1)
        put(db, replace(forged, hash=entry_hash(records[-1].hash, forged)))
        AuditTable(db).audit(an_entry(1))

    def forget_the_note_and_go_on(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM meta WHERE key LIKE 'audit%'")
        AuditTable(db).audit(an_entry(1))

    assert found_after(journal, cut_and_go_on) == AuditBreak(191, K.MISSING)
    assert found_after(journal, add_and_go_on) == AuditBreak(ENTRIES + 2, K.CHANGED)
    assert found_after(journal, forget_the_note_and_go_on) == AuditBreak(ENTRIES + 1, K.CHANGED)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.builds(
    AuditEntry, at=st.just(AT), who=TEXT, account=TEXT, station=TEXT, version=TEXT, action=TEXT,
    run=st.none() | TEXT.map(RunId), scan=st.none() | TEXT.map(ScanId), barcode=st.none() | TEXT, old=TEXT, new=TEXT,
    reason=TEXT, authentication=TEXT.filter(bool),
), max_size=8))  # fmt: skip
def test_an_untouched_chain_of_any_texts_is_whole(entries: list[AuditEntry]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, "journal")
    table = AuditTable(connection)
    for entry in entries:
        table.audit(entry)
    assert table.audits() == tuple(entries)
    assert first_break(table.audit_records(), table.audit_tip()) is None
    connection.close()


async def test_a_journal_of_the_first_program_is_opened_and_goes_on(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    connection.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2; INSERT INTO meta VALUES ('id', 'x')")
    head = add_by_the_old_rule(connection, 1, "")
    connection.close()
    store = SqliteStore(tmp_path / "journal.sqlite")
    assert await store.work(lambda j: j.audit_tip()) == AuditTip(1, head)
    await store.work(lambda j: j.audit(an_entry(2)))
    records, tip = await store.work(lambda j: (j.audit_records(), j.audit_tip()))
    await store.close()
    assert tip.number == 2
    assert first_break(records, tip) is None
