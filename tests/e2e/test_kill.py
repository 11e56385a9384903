"""Killed at any moment and started again: the end is that of an undisturbed run, nothing twice, nothing lost."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lab
from tests.e2e.conftest import SLIDES, PlayedDemo
from tests.proof import write_proof

BETWEEN_RENAMES = """
import os, signal, sys
from app.adapters.files.folder_destination import FolderDestination
moved = FolderDestination.relocate
def relocate(self, move):
    moved(self, move)
    os.kill(os.getpid(), signal.SIGKILL)
FolderDestination.relocate = relocate
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


def kill_after(folder: Path, seconds: float) -> bool:
    """Start the demo and kill it after so long; return whether it was still at work."""
    with subprocess.Popen(
        [*lab.PROGRAM, *lab.demo_words(folder, SLIDES)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=lab.environment(),
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def assert_ends_like(played: PlayedDemo, folder: Path) -> None:
    """Let the demo run to its end and compare what is there with the undisturbed run; a second end changes nothing."""
    done = lab.run(*lab.demo_words(folder, SLIDES))
    assert done.returncode == 1, done.stderr
    state = lab.end_state(folder, lab.document(done))
    assert state == lab.end_state(played.folder, played.document)
    assert lab.leftovers(folder) == []
    again = lab.run(*lab.demo_words(folder, SLIDES))
    assert lab.end_state(folder, lab.document(again)) == state


def test_several_kills_in_one_run(played: PlayedDemo, prepared: Path) -> None:
    chance = random.Random(20261122)
    kills = sum(kill_after(prepared, chance.uniform(0.8, 2.5)) for _ in range(4))
    assert kills >= 2
    assert_ends_like(played, prepared)


def test_killed_between_the_two_renames_of_a_rescan(played: PlayedDemo, prepared: Path) -> None:
    program = [sys.executable, "-c", BETWEEN_RENAMES]
    done = subprocess.run(
        [*program, *lab.demo_words(prepared, SLIDES)], cwd=lab.ROOT, env=lab.environment(), check=False, timeout=200
    )
    assert done.returncode == -signal.SIGKILL
    share = prepared / "share"
    assert not (share / "Prec01" / "Run 2" / "620995_Prec01_Run 2_P1.svs").exists()
    assert len(list((share / "Rescans").rglob("620995*.svs"))) == 1
    assert_ends_like(played, prepared)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(20))
def test_a_kill_at_a_random_moment(
    number: int, played: PlayedDemo, prepared: Path, kills: list[dict[str, Any]]
) -> None:
    chance = random.Random(os.environ.get("SLIDEFERRY_SEED", "20261122") + str(number))
    seconds = chance.uniform(0.3, 7.0)
    killed = kill_after(prepared, seconds)
    assert_ends_like(played, prepared)
    kills.append({"after_seconds": round(seconds, 3), "was_at_work": killed, "end_state": "that of an undisturbed run"})


@pytest.fixture(scope="module")
def kills() -> Iterator[list[dict[str, Any]]]:
    """Gather the kills; write the proof when the last one is done."""
    found: list[dict[str, Any]] = []
    yield found
    if found:
        at_work = sum(bool(each["was_at_work"]) for each in found)
        write_proof("kills", {"slides": SLIDES, "kills": len(found), "killed_at_work": at_work, "each": found})
