"""Measures our whole quality check beside the plain blur recipe: `python -m tests.benchmarks.quality --json`.

Ours does more (focus, tissue, blank glass); both open the slide anew each time, in turns, in one process.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from app.adapters.imaging.quality import measure
from tests.adapters.imaging.plain_recipe import plain_blurry_percent

ROOT = Path(__file__).parents[2]
SLIDES = (
    ROOT / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs",
    ROOT / "tests" / "data" / "slides" / "synthetic-aperio" / "code128_S24-001003-A1-1.svs",
    ROOT / "tests" / "data" / "slides" / "synthetic-vendor" / "ventana_dp200.bif",
    ROOT / "tests" / "data" / "slides" / "synthetic-vendor" / "mirax_slide.mrxs",
)


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(slide: Path, pairs: int) -> dict[str, object]:
    numbers, plain = measure(slide, with_map=False)[0], plain_blurry_percent(slide)
    times = [
        (seconds(lambda: measure(slide, with_map=False)), seconds(lambda: plain_blurry_percent(slide)))
        for _ in range(pairs)
    ]
    ours, theirs = (statistics.median(each) for each in zip(*times, strict=True))
    return {
        "slide": slide.name,
        "pairs": pairs,
        "ours_seconds": round(ours, 4),
        "plain_seconds": round(theirs, 4),
        "ratio": round(statistics.median(our / their for our, their in times), 3),
        "ours_blurry_percent": numbers.blurry_percent,
        "plain_blurry_percent": float(plain),
        "focus": numbers.focus,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slides", nargs="*", type=Path, default=SLIDES)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    rows = [compare(slide, arguments.pairs) for slide in arguments.slides]
    if arguments.json:
        print(json.dumps({"benchmark": "quality", "slides": rows}, indent=2))
        return
    for row in rows:
        print(*(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
