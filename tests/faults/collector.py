"""Counts the faults that the tests in this folder inject, for docs/proof/faults.json.

How a test uses it: take the fixture `faults` and note each fault once its invariants have held:

    def test_something(faults: Faults) -> None:
        ...
        faults.note("publish", "fsync #3", "EIO", "tried again")

- operation: what was being done, in words ("copy of a set", "two programs, one manifest");
- step: at which call or moment ("renameat2 #2", "between link and unlink");
- error: what was done to it ("EIO", "SIGKILL", "flipped bit");
- outcome: how it went on ("tried again", "a fresh process recovered", "refused in words").

A fault counts once, however often the same four come; the total of injections is kept beside. Faults that are many of
one kind (a soak with 300 random kills) are told apart by their step ("kill 17 after 83 ms").

The document is written at the end of a prove run (tests/prove.py) in which every test module of this folder took part,
each in a process of its own that hands over what it noted; a test that failed is a fault that cost something and counts
as lost. In a prove run all tests here run, quick or long: a test that is a part of another, longer one and need not run
then too is marked `quick_share`.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

HANDED_OVER = "SLIDEFERRY_FAULTS_TO"
"""The environment's name for the file in which a process leaves what it noted."""


class Fault(NamedTuple):
    """One thing that went wrong at one place, and how it went on."""

    operation: str
    step: str
    error: str
    outcome: str


@dataclass
class Collected:
    """What a whole run of tests noted."""

    injected: int = 0
    faults: dict[Fault, str] = field(default_factory=dict)
    by_test: dict[str, set[Fault]] = field(default_factory=lambda: defaultdict(set))
    skipped: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    passed: int = 0
    modules: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Return what docs/proof/faults.json says of the run."""
        return {
            "distinct_faults": len(self.faults),
            "injected_faults": self.injected,
            "lost": len(self.failed),
            "failed": self.failed,
            "tests": self.passed + len(self.failed),
            "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
            "by_operation": self._counted(lambda fault: fault.operation),
            "by_call": self._counted(lambda fault: fault.step.partition(" #")[0] if " #" in fault.step else "others"),
            "by_error": self._counted(lambda fault: fault.error),
            "by_outcome": self._counted(lambda fault: fault.outcome),
            "by_test": {test: len(faults) for test, faults in sorted(self.by_test.items())},
        }

    def add(self, other: "Collected") -> None:
        """Count what another process noted, too."""
        self.injected += other.injected
        self.faults = other.faults | self.faults
        for test, faults in other.by_test.items():
            self.by_test[test] |= faults
        self.skipped |= other.skipped
        self.failed += other.failed
        self.passed += other.passed
        self.modules |= other.modules
        self.seconds += other.seconds

    def told(self) -> str:
        """Return all of it as `read_collected` takes it, for another process."""
        content = {
            "injected": self.injected,
            "faults": [[*fault, test] for fault, test in self.faults.items()],
            "by_test": {test: [list(fault) for fault in faults] for test, faults in self.by_test.items()},
            "skipped": self.skipped,
            "failed": self.failed,
            "passed": self.passed,
            "modules": sorted(self.modules),
            "seconds": self.seconds,
        }
        return json.dumps(content)

    def _counted(self, key: Any) -> dict[str, int]:
        return dict(sorted(Counter(key(fault) for fault in self.faults).items(), key=lambda each: (-each[1], each[0])))


def read_collected(told: str) -> Collected:
    """Read back what a process told."""
    content = json.loads(told)
    collected = Collected(
        injected=content["injected"],
        faults={Fault(*fault): test for *fault, test in content["faults"]},
        skipped=content["skipped"],
        failed=content["failed"],
        passed=content["passed"],
        modules=set(content["modules"]),
        seconds=content["seconds"],
    )
    for test, faults in content["by_test"].items():
        collected.by_test[test] |= {Fault(*fault) for fault in faults}
    return collected


class Faults:
    """What one test notes; see the module's text."""

    def __init__(self, collected: Collected, test: str) -> None:
        self._collected = collected
        self._test = test

    def note(self, operation: str, step: str, error: str, outcome: str) -> None:
        """Count one injected fault after which every invariant held."""
        fault = Fault(operation, step, error, outcome)
        self._collected.injected += 1
        self._collected.faults.setdefault(fault, self._test)
        self._collected.by_test[self._test].add(fault)
