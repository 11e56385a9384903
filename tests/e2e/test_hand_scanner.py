"""A hand scanner with a US keyboard on a PC with another layout, on a real display: set up once, then understood."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.calibration import CODES
from app.domain.settings_text import parse_settings
from tests.e2e import lab
from tests.e2e.screen import Screen
from tests.e2e.test_window import BARCODE

ROWS = (
    (49, "`~"),
    *((10 + place, pair) for place, pair in enumerate(("1!", "2@", "3#", "4$", "5%", "6^", "7&", "8*", "9(", "0)"))),
    (20, "-_"),
    (21, "=+"),
    *((24 + place, letter + letter.upper()) for place, letter in enumerate("qwertyuiop")),
    (34, "[{"),
    (35, "]}"),
    *((38 + place, letter + letter.upper()) for place, letter in enumerate("asdfghjkl")),
    (47, ";:"),
    (48, "'\""),
    (51, "\\|"),
    *((52 + place, letter + letter.upper()) for place, letter in enumerate("zxcvbnm")),
    (59, ",<"),
    (60, ".>"),
    (61, "/?"),
    (65, " "),
)
"""Key of a US keyboard by X11's number, with what it types alone and with Shift."""
KEYS = {
    character: f"{'shift+' if place else ''}{number}" for number, pair in ROWS for place, character in enumerate(pair)
}
ENTER = "36"
CAPS_LOCK = "66"


def scan(screen: Screen, text: str, *, end: str = ENTER) -> None:
    """Press the keys of a US keyboard for a text as a hand scanner does."""
    screen.xdotool("key", "--delay", "4", *(KEYS[each] for each in text), *([end] if end else []))


@pytest.fixture
def layout(display: str) -> Iterator[str]:
    """Give the display a French keyboard for a test."""
    subprocess.run(["setxkbmap", "-display", display, "fr"], check=True)
    yield "fr"
    subprocess.run(["setxkbmap", "-display", display, "us"], check=True)


def set_up(screen: Screen) -> None:
    screen.xdotool("key", "ctrl+h")
    for number, code in enumerate(CODES, start=1):
        screen.until(lambda state, number=number: f"Code {number} of 4" in state["question"])
        scan(screen, code)


def test_the_window_learns_what_the_layout_does_and_finds_the_slide(
    screen: Screen, prepared: Path, layout: str
) -> None:
    screen.until(lambda state: BARCODE in state["scans"] and state["active"])
    set_up(screen)
    state = screen.until(lambda state: "Nothing is kept before you say so." in state["question"])
    words = "\n".join(state["question"])
    assert "The keyboard layout breaks these: [ {" in words
    assert "turned back: " in words
    time.sleep(0.5)  # a person reads first; right behind a scan an Enter would be the scanner's
    screen.xdotool("key", ENTER)
    screen.until(lambda state: state["question"] == [] and state["active"])
    learned = parse_settings((prepared / "settings.toml").read_text("utf-8"), name="x").wedge
    assert {"&1", "é2", "à0", "qa"} <= set(learned.translate)
    assert learned.suffix == "enter"

    screen.xdotool("key", "ctrl+f")
    screen.until(lambda state: state["focus_in_filter"])
    scan(screen, BARCODE)
    state = screen.until(lambda state: BARCODE in state["last_scan"])
    assert state["filter_text"] == ""
    assert lab.journal_rows(prepared, "SELECT barcode FROM expected WHERE source = 'hand_scan'") == ((BARCODE,),)

    scan(screen, f"{BARCODE[:4]}[o{BARCODE[4:]}")  # the accent takes the o; without both it would be that slide
    state = screen.until(lambda state: BARCODE not in state["last_scan"] and state["page"] == 0)
    assert any("not a barcode of this lab" in words or "not in" in words for words in state["last_scan"])
    assert state["filter_text"] == ""


def test_caps_lock_is_seen(screen: Screen) -> None:
    screen.until(lambda state: BARCODE in state["scans"] and state["active"])
    screen.xdotool("key", CAPS_LOCK)
    try:
        scan(screen, BARCODE)
        state = screen.until(lambda state: BARCODE in state["last_scan"])
        assert any("Caps Lock is on: switch it off" in words for words in state["last_scan"])
        screen.xdotool("key", "ctrl+h")
        screen.until(lambda state: "Code 1 of 4" in state["question"])
        scan(screen, CODES[0])
        screen.until(lambda state: "Caps Lock is on" in state["question"])
        screen.xdotool("key", "Escape")
        screen.until(lambda state: state["question"] == [])
    finally:
        screen.xdotool("key", CAPS_LOCK)
