"""SIGKILL at every boundary of the engine's state; a fresh start ends as if nothing was, a second one rests."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.collector import Faults
from tests.faults.engine_journeys import JOURNEYS, Journey, cleared, killed_once, side_by_side, ticks_of
from tests.proof import write_proof

QUICK_KILLS = 8
PROVED: dict[str, Any] = {}


def killed_at_each(journey: Journey, folder: Path, numbers: Any, faults: Faults, state: Any) -> int:
    """Kill at each of these boundaries; return how many kills struck."""
    struck = 0
    expected = json.loads(json.dumps(state))

    def case(number: int) -> dict[str, Any]:
        found = killed_once(journey, folder / f"kill{number}", number)
        assert found["state"] == expected, f"killed at boundary {number}, {found['at']}"
        cleared(folder / f"kill{number}")
        return found

    for number, found in side_by_side(case, numbers, folder / "results"):
        if found["killed"]:
            struck += 1
            when = f"boundary #{number}: {found['at']}"
            faults.note(f"engine, {journey.name}", when, "SIGKILL", "a fresh start ended as an undisturbed run")
    return struck


@pytest.mark.quick_share
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda each: each.name.replace(" ", "-"))
def test_killed_at_some_boundaries(journey: Journey, tmp_path: Path, faults: Faults) -> None:
    ticks, state = ticks_of(journey, tmp_path / "undisturbed")
    most = len(ticks)
    numbers = sorted({1 + (2 * turn + 1) * most // (2 * QUICK_KILLS) for turn in range(QUICK_KILLS)})
    assert killed_at_each(journey, tmp_path, numbers, faults, state) >= QUICK_KILLS - 2


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda each: each.name.replace(" ", "-"))
def test_killed_at_every_boundary(journey: Journey, tmp_path: Path, faults: Faults) -> None:
    ticks, state = ticks_of(journey, tmp_path / "undisturbed")
    assert len(ticks) > 40
    first = 1
    struck = 0
    while True:
        # Threads make two runs differ by a few boundaries: go on until a whole batch comes to its end unhit.
        last = len(ticks) if first == 1 else first + 7
        hit = killed_at_each(journey, tmp_path, range(first, last + 1), faults, state)
        struck += hit
        if first > 1 and hit == 0:
            break
        first = last + 1
    assert struck >= len(ticks) - 8
    PROVED[journey.name] = {"boundaries": len(ticks), "kills": struck, "end_state": "that of an undisturbed run"}
    write_proof("engine-kills", {"journeys": PROVED, "kills": sum(each["kills"] for each in PROVED.values())})
