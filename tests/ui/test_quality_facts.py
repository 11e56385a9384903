from datetime import UTC, datetime

from app.domain.quality import QualityLimits, QualityNumbers, judge
from app.domain.step import StepState
from app.ui.slide_panel import quality_facts
from tests.fakes.scans import scan


def facts_of(numbers: QualityNumbers) -> list[tuple[str, str]]:
    verdict = judge(numbers, QualityLimits())
    now = datetime(2026, 11, 26, tzinfo=UTC)
    return quality_facts(scan(1, "620995", "Done", StepState.SUCCEEDED, "S" * 13, now, verdict=verdict))


def test_the_panel_names_what_was_missed_and_pen_marks() -> None:
    facts = facts_of(QualityNumbers(1.0, 0.16, 34.0, missed_percent=18.2, pen_percent=3.14))
    assert ("Not scanned", "18 % of the tissue on the glass") in facts
    assert ("Pen marks", "3.1 % of the scan") in facts
    assert facts[0][1].startswith("Tissue outside the scanned area: about 18 %")


def test_the_panel_says_that_nothing_was_missed_but_not_that_there_is_no_pen() -> None:
    facts = dict(facts_of(QualityNumbers(1.0, 0.16, 34.0, missed_percent=0.0, pen_percent=0.0)))
    assert facts["Not scanned"] == "0 % of the tissue on the glass"
    assert "Pen marks" not in facts
    assert "Not scanned" not in dict(facts_of(QualityNumbers(1.0, 0.16, 34.0)))
