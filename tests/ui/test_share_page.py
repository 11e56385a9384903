"""The Share page: reached from the status bar, says what was found and left, removes only what a person names."""

from dataclasses import replace

from PySide6.QtWidgets import QLabel, QPushButton

from app.services.share_state import ShareState
from app.ui.main_window import SHARE, MainWindow
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import until
from tests.ui.test_window import named, question


def texts(window: MainWindow) -> str:
    return "\n".join(each.text() for each in window.share_page.findChildren(QLabel) if each.isVisible())


async def open_page(window: MainWindow) -> str:
    share = next(each for each in window.status.findChildren(QPushButton) if each.accessibleName() == "Share")
    share.click()
    assert window.pages.currentIndex() == SHARE
    await until(lambda: window.errands.under_way == 0)
    return texts(window)


async def test_the_status_bar_leads_to_what_is_known_of_the_share(window: MainWindow, desk: FakeDesk) -> None:
    told = await open_page(window)
    assert "81 % of the store" in told
    assert "Prec01_Run 2_P1_545891.svs (slide 545891)" in told
    assert "9f" * 32 in told
    assert "1c" * 32 in told
    assert "The scanner still has it" in told
    assert "SCAN-PC-05" in told
    assert "3 files, 1.26 GB" in told


async def test_damage_on_the_share_is_seen_from_every_page(window: MainWindow, desk: FakeDesk) -> None:
    desk.station_view = replace(desk.station_view, share_findings=2)
    window.reload()
    assert any("2 file(s) damaged" in each.text() for each in window.status.findChildren(QPushButton))


async def test_findings_can_be_read_again(window: MainWindow, desk: FakeDesk) -> None:
    await open_page(window)
    named(window.share_page, "Read these again").click()
    await until(lambda: window.errands.under_way == 0)
    assert desk.acts == [("read_findings_again",)]
    assert "✓ Every file that was read holds what was verified" in texts(window)


async def test_only_selected_leftovers_are_removed_with_a_reason(window: MainWindow, desk: FakeDesk) -> None:
    await open_page(window)
    remove = named(window.share_page, "Remove selected…")
    assert not remove.isEnabled()
    window.share_page._leftovers._table.selectRow(0)
    remove.click()
    dialog = await question(window)
    assert not named(dialog, "Remove").isEnabled()
    named(dialog, "The scan was given up").click()
    named(dialog, "Remove").click()
    await until(lambda: window.errands.under_way == 0)
    path = "2026/Prec01/.Prec01_Run 2_P1_545902.svs.0123456789abcdef.part"
    assert desk.acts == [("remove_leftovers", (path,), "The scan was given up", False)]
    assert "2 files" in texts(window)


async def test_an_empty_share_says_so(window: MainWindow, desk: FakeDesk) -> None:
    desk.share_state = ShareState("/share", 0, 0, 0, 0, None, 0.0, (20, 6), (), (), ())
    told = await open_page(window)
    assert "✓ Nothing was left over" in told
    assert "percent_per_day is 0" in told
    assert "– of the store" in told
