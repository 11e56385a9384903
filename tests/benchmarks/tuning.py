"""Measures what the learned focus limit costs at each slide, and how long `quality-tune` takes, over a full journal.

`python -m tests.benchmarks.tuning --json`. The question of the limit is compared with reading all scans, which is what
it would take without its index; both on the journal's own thread, in transactions of their own.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.storage.store import SqliteStore
from app.domain.dossier import Dossier
from app.domain.focus_calibration import Optics
from app.domain.journal import Journal
from app.domain.run import Operator, Run
from app.domain.scan import RunId
from app.domain.settings import QualitySettings
from app.pipeline.quality_limits import limits_in_force
from app.services.tuning import Trial, read_past, try_thresholds
from tests.benchmarks.journal import BEGAN, SCANS, a_scan, finished
from tests.fakes.judged import verdict

ROUNDS = 50
SETTINGS = QualitySettings()
TRIAL = Trial(blur_limit_percent=3.0)


def accepted(number: int, folder: Path, run: RunId) -> Dossier:
    """Return a scan that was judged; every tenth was made with another objective, every hundredth overruled."""
    dossier, _ = finished(a_scan(number, folder, run))
    facts = replace(dossier.facts, objective=20.0) if dossier.facts and number % 10 == 0 else dossier.facts
    by_person = {7: "rescan", 8: "pass"}.get(number % 100)
    quality = verdict(0.5 + number % 50 / 10, 0.14 + number % 40 / 1000)
    return replace(dossier, scan=replace(dossier.scan, verdict_by_person=by_person), facts=facts, quality=quality)


async def seconds_of(store: SqliteStore, act: Callable[[Journal], object], rounds: int) -> float:
    """Return the median of some rounds."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        await store.work(act)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


async def measure(scans: int, base: Path) -> dict[str, Any]:
    """Fill a journal, then ask."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        folder = Path(name)
        store = SqliteStore(folder / "journal.sqlite")
        run = Run(RunId("2026-11-01-1"), "Raven", Operator("Mira Holm"), BEGAN)
        await store.work(lambda j: j.add_run(run))
        for first in range(0, scans, 500):
            some = [accepted(number, folder, run.id) for number in range(first, min(scans, first + 500))]
            await store.work(lambda j, some=some: [j.add(dossier) for dossier in some])
        optics = Optics("Raven", "SS1234", 40.0)
        limit = await seconds_of(store, lambda j: limits_in_force(j, SETTINGS, optics), ROUNDS)
        reading = await seconds_of(store, lambda j: j.dossiers(), 3)
        past = await store.work(lambda j: read_past(j, SETTINGS, TRIAL))
        held = await seconds_of(store, lambda j: read_past(j, SETTINGS, TRIAL), 3)
        began = time.perf_counter()
        report = try_thresholds(past, SETTINGS, TRIAL)
        trying = time.perf_counter() - began
        await store.close()
    return {
        "scans": len(report.past.verdicts),
        "limit_ms": round(limit * 1000, 3),
        "all_scans_ms": round(reading * 1000, 1),
        "tune_reading_seconds": round(held, 3),
        "tune_trying_seconds": round(trying, 3),
        "ratio": {"reading all scans": round(limit / reading, 5)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--scans", type=int, default=SCANS)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    result = asyncio.run(measure(chosen.scans, chosen.dir))
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in result.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
