"""A hand scan becomes the right slide of the run, or a question, and is answered in words and with a sound."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QRadioButton

from app.domain.hand_scan import Sound
from app.domain.run import SlideClass
from app.domain.settings import HandScannerSettings
from app.services.hand_scanner import HandScanner
from app.services.views import Choice, ExpectedView
from app.ui.dialogs.assign import AssignDialog
from app.ui.dialogs.which_code import WhichCodeDialog
from app.ui.main_window import MainWindow
from app.ui.wedge import WedgeSettings
from tests.fakes.desk import FakeDesk
from tests.fakes.sounds import HeardSounds
from tests.ui.conftest import until
from tests.ui.typing import DEAD_ACUTE, ENTER, LINE_FEED, scan

TWINS = tuple(ExpectedView(barcode, "Run 2 · P1", SlideClass.EXPECTED) for barcode in ("aB-12", "Ab-12"))


def handle(window) -> QWindow:
    found = window.windowHandle()
    assert found is not None
    return found


async def ready(window: MainWindow) -> QWindow:
    window.activateWindow()
    await until(lambda: QApplication.focusWindow() is handle(window))
    return handle(window)


async def assigning(window: MainWindow, desk: FakeDesk) -> AssignDialog:
    nameless = next(view for view in desk.scans() if view.barcode is None)
    window.acts.choose(nameless.id, Choice.SHOW_LABEL)
    await until(lambda: window.asker.open_question is not None)
    dialog = window.asker.open_question
    assert isinstance(dialog, AssignDialog)
    await until(lambda: QApplication.focusWindow() is handle(dialog))
    return dialog


def said(window: MainWindow) -> str:
    card = window.run_page.barcode
    return " | ".join(label.text() for label in (card._title, card._barcode, card._answer))


async def test_aim_prefix_and_gs1_contents_are_read(window: MainWindow, desk: FakeDesk) -> None:
    target = await ready(window)
    await scan(target, "]d20109506000134352\x1d21407871", ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "407871")]
    await until(lambda: window.errands.under_way == 0)
    assert "DataMatrix | 407871" in said(window)


async def test_a_scanner_without_a_suffix_is_ended_by_silence(window: MainWindow, desk: FakeDesk) -> None:
    window.wedge.use(WedgeSettings.of(HandScannerSettings(suffix="none")))
    target = await ready(window)
    window.show_page(1)
    window.queue_page.filter.setFocus()
    await scan(target, "407871")
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "407871")]
    assert window.queue_page.filter.text() == ""


@pytest.mark.parametrize("ends", [(ENTER, LINE_FEED), (ENTER, ENTER)])
async def test_a_second_closing_key_presses_no_button(window: MainWindow, desk: FakeDesk, ends: tuple) -> None:
    dialog = await assigning(window, desk)
    await scan(handle(dialog), "407871", *ends)
    assert dialog.barcode() == "407871"
    assert dialog.isVisible()
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == []


async def test_swapped_letters_are_put_right_and_said(window: MainWindow, desk: FakeDesk, sounds: HeardSounds) -> None:
    desk.pattern = r"S\d{2}-[A-Z]\d"
    target = await ready(window)
    await scan(target, "s24-a1", ENTER)
    await until(lambda: bool(sounds.heard))
    assert desk.acts == [("hand_scan", "S24-A1")]
    assert "Caps Lock is on" in said(window)


async def test_two_possible_slides_are_asked_about(window: MainWindow, desk: FakeDesk, sounds: HeardSounds) -> None:
    desk.expected = TWINS
    target = await ready(window)
    await scan(target, "aB-12", ENTER)
    await until(lambda: window.asker.open_question is not None)
    dialog = window.asker.open_question
    assert isinstance(dialog, WhichCodeDialog)
    assert not dialog._yes.isEnabled()
    choices = {button.text(): button for button in dialog.findChildren(QRadioButton)}
    assert set(choices) == {"aB-12", "Ab-12"}
    choices["Ab-12"].setChecked(True)
    dialog.accept()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "Ab-12")]
    await until(lambda: window.errands.under_way == 0)
    assert sounds.heard == [Sound.REFUSED, Sound.ACCEPTED]


async def test_nobody_is_asked_and_nothing_taken_when_the_question_is_closed(
    window: MainWindow, desk: FakeDesk
) -> None:
    desk.expected = TWINS
    await scan(await ready(window), "aB-12", ENTER)
    await until(lambda: window.asker.open_question is not None)
    window.asker.open_question.reject()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == []


async def test_an_open_question_is_not_answered_with_one_of_two_slides(window: MainWindow, desk: FakeDesk) -> None:
    desk.expected = TWINS
    dialog = await assigning(window, desk)
    await scan(handle(dialog), "aB-12", ENTER)
    assert dialog.barcode() == ""
    assert "aB-12 or Ab-12" in dialog._remark.text()
    await scan(handle(dialog), "407871", ENTER)
    assert (dialog.barcode(), dialog._remark.text()) == ("407871", "")
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)


async def test_a_scan_of_a_moment_ago_still_fills_a_question_that_came_since(
    window: MainWindow, desk: FakeDesk
) -> None:
    await scan(await ready(window), "407871", ENTER)
    dialog = await assigning(window, desk)
    await scan(handle(dialog), "407871", ENTER)
    assert dialog.barcode() == "407871"
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)


async def test_each_answer_has_its_sound_and_a_repeat_is_said(
    window: MainWindow, desk: FakeDesk, sounds: HeardSounds
) -> None:
    target = await ready(window)
    for code in (desk.expected[0].barcode, desk.expected[0].barcode, "999999"):
        before = len(sounds.heard)
        await scan(target, code, ENTER)
        await until(lambda before=before: len(sounds.heard) > before)
        if len(sounds.heard) == 2:
            assert "counted once" in said(window)
    assert sounds.heard == [Sound.ACCEPTED, Sound.AGAIN, Sound.REFUSED]
    assert [act[0] for act in desk.acts] == ["hand_scan", "hand_scan"]


async def test_no_sound_where_the_settings_want_none_and_a_beep_where_there_is_none(
    window: MainWindow, hand_scanner: HandScanner, sounds: HeardSounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    beeps: list[str] = []
    monkeypatch.setattr(QApplication, "beep", lambda: beeps.append("beep"))
    target = await ready(window)
    hand_scanner.settings = replace(hand_scanner.settings, sound=False)
    await scan(target, "999999", ENTER)
    await until(lambda: "999999" in said(window) and window.errands.under_way == 0)
    assert (sounds.heard, beeps) == ([], [])
    hand_scanner.settings = replace(hand_scanner.settings, sound=True)
    sounds.broken = True
    await scan(target, "999998", ENTER)
    await until(lambda: "999998" in said(window) and window.errands.under_way == 0)
    assert (sounds.heard, beeps) == ([], ["beep"])


async def test_a_character_lost_to_an_accent_is_said(window: MainWindow, desk: FakeDesk) -> None:
    desk.pattern = r"S\d{2}=\d{3}"
    await scan(await ready(window), "S24", DEAD_ACUTE, "001", ENTER)
    await until(lambda: "S24" in said(window))
    assert "set up the hand scanner (Ctrl+H)" in said(window)
    await until(lambda: window.errands.under_way == 0)


async def test_a_typed_barcode_is_taken_as_it_stands(window: MainWindow, desk: FakeDesk) -> None:
    desk.expected = TWINS
    window.run_page.barcode.field.setText("Ab-12")
    window.run_page.barcode.field.returnPressed.emit()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "Ab-12")]
    await until(lambda: window.errands.under_way == 0)
