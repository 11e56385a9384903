"""Runs the program as a person would, in a process of its own, and reads what is left on disk."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(ROOT / "main.py")]
TIMES = ("Transferred At",)
PATIENCE_SECONDS = 240.0
"""After so long a program is taken for stuck. It gives way to all others, so a busy machine makes it slow."""


def environment() -> dict[str, str]:
    """Return the environment of a machine without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SLIDEFERRY_CONFIG", "SLIDEFERRY_DATA_DIR")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def run(
    *words: str | Path, program: list[str] | None = None, seconds: float = PATIENCE_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [*(program or PROGRAM), *map(str, words)]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=seconds, env=environment(), check=False
    )


def demo_words(folder: Path, slides: int) -> list[str]:
    """Return the words of a headless demo."""
    return ["demo", "--headless", "--json", "--slides", str(slides), "--dir", str(folder)]


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the JSON document of a command, after checking that it is all there is."""
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sha256(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class EndState:
    """What a lab looks like when all is done, with the ids of scans replaced by their scanner's file names."""

    scans: tuple[Any, ...]
    share: dict[str, str]
    manifests: dict[str, tuple[str, ...]]
    sheet: tuple[Any, ...]
    audits: tuple[Any, ...]
    links: tuple[Any, ...]


def end_state(folder: Path, found: dict[str, Any]) -> EndState:
    """Read the end state from the share, the sheet, the journal and the program's own document."""
    names = {scan["id"]: Path(scan["files"][0]["source"]).name for scan in found["scans"]}

    def masked(text: str) -> str:
        return re.sub("|".join(map(re.escape, names)), lambda match: names[match[0]], text).replace(str(folder), "")

    scans = sorted(
        (
            names[scan["id"]],
            scan["barcode"],
            scan["state"],
            masked(scan["destination"] or ""),
            tuple(file["sha256"] for file in scan["files"]),
            scan["quality"]["verdict"],
            tuple((step, value["state"]) for step, value in scan["steps"].items()),
            (scan["attention"] or {}).get("title"),
        )
        for scan in found["scans"]
    )
    share = folder / "share"
    files = [path for path in share.rglob("*") if path.is_file() and ".slideferry" not in path.parts]
    manifests = [path for path in files if path.name == "manifest-sha256.txt"]
    return EndState(
        scans=tuple(scans),
        share={masked(str(path.relative_to(share))): sha256(path) for path in files if path not in manifests},
        manifests={
            masked(str(path.relative_to(share))): tuple(sorted(masked(path.read_text("utf-8")).splitlines()))
            for path in manifests
        },
        sheet=sheet_rows(folder, masked),
        audits=journal_rows(folder, "SELECT action, barcode, old, new, reason FROM audit", masked),
        links=journal_rows(folder, "SELECT barcode, older, newer, kept, older_destination FROM link", masked),
    )


def sheet_rows(folder: Path, masked: Any = str) -> tuple[Any, ...]:
    """Return the workbook's rows without the times of the transfer."""
    sheet = openpyxl.load_workbook(folder / "slides.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    left_out = [rows[1].index(name) for name in TIMES if name in rows[1]]
    return tuple(
        tuple(masked(str(value)) for index, value in enumerate(row) if index not in left_out and value is not None)
        for row in rows
    )


def journal_rows(folder: Path, query: str, masked: Any = str) -> tuple[Any, ...]:
    """Return rows of the journal, sorted."""
    with sqlite3.connect(folder / "data" / "journal.sqlite") as journal:
        rows = journal.execute(query).fetchall()
    journal.close()
    return tuple(sorted(tuple(masked(str(value)) for value in row) for row in rows))


def leftovers(folder: Path) -> list[str]:
    """Return everything on the share that is neither a scan, nor a manifest, nor the marker."""
    share = folder / "share"
    return [str(path) for path in share.rglob("*") if path.name.endswith((".part", ".tmp", ".new"))]
