"""Alarms against what people made of the same scans."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.focus_calibration import Optics
from app.domain.quality import QualityLimits, Verdict
from app.domain.scan import ScanId
from app.domain.tuning import PastVerdict, Said, changed_verdicts, said_of, tally_now, tally_then
from tests.fakes.judged import verdict

AT = datetime(2026, 3, 1, tzinfo=UTC)


def past(blurry: float | None, focus: float | None, said: Said, scanner: str = "Raven") -> PastVerdict:
    return PastVerdict(ScanId("a"), "620995", Optics(scanner, "", 20.0), AT, verdict(blurry, focus), said)


@pytest.mark.parametrize(
    ("by_person", "taken_over", "said", "bad"),
    [
        ("pass", False, Said.ACCEPTED, False),
        ("pass", True, Said.ACCEPTED, False),
        ("rescan", False, Said.RESCAN_ORDERED, True),
        (None, True, Said.SCANNED_AGAIN, True),
        (None, False, Said.NOTHING, None),
    ],
)
def test_a_persons_word_stands_before_what_followed(by_person, taken_over, said: Said, bad: bool | None) -> None:
    assert said_of(by_person, taken_over=taken_over) is said
    assert said.bad is bad


PAST = (
    past(12.0, 0.16, Said.RESCAN_ORDERED),
    past(8.0, 0.16, Said.ACCEPTED),
    past(3.0, 0.22, Said.SCANNED_AGAIN),
    past(0.5, 0.30, Said.NOTHING),
    past(0.5, 0.16, Said.NOTHING),
    past(None, None, Said.RESCAN_ORDERED),
)


def test_alarms_are_right_false_or_missing_by_what_people_made_of_them() -> None:
    then = tally_then(PAST)
    assert then.verdicts == {Verdict.PASS: 2, Verdict.REVIEW: 1, Verdict.RESCAN: 2, Verdict.NOT_CHECKED: 1}
    assert (then.right, then.false, then.missed, then.unanswered, then.alarms) == (1, 1, 2, 1, 3)


def test_other_limits_give_other_verdicts_on_the_same_numbers() -> None:
    def limits_of(optics: Optics) -> QualityLimits:
        return QualityLimits(blur_rescan_percent=10.0, focus_review=0.20)

    now = tally_now(PAST, limits_of)
    assert (now.right, now.false, now.missed, now.unanswered) == (2, 0, 1, 1)
    assert [(each.past.quality.numbers.blurry_percent, each.now) for each in changed_verdicts(PAST, limits_of)] == [
        (8.0, Verdict.PASS),
        (3.0, Verdict.REVIEW),
    ]


def test_each_scanner_is_held_against_its_own_limits() -> None:
    others = tuple(replace(each, optics=Optics("Cardinal")) for each in PAST)

    def limits_of(optics: Optics) -> QualityLimits:
        return QualityLimits(focus_review=0.20 if optics.scanner == "Cardinal" else 0.28)

    changed = changed_verdicts((*PAST, *others), limits_of)
    assert [(each.past.optics.scanner, each.now) for each in changed] == [("Cardinal", Verdict.REVIEW)]
