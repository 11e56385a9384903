"""The journal's file: SQLite with WAL and FULL sync, one connection on one thread, a transaction a unit of work."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.adapters.storage.alarm_notes import AlarmNotes
from app.adapters.storage.audit_table import AuditTable
from app.adapters.storage.backups import backups_of
from app.adapters.storage.desk_tables import DeskTables
from app.adapters.storage.quality_tables import QualityTables
from app.adapters.storage.scan_tables import ScanTables
from app.adapters.storage.schema import migrate
from app.adapters.storage.scrub_tables import ScrubTables
from app.domain.errors import SurroundingsError
from app.domain.journal import Journal

T = TypeVar("T")


class SqliteJournal(ScanTables, QualityTables, DeskTables, AuditTable, ScrubTables, AlarmNotes):
    """The whole journal over one connection."""


class SqliteStore:
    """Meets the port `Store`. Other processes may open the same file; SQLite keeps them apart for up to 30 s."""

    def __init__(self, path: Path) -> None:
        """Open or make the journal at `path`, whose folder must be on a local disk.

        Raises SurroundingsError when it cannot be opened, is damaged, or was written by a newer program.
        """
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            self._db: sqlite3.Connection = self._thread.submit(self._open).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=30.0, isolation_level=None)
            connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                connection.execute(f"PRAGMA {pragma}")
            migrate(connection, str(self._path))
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(
                error,
                "The journal cannot be opened",
                "Check that the data folder is on a local disk, may be written and has room",
            ) from error
        return connection

    def _trouble(self, error: Exception, title: str, hint: str) -> SurroundingsError:
        """Return an error in words; for a damaged file those that name the newest backup."""
        if getattr(error, "sqlite_errorcode", None) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return SurroundingsError(title, f"{self._path}: {error}", hint)
        newest = backups_of(self._path).newest_path()
        put_back = (
            f"Close the program, put {self._path.name} with its -wal and -shm aside, and copy {newest} into its place;"
            " scans that came later are found again, and what is on the share already is recognised"
            if newest is not None
            else "There is no backup beside it: put it aside, keep it for whoever may repair it, and start anew"
        )
        return SurroundingsError("The journal is damaged", f"{self._path}: {error}", put_back)

    async def work(self, act: Callable[[Journal], T]) -> T:
        """Run `act` in one transaction on the journal's thread.

        Raises SurroundingsError when the disk refuses; nothing of `act` is then in the journal.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, act)

    def _transaction(self, act: Callable[[Journal], T]) -> T:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                result = act(SqliteJournal(self._db))
                self._db.execute("COMMIT")
            finally:
                # Also where COMMIT itself fails: an open transaction would refuse all that come after it.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._trouble(
                error,
                "The journal cannot be written",
                "Free space on this disk; every transfer waits until the journal can be written",
            ) from error
        return result

    async def close(self) -> None:
        """Close the file after the work that was begun."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()
