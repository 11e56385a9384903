"""Measures the journal: how fast moves are written, and how soon a station works again after a kill.

`python -m tests.benchmarks.journal --json`. A child writes the journal of many scans with the station's own calls, most
of them done, and is killed while it takes the others through the journey: a quarter of all, which is more than any lab
leaves lying, or a full day's slides. A fresh process then opens the real station over what is there: measured from its
start until the station is open, its scans recovered. In turn with it a bare process reads the same journal's scans and
understands their texts, so that the ratio of both tells a slow program from a slow machine.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.storage.store import SqliteStore
from app.domain.dossier import Change, Dossier, StepChange
from app.domain.quality import Quality, QualityNumbers, Verdict
from app.domain.run import Operator, Run
from app.domain.scan import Member, RunId, Scan, ScanId, ScanSet, VerifiedFile
from app.domain.slide import BarcodeReading, BarcodeSource, SlideFacts
from app.domain.step import StepMove, StepRecord, StepState
from app.pipeline.journey import JOURNEY
from app.pipeline.ledger import Ledger

ROOT = Path(__file__).parents[2]
SCANS = 10_000
UNFINISHED = (2_500, 250)
ROUNDS = 5
LIMIT_SECONDS = 2.0
BEGAN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
PROPERTIES = {f"aperio.Property {number}": f"value {number}" for number in range(30)}


class BenchClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def a_scan(number: int, folder: Path, run: RunId) -> Dossier:
    """Return a scan as it was found; every tenth is a set of 30 files."""
    name = f"scan-{number:05d}"
    members = [Member(f"{name}.svs", 1_500_000_000 + number, 1_800_000_000_000_000_000 + number)]
    if number % 10 == 0:
        members += [Member(f"{name}/Data{n:04d}.dat", 50_000_000, 1_800_000_000_000_000_000 + n) for n in range(29)]
    files = ScanSet(folder / "scanner", members[0].path, tuple(members))
    scan = Scan(ScanId(f"{number:010x}"), run, "Raven", files, BEGAN + timedelta(minutes=number))
    return Dossier(scan, {step.id: StepRecord(step.id, StepState.PENDING) for step in JOURNEY})


def known(dossier: Dossier) -> Dossier:
    """Return a scan with what its first steps found."""
    number = int(dossier.id, 16)
    barcode = f"{600_000 + number}"
    readings = (
        BarcodeReading(barcode, "Code128", BarcodeSource.LABEL),
        BarcodeReading(barcode, "", BarcodeSource.METADATA),
    )
    facts = SlideFacts(
        "SVS", "Aperio", (100_000, 80_000), 4, (0.2525, 0.2525), 40.0, ("label", "macro", "thumbnail"), readings,
        complete=True, problem=None, scanned_at="2026-11-22T10:00:00", scanner_serial="SS1234", reader="tifffile",
        properties=PROPERTIES,
    )  # fmt: skip
    row = {"Barcode": barcode, "Study": "Prec01", "Experiment": "Run 2", "Panel": f"P{number % 9}", "Stain": "H&E"}
    row |= {f"Column {each}": f"text {each} of {barcode}" for each in range(8)}
    numbers = QualityNumbers(1.2, 0.21, 34.0, blank=False, reason="")
    files = tuple(
        VerifiedFile(str(dossier.scan.files.root / each.path), f"Prec01/Run 2/{each.path}", each.size_bytes, "ab" * 32,
                     "read back")
        for each in dossier.scan.files.members
    )  # fmt: skip
    scan = replace(
        dossier.scan,
        barcode=barcode,
        stem=f"{barcode}_Prec01",
        file_name=f"{barcode}_Prec01.svs",
        folder="Prec01/Run 2",
    )
    return replace(
        dossier, scan=scan, facts=facts, quality=Quality(Verdict.PASS, numbers, "sharp"), row=row, files=files
    )


def finished(dossier: Dossier) -> tuple[Dossier, tuple[StepMove, ...]]:
    """Return a scan at the end of its journey, with the moves that led there."""
    at, moves, steps = dossier.scan.found_at, [], {}
    for step in JOURNEY:
        began, ended = at + timedelta(seconds=1), at + timedelta(seconds=9, microseconds=123_456)
        moves.append(StepMove(step.id, StepState.PENDING, StepState.RUNNING, "its turn has come", 1, began))
        moves.append(StepMove(step.id, StepState.RUNNING, StepState.SUCCEEDED, "the work is done", 1, ended))
        steps[step.id] = StepRecord(step.id, StepState.SUCCEEDED, 1, 8.123, "done", started_at=began, ended_at=ended)
    return replace(known(dossier), steps=steps, published=True), tuple(moves)


async def write(folder: Path, scans: int, unfinished: int) -> None:
    """Write until killed: all but the unfinished at once, then these step by step, a transaction a move, for ever."""
    store = SqliteStore(folder / "data" / "journal.sqlite")
    run = Run(RunId("2026-11-01-1"), "Raven", Operator("Mira Holm"), BEGAN)
    done = scans - unfinished
    await store.work(lambda journal: journal.add_run(run))
    for first in range(0, done, 500):
        ended = [finished(a_scan(number, folder, run.id)) for number in range(first, min(done, first + 500))]

        def put(journal, ended=ended) -> None:
            for dossier, moves in ended:
                journal.add(dossier)
                journal.save(dossier, moves)

        await store.work(put)
    ledger = Ledger(store, BenchClock())
    rest = [a_scan(number, folder, run.id) for number in range(done, scans)]
    await ledger.add(*rest)
    began, moved = time.monotonic(), 0
    for place, dossier in enumerate(rest):
        # They stand at other steps when the kill comes, each with one that runs.
        full = known(dossier)
        for step in JOURNEY[: 1 + place % 4]:
            found = Change(
                (StepChange(step.id, StepState.SUCCEEDED, "the work is done", "done"),), full.scan, full.facts,
                full.quality, full.row,
            )  # fmt: skip
            await ledger.apply(dossier.id, Change((StepChange(step.id, StepState.RUNNING, "its turn has come"),)))
            await ledger.apply(dossier.id, found)
            moved += 2
        await ledger.apply(
            dossier.id, Change((StepChange(JOURNEY[1 + place % 4].id, StepState.RUNNING, "its turn has come"),))
        )
        moved += 1
        if place == len(rest) - 2:
            print(json.dumps({"moves": moved, "seconds": time.monotonic() - began}), flush=True)
    while True:
        await ledger.apply(rest[-1].id, Change(scan=replace(rest[-1].scan, priority=moved)))
        moved += 1


SETTINGS = """
[scanner]
name = "Raven"
watch = "{folder}/scanner"
[destination]
url = "{folder}/share"
[sheet]
path = "{folder}/slides.csv"
"""

WRITE = """
import asyncio, sys
from pathlib import Path
from tests.benchmarks.journal import write
asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""
START = """
import asyncio, os, sys, time
from pathlib import Path
from app import bootstrap
async def main(folder):
    place = bootstrap.find_place(str(folder / "settings.toml"), None)
    settings = bootstrap.load_settings(place)
    held = bootstrap.hold(place)
    operator = bootstrap.default_operator(settings, None)
    async with bootstrap.open_station(place, settings, operator, bootstrap.Needed(watch=True)) as station:
        ledger = station.kit.ledger
        print(len(ledger.all()), len(ledger.unfinished()), time.process_time(), flush=True)
        os._exit(0)
asyncio.run(main(Path(sys.argv[1])))
"""
READ = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1] + "/data/journal.sqlite").execute("SELECT * FROM scan").fetchall()
kept = [[json.loads(each) if str(each)[:1] in ("{", "[") else each for each in row] for row in rows]
print(len(kept), flush=True)
"""


def lay_out(folder: Path) -> None:
    """Make a lab whose scanner's folder is empty."""
    for name in ("scanner", "data"):
        (folder / name).mkdir()
    (folder / "settings.toml").write_text(SETTINGS.format(folder=folder), encoding="utf-8")
    (folder / "slides.csv").write_text("Include in Name?,REQUIRED\nBarcode,Study\n", encoding="utf-8")
    FolderDestination(folder / "share", "Rescans", "benchmark").initialise()


def write_and_kill(folder: Path, scans: int, unfinished: int) -> dict[str, float]:
    """Let a child write; kill it in the middle of its writing. Return what it told before."""
    numbers = map(str, (scans, unfinished))
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder), *numbers], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        told: dict[str, float] = json.loads(child.stdout.readline())
        time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
    return told


def run(child: str, folder: Path, compiled: Path) -> tuple[float, list[str]]:
    """Run a child over what is there; return the seconds until it spoke, and what it said.

    Bytecode is kept, as it is where the program is installed.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", child, str(folder)], stdout=subprocess.PIPE, cwd=ROOT, env=environment, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        seconds = time.monotonic() - began
        process.wait(60)
    return seconds, words


def measure(scans: int, unfinished: int, rounds: int, base: Path) -> dict[str, object]:
    """Write once, then start as often as asked for, each time from what the kill left."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        left, folder = Path(name) / "left", Path(name) / "lab"
        folder.mkdir()
        lay_out(folder)
        told = write_and_kill(folder, scans, unfinished)
        size_bytes = sum(path.stat().st_size for path in (folder / "data").iterdir())
        folder.rename(left)
        found, bare = [], []
        for number in range(rounds + 1):
            shutil.copytree(left, folder)
            reading = run(READ, folder, Path(name) / "compiled")[0]
            shutil.rmtree(folder)
            shutil.copytree(left, folder)
            started = run(START, folder, Path(name) / "compiled")
            shutil.rmtree(folder)
            if number:  # the first one only compiles
                bare.append(reading)
                found.append(started)
    seconds = [round(took, 3) for took, _ in found]
    count, open_scans = map(int, found[0][1][:2])
    return {
        "scans": count,
        "steps": count * len(JOURNEY),
        "unfinished": open_scans,
        "journal_mb": round(size_bytes / 1e6, 1),
        "moves_per_second": round(told["moves"] / told["seconds"]),
        "start_seconds": seconds,
        "bare_reading_seconds": [round(each, 3) for each in bare],
        "median_cpu_seconds": round(statistics.median(float(words[2]) for _, words in found), 3),
        "median_seconds": statistics.median(seconds),
        "limit_seconds": LIMIT_SECONDS,
        "ratio": {
            "limit": round(statistics.median(seconds) / LIMIT_SECONDS, 3),
            "bare reading": round(statistics.median(a / b for a, b in zip(seconds, bare, strict=True)), 3),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--scans", type=int, default=SCANS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    cases = [measure(chosen.scans, each, chosen.rounds, chosen.dir) for each in UNFINISHED if each <= chosen.scans]
    if chosen.json:
        print(json.dumps({"cases": cases}, indent=2))
        return
    for case in cases:
        print(*(f"{name:22} {value}" for name, value in case.items()), "", sep="\n")


if __name__ == "__main__":
    main()
