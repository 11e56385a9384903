"""Numbers, times, hostile and right-to-left texts on paper."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.reports.bidi import visual
from app.adapters.reports.fonts import printable, register, text_width
from app.adapters.reports.look import CELL
from app.adapters.reports.text import break_lines
from app.adapters.reports.wording import clean, day, duration, size, zone_name
from tests.adapters.reports.test_pdf import FONTS


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_600, "1.00 MB"),
        (1_850_000_000, "1.85 GB"),
        (42 * 10**9, "42.0 GB"),
    ],
)
def test_size(size_bytes: int, said: str) -> None:
    assert size(size_bytes) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.7, "1 min 00 s"), (75, "1 min 15 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_dates_do_not_follow_the_locale() -> None:
    assert day(datetime(2019, 3, 4)) == "04-Mar-2019"
    assert zone_name(datetime(2019, 3, 4, tzinfo=timezone(-timedelta(hours=3, minutes=30)))) == "UTC-03:30"
    assert zone_name(datetime(2019, 3, 4)) == ""


def test_control_and_format_characters_stay_visible() -> None:
    assert clean("a\x00b\u202ec\u200bd\te\r\nf") == "a\ufffdb\ufffdc\ufffdd e\nf"


@pytest.mark.parametrize(
    ("logical", "drawn"),
    [
        ("abc", "abc"),
        ("שלום", "םולש"),
        ("ab שלום cd", "ab םולש cd"),
        ("שלום 12-34", "12-34 םולש"),
        ("(אב) x", "(בא) x"),
        ("א(ב)ג", "ג(ב)א"),
    ],
)
def test_right_to_left(logical: str, drawn: str) -> None:
    assert visual(logical) == drawn


@settings(max_examples=150)
@given(st.text(max_size=200), st.floats(min_value=20, max_value=300))
def test_lines_fit_and_lose_nothing_but_blanks(text: str, width: float) -> None:
    register(FONTS)
    ready = printable(clean(text), CELL.font)
    lines = break_lines(ready, CELL, width)
    assert "".join("".join(lines).split()) == "".join(ready.split())
    assert all(text_width(line, CELL.font, CELL.size) <= width + 1e-6 for line in lines)
