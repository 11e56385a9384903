"""Copies of the program in which one thing is broken."""

import os
import shutil
from pathlib import Path

from tests.mutants.catalogue import Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("app", "tests")
PLAIN = ("main.py", "pyproject.toml")
SHARED = ("resources",)
"""Read only, and large."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "data", ".*")


class MutantOutOfDateError(Exception):
    """The text that a mutant changes does not stand exactly once in its file."""


def mutated(mutant: Mutant, root: Path = ROOT) -> str:
    """Return a file's text with the break in it; raise MutantOutOfDateError when its place is not found."""
    text = (root / mutant.file).read_text(encoding="utf-8")
    for old, new in ((mutant.old, mutant.new), *mutant.also):
        found = text.count(old)
        if found != 1:
            raise MutantOutOfDateError(
                f"“{mutant.name}”: its text stands {found} times in {mutant.file}, not once. The code has moved on: "
                f"put tests/mutants/catalogue.py right.\n{old}"
            )
        text = text.replace(old, new)
    return text


def copy_tree(target: Path) -> None:
    """Make a copy of program and tests that can be broken without harm."""
    target.mkdir(parents=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=LEFT_OUT)
    for name in PLAIN:
        shutil.copy(ROOT / name, target / name)
    for name in SHARED:
        (target / name).symlink_to(ROOT / name)
    (target / "tests" / "data").symlink_to(ROOT / "tests" / "data")


def break_tree(mutant: Mutant, target: Path) -> None:
    """Put the break into a copy."""
    (target / mutant.file).write_text(mutated(mutant, target), encoding="utf-8")


def environment() -> dict[str, str]:
    """Return the surroundings of a run in a copy: nothing there may write proofs of this tree."""
    return {name: value for name, value in os.environ.items() if name not in ("SLIDEFERRY_PROVE", "PYTHONPATH")}
