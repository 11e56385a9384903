"""The engine as a whole over a real journal, real files and a real share, in processes that may be killed.

Images and sheet are scripted; the sheet stands in a file, because it must outlive a killed program.
"""

import asyncio
import hashlib
import json
import os
import re
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.storage.store import SqliteStore
from app.pipeline.case import Kit
from app.pipeline.sheet_desk import SheetDesk
from tests.fakes.images import slide_bytes
from tests.fakes.lab import Lab
from tests.fakes.sheets import FakeSheet

Tick = Callable[[str], None]
PATIENCE_SECONDS = 120.0
DESTINATION_CALLS = ("check", "copy", "publish", "occupant", "relocate", "discard", "check_file")
SOURCE_CALLS = ("sha256", "remove")
SHEET_CALLS = ("read", "write")


class FileSheet(FakeSheet):
    """A sheet whose written cells stand in a file, swapped whole."""

    def __init__(self, rows: list[list[str]], path: Path) -> None:
        super().__init__(rows)
        self._path = path

    def write(self, writes):
        self.load()
        result = super().write(writes)
        via = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        via.write_text(json.dumps([[*key, value] for key, value in sorted(self.cells.items())]), encoding="utf-8")
        via.replace(self._path)
        return result

    def load(self) -> dict[tuple[str, str], str]:
        """Read what any process wrote."""
        if self._path.exists():
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self.cells = {(barcode, header): value for barcode, header, value in stored}
        return self.cells


class Ticking:
    """Something behind a port whose calls are counted: a tick right before and right after each."""

    def __init__(self, inner: Any, calls: tuple[str, ...], tick: Tick) -> None:
        self._inner = inner
        self._calls = calls
        self._tick = tick

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._calls:
            return found

        def call(*arguments: Any) -> Any:
            self._tick(f"before {name}")
            result = found(*arguments)
            self._tick(f"after {name}")
            return result

        return call


class TickingStore(SqliteStore):
    """The real journal: a tick right before and right after each COMMIT that changes something."""

    def __init__(self, path: Path, tick: Tick) -> None:
        self._tick = tick
        super().__init__(path)

    def _transaction(self, act):
        told: list[str] = []

        def watched(journal):
            changes = self._db.total_changes
            newest = self._newest_move()
            result = act(journal)
            if self._db.total_changes != changes:
                told.append(self._moves_since(newest))
                self._tick(f"before commit of {told[0]}")
            return result

        result = super()._transaction(watched)
        if told:
            self._tick(f"after commit of {told[0]}")
        return result

    def _newest_move(self) -> int:
        return int(self._db.execute("SELECT COALESCE(MAX(number), 0) FROM move").fetchone()[0])

    def _moves_since(self, number: int) -> str:
        rows = self._db.execute("SELECT step, new FROM move WHERE number > ? ORDER BY number", (number,)).fetchall()
        return ", ".join(f"{step} {new}" for step, new in rows) or "something beside the steps"


class EngineLab(Lab):
    """A lab whose journal transactions and port calls tick; opened in many processes, one after the other."""

    def __init__(self, folder: Path, **pipeline: float) -> None:
        super().__init__(folder, **pipeline)
        self.sheet = FileSheet(self.sheet.rows, folder / "sheet.json")
        self.tick: Tick = lambda _: None

    def store(self) -> TickingStore:
        return TickingStore(self.folder / "journal.sqlite", self.tick)

    def kit(self, store: SqliteStore, *, once: bool = False) -> Kit:
        kit = super().kit(store, once=once)
        gateway = Ticking(self.sheet, SHEET_CALLS, self.tick)
        return replace(
            kit,
            destination=Ticking(kit.destination, DESTINATION_CALLS, self.tick),
            source=Ticking(kit.source, SOURCE_CALLS, self.tick),
            sheet=SheetDesk(gateway, store, kit.threads, self.clock, self.settings.sheet),
        )

    def mrxs(self, name: str, barcode: str, *, mark: str = "") -> Path:
        """Write a set as a scanner does: the folder first, the file that names it last."""
        inner = self.watch / name
        inner.mkdir(parents=True, exist_ok=True)
        (inner / "Slidedat.ini").write_bytes(b"[GENERAL]\n" + mark.encode())
        (inner / "Data0000.dat").write_bytes(slide_bytes("", mark=mark + "data", size=9000))
        return self.scan(f"{name}.mrxs", barcode, mark=mark)

    async def rest(self) -> None:
        """Return once nothing goes on by itself; patient, for many of these run at once."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.station.runner.at_rest():
            assert time.monotonic() < end, "never at rest: " + self.story()
            await asyncio.sleep(0.01)


def in_child(act: Callable[[], object], told: Path) -> int:
    """Run in a process of its own; return its exit code, negative for a signal. An error's traceback goes to `told`."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            act()
            code = 0
        except BaseException:  # noqa: BLE001 - told to the parent, which fails
            told.write_text(traceback.format_exc(), encoding="utf-8")
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def require_ends(act: Callable[[], object], told: Path) -> None:
    """Run in a process of its own that must end well."""
    code = in_child(act, told)
    assert code == 0, told.read_text(encoding="utf-8") if told.exists() else f"exit code {code}"


def rows_of(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return rows of the journal."""
    with closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        return journal.execute(query).fetchall()


def files_below(root: Path) -> dict[str, str]:
    """Return every file below a folder but the program's own: path to SHA-256."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".slideferry" not in path.parts
    }


def end_state(lab: EngineLab) -> dict[str, Any]:
    """Return what a lab looks like at rest, with the ids of scans replaced by their names, and times left out."""
    names = dict(rows_of(lab.folder, "SELECT id, main FROM scan"))

    def masked(value: Any) -> Any:
        text = json.dumps(value).replace(str(lab.folder), "")
        return json.loads(re.sub("|".join(names) or "$^", lambda found: names[found[0]], text))

    manifests = {
        path.relative_to(lab.share_root).as_posix(): sorted(path.read_text("utf-8").splitlines())
        for path in lab.share_root.rglob("manifest-sha256.txt")
    }
    listed = [
        "SELECT main, barcode, stem, file_name, folder, superseded_by, published, files, cancelled, paused, keep"
        " FROM scan ORDER BY main",
        "SELECT scan.main, step.step, step.state FROM step JOIN scan ON scan.id = step.scan ORDER BY 1, 2",
        "SELECT barcode, older, newer, kept, older_destination, reason FROM link ORDER BY older",
        "SELECT action, scan, barcode, old, new, reason FROM audit ORDER BY number",
        "SELECT barcode, header FROM outbox ORDER BY 1, 2",
        "SELECT COUNT(*) FROM run",
    ]
    share = {name: digest for name, digest in files_below(lab.share_root).items() if "manifest-sha256" not in name}
    return masked(
        {
            "share": share,
            "manifests": manifests,
            "scanner": files_below(lab.watch),
            "sheet": [[*key, value] for key, value in sorted(lab.sheet.load().items()) if key[1] != "Transferred At"],
            "journal": [rows_of(lab.folder, query) for query in listed],
        }
    )


def everything(lab: EngineLab) -> Any:
    """Return all that a program could have changed: files with their times, and every row of the journal."""
    files = sorted(
        (path.relative_to(lab.folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino)
        for place in (lab.share_root, lab.watch)
        for path in place.rglob("*")
        if path.is_file()
    )
    sheet = lab.folder / "sheet.json"
    tables = [name for (name,) in rows_of(lab.folder, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    rows = {name: rows_of(lab.folder, f"SELECT * FROM {name} ORDER BY 1") for name in tables}
    return files, sheet.stat().st_mtime_ns if sheet.exists() else None, rows
