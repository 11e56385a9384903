"""Measures our quality check beside the plain blur recipe: `python -m tests.benchmarks.quality --json`.

Small slides: the whole of ours (focus, tissue, pen and missed tissue, too) and the recipe in turns, in one process.
Large slides: four of about 500 MB, made once by the virtual scanner; the recipe and ours, each in as many warm
processes as there are processors, in turns over all four; then the whole of ours on one processor. Blurred: copies of
one slide, smoothed at full resolution. `--folder` adds the verdict of every slide below a folder, `--cold` rounds that
begin with empty caches (as root, on a machine that nobody else uses).
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import openslide
import psutil

from app.adapters.imaging.blur import blurry_percent, find_blurred
from app.adapters.imaging.quality import measure
from app.adapters.imaging.slide_maker import SlideSpec
from app.adapters.imaging.tissue import find_tissue
from app.adapters.imaging.working_image import plan_sampling, sample_slide
from app.domain.quality import QualityLimits, judge
from tests.adapters.imaging.plain_recipe import plain_blurry_percent
from tests.benchmarks._large_slides import large_slides

ROOT = Path(__file__).parents[2]
SLIDES = (
    ROOT / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs",
    ROOT / "tests" / "data" / "slides" / "synthetic-aperio" / "code128_S24-001003-A1-1.svs",
    ROOT / "tests" / "data" / "slides" / "synthetic-vendor" / "ventana_dp200.bif",
    ROOT / "tests" / "data" / "slides" / "synthetic-vendor" / "mirax_slide.mrxs",
)
SIGMAS = (0.0, 1.0, 2.0, 4.0)
SLIDE_ENDINGS = frozenset((".svs", ".ndpi", ".scn", ".bif", ".mrxs", ".tif", ".tiff", ".dcm"))


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


# --- four large slides, all processors


def our_blurry_percent(path: Path) -> float:
    """Measure blur alone, with the same modules as the whole."""
    with openslide.OpenSlide(path) as slide:
        working = sample_slide(path, slide, plan_sampling(slide))
    tissue = find_tissue(working)
    assert tissue is not None
    return blurry_percent(tissue.mask, find_blurred(working, tissue.mask))


def our_numbers(path: Path) -> float | None:
    return measure(path, with_map=True)[0].blurry_percent


def warm(barrier_seconds: float) -> None:
    """Import everything and run both once; keeps its process busy, so that each process of a pool gets one."""
    cv2.setNumThreads(1)  # as the program's own workers have it; the recipe's time lies in scikit-image and OpenSlide
    our_blurry_percent(SLIDES[1])
    our_numbers(SLIDES[1])
    plain_blurry_percent(SLIDES[1])
    time.sleep(barrier_seconds)


def empty_caches() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")


def rounds(slides: Iterable[Path], pairs: int, *, cold: bool) -> dict[str, object]:
    """Measure the recipe, our blur and our whole in turns over all slides; seconds are wall time / slides."""
    paths = list(slides)
    ways = {"plain": plain_blurry_percent, "ours_blur": our_blurry_percent, "ours_whole": our_numbers}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    percents: dict[str, list[float]] = {}
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(warm, [1.0] * processes))
        for _ in range(pairs):
            for name, way in ways.items():
                if cold:
                    empty_caches()
                start = time.perf_counter()
                percents[name] = list(pool.map(way, paths))
                taken[name].append((time.perf_counter() - start) / len(paths))
    return {
        "caches": "cold" if cold else "warm",
        "pairs": pairs,
        "processes": processes,
        "seconds_per_slide": {name: round(statistics.median(each), 4) for name, each in taken.items()},
        "plain_to_ours_blur": ratio(taken["plain"], taken["ours_blur"]),
        "plain_to_ours_whole": ratio(taken["plain"], taken["ours_whole"]),
        "blurry_percent": {name: [round(each, 4) for each in found] for name, found in percents.items()},
        "largest_difference_points": max(
            abs(our - their)
            for name in ("ours_blur", "ours_whole")
            for our, their in zip(percents[name], percents["plain"], strict=True)
        ),
    }


def ratio(plain: list[float], ours: list[float]) -> float:
    return round(statistics.median(their / our for their, our in zip(plain, ours, strict=True)), 2)


def on_one_processor(path: Path) -> dict[str, object]:
    """Measure everything with its map on one processor; the process also says how much memory it took at most."""
    own = psutil.Process()
    if hasattr(own, "cpu_affinity"):
        own.cpu_affinity(own.cpu_affinity()[:1])
    cv2.setNumThreads(1)
    before = own.memory_info().rss
    taken = [seconds(lambda: measure(path, with_map=True)) for _ in range(3)]
    quality = judge(measure(path, with_map=False)[0], QualityLimits())
    return {
        "slide": path.name,
        "size_bytes": path.stat().st_size,
        "seconds": round(statistics.median(taken), 3),
        "rss_before_mb": before >> 20,
        "peak_rss_mb": peak_rss_bytes() >> 20,
        "verdict": quality.verdict.value,
        "reason": quality.reason,
    }


def peak_rss_bytes() -> int:
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def each_alone(slides: Iterable[Path]) -> list[dict[str, object]]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        return list(pool.map(on_one_processor, slides))


# --- ranks and false alarms


def blurred_copies() -> list[dict[str, object]]:
    """Return what is measured on one slide and its copies smoothed at full resolution."""
    specs = tuple(SlideSpec(width=8192, height=6144, seed=21, blur_sigma=sigma) for sigma in SIGMAS)
    paths = large_slides(specs)
    return [{"sigma": spec.blur_sigma, **verdict_of(path)} for spec, path in zip(specs, paths, strict=True)]


def verdict_of(path: Path) -> dict[str, object]:
    numbers = measure(path, with_map=False)[0]
    quality = judge(numbers, QualityLimits())
    return {
        "verdict": quality.verdict.value,
        "blurry_percent": numbers.blurry_percent,
        "focus": numbers.focus,
        "tissue_percent": numbers.tissue_percent,
        "missed_percent": numbers.missed_percent,
        "pen_percent": numbers.pen_percent,
        "reason": quality.reason,
    }


def verdicts(folder: Path) -> list[dict[str, object]]:
    """Return verdict and numbers of every file below a folder that has a slide's ending."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SLIDE_ENDINGS)
    return [{"slide": path.relative_to(folder).as_posix(), **verdict_of(path)} for path in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slides", nargs="*", type=Path, default=SLIDES)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--large-pairs", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    large = large_slides()
    result: dict[str, object] = {
        "benchmark": "quality",
        "slides": [compare(slide, arguments.pairs) for slide in arguments.slides],
        "large": [rounds(large, arguments.large_pairs, cold=cold) for cold in (False, True)[: 1 + arguments.cold]],
        "one_processor": each_alone(large),
        "blurred_copies": blurred_copies(),
    }
    if arguments.folder:
        result["folder"] = verdicts(arguments.folder)
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    for name, part in result.items():
        for row in part if isinstance(part, list) else [part]:
            print(f"{name}:", row)


if __name__ == "__main__":
    main()
