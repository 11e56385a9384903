"""Measures the verified copy against cp, rsync and rclone: `python -m tests.benchmarks.transfer --json`.

Every round runs all of them once, in turn, with the caches dropped before each, on one disk.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.adapters.files.folder_destination import FolderDestination
from app.domain.transfer import MemberPlan, TransferPlan, TransferWatch

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
QUIET = TransferWatch(progress=lambda _: None, stopped=lambda: False)


def drop_caches() -> bool:
    """Write everything out and forget it; return whether the system allowed that."""
    if hasattr(os, "sync"):
        os.sync()
    try:
        DROP_CACHES.write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def make_source(path: Path, size_mb: int) -> None:
    """Write bytes that do not compress."""
    with path.open("wb") as file:
        for _ in range(size_mb):
            file.write(os.urandom(1024 * 1024))


def ours(source: Path, folder: Path) -> str:
    """Copy and publish through the destination itself; return the grade of the check."""
    destination = FolderDestination(folder / "share", "Rescans", "benchmark")
    destination.initialise()
    status = source.stat()
    plan = TransferPlan("0" * 16, (MemberPlan(source, "slide.svs", status.st_size, status.st_mtime_ns),))
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    return files[0].check


def command(*words: str) -> Callable[[Path, Path], str]:
    """Return a competitor that runs these words with the source and the target behind them."""

    def run(source: Path, folder: Path) -> str:
        subprocess.run([*words, str(source), str(folder / "slide.svs")], check=True, capture_output=True)
        return ""

    return run


def cp_and_sync(source: Path, folder: Path) -> str:
    """Copy with cp, then sync that file system."""
    target = folder / "slide.svs"
    subprocess.run(["cp", str(source), str(target)], check=True)
    subprocess.run(["sync", "-f", str(target)], check=True)
    return ""


def competitors() -> tuple[dict[str, Callable[[Path, Path], str]], dict[str, str]]:
    """Return who can run here, and why the others cannot."""
    able: dict[str, Callable[[Path, Path], str]] = {"slideferry": ours}
    missing: dict[str, str] = {}
    if shutil.which("cp") and shutil.which("sync"):
        able["cp_sync"] = cp_and_sync
    else:
        missing["cp_sync"] = "cp or sync is not installed"
    if not shutil.which("rsync"):
        missing["rsync"] = "rsync is not installed"
    elif "--fsync" not in subprocess.run(["rsync", "--help"], capture_output=True, text=True).stdout:
        missing["rsync"] = "the installed rsync has no --fsync"
    else:
        able["rsync"] = command("rsync", "--fsync", "--whole-file")
    if shutil.which("rclone"):
        able["rclone"] = command("rclone", "copyto")
    else:
        missing["rclone"] = "rclone is not installed"
    return able, missing


def timed(act: Callable[[Path, Path], str], source: Path, base: Path) -> tuple[float, str]:
    """Run one competitor in a fresh folder with cold caches; return its seconds and what it says."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        drop_caches()
        started = time.perf_counter()
        said = act(source, Path(folder))
        seconds = time.perf_counter() - started
        arrived = next(path for path in Path(folder).rglob("slide.svs"))
        if arrived.stat().st_size != source.stat().st_size:
            raise SystemExit(f"{arrived} is not complete")
    return seconds, said


def measure(size_mb: int, pairs: int, base: Path) -> dict[str, object]:
    """Run all rounds; return medians in seconds and our time as a share of theirs."""
    able, missing = competitors()
    seconds: dict[str, list[float]] = {name: [] for name in able}
    grade = ""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        source = Path(folder) / "source.svs"
        make_source(source, size_mb)
        dropped = drop_caches()
        for _ in range(pairs):
            for name, act in able.items():
                taken, said = timed(act, source, Path(folder))
                seconds[name].append(taken)
                grade = said or grade
    medians: dict[str, float | None] = {name: statistics.median(taken) for name, taken in seconds.items()}
    mine = statistics.median(seconds["slideferry"])
    ratios = {name: mine / statistics.median(taken) for name, taken in seconds.items() if name != "slideferry"}
    return {
        "size_mb": size_mb,
        "pairs": pairs,
        "caches_dropped": dropped,
        "check": grade,
        "median_seconds": {name: round(value, 3) for name, value in medians.items() if value} | dict.fromkeys(missing),
        "ratio": {name: round(value, 3) for name, value in ratios.items()} | dict.fromkeys(missing),
        "seconds": {name: [round(each, 3) for each in taken] for name, taken in seconds.items()},
        "missing": missing,
        "sha256_mb_per_second": round(hashing_speed()),
        "python": sys.version.split()[0],
    }


def hashing_speed() -> float:
    """Return how many MB of SHA-256 one core makes in a second."""
    block = bytes(16 * 1024 * 1024)
    started = time.perf_counter()
    hashlib.sha256(block).digest()
    return 16 / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--size-mb", type=int, default=512)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    result = measure(chosen.size_mb, chosen.pairs, chosen.dir)
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in result["median_seconds"].items():
        print(f"{name:12} {value if value is not None else 'not measured: ' + result['missing'][name]}")
    print(f"ratios {result['ratio']}, check: {result['check']}")


if __name__ == "__main__":
    main()
