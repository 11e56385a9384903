"""What the window asks about several scans of one slide, and how it says that the scanner's disk is short of room."""

from dataclasses import replace

from PySide6.QtWidgets import QLineEdit, QPushButton, QRadioButton

from app.services.views import Choice
from app.ui.dialogs.keep import KeepDialog
from app.ui.dialogs.reason import ReasonDialog
from app.ui.main_window import MainWindow
from app.ui.surfaces import FactLabel
from tests.fakes.chains import missing_image
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import until
from tests.ui.test_window import named, press_on_card, question, view_of


async def test_the_missing_older_image_has_three_buttons(window: MainWindow, desk: FakeDesk) -> None:
    view = missing_image(view_of(desk, "Need to rescan"))
    desk.put(view)
    model = window.run_page.model
    await until(lambda: model.view_at(model.row_of(view.id)).badge == "Older image?")
    await press_on_card(window, "Older image?", Choice.FIND_OLDER)
    await until(lambda: bool(desk.acts))
    await press_on_card(window, "Older image?", Choice.HOLD)
    await until(lambda: len(desk.acts) == 2)
    await press_on_card(window, "Older image?", Choice.GO_ON_WITHOUT)
    dialog = await question(window)
    assert isinstance(dialog, ReasonDialog)
    named(dialog, "Nobody knows where it is").click()
    named(dialog, "Go on without it").click()
    await until(lambda: len(desk.acts) == 3)
    assert desk.acts == [
        ("missing", view.id, "find", ""),
        ("missing", view.id, "hold", ""),
        ("missing", view.id, "without", "Nobody knows where it is"),
    ]


async def test_the_panel_lists_the_scans_of_the_slide_and_which_is_kept_can_be_changed(
    window: MainWindow, desk: FakeDesk
) -> None:
    view = view_of(desk, "Safe, rescan")
    older, _ = desk.chains[view.id].scans
    window.open_scan(view.id)
    await until(lambda: any("img_0007.svs" in label.text() for label in window.panel.findChildren(FactLabel)))
    button = next(b for b in window.panel.findChildren(QPushButton) if b.text().startswith("Change which"))
    button.click()
    dialog = await question(window)
    assert isinstance(dialog, KeepDialog)
    keep = named(dialog, "Keep it")
    assert not keep.isEnabled(), "nothing was changed yet"
    dialog.findChildren(QRadioButton)[0].click()
    assert not keep.isEnabled(), "a reason is needed"
    dialog.findChild(QLineEdit).setText("it shows the margin")
    keep.click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("keep", older.id, "new", "it shows the margin")]


async def test_both_can_be_kept(window: MainWindow, desk: FakeDesk) -> None:
    view = view_of(desk, "Safe, rescan")
    window.acts.keep(view.id)
    dialog = await question(window)
    dialog.findChildren(QRadioButton)[2].click()
    dialog.findChild(QLineEdit).setText("two depths")
    named(dialog, "Keep it").click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("keep", view.id, "both", "two depths")]


async def test_a_disk_short_of_room_is_said_for_as_long_as_it_is(window: MainWindow, desk: FakeDesk) -> None:
    words = "The scanner's disk has room for 3 more slides; the oldest verified scan may go on Thursday 14:00"
    desk.station_view = replace(desk.station_view, room_for_slides=3, room_warning=words)
    await until(window.room_note.isVisible)
    desk.station_view = replace(desk.station_view, room_for_slides=40, room_warning="")
    await until(lambda: not window.room_note.isVisible())
