"""A lab that has only some of our columns, or none, and lets none be added."""

from app.domain.sheet import WRITTEN_COLUMNS
from app.domain.step import StepState
from app.pipeline.journey import RECORD
from tests.fakes.lab import Lab


async def test_a_slide_is_recorded_in_the_columns_that_the_lab_has(lab: Lab) -> None:
    lab.sheet.lacks = frozenset(WRITTEN_COLUMNS) - {"Status"}
    lab.scan("a.svs", "620995")
    async with lab.open():
        await lab.rest()
        assert lab.get("a.svs").state is StepState.SUCCEEDED
        assert lab.sheet.cells == {("620995", "Status"): "Complete"}


async def test_where_the_lab_has_none_of_our_columns_it_is_said(lab: Lab) -> None:
    lab.sheet.lacks = frozenset(WRITTEN_COLUMNS)
    lab.scan("a.svs", "620995")
    async with lab.open():
        await lab.rest()
        record = lab.get("a.svs").steps[RECORD]
        assert record.state is StepState.NEEDS_ATTENTION
        assert "none of our columns" in record.message
