"""When each file of the share was last read again, in the journal."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.adapters.storage.records import text_of
from app.domain.share import Scrubbed
from app.domain.transfer import ScrubFinding

_AT_ONCE = 500
"""Names in one statement; SQLite builds of old take 999."""
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class ScrubTables:
    """The part of the journal that remembers which share it is, and its re-reading.

    A file without a problem has an empty one.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def use_destination(self, destination: str, at: datetime) -> None:
        """Note the id of the destination that scans go to from then on; the first one that is noted was so always."""
        noted = self._destination()
        if noted is None or noted[0] != destination:
            since = _ALWAYS if noted is None else at
            value = text_of([destination, since.isoformat()])
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('destination', ?)", (value,))

    def destination_since(self, destination: str) -> datetime | None:
        """Return since when scans go to the destination with this id, None where they go to another, or none yet."""
        noted = self._destination()
        return noted[1] if noted is not None and noted[0] == destination else None

    def _destination(self) -> tuple[str, datetime] | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = 'destination'").fetchone()
        if row is None:
            return None
        destination, since = json.loads(row[0])
        return destination, datetime.fromisoformat(since)

    def put_scrubbed(self, checked: Sequence[Scrubbed]) -> None:
        """Keep when files were last read again; a finding keeps the time at which it was first seen."""
        before = self.scrubbed([each.path for each in checked if each.finding is not None])
        rows = []
        for each in checked:
            old = before.get(each.path)
            since = old.since if old is not None and old.since is not None else each.since or each.at
            rows.append((_key(each.path), each.at.isoformat(), _problem_text(each.finding, since)))
        self._db.executemany("INSERT OR REPLACE INTO scrubbed VALUES (?, ?, ?)", rows)

    def scrubbed(self, paths: Sequence[str]) -> Mapping[str, Scrubbed]:
        """Return when these files were last read again, by path."""
        found: dict[str, Scrubbed] = {}
        for start in range(0, len(paths), _AT_ONCE):
            some = {_key(path): path for path in paths[start : start + _AT_ONCE]}
            marks = ", ".join("?" * len(some))
            for row in self._db.execute(f"SELECT * FROM scrubbed WHERE path IN ({marks})", tuple(some)):
                found[some[row["path"]]] = _scrubbed_of(row)
        return found

    def scrub_findings(self) -> tuple[Scrubbed, ...]:
        """Return the files that were not as their manifest says when they were last read, by path."""
        rows = self._db.execute("SELECT * FROM scrubbed WHERE problem != '' ORDER BY path")
        return tuple(_scrubbed_of(row) for row in rows)

    def forget_scrubbed(self, paths: Sequence[str]) -> None:
        """Drop what is known of files that are no longer there."""
        self._db.executemany("DELETE FROM scrubbed WHERE path = ?", [(_key(path),) for path in paths])


def _key(path: str) -> str:
    """Return a path as the journal can hold it: bytes of a name that are no UTF-8 are written out."""
    return path.encode("utf-8", "backslashreplace").decode()


def _problem_text(finding: ScrubFinding | None, since: datetime) -> str:
    if finding is None:
        return ""
    return text_of([finding.problem, finding.listed, finding.found, finding.detail, since.isoformat()])


def _scrubbed_of(row: Any) -> Scrubbed:
    at = datetime.fromisoformat(row["at"])
    if not row["problem"]:
        return Scrubbed(row["path"], at)
    problem, listed, found, detail, since = json.loads(row["problem"])
    return Scrubbed(
        row["path"], at, ScrubFinding(row["path"], problem, listed, found, detail), datetime.fromisoformat(since)
    )
