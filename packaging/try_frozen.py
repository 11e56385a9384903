"""Tries the frozen program as a stranger would: an empty home folder, no display, nothing installed.

`python packaging/try_frozen.py dist/slideferry [--out FILE.json]`. Ends with 1 and says why when something is amiss.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SELF_TEST_SECONDS = 300.0
DEMO_SECONDS = 600.0
DEMO_SLIDES = 12
NEEDS_PEOPLE = 1
"""The demo's exit code: some of its slides need a person, by design."""


class TryError(Exception):
    """The frozen program is not as it must be; the text says how."""


def bare_environment(home: Path) -> dict[str, str]:
    """Return the least that a program can be started with here."""
    if sys.platform == "win32":
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
        return {**kept, "USERPROFILE": str(home), "PATH": str(Path(kept["SYSTEMROOT"]) / "System32")}
    return {"HOME": str(home), "PATH": "/usr/bin:/bin"}


def start(program: Path, home: Path, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run the program to its end in the empty home folder."""
    return subprocess.run(
        [str(program), *words],
        check=False,
        cwd=home,
        env=bare_environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
    )


def try_self_test(program: Path, home: Path) -> float:
    """Run `self-test`; return its seconds. Raises TryError when it prints anything but its one line."""
    began = time.monotonic()
    done = start(program, home, "self-test", seconds=SELF_TEST_SECONDS)
    if (done.returncode, done.stdout.strip(), done.stderr.strip()) != (0, "self-test: ok", ""):
        raise TryError(f"self-test ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return time.monotonic() - began


def try_demo(program: Path, home: Path) -> float:
    """Run the demo headless; return its seconds. Raises TryError unless every slide came as far as it can."""
    began = time.monotonic()
    words = ("demo", "--headless", "--json", "--slides", str(DEMO_SLIDES), "--dir", str(home / "lab"))
    done = start(program, home, *words, seconds=DEMO_SECONDS)
    if done.returncode != NEEDS_PEOPLE:
        raise TryError(f"demo ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr}")
    document = json.loads(done.stdout)
    states = [scan["state"] for scan in document["scans"]]
    if len(states) != DEMO_SLIDES or not set(states) <= {"succeeded", "needs_attention"}:
        raise TryError(f"demo left its scans as {states}\n{done.stderr}")
    if Path(document["report"]).stat().st_size == 0:
        raise TryError("the demo's report is empty")
    return time.monotonic() - began


def size_bytes(folder: Path) -> int:
    """Return what all files of a folder hold together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def main() -> int:
    """Try it; print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="also write what was measured to this file")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    program = folder / ("slideferry.exe" if sys.platform == "win32" else "slideferry")
    with tempfile.TemporaryDirectory(prefix="slideferry-empty-home-") as name:
        try:
            self_test_seconds = try_self_test(program, Path(name))
            demo_seconds = try_demo(program, Path(name))
        except (TryError, subprocess.TimeoutExpired) as error:
            sys.stderr.write(f"{program}: {error}\n")
            return 1
    measured = {
        "bytes": size_bytes(folder),
        "self_test_seconds": round(self_test_seconds, 1),
        "demo_seconds": round(demo_seconds, 1),
    }
    text = json.dumps(measured, indent=2) + "\n"
    if chosen.out:
        chosen.out.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{program} works in an empty home: {json.dumps(measured)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
