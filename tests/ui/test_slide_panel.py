"""What the Slide panel says of a scan's quality, and what a person can say of it there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QPushButton

from app.domain.quality import QualityLimits
from app.domain.step import StepState
from app.services.views import Choice, ScanView
from app.ui.dialogs.reason import ReasonDialog
from app.ui.main_window import MainWindow
from app.ui.quality_card import QualityCard, person_facts, verdicts_offered
from app.ui.slide_panel import quality_facts
from tests.fakes.desk import FakeDesk
from tests.fakes.scans import a_dozen, quality
from tests.ui.conftest import until

SHARP, SOFT, BLURRED = quality(0.5), quality(0.5, 0.31), quality(12.4)


def a_safe_scan() -> ScanView:
    return a_dozen(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))[0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (None, "0.16 (sharp is about 0.16)"),
        (QualityLimits(), "0.16 (sharp is about 0.16)"),
        (QualityLimits(focus_usual=0.152, focus_of="Raven at 20x"), "0.16 (accepted slides of this scanner: 0.15)"),
    ],
    ids=["of an older journal", "fixed", "learned"],
)
def test_the_focus_stands_beside_what_it_was_compared_with(qapp, limits: QualityLimits | None, words: str) -> None:
    view = replace(a_safe_scan(), quality=replace(SHARP, limits=limits))
    assert ("Focus", words) in quality_facts(view)


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"quality": SHARP}, (Choice.ORDER_RESCAN,)),
        ({"quality": SOFT}, (Choice.ACCEPT, Choice.ORDER_RESCAN)),
        ({"quality": SOFT, "verdict_by_person": "pass"}, (Choice.ORDER_RESCAN,)),
        ({"quality": SOFT, "verdict_by_person": "rescan"}, (Choice.ACCEPT,)),
        ({"quality": SHARP, "verdict_by_person": "rescan"}, (Choice.ACCEPT,)),
        ({"quality": BLURRED, "verdict_by_person": "pass"}, (Choice.ORDER_RESCAN,)),
        ({"quality": None}, ()),
        ({"quality": SOFT, "superseded_by": "other"}, ()),
        ({"quality": SOFT, "state": StepState.CANCELLED}, ()),
    ],
)
def test_a_person_can_say_what_was_not_said_yet(changes: dict[str, object], offered: tuple[Choice, ...]) -> None:
    assert verdicts_offered(replace(a_safe_scan(), **changes)) == offered


def test_what_a_card_asks_is_not_asked_twice() -> None:
    blurry = next(view for view in a_dozen(datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) if view.badge == "Need to rescan")
    assert verdicts_offered(blurry) == ()


def test_what_a_person_said_is_told(qapp) -> None:
    view = a_safe_scan()
    assert person_facts(view) == []
    assert person_facts(replace(view, verdict_by_person="pass")) == [("A person", "accepted it")]
    assert person_facts(replace(view, verdict_by_person="rescan")) == [("A person", "ordered a rescan")]


async def test_a_slide_to_look_at_is_accepted_in_the_panel(window: MainWindow, desk: FakeDesk) -> None:
    scan = desk.scans()[2].id
    window.open_scan(scan)
    await until(lambda: window.errands.under_way == 0)
    (card,) = window.findChildren(QualityCard)
    next(each for each in card.findChildren(QPushButton) if each.text() == "Accept with reason…").click()
    await until(lambda: window.asker.open_question is not None)
    dialog = window.asker.open_question
    assert isinstance(dialog, ReasonDialog)
    for words in ("Tissue itself is soft", "Accept"):
        next(each for each in dialog.findChildren(QPushButton) if each.text() == words).click()
    await until(lambda: bool(desk.acts))
    assert desk.acts == [("verdict", scan, "pass", "Tissue itself is soft")]
