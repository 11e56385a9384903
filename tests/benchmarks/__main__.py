"""Runs every benchmark of this folder and puts what they measured into one document.

`python -m tests.benchmarks [--out FILE.json] [NAME …]`. Each runs in a process of its own with `--json`; other programs
it compares with and that are not installed here are reported by itself. What FILE.json holds of others stays there,
each with the commit and the day it was measured on. Ends with 1 when one of them failed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
ALL = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def measured(name: str) -> dict[str, Any]:
    """Run one benchmark; return its document, or why there is none as `error`."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"benchmark": name, "error": f"ended with {done.returncode}", "stderr": done.stderr[-2000:]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def git(*words: str) -> str:
    """Return what git says, empty where this is no clone."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def surroundings() -> dict[str, Any]:
    """Return what the numbers depend on."""
    return {
        "commit": git("rev-parse", "HEAD"),
        "with_uncommitted_changes": bool(git("status", "--porcelain")),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }


def write(out: Path, results: dict[str, Any]) -> None:
    """Put these into the document, in the place of earlier ones of the same names."""
    out.parent.mkdir(parents=True, exist_ok=True)
    earlier = json.loads(out.read_text(encoding="utf-8"))["benchmarks"] if out.exists() else {}
    known = {name: result for name, result in (earlier | results).items() if name in ALL}
    out.write_text(text_of(known), encoding="utf-8", newline="\n")


def text_of(results: dict[str, Any]) -> str:
    return json.dumps({"benchmarks": dict(sorted(results.items()))}, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; without one: all")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(ALL):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    results = {}
    for name in chosen.names or ALL:
        sys.stderr.write(f"{name} …\n")
        results[name] = surroundings() | measured(name)
        if "error" in results[name]:
            sys.stderr.write(f"{name} {results[name]['error']}\n{results[name]['stderr']}\n")
        for peer, why in results[name].get("missing", {}).items():
            sys.stderr.write(f"{name}: not compared with {peer}: {why}\n")
    if chosen.out:
        write(chosen.out, results)
    else:
        print(text_of(results), end="")
    return 1 if any("error" in result for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
