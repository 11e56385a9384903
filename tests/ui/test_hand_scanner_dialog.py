"""The set-up of the hand scanner: four scans, plain words, and a settings file that says so afterwards."""

from pathlib import Path

import zxingcpp
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel

from app.domain.calibration import CODES
from app.domain.settings_text import parse_settings
from app.services.hand_scanner import HandScanner
from app.ui.dialogs.hand_scanner import HandScannerDialog
from app.ui.main_window import MainWindow
from tests.domain.test_calibration import DEAD, GERMAN, US, typed
from tests.fakes.desk import FakeDesk
from tests.ui.conftest import from_a_slot, until
from tests.ui.test_hand_scans import handle, ready
from tests.ui.typing import ENTER, TAB, press, scan


async def opened_dialog(window: MainWindow) -> HandScannerDialog:
    await ready(window)
    window.hand_scans.set_up()
    await until(lambda: window.asker.open_question is not None)
    dialog = window.asker.open_question
    assert isinstance(dialog, HandScannerDialog)
    await until(lambda: QApplication.focusWindow() is handle(dialog))
    return dialog


def texts(dialog: HandScannerDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisibleTo(dialog))


async def scan_all(dialog: HandScannerDialog, layout: str, *, end=ENTER, lead: str = "") -> None:
    for code in CODES:
        await scan(handle(dialog), lead + typed(code, layout, DEAD[layout]), end)


async def test_a_scanner_that_differs_from_the_pc_is_put_right(
    window: MainWindow, desk: FakeDesk, tmp_path: Path
) -> None:
    dialog = await opened_dialog(window)
    assert not dialog._yes.isEnabled()
    await scan_all(dialog, GERMAN)
    await until(lambda: "turned back: " in texts(dialog))
    words = texts(dialog)
    assert "breaks these: + = `" in words
    assert "ends each code with Enter" in words
    dialog.accept()
    await until(lambda: window.errands.under_way == 0)
    text = (tmp_path / "settings.toml").read_text(encoding="utf-8")
    assert text.startswith("# ours\n[lab]\nname = 'Prec Imaging'\n")
    read = parse_settings(text, name="x").wedge
    assert {"zy", "yz", "ß-"} <= set(read.translate)
    assert (read.suffix, read.prefix, read.gap_ms) == ("enter", "", 12.0)

    await scan(await ready(window), typed("Y24-z1", GERMAN, DEAD[GERMAN]), ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "Y24-z1")]
    await until(lambda: window.errands.under_way == 0)


async def test_a_scanner_that_fits_is_said_to_with_its_prefix_and_suffix(window: MainWindow, tmp_path: Path) -> None:
    dialog = await opened_dialog(window)
    await scan_all(dialog, US, end=TAB, lead="~")
    await until(lambda: "All 95 characters arrive as printed" in texts(dialog))
    words = texts(dialog)
    assert "The hand scanner fits this PC" in words
    assert "with Tab" in words
    assert "sends ~ before" in words
    dialog.accept()
    await until(lambda: window.errands.under_way == 0)
    read = parse_settings((tmp_path / "settings.toml").read_text(encoding="utf-8"), name="x").wedge
    assert (read.prefix, read.suffix, read.translate) == ("~", "tab", ())


async def test_a_scanner_without_a_suffix_is_found_out(window: MainWindow) -> None:
    dialog = await opened_dialog(window)
    for number, code in enumerate(CODES):
        await scan(handle(dialog), code)
        await until(lambda number=number: len(dialog._scans) == number + 1)
    await until(lambda: "sends nothing behind a code" in texts(dialog))
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)


async def test_caps_lock_other_codes_and_the_same_code_are_said_and_do_not_count(window: MainWindow) -> None:
    dialog = await opened_dialog(window)
    await scan(handle(dialog), CODES[0].swapcase(), ENTER)
    assert "Caps Lock is on" in texts(dialog)
    await scan(handle(dialog), "S24-0001-A1-OF-THE-LAB", ENTER)
    assert "none of the codes: S24-0001-A1-OF-THE-LAB" in texts(dialog)
    await scan(handle(dialog), CODES[1], ENTER)
    await scan(handle(dialog), CODES[1], ENTER)
    assert "read already" in texts(dialog)
    assert "Code 2 of 4" in texts(dialog)
    assert dialog.calibration is None
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)


async def test_nothing_is_kept_that_was_not_wanted_and_scans_go_to_the_run_again(
    window: MainWindow, desk: FakeDesk, hand_scanner: HandScanner, tmp_path: Path
) -> None:
    before, settings = (tmp_path / "settings.toml").read_bytes(), hand_scanner.settings
    dialog = await opened_dialog(window)
    await scan_all(dialog, GERMAN)
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)
    assert (tmp_path / "settings.toml").read_bytes() == before
    assert hand_scanner.settings == settings
    await scan(await ready(window), "407871", ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "407871")]
    await until(lambda: window.errands.under_way == 0)


async def test_settings_that_cannot_be_written_are_said_and_used_until_the_end(
    window: MainWindow, desk: FakeDesk, tmp_path: Path
) -> None:
    dialog = await opened_dialog(window)
    await scan_all(dialog, GERMAN)
    (tmp_path / "settings.toml").unlink()
    dialog.accept()
    await until(lambda: window.errands.under_way == 0)
    assert "cannot be written" in window.banner._title.text()
    await scan(await ready(window), "40787ß", ENTER)
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("hand_scan", "40787-")]
    await until(lambda: window.errands.under_way == 0)


async def test_the_codes_are_read_off_the_screen_and_off_paper(
    window: MainWindow, opened: list[str], tmp_path: Path
) -> None:
    dialog = await opened_dialog(window)
    picture = dialog._symbols.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    width, height, row = picture.width(), picture.height(), picture.bytesPerLine()
    pixels = zxingcpp.ImageView(picture.constBits(), width, height, zxingcpp.ImageFormat.Lum, row)
    found = zxingcpp.read_barcodes(pixels, text_mode=zxingcpp.TextMode.Plain)
    assert {each.text for each in found} == {CODES[0]}
    assert len(found) == 2
    dialog._print.click()
    await until(lambda: bool(opened))
    assert opened[0].endswith("Slideferry hand scanner.pdf")
    assert (tmp_path / "Slideferry hand scanner.pdf").stat().st_size > 1000
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)


async def test_enter_alone_keeps_nothing_before_all_codes_were_scanned(window: MainWindow) -> None:
    dialog = await opened_dialog(window)
    await from_a_slot(lambda: press(handle(dialog), ENTER))
    assert dialog.isVisible()
    dialog.reject()
    await until(lambda: window.errands.under_way == 0)
