"""`sync`: the outbox is pushed at once, and every slide's cells are written anew."""

from app.domain.errors import AwayError
from app.domain.step import StepState
from app.pipeline.journey import RECORD, VERIFY
from tests.fakes.lab import Lab, until

S = StepState


async def test_a_sync_does_not_wait_for_the_next_try(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.images.hold_quality.clear()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", VERIFY) is S.SUCCEEDED)
        lab.sheet.away = AwayError("Google Sheets asks us to wait", "429", wait_seconds=3600.0)
        lab.images.hold_quality.set()
        await until(lambda: station.kit.sheet.seconds_to_next_try() is not None)
        lab.sheet.away = None
        await station.act("sync", {"rebuild": "False"}, "other")
        await lab.rest()
        assert lab.state("a.svs", RECORD) is S.SUCCEEDED
    assert lab.sheet.cells["620995", "Status"] == "Complete"
