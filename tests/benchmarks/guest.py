"""Measures what an acquisition program feels of a transfer beside it: `python -m tests.benchmarks.guest --json`.

A writer of 50 MB/s (a process of its own, ordinary priority) writes one file in steps as a scanner does: once alone,
once beside a transfer that steps back for it, once beside one that does not (`gentle = "never"`), in turn, on one disk,
with the caches dropped before each; the transfer is of one large file, or of a set of ten thousand small ones. It has a
second's worth of memory to catch up with; what it falls behind further is lost, as a camera's picture would be.
`synced` writers also wait for the disk once a second.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.machine.priorities import ProgramPriorities
from app.domain.errors import StoppedError
from app.domain.transfer import MemberPlan, TransferPlan, TransferProgress, TransferWatch
from app.pipeline.pacing import make_pacing
from tests.benchmarks.transfer import drop_caches

MB = 1_000_000
STEP_BYTES = 2 * MB
SLACK_SECONDS = 1.0
WRITERS = ("plain", "synced")
BESIDES = ("alone", "gentle", "never", "gentle many", "never many")
"""What the writer has beside it: how the transfer behaves, and whether it is of many small files."""
MEMBERS, MEMBER_BYTES = 10_000, 20_000


@dataclass(frozen=True, slots=True)
class Felt:
    """What the writer reached (MB/s) and its longest single wait in seconds; how fast the transfer was meanwhile."""

    writer_mb: float
    worst_seconds: float
    transfer_mb: float = 0.0


def make_source(path: Path, size_mb: int) -> None:
    """Write bytes that do not compress."""
    with path.open("wb") as file:
        for _ in range(size_mb):
            file.write(os.urandom(1 << 20))


def make_set(folder: Path) -> None:
    """Write many small files of one scan."""
    folder.mkdir()
    for number in range(MEMBERS):
        (folder / f"{number:05}.dcm").write_bytes(os.urandom(MEMBER_BYTES))


def plan_of(source: Path, number: int) -> TransferPlan:
    """Return the transfer of a file, or of all files in a folder, under names of its own."""
    members = []
    for path in sorted(source.iterdir()) if source.is_dir() else [source]:
        status = path.stat()
        members.append(MemberPlan(path, f"{number}/{path.name}", status.st_size, status.st_mtime_ns))
    return TransferPlan(f"{number:016}", tuple(members))


def write_as_a_scanner(path: Path, seconds: float, mb_per_second: float, *, synced: bool) -> Felt:
    """Write for so long; be one step late and it is made up for, more than a second and it is lost."""
    step, interval = os.urandom(STEP_BYTES), STEP_BYTES / (mb_per_second * MB)
    written, worst, since_sync = 0, 0.0, 0
    start = due = time.monotonic()
    with path.open("wb", buffering=0) as file:
        while (now := time.monotonic()) - start < seconds:
            if now < due:
                time.sleep(due - now)
            begun = time.monotonic()
            file.write(step)
            since_sync += STEP_BYTES
            if synced and since_sync >= mb_per_second * MB:
                os.fsync(file.fileno())
                since_sync = 0
            ended = time.monotonic()
            worst, written = max(worst, ended - begun), written + STEP_BYTES
            due = max(due + interval, ended - SLACK_SECONDS)
    return Felt(written / MB / (time.monotonic() - start), worst)


def carry_on(source: Path, share: Path, gentle: str) -> float:
    """Copy one slide after the other, verified, until the input is closed; return the rate in verified MB/s."""
    ended, verified, priorities = threading.Event(), [0, 0], ProgramPriorities()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    pacing = make_pacing(0)
    pacing.brake.on = gentle != "never"
    if gentle != "never":
        priorities.be_modest()

    def progress(now: TransferProgress) -> None:
        verified[1] = now.verified_bytes

    def copy() -> None:
        destination = FolderDestination(share, "Rescans", "benchmark")
        destination.initialise()
        for number in range(1000):
            plan = plan_of(source, number)
            watch = TransferWatch(progress, ended.is_set, pacing.of(ended.is_set), pacing.is_braked)
            try:
                destination.publish(plan, destination.copy(plan, watch))
            except StoppedError:
                return
            if source.is_file():  # many are not removed: the disk would have more to do with that than with them
                (share / str(number) / source.name).unlink()
            verified[:] = verified[0] + plan.size_bytes, 0

    start = time.monotonic()
    carrier = threading.Thread(target=copy, name="copy_0")
    carrier.start()
    while carrier.is_alive():
        if gentle != "never":
            priorities.step_back()
        carrier.join(0.5)
    return sum(verified) / MB / (time.monotonic() - start)


def measured(folder: Path, writer: str, beside: str, seconds: float) -> Felt:
    """Run the writer once, alone or beside a transfer that has begun two seconds before."""
    drop_caches()
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        transfer = None
        if beside != "alone":
            gentle, _, many = beside.partition(" ")
            words = ("--transfer", str(folder / (many or "source.svs")), str(Path(fresh) / "share"), gentle)
            transfer = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            time.sleep(2.0)
        words = ("--writer", str(Path(fresh) / "slide.svs"), str(seconds), writer)
        done = subprocess.run([sys.executable, "-m", __spec__.name, *words], capture_output=True, text=True, check=True)
        felt = Felt(**json.loads(done.stdout))
        if transfer is None:
            return felt
        said, _ = transfer.communicate("", timeout=120)
        if transfer.returncode != 0:
            raise SystemExit("the transfer failed")
        return Felt(felt.writer_mb, felt.worst_seconds, float(said))


def compare(folder: Path, size_mb: int, pairs: int, seconds: float) -> dict[str, object]:
    """Run all rounds; return medians, and what the writer kept of its rate."""
    found: dict[str, dict[str, list[Felt]]] = {writer: {each: [] for each in BESIDES} for writer in WRITERS}
    with tempfile.TemporaryDirectory(dir=folder) as base:
        make_source(Path(base) / "source.svs", size_mb)
        make_set(Path(base) / "many")
        for _ in range(pairs):
            for writer, by_side in found.items():
                for beside, felt in by_side.items():
                    felt.append(measured(Path(base), writer, beside, seconds))
    return {
        "size_mb": size_mb,
        "pairs": pairs,
        "seconds": seconds,
        "writers": {writer: summary(by_side) for writer, by_side in found.items()},
    }


def summary(by_side: dict[str, list[Felt]]) -> dict[str, object]:
    """Return medians of one kind of writer, and the median of the pairs' ratios."""
    alone = by_side["alone"]
    part: dict[str, object] = {}
    for beside, felt in by_side.items():
        kept = [each.writer_mb / lone.writer_mb for each, lone in zip(felt, alone, strict=True)]
        part[beside] = {
            "writer_mb_per_second": round(statistics.median(each.writer_mb for each in felt), 2),
            "worst_write_seconds": round(statistics.median(each.worst_seconds for each in felt), 4),
            "transfer_mb_per_second": round(statistics.median(each.transfer_mb for each in felt), 1),
            "kept_of_its_rate": round(statistics.median(kept), 4),
        }
    return part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--size-mb", type=int, default=2048)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--writer", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--transfer", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.writer:
        path, seconds, kind = chosen.writer
        felt = write_as_a_scanner(Path(path), float(seconds), 50.0, synced=kind == "synced")
        print(json.dumps(asdict(felt)))
    elif chosen.transfer:
        source, share, gentle = chosen.transfer
        Path(share).mkdir()
        print(carry_on(Path(source), Path(share), gentle))
    else:
        document = compare(chosen.dir, chosen.size_mb, chosen.pairs, chosen.seconds)
        print(json.dumps(document, indent=2) if chosen.json else text_of(document))


def text_of(document: dict[str, object]) -> str:
    """Return the document as lines for people."""
    lines = []
    for writer, by_side in document["writers"].items():
        for beside, each in by_side.items():
            lines.append(
                f"{writer:7} {beside:11} writer {each['writer_mb_per_second']:6.2f} MB/s"
                f" ({100 * each['kept_of_its_rate']:6.2f} % of alone), worst write {each['worst_write_seconds']:.3f} s,"
                f" transfer {each['transfer_mb_per_second']:.0f} MB/s"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
