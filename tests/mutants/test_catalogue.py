"""The list of deliberate breaks is true of the present code: each finds its place, and is a break."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.tree import ROOT, MutantOutOfDateError, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name.replace(" ", "-"))
def test_each_break_finds_its_place_and_its_tests(mutant: Mutant) -> None:
    broken = mutated(mutant)
    assert broken != (ROOT / mutant.file).read_text(encoding="utf-8")
    compile(broken, mutant.file, "exec")
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.tests)


def test_a_break_whose_place_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("nothing of the kind\n", encoding="utf-8")
    with pytest.raises(MutantOutOfDateError, match="moved on"):
        mutated(Mutant("gone", "G1", "part.py", "old", "new", ()), tmp_path)


def test_there_are_enough_and_no_two_are_the_same() -> None:
    assert len(MUTANTS) >= 14
    assert len({(each.file, each.old, each.new) for each in MUTANTS}) == len(MUTANTS)
