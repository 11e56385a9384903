"""An afternoon in which everything goes wrong at random; the end is the model's, to the byte and to the cell."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from app.domain.scan import ScanId
from tests.faults.collector import Faults
from tests.faults.engine_lab import rows_of
from tests.faults.soak import Soak, end_of, seed_of
from tests.proof import write_proof

LONG: list[dict[str, Any]] = []


def soaked(folder: Path, seed: int, scans: int, faults: Faults, *, release: bool, rate: float = 0.05) -> dict[str, Any]:
    """Run one soak, compare with the model, start once more, and note every kind of fault it met."""
    folder.mkdir(exist_ok=True)
    started = time.monotonic()
    soak = Soak(folder, seed, scans, release=release, rate=rate)
    try:
        asyncio.run(soak.run())
        require_model(soak)
        asyncio.run(require_nothing_to_do(soak))
    except BaseException:
        print(f"SLIDEFERRY_SEED={seed} (release={release}, scans={scans}) shows this again")
        raise
    for (call, error), times in soak.lab.weather.struck.items():
        for number in range(times):
            faults.note("soak", f"{call} #{number + 1} of seed {seed}", error, "the end was the model's")
    for number in range(soak.deaths):
        faults.note("soak", f"death {number + 1} of seed {seed}", "the program dies", "the end was the model's")
    return {
        "seed": seed,
        "scans": scans,
        "faults": soak.lab.weather.struck.total(),
        "deaths": soak.deaths,
        "acts": soak.acts.total(),
        "invariants_checked": soak.invariants.checks,
        "seconds": round(time.monotonic() - started, 1),
    }


def require_model(soak: Soak) -> None:
    """Every part of the end is what the model says."""
    try:
        expected = soak.expected()
    except AssertionError as error:
        named = {each.id for each in soak.lab.station.kit.ledger.all() if each.id in str(error)}
        raise AssertionError(f"{error}\n{told_of(soak, named)}") from error
    there = end_of(soak)
    ends = ((there.states, expected.states), (there.superseded, expected.superseded))
    odd = {scan for left, right in ends for scan in left.keys() | right.keys() if left.get(scan) != right.get(scan)}
    for part in ("states", "superseded", "share", "cells", "scanner"):
        assert getattr(there, part) == getattr(expected, part), f"{part}\n{told_of(soak, odd)}"
    # What a cut pass left under a name that was given up since is listed, never forgotten and never taken for a scan.
    parts = {path.relative_to(soak.lab.share_root).as_posix() for path in soak.lab.share_root.rglob("*.part")}
    listed = {getattr(each, "path", each) for each in soak.lab.share.leftovers()}
    assert parts <= listed, "parts were left behind, and not listed"


def told_of(soak: Soak, scans: set[ScanId]) -> str:
    """Return all that is known of some scans and of the others of their slides."""
    dossiers = soak.lab.station.kit.ledger.all()
    slides = {each.scan.barcode for each in dossiers if each.id in scans}
    told = [each for each in dossiers if each.scan.barcode in slides]
    lines = []
    for each in told:
        states = {step: record.state.value for step, record in each.steps.items()}
        lines += [f"{each.scan}", f"  {soak.lab.said[each.id]} {each.quality}", f"  {states}"]
        lines += [f"  {file.destination}, {each.published=}, {each.publishing=}" for file in each.files[:1]]
    moves = rows_of(soak.lab.folder, "SELECT scan, step, old, new, cause FROM move ORDER BY number")
    acts = rows_of(soak.lab.folder, "SELECT scan, action, old, new, at FROM audit ORDER BY number")
    ids = {each.id for each in told}
    return "\n".join([*lines, *(" ".join(map(str, each)) for each in (*moves, *acts) if each[0] in ids)])


async def require_nothing_to_do(soak: Soak) -> None:
    """A last start changes nothing: no file, no move, no cell."""
    lab = soak.lab

    def everything() -> Any:
        files = [p for place in (lab.share_root, lab.watch) for p in place.rglob("*") if p.is_file()]
        return sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns, p.stat().st_ino) for p in files)

    batches, files = len(lab.sheet.batches), everything()
    async with lab.living(killed=False) as station:
        before = await station.kit.store.work(lambda journal: [journal.moves(d.id) for d in journal.dossiers()])
        await station.runner.look()
        await asyncio.sleep(0.5)
        assert station.runner.at_rest()
        after = await station.kit.store.work(lambda journal: [journal.moves(d.id) for d in journal.dossiers()])
    assert (len(lab.sheet.batches), after, everything()) == (batches, before, files)


@pytest.mark.quick_share
@pytest.mark.parametrize("release", [False, True])
def test_sixty_scans(tmp_path: Path, faults: Faults, release: bool) -> None:
    figures = soaked(tmp_path, seed_of(7 + release), 30, faults, release=release, rate=0.15)
    assert figures["faults"] > 0, "the weather is as random as the rest: some afternoons have few"


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("number", range(10))
def test_three_thousand_scans(tmp_path: Path, faults: Faults, number: int) -> None:
    seed = seed_of(20261122) + number
    LONG.append(soaked(tmp_path / "lab", seed, 300, faults, release=number % 2 == 1, rate=0.02 + 0.01 * (number % 5)))
    shutil.rmtree(tmp_path / "lab")
    figures = {key: sum(each[key] for each in LONG) for key in LONG[0] if key != "seed"}
    write_proof("soak", {**figures, "each": LONG})
