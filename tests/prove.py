"""Runs the long proofs, each test module in a process of its own, two side by side. Used by `make prove`.

One process for all of them grows with every module, and each fork for a kill then takes longer. The faults that the
modules of tests/faults noted are put together for docs/proof/faults.json when all of them took part.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.faults.collector import HANDED_OVER, Collected, read_collected
from tests.proof import ROOT, write_proof

SIDE_BY_SIDE = 2
TESTS = ROOT / "tests"
FAULTS = TESTS / "faults"
PASSED, NOTHING_THERE = 0, 5


@dataclass(frozen=True, slots=True)
class Ended:
    """How the tests of one module ended, and all they printed."""

    module: Path
    code: int
    seconds: float
    told: str

    @property
    def passed(self) -> bool:
        """Whether nothing failed; a module without a long test is none of ours."""
        return self.code in (PASSED, NOTHING_THERE)


def modules() -> list[Path]:
    """Return the test modules that hold long tests, and all of tests/faults; those with marked ones first."""
    found = []
    for path in sorted(TESTS.rglob("test_*.py")):
        marked = "mark.long" in path.read_text(encoding="utf-8")
        if marked or path.parent == FAULTS:
            found.append((not marked, path))
    return [path for _, path in sorted(found)]


def run(module: Path, folder: Path, options: list[str]) -> Ended:
    """Run one module's long tests; what it noted of faults lands in the folder."""
    name = module.relative_to(TESTS).with_suffix("").as_posix().replace("/", "-")
    environment = os.environ | {"SLIDEFERRY_PROVE": "1", HANDED_OVER: str(folder / f"{name}.json")}
    words = [
        sys.executable, "-m", "pytest", "-m", "long", "--timeout", "0", "--basetemp", str(folder / name), *options,
        str(module),
    ]  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        errors="replace", check=False,
    )  # fmt: skip
    return Ended(module, done.returncode, time.monotonic() - started, done.stdout)


def tell(ended: Ended) -> None:
    """Print one module's end; of one that failed all it printed."""
    last = ended.told.strip().rpartition("\n")[2]
    print(f"{ended.seconds:7.0f} s  {ended.module.relative_to(ROOT).as_posix()}: {last}", flush=True)
    if not ended.passed:
        print(ended.told, flush=True)


def put_together(folder: Path) -> Collected:
    """Return what all modules noted."""
    whole = Collected()
    for path in sorted(folder.glob("*.json")):
        whole.add(read_collected(path.read_text(encoding="utf-8")))
    return whole


def main(arguments: list[str]) -> int:
    """Run what is asked for; return 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove")
    parser.add_argument("word", nargs="?", default="", help="a part of the path of the modules to run; all without it")
    parser.add_argument("options", nargs="*", help="for pytest, after “--”")
    wanted = parser.parse_args(arguments)
    options: list[str] = wanted.options
    chosen = [path for path in modules() if wanted.word in path.as_posix()]
    with tempfile.TemporaryDirectory(prefix="slideferry-prove-") as made:
        folder = Path(made)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            all_ended = []
            running = [pool.submit(run, module, folder, options) for module in chosen]
            for each in as_completed(running):
                tell(each.result())
                all_ended.append(each.result())
        collected = put_together(folder)
    if collected.modules >= {path.name for path in FAULTS.glob("test_*.py")}:
        write_proof("faults", collected.figures())
    return 0 if all(ended.passed for ended in all_ended) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
