"""The audit log by command: is it whole, which entry is the first that is not, and all of it as a file."""

import asyncio
import csv
import hashlib
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.storage.store import SqliteStore
from app.domain.audit import AuditEntry
from app.domain.run import Operator, Run
from app.domain.scan import RunId, ScanId
from tests.adapters.storage.samples import AT
from tests.e2e import lab
from tests.e2e.test_commands import SETTINGS

RUN = Run(RunId("2026-11-22-1"), "Raven", Operator("Mira Holm"), AT, AT)
ENTRY = AuditEntry(AT, "Mira Holm", "mholm", "pc", "1.0", "mark", RUN.id, ScanId("a"), "0001", "old", "new", "=1+1")


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """A lab whose journal has five entries, two of them of a run."""
    (tmp_path / "scanner").mkdir()
    (tmp_path / "settings.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    (tmp_path / "slides.csv").write_text("Include in Name?,REQUIRED\nBarcode,Study\n", encoding="utf-8")
    FolderDestination(tmp_path / "share", "Rescans", "pc").initialise()

    async def fill() -> None:
        store = SqliteStore(tmp_path / "data" / "journal.sqlite")
        others = [replace(ENTRY, run=None, scan=None, barcode=None, reason=f"reason {n}") for n in range(3)]
        await store.work(lambda j: (j.add_run(RUN), j.end_run(RUN.id, AT, {})))
        await store.work(lambda j: [j.audit(each) for each in (ENTRY, *others, replace(ENTRY, reason='Grüße; "x"'))])
        await store.close()

    asyncio.run(fill())
    return tmp_path


def at(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return lab.run("--config", folder / "settings.toml", *words)


def by_hand(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "data" / "journal.sqlite", isolation_level=None)) as db:
        for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            db.execute(statement)


def test_a_whole_log_and_one_that_somebody_changed(station: Path) -> None:
    done = at(station, "audit", "verify", "--json")
    assert done.returncode == 0, done.stderr
    found = lab.document(done)
    assert (found["entries"], found["whole"], found["broken"]) == (5, True, None)
    assert found["destination"]["compared"] is False
    by_hand(station, "UPDATE audit SET who = 'Ben' WHERE number = 3")
    broken = at(station, "audit", "verify")
    assert broken.returncode == 1
    assert "entry 3 is the first that does not fit (changed)" in broken.stdout
    assert "not authenticated" in broken.stdout


def test_the_share_remembers_what_was_cut_off(station: Path) -> None:
    assert at(station, "run", "start", "--operator", "Ada").returncode == 0
    assert at(station, "run", "end").returncode == 0
    whole = lab.document(at(station, "audit", "verify", "--json"))
    assert whole["whole"]
    assert whole["destination"]["compared"]
    assert whole["destination"]["number"] == whole["entries"] == 6
    assert whole["destination"]["hash"] == whole["head"]
    by_hand(
        station,
        "DELETE FROM audit WHERE number > 4",
        "UPDATE meta SET value = '4' WHERE key = 'audit_count'",
        "UPDATE meta SET value = (SELECT hash FROM audit WHERE number = 4) WHERE key = 'audit_hash'",
    )
    cut = at(station, "audit", "verify", "--json")
    assert cut.returncode == 1
    assert lab.document(cut)["broken"] == {"number": 5, "problem": "cut off at the end"}
    shutil.rmtree(station / "share")
    away = at(station, "audit", "verify")
    assert away.returncode == 0
    assert "Not compared with the share" in away.stdout


def test_the_log_is_exported_with_all_that_its_hashes_cover(station: Path) -> None:
    out = station / "audit.json"
    done = at(station, "audit", "export", "--format", "json", "--out", out, "--json")
    assert lab.document(done) == {"audit": str(out), "entries": 5}
    head = ""
    for entry in json.loads(out.read_text("ascii"))["entries"]:
        values = [value for name, value in entry.items() if name not in ("rule", "hash")]
        text = head + json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        head = hashlib.sha256(text.encode()).hexdigest()
        assert (entry["rule"], entry["authentication"], entry["hash"]) == (2, "not authenticated", head)
    lines = station / "audit.csv"
    assert at(station, "audit", "export", RUN.id, "--out", lines).returncode == 0
    rows = list(csv.DictReader(lines.read_text("utf-8-sig").splitlines()))
    assert [row["number"] for row in rows] == ["1", "5"]
    assert [row["reason"] for row in rows] == ["'=1+1", 'Grüße; "x"']
    assert {(row["who"], row["account"], row["authentication"]) for row in rows} == {
        ("Mira Holm", "mholm", "not authenticated")
    }


def test_wrong_words_and_no_journal(station: Path) -> None:
    wrong = at(station, "audit", "verify", RUN.id)
    assert wrong.returncode == 2
    assert RUN.id in wrong.stderr
    assert at(station, "audit", "export", "no-such-run", "--out", station / "x.csv").returncode == 2
    refused = at(station, "audit", "export", "--out", station / "no folder" / "x.csv")
    assert refused.returncode == 3
    (station / "data" / "journal.sqlite").write_bytes(b"garbage" * 1000)
    damaged = at(station, "audit", "verify")
    assert damaged.returncode == 3
    assert "damaged" in damaged.stderr
