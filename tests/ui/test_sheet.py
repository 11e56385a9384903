"""The slide sheet in the window: how it stands, what is to be put right, a row that changed, lists of slides."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QListView, QPushButton

from app.domain.errors import UseError
from app.domain.scan import ScanId
from app.domain.sheet_differences import Difference
from app.services.views import Choice, StationView
from app.ui.chrome import sheet_words
from app.ui.main_window import MainWindow
from app.ui.sheet_window import SheetWindow
from app.ui.slide_lists import dropped_list
from app.ui.tokens import Tone
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import from_a_slot, until
from tests.ui.test_window import named, press_on_card, question

ROOT = "https://docs.google.com/spreadsheets/d/1AbC/edit"
CHANGED = (Difference("Panel", "P1", "P9"),)
STATION = StationView("Lab", "Raven", False, None, None, None, 0, 0, None, "", "", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ("✓ all written", "", Tone.GOOD)),
        ({"sheet_findings": 3}, ("✓ all written", "3 to put right", Tone.GOOD)),
        ({"sheet_pending": 3}, ("3 waiting", "", Tone.WARN)),
        ({"sheet_pending": 3, "sheet_next_seconds": 12.2}, ("3 waiting, next try in 12 s", "", Tone.WARN)),
        (
            {
                "sheet_pending": 3,
                "sheet_next_seconds": 12.0,
                "sheet_trouble": "The sheet is in use",
                "sheet_findings": 1,
            },
            ("✕ The sheet is in use · 3 waiting, next try in 12 s", "1 to put right", Tone.BAD),
        ),
        ({"sheet_trouble": "The sheet is away"}, ("✕ The sheet is away", "", Tone.BAD)),
    ],
)
def test_the_status_bar_says_what_waits_and_when_it_is_tried_again(changes: dict[str, object], words: object) -> None:
    assert sheet_words(replace(STATION, **changes)) == words


def open_sheet_window(window: MainWindow) -> SheetWindow:
    next(each for each in window.status.findChildren(QPushButton) if each.accessibleName() == "Sheet").click()
    (shown,) = window.findChildren(SheetWindow)
    return shown


def texts(shown: SheetWindow) -> str:
    return "\n".join(each.text() for each in shown.findChildren(QLabel))


async def test_what_is_to_be_put_right_opens_from_the_status_bar(window: MainWindow, desk: FakeDesk) -> None:
    shown = open_sheet_window(window)
    assert not shown.isModal()
    assert "Summary of Slides, 2026" in texts(shown)
    assert "412 slides" in texts(shown)
    assert "3 to be put right" in texts(shown)
    assert "1 waiting, next try in 12 s" in texts(shown)
    (listed,) = shown.findChildren(QListView)
    model = listed.model()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == [
        each.words for each in desk.sheet.findings
    ]
    desk.sheet.findings = ()
    window.reload()
    assert "✓ Nothing to be put right" in texts(shown)
    assert listed.isHidden()


async def test_a_finding_opens_the_sheet_at_its_cell(window: MainWindow, opened: list[str]) -> None:
    shown = open_sheet_window(window)
    (listed,) = shown.findChildren(QListView)
    listed.setCurrentIndex(listed.model().index(1, 0))
    await from_a_slot(lambda: QTest.keyClick(listed, Qt.Key.Key_Return))
    named(shown, "Open the sheet").click()
    assert opened == [f"{ROOT}#range=A21", ROOT]


async def test_hundreds_of_findings_stay_a_list_that_scrolls(window: MainWindow, desk: FakeDesk) -> None:
    shown = open_sheet_window(window)
    height = shown.height()
    desk.sheet.findings = desk.sheet.findings * 400
    window.reload()
    assert "1200 to be put right" in texts(shown)
    assert shown.height() == height


async def test_the_sheets_window_goes_with_the_main_window(window: MainWindow) -> None:
    shown = open_sheet_window(window)
    assert shown.isVisible()
    window.acts.sheet.close()  # as close_down does
    assert not shown.isVisible()


async def test_long_words_are_cut_and_do_not_widen_the_window(window: MainWindow, desk: FakeDesk) -> None:
    trouble = "The slide sheet is not shared with us: " + "share it with the lab's own account, " * 9
    desk.station_view = replace(desk.station_view, sheet_trouble=trouble)
    window.resize(960, 700)
    window.reload()
    QApplication.processEvents()
    words = next(each for each in window.status.findChildren(QPushButton) if each.accessibleName() == "Sheet")
    assert window.width() == 960
    assert words.text().endswith("…")
    assert trouble in words.toolTip()


async def test_a_sheet_that_cannot_be_opened_says_so(window: MainWindow, desk: FakeDesk, monkeypatch) -> None:
    from PySide6.QtGui import QDesktopServices

    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    desk.sheet.root = "/lab/slides.xlsx"
    window.acts.sheet.open_sheet()
    assert window.banner.isVisible()
    assert "Nothing on this PC opens /lab/slides.xlsx" in window.banner._message.text()

    def refuse(cell: str = "") -> str:
        raise UseError("This is no Google spreadsheet", "it says “x”")

    desk.sheet.address = refuse
    window.acts.sheet.open_sheet()
    assert "it says “x”" in window.banner._message.text()


def changed_slide(desk: FakeDesk) -> ScanId:
    view = next(view for view in desk.scans() if view.badge == "Safe")
    desk.put(replace(view, differences=CHANGED, row={"Study": "Prec01", "Panel": "P1"}, badge="Safe, changed"))
    return view.id


async def test_a_changed_row_is_left_by_a_button_on_the_card(window: MainWindow, desk: FakeDesk) -> None:
    scan = changed_slide(desk)
    await until(lambda: any(view.badge == "Safe, changed" for view in window.run_page.model.views()))
    await press_on_card(window, "Safe, changed", Choice.LEAVE)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("leave", scan, CHANGED)]


async def test_the_panel_shows_the_change_and_takes_it_over_after_a_question(
    window: MainWindow, desk: FakeDesk, opened: list[str]
) -> None:
    scan = changed_slide(desk)
    desk.sheet.path = "Prec01/Run 2/620995_Prec01_P9.svs"
    window.open_scan(scan)
    await until(lambda: window.errands.under_way == 0)
    shown = [each.text() for each in window.panel._row.findChildren(QLabel) if not each.isHidden()]
    assert "P1 → P9" in shown
    assert any("changed after this slide was named" in text for text in shown)
    named(window.panel._row, "Open the sheet here").click()
    assert opened == [f"{ROOT}#range=A23"]
    named(window.panel._row, "Take over…").click()
    dialog = await question(window)
    assert "Panel: P1 → P9" in dialog.text.text()
    assert "moves on the share and is then Prec01/Run 2/620995_Prec01_P9.svs" in dialog.text.text()
    named(dialog, "Take over").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("take_over", scan, CHANGED)]


async def test_an_unchanged_row_offers_nothing_but_to_open_it(window: MainWindow, desk: FakeDesk) -> None:
    scan = next(view.id for view in desk.scans() if view.row and not view.differences)
    window.open_scan(scan)
    await until(lambda: window.errands.under_way == 0)
    buttons = [each.text() for each in window.panel._row.findChildren(QPushButton) if not each.isHidden()]
    assert buttons == ["Open the sheet here"]


def mime(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(each) for each in urls])
    return data


def test_only_a_single_list_can_be_dropped() -> None:
    kinds = (".csv", ".xlsx")
    assert dropped_list(mime("file:///lab/Rack 1.CSV"), kinds) == Path("/lab/Rack 1.CSV")
    for other in (
        mime("file:///lab/a.svs"),
        mime("https://lab.example/rack.csv"),
        mime("file:///a.csv", "file:///b.csv"),
        QMimeData(),
    ):
        assert dropped_list(other, kinds) is None


async def test_a_list_is_dropped_on_the_window_and_asked_about(window: MainWindow, desk: FakeDesk) -> None:
    data, action, button = mime("file:///lab/rack.csv"), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 300), action, data, button, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), action, data, button, keys))
    dialog = await question(window)
    assert dialog.windowTitle() == "Expect 1 more slide(s)?"
    assert dialog.text.text().splitlines() == [
        "rack.csv, column Barcode: 2 slide(s)",
        "1 of them expected already",
        "1 not in Summary of Slides: 407871",
        "1 more than once in the list: 407871",
        "1 left out, no barcode of this lab: row 5 “none”",
    ]
    named(dialog, "Expect them").click()
    await until(lambda: len(desk.acts) == 2)
    assert desk.acts == [("read_list", Path("/lab/rack.csv")), ("expect", ("407871",))]


async def test_something_else_that_is_dropped_is_not_taken(window: MainWindow, desk: FakeDesk) -> None:
    data = mime("file:///lab/a.svs")
    enter = QDragEnterEvent(
        QPoint(3, 3), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    enter.setAccepted(False)
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()
    assert desk.acts == []


async def test_a_list_with_nothing_new_is_only_told(window: MainWindow, desk: FakeDesk) -> None:
    desk.sheet.plan = replace(desk.sheet.plan, new=(), not_in_sheet=None, sheet="The sheet is away: no route")
    window.slide_lists.take(Path("/lab/rack.csv"))
    dialog = await question(window)
    assert dialog.windowTitle() == "All slides of this list are expected already"
    assert "Not compared with the sheet. The sheet is away: no route" in dialog.text.text()
    named(dialog, "Understood").click()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == [("read_list", Path("/lab/rack.csv"))]


async def test_a_list_can_be_chosen(window: MainWindow, desk: FakeDesk, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit("/lab/rack.csv"))
    named(window.run_page, "From a file…").click()
    dialog = await question(window)
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == [("read_list", Path("/lab/rack.csv"))]
