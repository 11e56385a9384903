"""Rows are told by id, change in ranges, sort themselves."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.domain.step import StepState
from app.ui.cards_model import CardsModel
from app.ui.queue_model import Column, QueueModel, row_text
from app.ui.rows import ranges
from tests.fakes.desk import FakeDesk
from tests.fakes.scans import a_dozen, thousands

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.fixture
def many() -> FakeDesk:
    return FakeDesk(thousands(10_000, NOW), now=NOW)


def barcodes(model: QueueModel | CardsModel) -> list[str | None]:
    return [view.barcode for view in model.views()]


def watch(model: QueueModel) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: seen.append((first.row(), last.row())))
    return seen


def test_who_needs_a_person_comes_first(qapp) -> None:
    model = CardsModel(FakeDesk(now=NOW))
    states = [view.state for view in model.views()]
    assert states[:3] == [StepState.NEEDS_ATTENTION] * 3
    assert states[3] is StepState.FAILED
    assert states[-3:] == [StepState.SUCCEEDED] * 3
    assert barcodes(model)[0] == "545891"


def test_qt_finds_nothing_wrong_with_the_models(qapp) -> None:
    desk = FakeDesk(now=NOW)
    for model in (QueueModel(desk), CardsModel(desk)):
        tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        model.take([view.id for view in desk.scans()])
        model.sort_now()
        model.want(lambda view: view.state is StepState.SUCCEEDED)
        model.want(lambda view: True)
        assert tester.model() is model


def test_rows_join_to_ranges() -> None:
    assert ranges([]) == []
    assert ranges([3, 1, 2, 7]) == [(1, 3), (7, 7)]
    assert ranges(range(0, 200, 2)) == [(0, 198)]


def test_ten_thousand_changes_are_one_signal(qapp, many: FakeDesk) -> None:
    model = QueueModel(many)
    seen = watch(model)
    model.take([view.id for view in many.scans()])
    assert seen == [(0, 9_999)]


def test_a_change_touches_only_its_row(qapp, many: FakeDesk) -> None:
    model = QueueModel(many)
    seen = watch(model)
    row = 9_000
    view = model.view_at(row)
    assert view.badge == "Safe"
    many.put(replace(view, message="half way"))
    model.take([view.id])
    assert seen == [(row, row)]
    assert model.index(row, Column.MESSAGE).data() == "half way"


def test_sorting_by_any_column_both_ways(qapp, many: FakeDesk) -> None:
    model = QueueModel(many)
    for column in Column:
        model.sort(column, Qt.SortOrder.AscendingOrder)
        model.sort(column, Qt.SortOrder.DescendingOrder)
        assert model.rowCount() == 10_000
    model.sort(Column.BARCODE, Qt.SortOrder.DescendingOrder)
    assert barcodes(model)[:2] == ["109999", "109998"]
    model.sort(Column.SIZE, Qt.SortOrder.AscendingOrder)
    sizes = [view.size_bytes for view in model.views()]
    assert sizes == sorted(sizes)


def test_selection_stays_with_its_scan_when_the_order_changes(qapp, many: FakeDesk) -> None:
    model = QueueModel(many)
    model.sort(Column.BARCODE)
    kept = QPersistentModelIndex(model.index(0, Column.MESSAGE))
    scan = model.view_at(0).id
    model.sort(Column.BARCODE, Qt.SortOrder.DescendingOrder)
    assert kept.row() == 9_999
    assert kept.column() == Column.MESSAGE
    assert model.view_at(kept.row()).id == scan


def test_a_new_scan_finds_its_place_and_one_that_no_longer_passes_goes(qapp) -> None:
    desk = FakeDesk(now=NOW)
    model = QueueModel(desk)
    model.sort(Column.BARCODE)
    new = thousands(1, NOW)[0]
    desk.put(new)
    model.take([new.id])
    # its id is that of the first scan of the dozen: it took its row, and the row its place
    model.sort_now()
    assert barcodes(model)[1] == "100000"
    model.filter("100000")
    assert barcodes(model) == ["100000"]
    desk.put(replace(new, barcode="200000", file_name="200000.svs"))
    model.take([new.id])
    assert barcodes(model) == []


def test_a_scan_that_was_not_there_is_inserted(qapp) -> None:
    desk = FakeDesk((), now=NOW)
    model = CardsModel(desk)
    inserted: list[int] = []
    model.rowsInserted.connect(lambda parent, first, last: inserted.append(first))
    for view in thousands(3, NOW):
        desk.put(view)
        model.take([view.id])
    assert inserted == [0, 1, 2]
    assert [view.badge for view in model.views()] == ["Failed", "Copying", "Safe"]


@pytest.mark.parametrize(("text", "count"), [("", 12), ("5459", 1), ("rescan", 2), ("COPY FILE", 2), ("zzz", 0)])
def test_the_filter_looks_at_all_words(qapp, text: str, count: int) -> None:
    model = QueueModel(FakeDesk(now=NOW))
    model.filter(text)
    assert model.rowCount() == count


def test_a_row_as_text_has_every_column(qapp) -> None:
    model = QueueModel(FakeDesk(now=NOW))
    view = next(view for view in model.views() if view.barcode == "317335")
    cells = row_text(view).split("\t")
    assert len(cells) == len(Column) - 1
    assert cells[0] == "317335"
    assert "1.12 GB" in cells
    assert "512 MB/s" in cells
    assert "96 %" in cells


def test_an_index_without_a_row_has_no_data(qapp) -> None:
    assert QueueModel(FakeDesk(now=NOW)).data(QModelIndex()) is None


def test_scans_of_before_the_first_start_are_in_the_queue_but_not_on_the_run_page(qapp) -> None:
    views = a_dozen(NOW)
    desk = FakeDesk([replace(views[0], earlier=True), *views[1:]], now=NOW)
    assert QueueModel(desk).row_of(views[0].id) is not None
    cards = CardsModel(desk)
    assert cards.row_of(views[0].id) is None
    assert cards.rowCount() == len(views) - 1
