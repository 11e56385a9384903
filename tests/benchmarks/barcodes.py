"""Reads thousands of label pictures of known text with ours and with plain zxing-cpp, cell by cell.

`python -m tests.benchmarks.barcodes [--json] [--pictures N] [--seed N] [--processes N] [--labels FOLDER]`. Both get the
same formats and the same pictures (see `_label_generator.py`). Ends with 1 where a cell is below plain zxing-cpp, all
cells together are less than 10 points above it, or a text was read that is not there; `--labels` adds a folder of real
labels with their texts (NAME.txt beside a picture, or a SOURCES.tsv that quotes the text), reported only.
"""

import argparse
import csv
import json
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import cv2
import zxingcpp
from PIL import Image

from app.adapters.imaging.barcodes import FORMATS, read_barcodes
from app.adapters.machine.room import usable_cores
from tests.benchmarks._label_generator import Condition, labels

LEAST_GAIN_POINTS = 10.0
MOST_MEDIAN_MS = 30.0
PICTURES = 5120
"""Every cell twice."""

Texts = frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What both made of one picture of `text`, and how long each took."""

    number: int
    condition: Condition
    text: str
    plain: Texts
    ours: Texts
    plain_ms: float
    ours_ms: float

    @property
    def plain_reads(self) -> bool:
        return self.text in self.plain

    @property
    def ours_reads(self) -> bool:
        return self.text in self.ours


def by_zxing(image: Image.Image) -> Texts:
    """Read with zxing-cpp alone, everything it can try by itself switched on."""
    found = zxingcpp.read_barcodes(
        image,
        formats=FORMATS,
        text_mode=zxingcpp.TextMode.Plain,
        try_rotate=True,
        try_invert=True,
        try_downscale=True,
    )
    return frozenset(each.text for each in found if each.valid and each.text)


def by_us(image: Image.Image) -> Texts:
    return frozenset(text for text, _ in read_barcodes(image))


def timed(read: Callable[[Image.Image], Texts], image: Image.Image) -> tuple[Texts, float]:
    """Return what was read, and the milliseconds of processor time: one core, whatever else the machine does."""
    start = time.process_time()
    found = read(image)
    return found, (time.process_time() - start) * 1000


def read_share(first: int, step: int, count: int, seed: int) -> list[Reading]:
    """Draw and read every `step`-th picture; one process of several."""
    cv2.setNumThreads(1)
    readings = []
    for label in labels(count, seed, first, step):
        image = Image.fromarray(label.picture)
        (plain, plain_ms), (ours, ours_ms) = timed(by_zxing, image), timed(by_us, image)
        readings.append(Reading(label.number, label.condition, label.text, plain, ours, plain_ms, ours_ms))
    return readings


def read_all(count: int, seed: int, processes: int) -> list[Reading]:
    share = partial(read_share, step=processes, count=count, seed=seed)
    if processes == 1:
        return share(0)
    with ProcessPoolExecutor(processes) as pool:
        return sorted((each for part in pool.map(share, range(processes)) for each in part), key=lambda it: it.number)


def percent(some: Iterable[bool]) -> float:
    return round(100 * statistics.mean(some), 2)


def times(some: list[float]) -> dict[str, float | int]:
    """Return how many there are, their median and their 95th percentile in milliseconds."""
    if len(some) < 2:
        return {"pictures": len(some)}
    p95 = statistics.quantiles(some, n=20)[-1]
    return {"pictures": len(some), "median_ms": round(statistics.median(some), 2), "p95_ms": round(p95, 2)}


def by_condition(readings: list[Reading]) -> dict[str, list[Reading]]:
    """Return the readings by symbology and by each value of each condition."""
    cells = defaultdict(list)
    for each in readings:
        cells[each.condition.symbology].append(each)
        for name, value in each.condition.values():
            cells[f"{each.condition.symbology}, {name} {value}"].append(each)
    return {name: cells[name] for name in sorted(cells)}


def cells_below(readings: list[Reading]) -> list[Condition]:
    """Return the cells of all conditions together in which ours reads fewer than plain zxing-cpp."""
    gain: dict[Condition, int] = defaultdict(int)
    for each in readings:
        gain[each.condition] += each.ours_reads - each.plain_reads
    return [condition for condition, more in gain.items() if more < 0]


def measure(count: int, seed: int, processes: int) -> dict[str, object]:
    """Return rates, times and what failed."""
    readings = read_all(count, seed, processes)
    plain, ours = percent(each.plain_reads for each in readings), percent(each.ours_reads for each in readings)
    misread = [each for each in readings if each.ours - {each.text}]
    below = cells_below(readings)
    failures = [f"below plain zxing-cpp: {condition}" for condition in below]
    failures += [f"picture {each.number} of {each.text!r} read as {sorted(each.ours)}" for each in misread]
    if ours - plain < LEAST_GAIN_POINTS:
        failures.append(f"only {ours - plain:.2f} points above plain zxing-cpp, {LEAST_GAIN_POINTS} are asked for")
    readable = times([each.ours_ms for each in readings if each.ours_reads])
    return {
        "benchmark": "barcodes",
        "zxing_cpp": version("zxing-cpp"),
        "pictures": count,
        "seed": seed,
        "cells": len({each.condition for each in readings}),
        "cells_below_plain": len(below),
        "plain_percent": plain,
        "ours_percent": ours,
        "gain_points": round(ours - plain, 2),
        "misread": len(misread),
        "plain_misread": sum(bool(each.plain - {each.text}) for each in readings),
        "plain_readable": times([each.ours_ms for each in readings if each.plain_reads]),
        "readable": readable,
        "median_under_30_ms": readable.get("median_ms", 0.0) < MOST_MEDIAN_MS,
        "unreadable": times([each.ours_ms for each in readings if not each.ours_reads]),
        "plain_zxing": times([each.plain_ms for each in readings]),
        "rates": {
            name: {
                "pictures": len(some),
                "plain_percent": percent(each.plain_reads for each in some),
                "ours_percent": percent(each.ours_reads for each in some),
            }
            for name, some in by_condition(readings).items()
        },
        "failures": failures,
    }


def texts_of(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the pictures of a folder whose text is written beside them or quoted in a SOURCES.tsv."""
    for path in sorted(folder.rglob("*.txt")):
        pictures = (path.with_suffix(suffix) for suffix in (".png", ".jpg", ".webp"))
        yield from ((picture, path.read_text("utf-8").strip()) for picture in pictures if picture.exists())
    for table in sorted(folder.rglob("SOURCES.tsv")):
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines, delimiter="\t"):
                quoted = re.search(r'^synthetic .* "([^"]+)"', "\t".join(row[6:7]))
                if quoted:
                    yield table.parent / row[0], quoted[1]


def measure_folder(folder: Path) -> dict[str, object]:
    """Return how many pictures of a folder either reads, and which of them ours reads as something else."""
    plain, ours, differing, count = 0, 0, [], 0
    for path, text in texts_of(folder):
        with Image.open(path) as image:
            image.load()
            found, other = by_us(image), by_zxing(image)
        count, plain, ours = count + 1, plain + (text in other), ours + (text in found)
        if found and text not in found:
            differing.append(path.relative_to(folder).as_posix())
    return {"pictures": count, "plain": plain, "ours": ours, "differing": differing}


def show(result: dict[str, object]) -> None:
    for name, value in result.items():
        if name == "rates" and isinstance(value, dict):
            for cell, rate in value.items():
                print(f"  {cell:38} plain {rate['plain_percent']:6.2f} %  ours {rate['ours_percent']:6.2f} %")
        else:
            print(f"{name}: {value}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=usable_cores(), help="1: slower, with quieter times")
    parser.add_argument("--labels", type=Path, metavar="FOLDER", help="a folder of labels with their texts")
    chosen = parser.parse_args()
    result = measure(chosen.pictures, chosen.seed, chosen.processes)
    if chosen.labels:
        result["labels"] = measure_folder(chosen.labels)
    if chosen.json:
        print(json.dumps(result))
    else:
        show(result)
    failures = result["failures"]
    if failures:
        print(failures, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
