"""A scan of a format that nobody can read is somebody's only copy all the same: it is carried once it stood still."""

from app.domain.step import StepState
from app.pipeline.journey import SETTLE
from tests.fakes.images import UNKNOWN_STRUCTURE
from tests.fakes.lab import Lab, until

S = StepState


async def test_it_is_carried_once_it_stood_still_for_long_and_nothing_calls_it_complete(lab: Lab) -> None:
    (lab.watch / "620995.kfb").write_bytes(UNKNOWN_STRUCTURE + b"x" * 4000)
    async with lab.open() as station:
        await until(lambda: "no open reader" in station.kit.progress.note_of(lab.id("620995.kfb")))
        assert lab.state("620995.kfb", SETTLE) is S.RUNNING
        (lab.watch / "620995.kfb").write_bytes(UNKNOWN_STRUCTURE + b"x" * 5000)
        lab.clock.skip(61)
        await lab.rest()
        scan = lab.get("620995.kfb")
        assert scan.facts is not None
        assert (scan.facts.complete, scan.facts.structure_known) == (False, False)
        assert "stood still for" in scan.steps[SETTLE].message
    assert [path for path in lab.published() if path.endswith(".kfb")]


async def test_run_once_waits_for_it_as_well(lab: Lab) -> None:
    (lab.watch / "620995.kfb").write_bytes(UNKNOWN_STRUCTURE + b"x" * 4000)
    async with lab.open(once=True):
        await until(lambda: lab.state("620995.kfb", SETTLE) is S.RUNNING)
        lab.clock.skip(61)
        await lab.rest()
    assert [path for path in lab.published() if path.endswith(".kfb")]
