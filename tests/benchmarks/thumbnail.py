"""The first thumbnail of a slide: our worker's function against OpenSlide's, in pairs on the same file.

`python -m tests.benchmarks.thumbnail [--json] [--pairs N]`. Both are warm (libraries loaded, file in the cache),
both end with an encoded PNG of at most 512 pixels; each call opens the file anew, as a worker does.
"""

import argparse
import io
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import openslide

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.slide_jobs import draw_scan
from app.domain.slide import PictureKind

SLIDE = Path(__file__).parents[2] / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs"
SIZE_PX = 512


def by_openslide() -> bytes:
    """Return OpenSlide's thumbnail as PNG, packed as fast as ours."""
    with openslide.OpenSlide(SLIDE) as slide:
        out = io.BytesIO()
        slide.get_thumbnail((SIZE_PX, SIZE_PX)).save(out, "PNG", compress_level=1)
        return out.getvalue()


def timed(function: Callable[[], bytes | None]) -> float:
    """Return how long one call takes, in milliseconds."""
    start = time.perf_counter()
    assert function()
    return (time.perf_counter() - start) * 1000


def measure(pairs: int) -> dict[str, object]:
    """Return the medians in milliseconds, their ratio and every pair."""
    (scan,) = FolderFinder().find_named(SLIDE)

    def by_worker() -> bytes | None:
        return draw_scan(scan, PictureKind.THUMBNAIL, SIZE_PX)

    by_worker(), by_openslide()
    ours, theirs = [], []
    for number in range(pairs):
        order = [(by_worker, ours), (by_openslide, theirs)]
        for function, times in order if number % 2 == 0 else reversed(order):
            times.append(timed(function))
    middle, other = statistics.median(ours), statistics.median(theirs)
    return {
        "slide": SLIDE.name,
        "pairs": pairs,
        "slideferry_ms": round(middle, 2),
        "openslide_ms": round(other, 2),
        "ratio": round(middle / other, 3),
        "all_ms": [[round(a, 2), round(b, 2)] for a, b in zip(ours, theirs, strict=True)],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    result = measure(arguments.pairs)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(f"{result['slideferry_ms']} ms, OpenSlide {result['openslide_ms']} ms: {result['ratio']} of its time")


if __name__ == "__main__":
    main()
