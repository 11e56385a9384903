"""A real window on a real display: a barcode typed at a hand scanner's speed lands on the run."""

from pathlib import Path

from tests.e2e import lab
from tests.e2e.screen import Screen

FILTER_TEXT = "kept"
BARCODE = "754780"


def test_a_barcode_at_scanner_speed_lands_on_the_run(screen: Screen, prepared: Path) -> None:
    screen.until(lambda state: BARCODE in state["scans"] and state["active"])
    screen.xdotool("key", "ctrl+2")
    state = screen.until(lambda state: state["page"] == 1)
    x, y = state["filter_at"]
    screen.xdotool("mousemove", str(x), str(y), "click", "1")
    screen.until(lambda state: state["focus_in_filter"])
    screen.xdotool("type", "--delay", "180", FILTER_TEXT)
    screen.until(lambda state: state["filter_text"] == FILTER_TEXT)

    screen.xdotool("type", "--delay", "5", BARCODE + "\n")

    state = screen.until(lambda state: BARCODE in state["last_scan"])
    assert state["filter_text"] == FILTER_TEXT
    assert state["page"] == 0
    state = screen.until(lambda state: state["chosen"] != [])
    assert state["chosen"] == [state["scans"][BARCODE]]
    expected = lab.journal_rows(prepared, "SELECT barcode, source FROM expected WHERE source = 'hand_scan'")
    assert expected == ((BARCODE, "hand_scan"),)
