"""The journal's tables, numbered migrations, and the refusal of a journal that a newer program wrote."""

import sqlite3
import uuid
from collections.abc import Iterator

from app.domain.errors import SurroundingsError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE run (
        id TEXT PRIMARY KEY, scanner TEXT NOT NULL, operator TEXT NOT NULL, email TEXT NOT NULL, initials TEXT NOT NULL,
        account TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, reasons TEXT NOT NULL DEFAULT '{}'
    ) STRICT;
    CREATE TABLE expected (
        run TEXT NOT NULL REFERENCES run (id), barcode TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (run, barcode)
    ) STRICT;
    CREATE TABLE scan (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, run TEXT REFERENCES run (id),
        scanner TEXT NOT NULL, root TEXT NOT NULL, main TEXT NOT NULL, layout TEXT NOT NULL, members TEXT NOT NULL,
        found_at TEXT NOT NULL, barcode TEXT, assigned TEXT, stem TEXT, file_name TEXT, folder TEXT,
        priority INTEGER NOT NULL, paused INTEGER NOT NULL, cancelled INTEGER NOT NULL, earlier INTEGER NOT NULL,
        verdict_by_person TEXT, keep TEXT, superseded_by TEXT, facts TEXT, quality TEXT, row TEXT NOT NULL,
        files TEXT NOT NULL, published INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX scan_by_run ON scan (run);
    CREATE TABLE step (
        scan TEXT NOT NULL REFERENCES scan (id), step TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
        seconds REAL NOT NULL, message TEXT NOT NULL, title TEXT NOT NULL, hint TEXT NOT NULL, started_at TEXT,
        ended_at TEXT, retry_at TEXT, PRIMARY KEY (scan, step)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE move (
        number INTEGER PRIMARY KEY, scan TEXT NOT NULL, step TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL,
        cause TEXT NOT NULL, attempt INTEGER NOT NULL, at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX move_by_scan ON move (scan);
    CREATE TABLE picture (
        scan TEXT NOT NULL, kind TEXT NOT NULL, png BLOB NOT NULL, PRIMARY KEY (scan, kind)
    ) STRICT;
    CREATE TABLE link (
        number INTEGER PRIMARY KEY, barcode TEXT NOT NULL, older TEXT NOT NULL, newer TEXT NOT NULL, kept TEXT NOT NULL,
        older_destination TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (older, newer)
    ) STRICT;
    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT, scan TEXT NOT NULL, barcode TEXT NOT NULL, header TEXT NOT NULL,
        value TEXT NOT NULL, generation INTEGER NOT NULL, UNIQUE (barcode, header)
    ) STRICT;
    CREATE TABLE sheet (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT NOT NULL) STRICT;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, account TEXT NOT NULL, station TEXT NOT NULL,
        version TEXT NOT NULL, action TEXT NOT NULL, run TEXT, scan TEXT, barcode TEXT, old TEXT NOT NULL,
        new TEXT NOT NULL, reason TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
    CREATE TABLE request (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
        body TEXT NOT NULL, answered_at TEXT, answer TEXT
    ) STRICT;
    CREATE INDEX request_open ON request (number) WHERE answered_at IS NULL;
    """,
    """
    CREATE TABLE scrubbed (path TEXT PRIMARY KEY, at TEXT NOT NULL, problem TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
    # NULL: an entry of before, whose hash covers neither this nor its number; see domain/audit_chain.py.
    """
    ALTER TABLE audit ADD COLUMN authentication TEXT;
    INSERT INTO meta SELECT 'audit_count', CAST(COUNT(*) AS TEXT) FROM audit;
    INSERT INTO meta SELECT 'audit_hash', COALESCE((SELECT hash FROM audit ORDER BY number DESC LIMIT 1), '');
    """,
    # A scan's steps in one value: read by the ten thousand at the start, written once a move. The view is for people.
    """
    ALTER TABLE scan ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE scan ADD COLUMN properties TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE scan ADD COLUMN finished INTEGER NOT NULL DEFAULT 0;
    UPDATE scan SET
        steps = (
            SELECT json_group_array(json_array(
                step, state, attempts, seconds, message, title, hint, started_at, ended_at, retry_at
            )) FROM step WHERE step.scan = scan.id
        ),
        properties = COALESCE(json_extract(facts, '$.properties'), '{}'),
        facts = json_remove(facts, '$.properties'),
        finished = NOT EXISTS (
            SELECT 1 FROM step WHERE step.scan = scan.id AND state NOT IN ('succeeded', 'skipped', 'cancelled')
        );
    CREATE INDEX scan_unfinished ON scan (number) WHERE NOT finished;
    DROP TABLE step;
    CREATE VIEW step AS
        SELECT scan.id AS scan, json_extract(value, '$[0]') AS step, json_extract(value, '$[1]') AS state
        FROM scan, json_each(scan.steps);
    """,
    # 1 from just before a scan's files get their final names until it is known what came of it.
    """
    ALTER TABLE scan ADD COLUMN publishing INTEGER NOT NULL DEFAULT 0;
    """,
    # By which limits a scan was judged was not kept before. The index finds the slides that teach the focus limit.
    """
    UPDATE scan SET quality = json_insert(quality, '$.limits', NULL, '$.program', '') WHERE quality IS NOT NULL;
    CREATE INDEX scan_by_optics ON scan (
        scanner, COALESCE(json_extract(facts, '$.scanner_serial'), ''), json_extract(facts, '$.objective'), number
    ) WHERE quality IS NOT NULL;
    """,
    # What is being written to a shared sheet, from just before until it was read back.
    """
    CREATE TABLE sheet_intent (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT NOT NULL) STRICT;
    """,
    # Cells of the scan's row that changed after it was named, as a person saw them and left the scan as it was.
    """
    ALTER TABLE scan ADD COLUMN left_cells TEXT NOT NULL DEFAULT '{}';
    """,
    # INSERT OR REPLACE puts a row in another's place, and neither the trigger of changes nor that of removals is asked.
    """
    CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
    """,
)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a journal to the newest schema.

    Raises SurroundingsError when a newer program wrote it: this one must not touch it.
    """
    # One transaction: another process that opens the new file at the same moment waits, then finds it made.
    connection.execute("BEGIN IMMEDIATE")
    try:
        _migrate(connection, name)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection, name: str) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise SurroundingsError(
            "This journal is newer than the program",
            f"{name} has schema {version}, this program knows {len(MIGRATIONS)}",
            "Install the newer Slideferry again; nothing was changed",
        )
    for script in MIGRATIONS[version:]:
        for statement in _statements(script):
            connection.execute(statement)
    if version == 0:
        connection.execute("INSERT INTO meta VALUES ('id', ?)", (uuid.uuid4().hex,))
    if version < len(MIGRATIONS):
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _statements(script: str) -> Iterator[str]:
    """Split a script at the ends of its statements; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
