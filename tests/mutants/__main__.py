"""Runs every mutant's tests in a copy of its own; fails when one survives. Used by `make mutants`."""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.tree import MutantOutOfDateError, break_tree, copy_tree, environment, mutated
from tests.proof import write_proof

SIDE_BY_SIDE = 2
LONGEST_SECONDS = 300.0
TESTS_FAILED = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant. `caught_by` is the first test that failed, empty where none did."""

    mutant: str
    guarantee: str
    file: str
    caught_by: str
    seconds: float
    trouble: str = ""


def run_tests(tree: Path, tests: tuple[str, ...], *options: str) -> tuple[int, str]:
    """Run a selection in a copy; return pytest's exit code and output; the code of failed tests when it hangs."""
    words = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rf", *options, *tests]
    try:
        done = subprocess.run(
            words, cwd=tree, env=environment(), capture_output=True, encoding="utf-8", timeout=LONGEST_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, f"FAILED {tests[0]} - it did not end in {LONGEST_SECONDS:.0f} s"
    return done.returncode, done.stdout + done.stderr


def try_mutant(mutant: Mutant, folder: Path) -> Verdict:
    """Break a copy and see whether the tests notice."""
    tree = folder / re.sub(r"\W+", "-", mutant.name)
    copy_tree(tree)
    break_tree(mutant, tree)
    started = time.monotonic()
    code, told = run_tests(tree, mutant.tests, "-x")
    seconds = round(time.monotonic() - started, 1)
    failed = re.search(r"^FAILED (\S+)", told, re.MULTILINE)
    caught = failed[1] if code == TESTS_FAILED and failed else ""
    trouble = "" if code in (0, TESTS_FAILED) and (caught or code == 0) else told[-2000:]
    return Verdict(mutant.name, mutant.guarantee, mutant.file, caught, seconds, trouble)


def require_sound(mutants: tuple[Mutant, ...], folder: Path) -> None:
    """Stop unless every break finds its place and the unbroken program passes all the tests."""
    try:
        for mutant in mutants:
            compile(mutated(mutant), mutant.file, "exec")
    except MutantOutOfDateError as error:
        sys.exit(str(error))
    tree = folder / "unbroken"
    copy_tree(tree)
    tests = tuple(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    code, told = run_tests(tree, tests)
    if code:
        sys.exit(f"The unbroken program fails these tests; nothing can be learnt from a broken one.\n{told[-4000:]}")


def show(verdicts: list[Verdict]) -> None:
    """Print the table."""
    width = max(len(each.mutant) for each in verdicts)
    for each in verdicts:
        print(f"{each.mutant:{width}}  {each.seconds:6.1f} s  {each.caught_by or 'SURVIVED'}")
        if each.trouble:
            print(each.trouble)


def main() -> int:
    """Try all mutants, or those whose name holds a word; return 0 when every one is caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only mutants whose name holds this")
    wanted = tuple(each for each in MUTANTS if parser.parse_args().word in each.name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as name, ThreadPoolExecutor(SIDE_BY_SIDE) as places:
        folder = Path(name)
        require_sound(wanted, folder)
        verdicts = list(places.map(lambda mutant: try_mutant(mutant, folder), wanted))
    show(verdicts)
    survivors = [each for each in verdicts if not each.caught_by]
    print(f"{len(verdicts)} mutants, {len(verdicts) - len(survivors)} caught, {len(survivors)} survived")
    if wanted == MUTANTS:
        figures = {"mutants": len(verdicts), "caught": len(verdicts) - len(survivors)}
        write_proof("mutants", figures | {"each": [asdict(verdict) for verdict in verdicts]})
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
