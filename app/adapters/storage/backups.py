"""Daily copies of the journal: made beside the work, looked at before they get their name."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from app.domain.errors import SurroundingsError

_NAME = re.compile(r"journal-(\d{4}-\d{2}-\d{2})\.sqlite")
_NEW = re.compile(r"journal-\d{4}-\d{2}-\d{2}\.sqlite\.new(-journal)?")


def backups_of(journal: Path) -> "JournalBackups":
    """Return the copies of a journal, in a folder beside it."""
    return JournalBackups(journal, journal.parent / "backups")


class JournalBackups:
    """Meets the port `Backups` for the journal at `journal`, with a connection of its own for each copy."""

    def __init__(self, journal: Path, folder: Path) -> None:
        self._journal = journal
        self._folder = folder

    def newest(self) -> date | None:
        """Return the day of the newest copy, None where there is none."""
        return max((day for day, _ in self._copies()), default=None)

    def newest_path(self) -> Path | None:
        """Return the newest copy, None where there is none."""
        return max(self._copies(), default=(None, None))[1]

    def make(self, day: date) -> None:
        """Copy the journal as it is now under the name of a day, in the place of an older copy of that day."""
        with self._in_words():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_unfinished()
            new = self._folder / f"journal-{day.isoformat()}.sqlite.new"
            # Not read-only: SQLite opens what it copies into with the same right.
            with closing(_open(self._journal, "rw")) as journal:
                journal.execute("VACUUM INTO ?", (str(new),))
                _compare(new, journal)
            with new.open("rb+") as copy:
                os.fsync(copy.fileno())
            new.replace(new.with_suffix(""))

    def prune(self, keep: int) -> None:
        """Remove all but the newest copies; other files in the folder are not touched."""
        with self._in_words():
            for _, path in sorted(self._copies(), reverse=True)[max(1, keep) :]:
                path.unlink(missing_ok=True)

    def _copies(self) -> Iterator[tuple[date, Path]]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match is not None and path.is_file():
                try:
                    yield date.fromisoformat(match[1]), path
                except ValueError:
                    continue  # no such day: a name of somebody else's making

    def _remove_unfinished(self) -> None:
        """Remove what a program that was killed meanwhile left; nobody ever took it for a copy."""
        for path in self._folder.iterdir():
            if _NEW.fullmatch(path.name):
                path.unlink(missing_ok=True)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise SurroundingsError(
                "The journal could not be backed up",
                f"{self._folder}: {error}",
                "Free space on this disk, and see that the folder may be written; it is tried again by itself",
            ) from error


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30.0, isolation_level=None)


def _compare(new: Path, journal: sqlite3.Connection) -> None:
    """Raise SurroundingsError unless the copy is sound and its audit log ends where the journal's was then."""
    with closing(_open(new, "ro")) as copy:
        found = [row[0] for row in copy.execute("PRAGMA quick_check")]
        number, its_hash = copy.execute("SELECT COALESCE(MAX(number), 0), hash FROM audit").fetchone()
    if found != ["ok"]:
        raise _bad(f"{new}: {found[0]}")
    row = journal.execute("SELECT hash FROM audit WHERE number = ?", (number,)).fetchone()
    if (None if row is None else row[0]) != its_hash:
        raise _bad(f"{new}: its audit log ends with another entry {number} than the journal has")


def _bad(message: str) -> SurroundingsError:
    return SurroundingsError(
        "The copy of the journal is not good", message, "Look at this disk's health; the older copies are kept"
    )
