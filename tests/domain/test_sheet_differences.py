"""What changed in a row since: cells of the scientists only, and only what nobody decided about."""

from datetime import UTC, datetime

import pytest

from app.domain.sheet import SlideSheet
from app.domain.sheet_differences import Difference, differences
from app.domain.sheet_reading import read_grid

HEADER = ["Barcode", "Study", "Panel", "Status", "SHA-256"]
THEN = {"Barcode": "620995", "Study": "Prec01", "Panel": "P1", "Status": "", "SHA-256": ""}


def sheet(*rows: list[str], header: list[str] = HEADER) -> SlideSheet:
    return read_grid([header, *rows], title="t", barcode_header="Barcode", read_at=datetime(2026, 1, 2, tzinfo=UTC))


def test_only_what_scientists_changed_is_told() -> None:
    now = sheet(["620995", "Prec01 ", "P2", "Complete", "9f"])
    assert differences(THEN, now, "620995", {}) == (Difference("Panel", "P1", "P2"),)
    assert differences(THEN, sheet(["620995", "Prec01", "P1"]), "620995", {}) == ()


def test_what_was_left_is_not_told_again_until_it_changes_once_more() -> None:
    left = {"Panel": "P2"}
    assert differences(THEN, sheet(["620995", "Prec01", "P2"]), "620995", left) == ()
    assert differences(THEN, sheet(["620995", "Prec01", "P3"]), "620995", left) == (Difference("Panel", "P1", "P3"),)


@pytest.mark.parametrize("rows", [[], [["620996", "x", "y"]], [["620995", "x", "y"], ["620995", "x", "z"]]])
def test_without_one_row_for_the_slide_nothing_is_told(rows: list[list[str]]) -> None:
    assert differences(THEN, sheet(*rows), "620995", {}) == ()


def test_columns_that_came_or_went_since_say_nothing() -> None:
    now = sheet(["620995", "Prec01", "urgent"], header=["Barcode", "Study", "Note"])
    assert differences(THEN, now, "620995", {}) == ()


def test_an_emptied_cell_is_said_to_be_empty() -> None:
    (found,) = differences(THEN, sheet(["620995", "Prec01", ""]), "620995", {})
    assert found.words == "Panel: P1 → (empty)"
