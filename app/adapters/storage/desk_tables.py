"""Outbox, sheet and requests in the journal."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.adapters.storage.records import intent_of, intent_text, sheet_of, sheet_text, text_of, time_text
from app.domain.errors import ErrorKind
from app.domain.journal import Answer, PendingWrite, Request
from app.domain.scan import ScanId
from app.domain.sheet import CellWrite, SheetIntent, SlideSheet

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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

    def count_writes(self) -> int:
        """Return how many cells wait for the sheet."""
        return int(self._db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def newest_generation(self, barcode: str) -> int:
        """Return the newest generation of a slide's cells that wait for the sheet, 0 where none does."""
        found = self._db.execute("SELECT max(generation) FROM outbox WHERE barcode = ?", (barcode,)).fetchone()[0]
        return int(found or 0)

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

    def put_sheet_intent(self, intent: SheetIntent) -> None:
        """Keep what is being written to a shared sheet, in the place of an older intent."""
        self._db.execute("INSERT OR REPLACE INTO sheet_intent VALUES (1, ?)", (intent_text(intent),))

    def sheet_intent(self) -> SheetIntent | None:
        """Return what was begun and not seen through."""
        row = self._db.execute("SELECT content FROM sheet_intent").fetchone()
        return None if row is None else intent_of(row[0])

    def drop_sheet_intent(self) -> None:
        """Forget it: it was seen through."""
        self._db.execute("DELETE FROM sheet_intent")

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
        return tuple(_request_of(row) for row in rows)

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


def _request_of(row: sqlite3.Row) -> Request:
    """Read a request; what cannot be read is told as one that can be answered, or it would be met again for ever."""
    number, who, action = row["number"], row["who"], row["action"]
    try:
        at, body = datetime.fromisoformat(row["at"]), json.loads(row["body"])
    except ValueError as error:
        return Request(number, _LONG_AGO, who, action, {}, unreadable=str(error))
    if not isinstance(body, dict) or at.tzinfo is None:
        return Request(number, _LONG_AGO, who, action, {}, unreadable="it is no object, or its time has no zone")
    return Request(number, at, who, action, body)


def _answer_of(content: str) -> Answer:
    """Read an answer; those of earlier programs do not say of which kind an error was."""
    ok, title, message, hint, *kind = json.loads(content)
    return Answer(ok, title, message, hint, *map(ErrorKind, kind))
