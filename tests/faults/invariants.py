"""What must hold of journal, share and sheet at every moment, whatever went wrong before; see docs/guarantees.md.

Read from the outside: SQL, files, cells. Between two renames of a rescan a file is at its new place already while the
journal still names the old one; `at_rest` asks for more, because then nothing may be half done.
"""

import hashlib
import json
import os
import sqlite3
import unicodedata
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.adapters.files.manifest import read_manifest
from app.adapters.storage.audit_table import AuditTable
from app.domain.audit_chain import first_break
from app.domain.step import StepState
from app.pipeline.journey import JOURNEY

MANIFEST = "manifest-sha256.txt"


@dataclass
class Invariants:
    """Checks one station's journal against one share; remembers hashes of files that did not change."""

    journal: Path
    share: Path
    written: set[str] | None = None
    """The SHA-256 of everything a scanner ever wrote, where that is known."""
    checks: int = 0
    _hashes: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def check(self, cells: Mapping[tuple[str, str], str], *, at_rest: bool = False) -> None:
        """Raise AssertionError naming what does not hold."""
        self.checks += 1
        with closing(sqlite3.connect(self.journal, isolation_level=None)) as journal:
            journal.execute("BEGIN")  # one moment of the journal, whatever is committed meanwhile
            scans = journal.execute("SELECT id, barcode, files, published FROM scan ORDER BY number").fetchall()
            self._check_steps(journal, [scan for scan, *_ in scans])
            self._check_audit(journal)
        published = [(scan, barcode, json.loads(files)) for scan, barcode, files, known in scans if known]
        self._check_published(published, at_rest=at_rest)
        self._check_names(published)
        self._check_manifests(published, at_rest=at_rest)
        self._check_sheet(published, cells)

    def _check_steps(self, journal: sqlite3.Connection, scans: list[str]) -> None:
        """Every scan is in exactly one state: thirteen steps, each where its last move brought it."""
        steps = journal.execute("SELECT scan, step, state FROM step").fetchall()
        assert len(steps) == len(JOURNEY) * len(scans)
        assert {state for _, _, state in steps} <= {state.value for state in StepState}
        newest = "SELECT scan, step, new FROM move WHERE number IN (SELECT MAX(number) FROM move GROUP BY scan, step)"
        moved = {(scan, step): new for scan, step, new in journal.execute(newest)}
        for scan, step, state in steps:
            assert moved.get((scan, step), "pending") == state, f"{scan} {step} is {state}, its last move says other"

    def _check_audit(self, journal: sqlite3.Connection) -> None:
        table = AuditTable(journal)
        assert first_break(table.audit_records(), table.audit_tip()) is None, "the audit chain is broken"

    def _check_published(self, published: list[Any], *, at_rest: bool) -> None:
        """What the journal calls published holds the verified bytes, here or (on its way) in the rescans."""
        for scan, _, files in published:
            for _, destination, size, sha256, _ in files:
                path = self.share / destination
                if not at_rest and not path.exists():
                    path = self._in_rescans(scan, Path(destination)) or self.share / destination
                assert path.exists(), f"{destination} of {scan} is published and not there"
                assert path.stat().st_size == size
                assert self._hash(path) == sha256, f"{destination} of {scan} is not what was verified"
                assert self.written is None or sha256 in self.written, f"no scanner ever wrote {destination}"

    def _in_rescans(self, scan: str, old: Path) -> Path | None:
        """Return where a file is that moved, but whose move is not in the journal yet."""
        found = [p for p in (self.share / "Rescans").rglob(f"*{old.suffix}") if f"__{scan}" in str(p)]
        exact = [p for p in found if p.name == old.name]
        return next(iter((*exact, *found)), None)

    def _check_names(self, published: list[Any]) -> None:
        """No name belongs to two scans, as any file system compares names."""
        holders: dict[str, str] = {}
        for scan, _, files in published:
            for _, destination, *_ in files:
                other = holders.setdefault(unicodedata.normalize("NFC", destination).casefold(), scan)
                assert other == scan, f"{destination} belongs to {other} and {scan}"

    def _check_manifests(self, published: list[Any], *, at_rest: bool) -> None:
        listed: dict[str, str] = {}
        # Not `rglob`: it stumbles over a folder that the engine takes away while it looks.
        for folder in (Path(each) for each, _, files in os.walk(self.share) if MANIFEST in files):
            for name, sha256 in read_manifest(folder).items():
                path = folder / name
                listed[path.relative_to(self.share).as_posix()] = sha256
                if path.exists():
                    assert self._hash(path) == sha256, f"{path} is not what its manifest says"
                assert path.exists() or not at_rest, f"{path} is listed and not there"
        if at_rest:
            for _, _, files in published:
                for _, destination, _, sha256, _ in files:
                    assert listed.get(destination) == sha256, f"{destination} is in no manifest"

    def _check_sheet(self, published: list[Any], cells: Mapping[tuple[str, str], str]) -> None:
        """The sheet says of a slide only what the journal knows already."""
        known = {(barcode, files[0][3]) for _, barcode, files in published}
        for (barcode, header), value in cells.items():
            if header == "SHA-256":
                assert (barcode, value) in known, f"the sheet knows {value} of {barcode}, the journal does not"

    def _hash(self, path: Path) -> str:
        status = path.stat()
        mark = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        kept = self._hashes.get(str(path))
        if kept is None or kept[0] != mark:
            kept = self._hashes[str(path)] = (mark, hashlib.sha256(path.read_bytes()).hexdigest())
        return kept[1]
