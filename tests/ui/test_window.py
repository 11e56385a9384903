"""The window as a person uses it: cards, dialogs, panel, errors, closing."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QTableView, QWidget

from app.domain.errors import SlideError, SurroundingsError
from app.domain.step import StepState
from app.pipeline.journey import MATCH, VERIFY
from app.services.views import Choice, ScanView
from app.ui.application import SURROUNDINGS_EXIT_CODE, live
from app.ui.card_layout import card_layout
from app.ui.dialogs.assign import AssignDialog
from app.ui.dialogs.end_run import EndRunDialog
from app.ui.dialogs.mark import MarkDialog
from app.ui.dialogs.question import Question
from app.ui.dialogs.reason import ReasonDialog
from app.ui.dialogs.start_run import StartRunDialog
from app.ui.main_window import MainWindow
from app.ui.theme import Theme, ThemeChoice
from app.ui.tokens import DARK, LIGHT
from app.ui.wedge_filter import WedgeFilter
from tests.fakes.desk import OPERATORS, FakeDesk
from tests.ui.conftest import from_a_slot, until


def view_of(desk: FakeDesk, badge: str) -> ScanView:
    return next(view for view in desk.scans() if view.badge == badge)


async def question(window: MainWindow) -> Question:
    await until(lambda: window.asker.open_question is not None)
    assert window.asker.open_question is not None
    return window.asker.open_question


async def press_on_card(window: MainWindow, badge: str, choice: Choice) -> None:
    cards, model = window.run_page.cards, window.run_page.model
    row = next(row for row, view in enumerate(model.views()) if view.badge == badge)
    cards.scrollTo(model.index(row, 0))
    boxes = card_layout(QRectF(cards.visualRect(model.index(row, 0))), model.view_at(row), window.theme)
    box = dict(boxes.buttons)[choice]
    await from_a_slot(lambda: QTest.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint()))


def named(window: QWidget, text: str) -> QPushButton:
    return next(button for button in window.findChildren(QPushButton) if button.text() == text)


async def test_a_painted_button_asks_and_then_tells_the_desk(window: MainWindow, desk: FakeDesk) -> None:
    scan = view_of(desk, "Need to rescan").id
    await press_on_card(window, "Need to rescan", Choice.ORDER_RESCAN)
    dialog = await question(window)
    assert isinstance(dialog, ReasonDialog)
    named(dialog, "Out of focus").click()
    named(dialog, "Order rescan").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("verdict", scan, "rescan", "Out of focus")]


async def test_a_failed_card_can_be_tried_again_by_keyboard(window: MainWindow, desk: FakeDesk) -> None:
    model = window.run_page.model
    row = next(row for row, view in enumerate(model.views()) if view.badge == "Failed")
    scan = model.view_at(row).id
    window.run_page.cards.setCurrentIndex(model.index(row, 0))
    await from_a_slot(
        lambda: QTest.keyClick(window.run_page.cards, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    )
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("restart", scan, None)]
    await until(lambda: model.view_at(model.row_of(scan)).badge == "Starting")


async def test_keep_which_by_number_key(window: MainWindow, desk: FakeDesk) -> None:
    model = window.run_page.model
    row = next(row for row, view in enumerate(model.views()) if view.badge == "Keep which?")
    window.run_page.cards.setCurrentIndex(model.index(row, 0))
    await from_a_slot(lambda: QTest.keyClick(window.run_page.cards, Qt.Key.Key_3))
    await until(lambda: bool(desk.acts))
    assert desk.acts[0][0] == "keep"
    assert desk.acts[0][2] == "both"


async def test_columns_follow_the_width_and_every_card_shows_its_words(window: MainWindow) -> None:
    cards, model = window.run_page.cards, window.run_page.model
    tops = [cards.visualRect(model.index(row, 0)).top() for row in range(4)]
    assert tops[0] == tops[1] == 0
    assert tops[2] == tops[3] > 0
    window.resize(1100, 800)
    await until(lambda: cards.visualRect(model.index(1, 0)).top() > 0)
    spoken = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "545891" in spoken
    assert "Need to rescan" in spoken


@pytest.mark.parametrize("width", [960, 1180, 1370, 1600, 1920])
@pytest.mark.parametrize("panel", [False, True])
async def test_chips_stand_side_by_side_at_every_width(window: MainWindow, width: int, panel: bool) -> None:
    if panel:
        window.open_scan(window.run_page.model.view_at(0).id)
        await until(lambda: window.errands.under_way == 0)
    window.resize(width, 880)
    await asyncio.sleep(0.1)
    chips = [chip for chip in window.run_page.findChildren(QPushButton, "chip") if chip.isVisible()]
    assert len(chips) == 4
    for left, right in pairwise(chips):
        assert left.geometry().right() < right.geometry().left(), (left.text(), right.text())
        assert left.width() >= left.minimumWidth()


async def test_chips_filter_the_cards(window: MainWindow) -> None:
    chips = {button.text().split("  ")[0]: button for button in window.run_page._chips.buttons()}
    chips["Safe"].click()
    assert {view.state for view in window.run_page.model.views()} == {StepState.SUCCEEDED}
    chips["All"].click()
    assert window.run_page.model.rowCount() == 12


async def test_assign_needs_barcode_and_reason(window: MainWindow, desk: FakeDesk) -> None:
    scan = view_of(desk, "Which slide?").id
    window.acts.choose(scan, Choice.ASSIGN)
    dialog = await question(window)
    assert isinstance(dialog, AssignDialog)
    yes = named(dialog, "This is the slide")
    assert not yes.isEnabled()
    dialog._barcode.setText("545891 ")
    assert yes.isEnabled()
    dialog._reason.clear()
    assert not yes.isEnabled()
    dialog._reason.setText("read it")
    yes.click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("assign", scan, "545891", "read it")]


async def test_going_back_does_nothing(window: MainWindow, desk: FakeDesk) -> None:
    window.acts.cancel([desk.scans()[0].id])
    (await question(window)).reject()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == []
    assert window.asker.open_question is None


async def test_mark_offers_only_what_the_table_of_moves_allows(window: MainWindow, desk: FakeDesk) -> None:
    scan = view_of(desk, "Which slide?").id
    window.acts.mark([scan], MATCH)
    dialog = await question(window)
    assert isinstance(dialog, MarkDialog)
    steps = [dialog._step.itemData(row) for row in range(dialog._step.count())]
    assert VERIFY not in steps
    assert dialog.step() == MATCH
    dialog._state.setCurrentIndex(dialog._state.findData("skipped"))
    dialog._reason.setText("sheet is right")
    named(dialog, "Mark it").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("mark", scan, MATCH, StepState.SKIPPED, "sheet is right")]


async def test_ending_a_run_wants_a_reason_for_every_open_slide(
    window: MainWindow, desk: FakeDesk, opened: list[str]
) -> None:
    window.acts.end_run()
    dialog = await question(window)
    assert isinstance(dialog, EndRunDialog)
    yes = [button for button in dialog.findChildren(QPushButton) if button.text() == "End run and report"][-1]
    assert not yes.isEnabled()
    dialog._fields[0].setText("glass broken")
    dialog._all.setText("goes on tomorrow")
    named(dialog, "Give to all").click()
    assert yes.isEnabled()
    wanted = [name for name, _ in desk.open_slides()]
    yes.click()
    await until(lambda: bool(desk.acts))
    reasons = desk.acts[0][1]
    assert list(reasons) == wanted
    assert reasons[wanted[0]] == "glass broken"
    assert set(list(reasons.values())[1:]) == {"goes on tomorrow"}
    await until(lambda: window.pages.currentIndex() == 2)
    assert opened[0].endswith("run-report.pdf")


async def test_starting_a_run_names_the_operator(window: MainWindow, desk: FakeDesk) -> None:
    window.acts.start_run()
    dialog = await question(window)
    assert isinstance(dialog, StartRunDialog)
    dialog._name.setCurrentText("Jon Ek")
    named(dialog, "Start run").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("start_run", OPERATORS[1])]


async def test_a_refused_act_is_explained(window: MainWindow, desk: FakeDesk) -> None:
    desk.refuse = SlideError("It cannot be restarted", "545902 is copied elsewhere", "Wait a minute")
    window.acts.restart([desk.scans()[5].id])
    await until(lambda: window.banner.isVisible())
    texts = {label.text() for label in window.banner._frame.findChildren(type(window.banner._title))}
    assert {"It cannot be restarted", "545902 is copied elsewhere", "Wait a minute"} <= texts
    named(window.banner, "Understood").click()
    assert not window.banner.isVisible()


async def test_the_panel_tells_everything_of_a_scan(window: MainWindow, desk: FakeDesk) -> None:
    failed = view_of(desk, "Failed")
    window.open_scan(failed.id)
    await until(lambda: window.errands.under_way == 0)
    said = "\n".join(label.text() for label in window.panel.findChildren(type(window.banner._title)))
    for words in ("The copy differs", "SHA-256 differs twice", "tried 3 times", "Label picture", "Prec01", "20×"):
        assert words in said
    named(window.panel, "Try again").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("restart", failed.id, None)]
    await from_a_slot(lambda: QTest.keyClick(window, Qt.Key.Key_Escape))
    assert window.panel.isHidden()


async def test_queue_acts_on_all_selected_rows(window: MainWindow, desk: FakeDesk) -> None:
    window.show_page(1)
    window.queue_page.model.filter("safe")
    window.queue_page.table.selectAll()
    chosen = window.queue_page.selected()
    assert len(chosen) == 3
    window.commands.first.trigger()
    await until(lambda: len(desk.acts) == 3)
    assert desk.acts == [("first", scan) for scan in reversed(chosen)]
    window.commands.copy.trigger()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 3


async def test_ten_thousand_rows_are_shown_and_scrolled(window: MainWindow, desk: FakeDesk) -> None:
    from tests.fakes.scans import thousands

    for view in thousands(10_000, desk.now):
        desk._scans[view.id] = view
    window.reload()
    window.show_page(1)
    table = window.queue_page.table
    assert window.queue_page.model.rowCount() == 10_000
    table.scrollToBottom()
    table.repaint()
    assert table.indexAt(QPoint(200, table.viewport().height() - 20)).row() > 9_900


async def test_changes_of_the_desk_reach_cards_rows_and_panel(window: MainWindow, desk: FakeDesk) -> None:
    view = view_of(desk, "Verifying")
    window.open_scan(view.id)
    desk.put(replace(view, badge="Safe", state=StepState.SUCCEEDED, verified_at=desk.now))
    models = (window.run_page.model, window.queue_page.model)
    await until(lambda: all(model.view_at(model.row_of(view.id)).badge == "Safe" for model in models))
    assert "Safe" in window.panel._badge.text()


async def test_the_theme_changes_at_once(window: MainWindow, theme: Theme) -> None:
    light = window.grab().toImage().pixelColor(900, 985)
    window.toggle_theme()
    dark = window.grab().toImage().pixelColor(900, 985)
    assert theme.tokens is DARK
    assert dark.lightness() < 60 < 200 < light.lightness()
    theme.choose(ThemeChoice.LIGHT)
    assert theme.tokens is LIGHT


async def test_everything_with_the_focus_has_a_name(window: MainWindow, desk: FakeDesk) -> None:
    window.open_scan(desk.scans()[3].id)
    await until(lambda: window.errands.under_way == 0)
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget, QScrollArea)
        and not isinstance(widget.parentWidget(), QTableView)
    ]
    assert [f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}" for widget in nameless] == []


async def test_closing_awaits_the_desk_and_leaves_no_task(qapp: QApplication, theme: Theme) -> None:
    desk, closed = FakeDesk(), []
    before = asyncio.all_tasks()

    async def open_desk() -> FakeDesk:
        return desk

    async def on_close() -> None:
        await asyncio.sleep(0)
        closed.append(desk.listeners)

    wedge = WedgeFilter(qapp)
    life = asyncio.ensure_future(
        live(open_desk, on_close, title="Slideferry", theme=theme, wedge=wedge, remember_in=None)
    )
    found: list[MainWindow] = []

    def shown() -> bool:
        found[:] = [each for each in qapp.topLevelWidgets() if isinstance(each, MainWindow) and each.isVisible()]
        return bool(found)

    await until(shown)
    window = found[0]
    window.close()
    dialog = await question(window)
    named(dialog, "Back").click()
    await until(lambda: window.asker.open_question is None)
    assert window.isVisible()
    window.close()
    named(await question(window), "Close").click()
    assert await asyncio.wait_for(life, 10) == 0
    assert closed == [0]
    assert not shown()
    wedge.deleteLater()
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}


async def test_a_desk_that_cannot_open_says_why(qapp: QApplication, theme: Theme) -> None:
    closed: list[bool] = []

    async def open_desk() -> FakeDesk:
        raise SurroundingsError("The share is not there", "//lab/share does not answer", "Check the network")

    async def on_close() -> None:
        closed.append(True)

    wedge = WedgeFilter(qapp)
    life = asyncio.ensure_future(
        live(open_desk, on_close, title="Slideferry", theme=theme, wedge=wedge, remember_in=None)
    )
    asked: list[Question] = []

    def shown() -> bool:
        asked[:] = [each for each in qapp.topLevelWidgets() if isinstance(each, Question) and each.isVisible()]
        return bool(asked)

    await until(shown)
    assert "Check the network" in asked[0].text.text()
    named(asked[0], "Close").click()
    assert await asyncio.wait_for(life, 10) == SURROUNDINGS_EXIT_CODE
    assert closed == [True]
    wedge.deleteLater()


@pytest.mark.parametrize("rows", [0])
async def test_an_empty_run_says_what_to_do(window: MainWindow, desk: FakeDesk, rows: int) -> None:
    desk._scans.clear()
    window.reload()
    assert window.run_page.cards.empty_title == "Ready for the first slide"
    assert "put a rack into Raven" in window.run_page.cards.empty_hint
    desk.current = None
    window.reload()
    assert "Start run" in window.run_page.cards.empty_hint
