"""A learned focus limit: above what is usual, never above the fixed limit, never where sharp slides lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.focus_calibration import FEWEST, Optics, learn_focus, optics_of
from app.domain.quality import QualityLimits, QualityNumbers, Verdict, judge
from app.domain.slide import SlideFacts

CEILING = 0.28
SHARP_SLIDES = [0.150, 0.155, 0.158, 0.160, 0.160, 0.162, 0.165, 0.170] * 3


def test_too_few_slides_teach_nothing() -> None:
    assert learn_focus([0.16] * (FEWEST - 1), CEILING) is None
    assert learn_focus([0.16] * FEWEST, CEILING) is not None


def test_a_sharp_scanner_learns_a_limit_that_sees_a_blur_of_one_pixel() -> None:
    learned = learn_focus(SHARP_SLIDES, CEILING)
    assert learned is not None
    assert (learned.slides, learned.usual) == (24, 0.16)
    assert max(SHARP_SLIDES) < learned.limit < 0.21


@pytest.mark.parametrize(
    ("accepted", "limit"),
    [
        ([0.16] * 20, 0.20),
        ([0.12] * 20, 0.20),
        ([0.20] * 20, 0.24),
        ([0.26] * 20, 0.28),
        ([0.15, 0.17] * 10, 0.16 + 3 * 1.4826 * 0.01),
        ([0.10, 0.30] * 10, 0.28),
        ([0.16] * 40 + [0.27] * 10, 0.20),
    ],
    ids=["all alike", "never below 0.20", "a margin above", "never above", "spread", "wide spread", "a few outliers"],
)
def test_the_limit_is_what_is_usual_and_a_margin(accepted: list[float], limit: float) -> None:
    learned = learn_focus(accepted, CEILING)
    assert learned is not None
    assert learned.limit == pytest.approx(limit)


def test_the_setting_stands_where_it_is_stricter_than_what_was_learned() -> None:
    learned = learn_focus([0.16] * 20, 0.18)
    assert learned is not None
    assert learned.limit == 0.18


@given(st.lists(st.floats(0.0, 1.0), min_size=FEWEST, max_size=120), st.floats(0.0, 1.0))
def test_a_learned_limit_is_never_above_the_setting(accepted: list[float], ceiling: float) -> None:
    learned = learn_focus(accepted, ceiling)
    assert learned is not None
    assert learned.limit <= ceiling
    assert learned.limit >= min(ceiling, 0.20)


def test_optics_are_told_by_serial_number_and_objective() -> None:
    facts = SlideFacts("Aperio", objective=40.0, scanner_serial="SS1234")
    assert optics_of("Raven", facts) == Optics("Raven", "SS1234", 40.0)
    assert optics_of("Raven", None) == Optics("Raven")
    assert (Optics("Raven", "SS1234", 40.0).words, Optics("Raven").words) == ("Raven at 40x", "Raven")


def test_a_verdict_names_what_the_focus_was_compared_with() -> None:
    numbers = QualityNumbers(0.5, 0.24, 30.0)
    learned = QualityLimits(focus_review=0.20, focus_usual=0.16, focus_of="Raven at 40x")
    assert judge(numbers, QualityLimits()).verdict is Verdict.PASS
    review = judge(numbers, learned)
    assert review.verdict is Verdict.REVIEW
    assert review.reason == "Look at the focus: 0.24 (accepted slides of Raven at 40x measure 0.16)"
