"""Outbox, sheet, audit log and requests in the journal."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.adapters.storage.records import sheet_of, sheet_text, text_of, time_text
from app.domain.audit import AuditEntry
from app.domain.errors import ErrorKind
from app.domain.journal import Answer, PendingWrite, Request
from app.domain.scan import RunId, ScanId
from app.domain.sheet import CellWrite, SlideSheet


class DeskTables:
    """The part of the journal that talks to the sheet, to people and to other commands."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put_writes(self, scan: ScanId, writes: Sequence[CellWrite]) -> None:
        """Put cells into the outbox; a newer value of a cell replaces the one that waits."""
        self._db.executemany(
            "INSERT INTO outbox (scan, barcode, header, value, generation) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (barcode, header) DO UPDATE SET scan = excluded.scan, value = excluded.value,"
            " generation = excluded.generation WHERE excluded.generation >= outbox.generation",
            [(scan, each.barcode, each.column, each.value, each.generation) for each in writes],
        )

    def pending_writes(self) -> tuple[PendingWrite, ...]:
        """Return what waits for the sheet, oldest first."""
        return tuple(
            PendingWrite(CellWrite(row["barcode"], row["header"], row["value"], row["generation"]), ScanId(row["scan"]))
            for row in self._db.execute("SELECT * FROM outbox ORDER BY number")
        )

    def settle_writes(self, done: Sequence[CellWrite]) -> None:
        """Take cells out of the outbox, unless a newer value came meanwhile."""
        self._db.executemany(
            "DELETE FROM outbox WHERE barcode = ? AND header = ? AND generation <= ?",
            [(each.barcode, each.column, each.generation) for each in done],
        )

    def put_sheet(self, sheet: SlideSheet) -> None:
        """Keep the last good reading of the sheet."""
        self._db.execute("INSERT OR REPLACE INTO sheet VALUES (1, ?)", (sheet_text(sheet),))

    def sheet(self) -> SlideSheet | None:
        """Return the last good reading of the sheet."""
        row = self._db.execute("SELECT content FROM sheet").fetchone()
        return None if row is None else sheet_of(row[0])

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log; each entry's hash covers the hash before it."""
        values = (
            time_text(entry.at),
            entry.who,
            entry.account,
            entry.station,
            entry.version,
            entry.action,
            entry.run,
            entry.scan,
            entry.barcode,
            entry.old,
            entry.new,
            entry.reason,
        )
        digest = hashlib.sha256((self.audit_head() + text_of(list(values))).encode()).hexdigest()
        self._db.execute(
            "INSERT INTO audit (at, who, account, station, version, action, run, scan, barcode, old, new, reason, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, digest),
        )

    def audits(self, run: RunId | None = None) -> tuple[AuditEntry, ...]:
        """Return the audit log of a run, or all, oldest first."""
        return tuple(
            _audit_of(row)
            for row in self._db.execute("SELECT * FROM audit WHERE ? IS NULL OR run = ? ORDER BY number", (run, run))
        )

    def audit_head(self) -> str:
        """Return the hash of the newest audit entry in hex, empty where there is none."""
        row = self._db.execute("SELECT hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
        return "" if row is None else str(row[0])

    def ask(self, at: datetime, who: str, action: str, body: Mapping[str, str]) -> int:
        """Put a request for the holder; return its number."""
        cursor = self._db.execute(
            "INSERT INTO request (at, who, action, body) VALUES (?, ?, ?, ?)",
            (time_text(at), who, action, text_of(dict(body))),
        )
        return int(cursor.lastrowid or 0)

    def requests(self) -> tuple[Request, ...]:
        """Return requests that nobody answered yet, oldest first."""
        rows = self._db.execute("SELECT * FROM request WHERE answered_at IS NULL ORDER BY number")
        return tuple(
            Request(
                row["number"], datetime.fromisoformat(row["at"]), row["who"], row["action"], json.loads(row["body"])
            )
            for row in rows
        )

    def answer(self, number: int, at: datetime, answer: Answer) -> None:
        """Answer a request."""
        content = text_of([answer.ok, answer.title, answer.message, answer.hint, answer.kind.value])
        self._db.execute(
            "UPDATE request SET answered_at = ?, answer = ? WHERE number = ?", (time_text(at), content, number)
        )

    def answer_to(self, number: int) -> Answer | None:
        """Return the answer to a request, None while there is none."""
        row = self._db.execute("SELECT answer FROM request WHERE number = ?", (number,)).fetchone()
        return None if row is None or row[0] is None else _answer_of(row[0])


def _answer_of(content: str) -> Answer:
    """Read an answer; those of earlier programs do not say of which kind an error was."""
    ok, title, message, hint, *kind = json.loads(content)
    return Answer(ok, title, message, hint, *map(ErrorKind, kind))


def _audit_of(row: Any) -> AuditEntry:
    return AuditEntry(
        at=datetime.fromisoformat(row["at"]),
        who=row["who"],
        account=row["account"],
        station=row["station"],
        version=row["version"],
        action=row["action"],
        run=row["run"],
        scan=row["scan"],
        barcode=row["barcode"],
        old=row["old"],
        new=row["new"],
        reason=row["reason"],
    )
