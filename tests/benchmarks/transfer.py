"""Measures the verified copy against cp, rsync and rclone: `python -m tests.benchmarks.transfer --json`.

Every round runs all of them once, in turn, on one disk. Before each the caches are dropped and the machine rests, as a
scanner's PC does before a scan; and each comes behind each other one equally often. What one leaves behind would be a
gift to the next, or a burden: a virtual machine gives free memory back to its host after some seconds and has to ask
for it again, so that `rclone copy` of 1 GB took 3.2 s right after a program that had filled the cache, and 4.0 s on a
machine at rest; the verified copy, which passes by the cache, took 3.0 and 3.2 s (medians of five).

`limit` is what the disk itself needs for two reads and one write of the same bytes, without hashing. `careful` is what
a careful person does today: rsync --fsync, then rsync --checksum --dry-run with the caches dropped.
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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.medium import make_buffer
from app.domain.transfer import CheckGrade, MemberPlan, TransferPlan, TransferWatch

ROOT = Path(__file__).parents[2]
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
QUIET = TransferWatch(progress=lambda _: None, stopped=lambda: False)
MB = 1024 * 1024
CHUNK = 8 * MB
COPIES = 2
"""Slides side by side, as `[pipeline] copies` has it by default."""

REST_SECONDS = 10.0
"""Before each run: what the one before left to do, on the disk and with memory, is mostly over by then."""

Act = Callable[[Path, Path], None]
"""Carries a folder of sources to a folder that is not there yet."""


@dataclass(frozen=True)
class Case:
    """What is carried, by whom. `as_set`: all files are one scan.

    `times`: how often a pair is measured for each of the others'. Flushing one gigabyte takes a disk 0.2 s or 1.4 s, so
    that the median of a few rounds says more of the disk than of who was measured.
    """

    name: str
    files: int
    size_bytes: int
    peers: tuple[str, ...]
    as_set: bool = False
    in_memory: bool = False
    times: int = 1


CASES = (
    Case("one slide of 1 GB", 1, 1024 * MB, ("cp_sync", "rsync", "rclone", "careful", "limit"), times=2),
    Case("8 slides of 512 MB", 8, 512 * MB, ("cp_sync", "rsync", "rclone", "careful", "limit")),
    Case("one slide of 1 GB from memory", 1, 1024 * MB, ("rsync",), in_memory=True),
    Case("a set of 10,000 small members", 10_000, 20_000, ("cp_sync", "rsync"), as_set=True),
)


def drop_caches() -> bool:
    """Write everything out and forget it; return whether the system allowed that."""
    if hasattr(os, "sync"):
        os.sync()
    try:
        DROP_CACHES.write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def make_sources(folder: Path, case: Case) -> None:
    """Write files whose bytes do not compress."""
    folder.mkdir()
    for number in range(case.files):
        with (folder / f"{number:05}.svs").open("wb") as file:
            for start in range(0, case.size_bytes, MB):
                file.write(os.urandom(min(MB, case.size_bytes - start)))


def plans_of(source: Path, case: Case) -> list[TransferPlan]:
    """Plan every file as a scan of its own, or all of them as one."""
    members = []
    for entry in sorted(os.scandir(source), key=lambda each: each.name):
        status = entry.stat()
        members.append(MemberPlan(Path(entry.path), f"slides/{entry.name}", status.st_size, status.st_mtime_ns))
    if case.as_set:
        return [TransferPlan("0" * 16, tuple(members))]
    return [TransferPlan(f"{number:016}", (member,)) for number, member in enumerate(members)]


def ours(case: Case, grades: set[str]) -> Act:
    """Copy and publish through the destination itself, two scans at a time; note the grades of the checks."""

    def run(source: Path, target: Path) -> None:
        destination = FolderDestination(target, "Rescans", "benchmark")
        destination.initialise()

        def carry(plan: TransferPlan) -> None:
            files = destination.copy(plan, QUIET)
            destination.publish(plan, files)
            grades.update(file.check for file in files)

        with ThreadPoolExecutor(COPIES) as copies:
            list(copies.map(carry, plans_of(source, case)))

    return run


def command(*words: str) -> Act:
    """Return a peer that runs these words with the source's contents and the target behind them."""

    def run(source: Path, target: Path) -> None:
        subprocess.run([*words, f"{source}/", f"{target}/"], check=True, capture_output=True)

    return run


def cp_and_sync(source: Path, target: Path) -> None:
    """Copy with cp, then sync that file system."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    subprocess.run(["sync", "-f", str(target)], check=True)


def careful(source: Path, target: Path) -> None:
    """Copy with rsync, forget the caches, compare checksums with rsync."""
    command("rsync", "-r", "--times", "--fsync", "--whole-file")(source, target)
    drop_caches()
    command("rsync", "-r", "--times", "--checksum", "--dry-run")(source, target)


def limit(source: Path, target: Path) -> None:
    """Read every source, write as many bytes and read as many again at once, past the cache, in memory like ours."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        size = path.stat().st_size
        with ThreadPoolExecutor(3) as lanes:
            tasks = [lanes.submit(_read, path), lanes.submit(_write, target / path.name, size)]
            tasks.append(lanes.submit(_read, path))
            for task in tasks:
                task.result()


def _read(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    buffer = make_buffer(CHUNK)
    offset = 0
    while count := os.preadv(fd, [buffer], offset):
        offset += count
    os.close(fd)


def _write(path: Path, size_bytes: int) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    buffer = make_buffer(CHUNK)
    buffer.write(os.urandom(CHUNK))
    for offset in range(0, size_bytes, CHUNK):
        os.pwritev(fd, [buffer], offset)
    os.fsync(fd)
    os.close(fd)


def peers() -> tuple[dict[str, Act], dict[str, str]]:
    """Return who can run here, and why the others cannot."""
    able: dict[str, Act] = {}
    missing: dict[str, str] = {}
    if hasattr(os, "O_DIRECT"):
        able["limit"] = limit
    else:
        missing["limit"] = "this system has no O_DIRECT"
    if shutil.which("cp") and shutil.which("sync"):
        able["cp_sync"] = cp_and_sync
    else:
        missing["cp_sync"] = "cp or sync is not installed"
    if not shutil.which("rsync"):
        missing |= dict.fromkeys(("rsync", "careful"), "rsync is not installed")
    elif "--fsync" not in subprocess.run(["rsync", "--help"], capture_output=True, text=True).stdout:
        missing |= dict.fromkeys(("rsync", "careful"), "the installed rsync has no --fsync")
    else:
        able["rsync"] = command("rsync", "-r", "--fsync", "--whole-file")
        able["careful"] = careful
    if shutil.which("rclone"):
        able["rclone"] = command("rclone", "copy")
    else:
        missing["rclone"] = "rclone is not installed"
    return able, missing


def timed(act: Act, source: Path, folder: Path, case: Case) -> float:
    """Run one of them in a fresh folder, with cold caches, on a machine at rest; return its seconds."""
    target = folder / "share"
    drop_caches()
    time.sleep(REST_SECONDS)
    started = time.perf_counter()
    act(source, target)
    seconds = time.perf_counter() - started
    arrived = sum(1 for path in target.rglob("*.svs") if path.stat().st_size == case.size_bytes)
    if arrived != case.files:
        raise SystemExit(f"{arrived} of {case.files} files arrived whole in {target}")
    return seconds


def measure(case: Case, pairs: int, base: Path) -> dict[str, Any]:
    """Run all rounds of a case; return medians in seconds, and our time as a share of theirs pair by pair."""
    able, missing = peers()
    grades: set[str] = set()
    acts = {"slideferry": ours(case, grades)} | {name: able[name] for name in case.peers if name in able}
    seconds: dict[str, list[float]] = {name: [] for name in acts}
    home = Path("/dev/shm") if case.in_memory else base
    with tempfile.TemporaryDirectory(dir=home) as memory, ExitStack() as runs:
        source = Path(memory) / "source"
        make_sources(source, case)
        for order in islice(cycle(in_turn(list(acts))), pairs):
            for name in order:
                folder = Path(runs.enter_context(tempfile.TemporaryDirectory(dir=base)))
                seconds[name].append(timed(acts[name], source, folder, case))
                if not case.as_set:
                    # Many small files stay until all have run: an ext4 without a journal passes by each inode that was
                    # deleted within five minutes (`recently_deleted`, fs/ext4/ialloc.c), and the next run pays for it.
                    runs.close()
    mine = seconds["slideferry"]
    return {
        "files": case.files,
        "size_bytes": case.size_bytes,
        "pairs": pairs,
        "check": sorted(grades),
        "median_seconds": {name: round(statistics.median(taken), 3) for name, taken in seconds.items()},
        "ratio": {
            name: round(statistics.median(a / b for a, b in zip(mine, taken, strict=True)), 3)
            for name, taken in seconds.items()
            if name != "slideferry"
        },
        "seconds": {name: [round(each, 3) for each in taken] for name, taken in seconds.items()},
        "not_measured": {name: missing[name] for name in case.peers if name in missing},
        "counts": sorted(grades) == [CheckGrade.READ_BACK.value],
    }


def in_turn(names: Sequence[str]) -> list[list[str]]:
    """Return orders in which each comes directly behind each other one equally often.

    Williams, Experimental designs balanced for the estimation of residual effects of treatments, 1949.
    """
    number = len(names)
    first = [-(each // 2) if each % 2 == 0 else each // 2 + 1 for each in range(number)]
    orders = [[names[(each + shift) % number] for each in first] for shift in range(number)]
    return orders if number % 2 == 0 else [*orders, *(order[::-1] for order in orders)]


def peak_memory(base: Path, sizes_gb: Sequence[int]) -> dict[str, float]:
    """Return the peak memory in MB of the whole program carrying one file of each size (holes, read as zeros)."""
    peaks = {}
    for size in sizes_gb:
        with tempfile.TemporaryDirectory(dir=base) as folder:
            source = Path(folder) / "slide.svs"
            with source.open("wb") as file:
                file.truncate(size * 1024 * MB)
            words = [sys.executable, str(ROOT / "main.py"), "transfer", "--json", str(source), f"{folder}/share"]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                peak = 0.0
                while process.poll() is None:
                    peak = max(peak, _high_water_mb(process.pid))
                    time.sleep(0.05)
            if process.returncode:
                raise SystemExit(f"transfer of {size} GB ended with {process.returncode}")
            peaks[f"{size} GB"] = round(peak, 1)
    return peaks


def _high_water_mb(pid: int) -> float:
    """Return the most memory a process has used so far; what its parent used before the start does not count."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


def hashing_speed() -> float:
    """Return how many MB of SHA-256 one core makes in a second."""
    block = bytes(16 * MB)
    started = time.perf_counter()
    hashlib.sha256(block).digest()
    return 16 / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--only", metavar="WORDS", default="", help="cases whose name holds these words")
    chosen = parser.parse_args()
    dropped = drop_caches()
    cases = {c.name: measure(c, chosen.pairs * c.times, chosen.dir) for c in CASES if chosen.only in c.name}
    result: dict[str, Any] = {
        "caches_dropped": dropped,
        "rest_seconds": REST_SECONDS,
        "cases": cases,
        "missing": peers()[1],
        "sha256_mb_per_second": round(hashing_speed()),
        "python": sys.version.split()[0],
    }
    if chosen.only in "peak memory":
        result["peak_memory_mb"] = peak_memory(chosen.dir, (1, 20))
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    for name, case in cases.items():
        print(f"{name}: ratio {case['ratio']}, seconds {case['median_seconds']}, check: {case['check']}")
    print(f"peak memory: {result.get('peak_memory_mb')}")


if __name__ == "__main__":
    main()
