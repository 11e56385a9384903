import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.adapters.storage.records import intent_of, intent_text, sheet_of, sheet_text
from app.domain.sheet import RowWrite, SheetColumn, SheetIntent, SheetRow, SlideSheet

BEFORE = SlideSheet(
    "Slides, tab Slideferry",
    (SheetColumn("Barcode", 0, "A", required=True), SheetColumn("Status", 1, "B")),
    (SheetRow(2, "000123", {"Barcode": "000123", "Status": ""}),),
    "Barcode",
    datetime(2026, 5, 4, tzinfo=UTC),
)
ROWS = (RowWrite("000123", {"Status": "Complete"}), RowWrite("", {"Status": ""}))


@pytest.mark.parametrize("own_tab", [True, False])
def test_what_is_under_way_is_read_back_as_it_was(own_tab: bool) -> None:
    intent = SheetIntent(BEFORE, ROWS, own_tab=own_tab)
    assert intent_of(intent_text(intent)) == intent


def test_what_an_older_program_had_under_way_was_in_place() -> None:
    content = json.loads(intent_text(SheetIntent(BEFORE, ROWS)))
    del content["own_tab"]
    assert intent_of(json.dumps(content)) == SheetIntent(BEFORE, ROWS)


def test_a_reading_keeps_its_tab_and_one_of_an_older_program_has_none() -> None:
    reading = replace(BEFORE, tab=77)
    text = sheet_text(reading)
    assert sheet_of(text) == reading
    content = json.loads(text)
    del content["tab"]
    assert sheet_of(json.dumps(content)) == BEFORE
