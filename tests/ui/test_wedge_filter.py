"""Keys reach the right place: scans the desk, a person's typing the field."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.services.views import Choice
from app.ui.dialogs.assign import AssignDialog
from app.ui.main_window import MainWindow
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import from_a_slot, until
from tests.ui.typing import ENTER, scan


async def keys(target: QWindow, *pressed: str | Qt.Key) -> None:
    """Press these at once, one after the other."""

    def press() -> None:
        QApplication.processEvents()  # what is still to be painted would come between two keys
        for key in pressed:
            QTest.keyClick(target, key)

    await from_a_slot(press)


def handle(window) -> QWindow:
    found = window.windowHandle()
    assert found is not None
    return found


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
async def test_a_scan_reaches_the_desk_and_leaves_the_focused_field_alone(
    window: MainWindow, desk: FakeDesk, end: Qt.Key
) -> None:
    window.show_page(1)
    field = window.queue_page.filter
    field.setText("kept")
    field.setFocus()
    await until(lambda: QApplication.focusWindow() is not None)
    await scan(handle(window), "407871", (end, ""))
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "407871")]
    assert field.text() == "kept"
    assert window.pages.currentIndex() == 0


async def test_a_person_types_into_the_field(window: MainWindow, desk: FakeDesk) -> None:
    window.show_page(1)
    field = window.queue_page.filter
    field.setFocus()
    await until(lambda: QApplication.focusWindow() is not None)
    for number, character in enumerate("545"):
        await keys(handle(window), character)
        await until(lambda count=number + 1: len(field.text()) == count)
    assert field.text() == "545"
    await until(lambda: window.queue_page.model.rowCount() == 2)
    assert desk.acts == []


async def test_keys_that_turn_out_to_be_a_persons_come_in_order_before_the_next_key(
    window: MainWindow, desk: FakeDesk
) -> None:
    window.show_page(1)
    field = window.queue_page.filter
    field.setFocus()
    await until(lambda: QApplication.focusWindow() is not None)
    await keys(handle(window), "a", "B", "1", Qt.Key.Key_Backspace)
    assert field.text() == "aB"
    await keys(handle(window), "x", Qt.Key.Key_Return)
    assert field.text() == "aBx"
    assert desk.acts == []


async def test_typed_barcode_and_enter_in_the_barcode_field(window: MainWindow, desk: FakeDesk) -> None:
    field = window.run_page.barcode.field
    field.setFocus()
    field.setText("465551")
    await until(lambda: QApplication.focusWindow() is not None)
    await keys(handle(window), Qt.Key.Key_Return)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "465551")]
    assert field.text() == ""


async def test_a_scan_fills_the_open_assign_dialog_and_presses_nothing(window: MainWindow, desk: FakeDesk) -> None:
    nameless = next(view for view in desk.scans() if view.barcode is None)
    window.acts.choose(nameless.id, Choice.SHOW_LABEL)
    await until(lambda: window.asker.open_question is not None)
    dialog = window.asker.open_question
    assert isinstance(dialog, AssignDialog)
    await until(lambda: QApplication.focusWindow() is handle(dialog))
    await scan(handle(dialog), "407871", ENTER)
    assert dialog.barcode() == "407871"
    assert dialog.isVisible()
    assert desk.acts == []
    dialog.accept()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("assign", nameless.id, "407871", "Glass scanned by hand")]
    await until(lambda: window.errands.under_way == 0)


async def test_the_same_code_twice_at_once_is_one_scan(window: MainWindow, desk: FakeDesk) -> None:
    await until(lambda: QApplication.focusWindow() is not None)
    await scan(handle(window), "407871", ENTER)
    await scan(handle(window), "407871", ENTER)
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == [("hand_scan", "407871")]


async def test_a_composed_character_stays_in_the_code_and_out_of_the_field(window: MainWindow, desk: FakeDesk) -> None:
    window.show_page(1)
    field = window.queue_page.filter
    field.setFocus()
    await until(lambda: QApplication.focusObject() is field)
    composed = QInputMethodEvent()
    composed.setCommitString("ô")

    await scan(handle(window), "4078", lambda: QApplication.sendEvent(field, composed), "71", ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "4078ô71")]
    assert field.text() == ""
    await until(lambda: window.errands.under_way == 0)


async def test_a_composed_character_of_a_person_reaches_the_field_in_order(window: MainWindow, desk: FakeDesk) -> None:
    window.show_page(1)
    field = window.queue_page.filter
    field.setFocus()
    await until(lambda: QApplication.focusObject() is field)
    composed = QInputMethodEvent()
    composed.setCommitString("é")

    await scan(handle(window), "caf", lambda: QApplication.sendEvent(field, composed))
    await until(lambda: field.text() == "café")
    QApplication.sendEvent(field, composed)
    assert field.text() == "caféé"
    assert desk.acts == []


async def test_two_characters_of_one_key_are_both_part_of_the_code(window: MainWindow, desk: FakeDesk) -> None:
    await until(lambda: QApplication.focusWindow() is handle(window))
    await scan(handle(window), "4078", (Qt.Key.Key_unknown, "´x"), "71", ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "4078´x71")]
    await until(lambda: window.errands.under_way == 0)
