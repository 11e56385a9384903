"""SIGKILL between any two operations of a rescan and of what is decided about it: the end is that of no kill at all."""

from pathlib import Path

import pytest

from tests.faults.collector import Faults
from tests.faults.engine_journeys import Journey, ticks_of
from tests.faults.rescan_journeys import RESCANS
from tests.faults.test_engine_kill import killed_at_each

QUICK = tuple(each for each in RESCANS if each.name.startswith("MRXS"))
QUICK_KILLS = 4


def named(journey: Journey) -> str:
    return journey.name.replace(" ", "-")


@pytest.mark.quick_share
@pytest.mark.parametrize("journey", QUICK, ids=named)
def test_killed_at_some_boundaries_of_a_rescan(journey: Journey, tmp_path: Path, faults: Faults) -> None:
    ticks, state = ticks_of(journey, tmp_path / "undisturbed")
    numbers = sorted({1 + (2 * turn + 1) * len(ticks) // (2 * QUICK_KILLS) for turn in range(QUICK_KILLS)})
    assert killed_at_each(journey, tmp_path, numbers, faults, state) >= QUICK_KILLS - 1


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("journey", RESCANS, ids=named)
def test_killed_at_every_boundary_of_a_rescan(journey: Journey, tmp_path: Path, faults: Faults) -> None:
    ticks, state = ticks_of(journey, tmp_path / "undisturbed")
    assert killed_at_each(journey, tmp_path, range(1, len(ticks) + 4), faults, state) >= len(ticks) - 4
