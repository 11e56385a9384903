"""Runs, scans, steps, pictures and rescans in the journal."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.adapters.storage.records import dossier_of, reading_rows, scan_values, text_of, time_of, time_text
from app.domain.dossier import Dossier, RescanLink
from app.domain.run import Expected, ExpectedFrom, Operator, Run
from app.domain.scan import RunId, ScanId
from app.domain.slide import PictureKind
from app.domain.step import StepId, StepMove, StepState


class ScanTables:
    """The part of the journal that holds runs and scans."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def id(self) -> str:
        """Return the journal's own id."""
        return str(self._db.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()[0])

    def add_run(self, run: Run) -> None:
        """Add a run."""
        who = run.operator
        self._db.execute(
            "INSERT INTO run (id, scanner, operator, email, initials, account, started_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run.id, run.scanner, who.name, who.email, who.initials, who.account, time_text(run.started_at)),
        )

    def end_run(self, run: RunId, at: datetime, reasons: Mapping[str, str]) -> None:
        """Close a run with the reason given for each open slide."""
        values = (time_text(at), text_of(dict(reasons)), run)
        self._db.execute("UPDATE run SET ended_at = ?, reasons = ? WHERE id = ?", values)

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, oldest first."""
        rows = self._db.execute("SELECT * FROM run ORDER BY started_at, rowid").fetchall()
        return tuple(
            Run(
                RunId(row["id"]),
                row["scanner"],
                Operator(row["operator"], row["email"], row["initials"], row["account"]),
                datetime.fromisoformat(row["started_at"]),
                time_of(row["ended_at"]),
            )
            for row in rows
        )

    def end_reasons(self, run: RunId) -> Mapping[str, str]:
        """Return the reasons given at the end of a run, by barcode or scan id."""
        row = self._db.execute("SELECT reasons FROM run WHERE id = ?", (run,)).fetchone()
        return {str(key): str(value) for key, value in json.loads(row["reasons"]).items()} if row else {}

    def expect(self, run: RunId, expected: Expected) -> bool:
        """Add an expected barcode; False when it is expected already."""
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO expected (run, barcode, source, at) VALUES (?, ?, ?, ?)",
            (run, expected.barcode, expected.source.value, time_text(expected.at)),
        )
        return cursor.rowcount == 1

    def expected(self, run: RunId) -> tuple[Expected, ...]:
        """Return what a run expects, in order of arrival."""
        rows = self._db.execute("SELECT * FROM expected WHERE run = ? ORDER BY rowid", (run,)).fetchall()
        return tuple(
            Expected(row["barcode"], ExpectedFrom(row["source"]), datetime.fromisoformat(row["at"])) for row in rows
        )

    def add(self, dossier: Dossier) -> None:
        """Add a scan with its steps."""
        values = scan_values(dossier)
        marks = ", ".join("?" for _ in values)
        self._db.execute(f"INSERT INTO scan ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def save(self, dossier: Dossier, moves: Sequence[StepMove], before: Dossier | None = None) -> None:
        """Write a scan as it is now, and the moves that made it so; `before`: how the journal holds it."""
        values = scan_values(dossier, before)
        if values:
            pairs = ", ".join(f"{name} = ?" for name in values)
            self._db.execute(f"UPDATE scan SET {pairs} WHERE id = ?", (*values.values(), dossier.id))
        self._db.executemany(
            "INSERT INTO move (scan, step, old, new, cause, attempt, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(dossier.id, m.step, m.old.value, m.new.value, m.cause, m.attempt, time_text(m.at)) for m in moves],
        )

    def dossiers(self, run: RunId | None = None) -> tuple[Dossier, ...]:
        """Return the scans of a run, or all, oldest first."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        with reading_rows():
            rows = self._db.execute(f"SELECT * FROM scan{where} ORDER BY number", values)
            return tuple(dossier_of(row) for row in rows)

    def unfinished(self) -> frozenset[ScanId]:
        """Return the scans of which anything may still go on."""
        return frozenset(ScanId(row[0]) for row in self._db.execute("SELECT id FROM scan WHERE NOT finished"))

    def moves(self, scan: ScanId) -> tuple[StepMove, ...]:
        """Return every move of a scan's steps, oldest first."""
        rows = self._db.execute("SELECT * FROM move WHERE scan = ? ORDER BY number", (scan,))
        return tuple(
            StepMove(
                StepId(row["step"]),
                StepState(row["old"]),
                StepState(row["new"]),
                row["cause"],
                row["attempt"],
                datetime.fromisoformat(row["at"]),
            )
            for row in rows
        )

    def forget_details(self, ended_before: datetime, most: int) -> int:
        """Drop pictures and moves of finished scans whose run ended earlier, and requests answered earlier."""
        runs = [run.id for run in self.runs() if run.ended_at is not None and run.ended_at < ended_before]
        scans = [scan for run in runs for scan in self._with_details(run, most)][:most]
        for table in ("picture", "move"):
            self._db.executemany(f"DELETE FROM {table} WHERE scan = ?", [(scan,) for scan in scans])
        rows = self._db.execute("SELECT number, answered_at FROM request WHERE answered_at IS NOT NULL ORDER BY number")
        old = [row["number"] for row in rows if datetime.fromisoformat(row["answered_at"]) < ended_before][:most]
        self._db.executemany("DELETE FROM request WHERE number = ?", [(number,) for number in old])
        return len(scans) + len(old)

    def _with_details(self, run: RunId, most: int) -> list[str]:
        rows = self._db.execute(
            "SELECT id FROM scan WHERE run = ? AND finished"
            " AND (EXISTS (SELECT 1 FROM picture WHERE picture.scan = scan.id)"
            " OR EXISTS (SELECT 1 FROM move WHERE move.scan = scan.id)) LIMIT ?",
            (run, most),
        )
        return [row[0] for row in rows]

    def put_picture(self, scan: ScanId, kind: PictureKind, png: bytes) -> None:
        """Keep a picture of a scan in the place of an older one; empty: there is none any more."""
        self._db.execute("INSERT OR REPLACE INTO picture VALUES (?, ?, ?)", (scan, kind.value, png))

    def picture(self, scan: ScanId, kind: PictureKind) -> bytes | None:
        """Return a kept picture."""
        row = self._db.execute("SELECT png FROM picture WHERE scan = ? AND kind = ?", (scan, kind.value)).fetchone()
        return None if row is None or not row[0] else bytes(row[0])

    def link(self, link: RescanLink) -> None:
        """Note that one scan took another's place; the newest note on a pair stands."""
        self._db.execute(
            "INSERT OR REPLACE INTO link (barcode, older, newer, kept, older_destination, reason, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                link.barcode,
                link.older,
                link.newer,
                link.kept,
                link.older_destination,
                link.reason,
                time_text(link.at),
            ),
        )

    def links(self) -> tuple[RescanLink, ...]:
        """Return every note on rescans, oldest first."""
        return tuple(
            RescanLink(
                row["barcode"],
                ScanId(row["older"]),
                ScanId(row["newer"]),
                ScanId(row["kept"]),
                row["older_destination"],
                row["reason"],
                datetime.fromisoformat(row["at"]),
            )
            for row in self._db.execute("SELECT * FROM link ORDER BY number")
        )
