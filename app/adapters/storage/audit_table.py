"""The audit log in the journal: appended to, read back, and never changed."""

import sqlite3
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from app.adapters.storage.records import time_text
from app.domain.audit import NOT_AUTHENTICATED, AuditEntry, AuditTip
from app.domain.audit_chain import AuditRecord, entry_hash
from app.domain.scan import RunId

_VALUES = tuple(each.name for each in fields(AuditRecord) if each.name != "number")
_AS_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in _VALUES)


class AuditTable:
    """The part of the journal that remembers who did what. Its tip stands in `meta` too: that tells a cut end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log; each entry's hash covers its number and the hash before it.

        The chain goes on from the tip that was noted: where somebody took entries away or added some, it never fits
        again, and nobody's work stands still for it.
        """
        tip = self.audit_tip()
        (newest,) = self._db.execute("SELECT COALESCE(MAX(number), 0) FROM audit").fetchone()
        record = _record_of(1 + max(newest, tip.number), entry)
        record = replace(record, hash=entry_hash(tip.hash, record))
        columns = ("number", *_VALUES)
        self._db.execute(
            f"INSERT INTO audit ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})",
            tuple(getattr(record, name) for name in columns),
        )
        notes = (("audit_count", str(record.number)), ("audit_hash", record.hash))
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", notes)

    def audits(self, run: RunId | None = None) -> tuple[AuditEntry, ...]:
        """Return the audit log of a run, or all, oldest first."""
        rows = self._db.execute("SELECT * FROM audit WHERE ? IS NULL OR run = ? ORDER BY number", (run, run))
        return tuple(_entry_of(row) for row in rows)

    def audit_records(self) -> tuple[AuditRecord, ...]:
        """Return every entry as it stands in the file, whatever stands there."""
        rows = self._db.execute(f"SELECT number, {_AS_BYTES} FROM audit ORDER BY number")
        # Bytes that are no UTF-8 are somebody's change: they are carried along, so that it is found.
        return tuple(AuditRecord(row[0], *(_text(value) for value in tuple(row)[1:])) for row in rows)  # type: ignore[arg-type]  # the table lets only three be NULL

    def audit_tip(self) -> AuditTip:
        """Return how far the log goes, as was noted with its newest entry."""
        noted = dict(self._db.execute("SELECT key, value FROM meta WHERE key IN ('audit_count', 'audit_hash')"))
        count = noted.get("audit_count", "")
        return AuditTip(int(count) if count.isdecimal() else 0, noted.get("audit_hash", ""))

    def audit_hash(self, number: int) -> str | None:
        """Return the hash of one entry, None where there is no such entry."""
        row = self._db.execute("SELECT hash FROM audit WHERE number = ?", (number,)).fetchone()
        return None if row is None else str(row[0])


def _record_of(number: int, entry: AuditEntry) -> AuditRecord:
    return AuditRecord(
        number=number,
        at=time_text(entry.at) or "",
        who=entry.who,
        account=entry.account,
        authentication=entry.authentication,
        station=entry.station,
        version=entry.version,
        action=entry.action,
        run=entry.run,
        scan=entry.scan,
        barcode=entry.barcode,
        old=entry.old,
        new=entry.new,
        reason=entry.reason,
        hash="",
    )


def _entry_of(row: Any) -> AuditEntry:
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
        authentication=row["authentication"] or NOT_AUTHENTICATED,
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")
