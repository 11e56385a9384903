"""Damages every good slide of a folder in many ways and counts what the program recognises; or judges malformed files.

`python -m tests.damage FOLDER [--without PATTERN …] [--json FILE]`, `python -m tests.damage --malformed FOLDER
[--json FILE]`. Ends with 1 when a good slide is called unfinished, less than 95 % of a TIFF-based format's damage is
recognised, a verdict takes longer or needs more memory than it may, or a reader dies.
"""

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from tests.damage.judging import judge_malformed, judge_slides
from tests.damage.report import faults, format_figures, malformed_figures, print_formats, print_malformed


def main(words: list[str] | None = None) -> int:
    """Run as the words of the command line say; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--malformed", action="store_true", help="FOLDER holds malformed files, not good slides")
    words_for_without = "leave out scans whose path in FOLDER matches, because they are no whole slides"
    parser.add_argument("--without", action="append", default=[], metavar="PATTERN", help=words_for_without)
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args(words)
    logging.basicConfig(level=logging.ERROR)
    document = _malformed(chosen.folder) if chosen.malformed else _slides(chosen.folder, chosen.without)
    if chosen.json:
        chosen.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")
    for fault in document["faults"]:
        print(f"FAULT: {fault}")
    return 1 if document["faults"] else 0


def _slides(folder: Path, without: list[str]) -> dict[str, Any]:
    found = [format_figures(result) for result in asyncio.run(judge_slides(folder, without=without))]
    print_formats(found)
    empty = [] if found else ["there is no slide in this folder"]
    return {"without": without, "formats": found, "faults": empty + [fault for each in found for fault in faults(each)]}


def _malformed(folder: Path) -> dict[str, Any]:
    found = malformed_figures(*asyncio.run(judge_malformed(folder)))
    print_malformed(found)
    empty = [] if found["files"] else ["there is no file in this folder"]
    return {"malformed": found, "faults": empty + faults(found)}


if __name__ == "__main__":
    sys.exit(main())
