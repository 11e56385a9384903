"""The alarms of damaged bytes that stand in the journal's `meta`, one a scan that raised it."""

import json
import sqlite3
from collections.abc import Mapping

from app.adapters.storage.records import reading_rows, text_of
from app.domain.errors import CorruptionError
from app.domain.scan import ScanId

_PREFIX = "alarm "


class AlarmNotes:
    """The part of the journal that keeps the queue closed over the program's end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def raise_alarm(self, scan: ScanId, trouble: CorruptionError) -> None:
        """Note that a scan's bytes were found damaged, in the place of its older alarm."""
        told = text_of([trouble.title, trouble.message, trouble.hint])
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_PREFIX + scan, told))

    def end_alarm(self, scan: ScanId) -> None:
        """Drop the alarm of a scan; it is fine when there is none."""
        self._db.execute("DELETE FROM meta WHERE key = ?", (_PREFIX + scan,))

    def alarms(self) -> Mapping[ScanId, CorruptionError]:
        """Return the alarms that stand, by the scan that raised each."""
        rows = self._db.execute("SELECT key, value FROM meta WHERE key LIKE ? ORDER BY rowid", (_PREFIX + "%",))
        with reading_rows():
            return {ScanId(key.removeprefix(_PREFIX)): CorruptionError(*json.loads(value)) for key, value in rows}
