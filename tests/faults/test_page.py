"""docs/guarantees.md names tests that exist and counts that the proof bears out."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROOF = TESTS.parent / "docs" / "proof" / "faults.json"
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "::" in line]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert named
    assert not [(file, test) for file, test in named if not (TESTS / file).exists() or test not in names_in(file)]


def test_every_guarantee_has_its_row() -> None:
    assert [int(number) for row in ROWS for number in re.findall(r"^\| \*\*G(\d+)\*\*", row)] == list(range(1, 17))


def test_no_row_claims_more_faults_than_the_proof_has() -> None:
    if not PROOF.exists():
        pytest.skip("the proof has not been run")
    counted = json.loads(PROOF.read_text(encoding="utf-8"))["by_test"]
    for row in ROWS:
        told = re.search(r": at least ([\d,]+) \|", row)
        if told is not None:
            named = re.findall(r"`faults/(\w+\.py::\w+)`", row)
            assert int(told[1].replace(",", "")) <= sum(counted.get(test, 0) for test in named), row
