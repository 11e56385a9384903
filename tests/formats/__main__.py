"""Writes the page of formats from a folder of scans: `python -m tests.formats FOLDER [--out PAGE] [--json FILE]`."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.formats.table import measure_table


def main(words: list[str]) -> int:
    """Print the page, or write it where told; return 1 when the folder holds no scan."""
    parser = argparse.ArgumentParser(prog="python -m tests.formats", description=__doc__)
    parser.add_argument("folder", type=Path, help="every scan below it becomes a row")
    parser.add_argument("--out", type=Path, help="the page to write, such as docs/formats.md; printed without it")
    parser.add_argument("--json", type=Path, help="a file for the same rows as JSON")
    chosen = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="slideferry-formats-") as scratch:
        table = asyncio.run(measure_table(chosen.folder, Path(scratch)))
    if not table.rows:
        sys.stderr.write(f"no scan below {chosen.folder}\n")
        return 1
    if chosen.json:
        chosen.json.write_text(table.json(), encoding="utf-8", newline="\n")
    if chosen.out:
        chosen.out.write_text(table.markdown(), encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(table.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
