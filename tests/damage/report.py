"""What was recognised, as a table for people and a document for programs, and whether it is enough."""

from typing import Any

from tests.damage.judging import JOB_SECONDS, MEMORY_BYTES, FormatResult, Verdict

TIFF_BASED = frozenset(
    ("aperio", "generic-tiff", "hamamatsu", "leica", "micromanager", "ome-tiff", "philips", "qptiff", "ventana")
)
WANTED_SHARE = 0.95


def format_figures(result: FormatResult) -> dict[str, Any]:
    """Return one format's figures; `share` is that of the cut and zeroed variants which were recognised.

    Members taken away are counted apart: of a label or a note nothing else in a set may say that it was ever there.
    """
    removed = [each for each in result.outcomes if each.damage.removed]
    damaged = [each for each in result.outcomes if not each.damage.removed]
    recognised = sum(each.recognised for each in damaged)
    return {
        "format": result.format,
        "tiff_based": result.format in TIFF_BASED,
        "slides": len(result.good),
        "good_not_complete": [f"{name}: {each.said}" for name, each in result.good.items() if not each.complete],
        "damaged": len(damaged),
        "recognised": recognised,
        "share": round(recognised / len(damaged), 4) if damaged else None,
        "removed": len(removed),
        "removed_recognised": sum(each.recognised for each in removed),
        "not_recognised": [
            f"{each.damage.member}: {each.damage.place}" for each in result.outcomes if not each.recognised
        ],
        **_bounds(result.verdicts(), result.memory_bytes),
    }


def malformed_figures(verdicts: dict[str, Verdict], memory_bytes: int | None) -> dict[str, Any]:
    """Return what was said of each malformed file."""
    return {
        "files": len(verdicts),
        "without_verdict": [name for name, each in verdicts.items() if not each.said],
        "verdicts": {name: each.said for name, each in verdicts.items()},
        **_bounds(list(verdicts.values()), memory_bytes),
    }


def _bounds(verdicts: list[Verdict], memory_bytes: int | None) -> dict[str, Any]:
    return {
        "slowest_seconds": round(max((each.seconds for each in verdicts), default=0.0), 3),
        "most_memory_mb": None if memory_bytes is None else memory_bytes >> 20,
        "readers_stopped": [each.said for each in verdicts if each.reader_stopped],
    }


def faults(figures: dict[str, Any]) -> list[str]:
    """Return in words what is not as it must be in one format's, or the malformed files', figures."""
    found = [f"a good slide was not called complete: {each}" for each in figures.get("good_not_complete", ())]
    found += [f"a reader stopped: {each}" for each in figures["readers_stopped"]]
    found += [f"no verdict on {each}" for each in figures.get("without_verdict", ())]
    share = figures.get("share")  # none where no slide of the format was good to begin with
    if figures.get("tiff_based") and share is not None and share < WANTED_SHARE:
        found.append(f"{figures['format']}: only {share:.1%} recognised, {WANTED_SHARE:.0%} are wanted")
    if figures["slowest_seconds"] > JOB_SECONDS:
        found.append(f"a verdict took {figures['slowest_seconds']} s, {JOB_SECONDS:g} s are allowed")
    if (figures["most_memory_mb"] or 0) > MEMORY_BYTES >> 20:
        found.append(f"a reader held {figures['most_memory_mb']} MB, {MEMORY_BYTES >> 20} MB are allowed")
    return found


def print_formats(all_figures: list[dict[str, Any]]) -> None:
    """Print a line a format, then every variant that was not recognised."""
    print("format        slides  damaged  recognised   share    removed  slowest s  most MB")
    for each in all_figures:
        share = "-" if each["share"] is None else f"{each['share']:.1%}"
        removed = f"{each['removed_recognised']} of {each['removed']}" if each["removed"] else "-"
        print(
            f"{each['format']:<13} {each['slides']:>6} {each['damaged']:>8} {each['recognised']:>11} {share:>7}"
            f" {removed:>10} {each['slowest_seconds']:>10.2f} {each['most_memory_mb'] or '-':>8}"
        )
    for each in all_figures:
        for missed in each["not_recognised"]:
            print(f"not recognised: {each['format']}: {missed}")


def print_malformed(figures: dict[str, Any]) -> None:
    """Print the verdict on every file, then the bounds."""
    for name, said in figures["verdicts"].items():
        print(f"{name}: {said or 'NO VERDICT'}")
    print(f"{figures['files']} files, slowest {figures['slowest_seconds']} s, most {figures['most_memory_mb']} MB")
