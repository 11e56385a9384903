import pytest

from app.domain.quality import QualityLimits, QualityNumbers, Verdict, judge

LIMITS = QualityLimits()


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (QualityNumbers(3.2, 0.16, 34.0), Verdict.PASS),
        (QualityNumbers(5.0, 0.28, 0.1), Verdict.PASS),
        (QualityNumbers(5.01, 0.16, 34.0), Verdict.RESCAN),
        (QualityNumbers(12.4, 0.6, 0.01), Verdict.RESCAN),
        (QualityNumbers(3.2, 0.281, 34.0), Verdict.REVIEW),
        (QualityNumbers(3.2, 0.16, 0.09), Verdict.REVIEW),
        (QualityNumbers(3.2, None, None), Verdict.PASS),
        (QualityNumbers(blank=True), Verdict.REVIEW),
        (QualityNumbers(reason="Not checked: unknown format"), Verdict.NOT_CHECKED),
        (QualityNumbers(focus=0.9), Verdict.NOT_CHECKED),
    ],
)
def test_the_worst_part_decides(numbers: QualityNumbers, verdict: Verdict) -> None:
    quality = judge(numbers, LIMITS)
    assert quality.verdict is verdict
    assert quality.numbers is numbers
    assert quality.reason


def test_reasons_name_the_number() -> None:
    assert judge(QualityNumbers(12.44, 0.16, 34.0), LIMITS).reason == "Need to rescan, too blurry 12.4 %"
    assert "0.36" in judge(QualityNumbers(1.0, 0.36, 34.0), LIMITS).reason
    assert "0.05 %" in judge(QualityNumbers(1.0, 0.16, 0.05), LIMITS).reason
    assert judge(QualityNumbers(reason="Not checked: unknown format"), LIMITS).reason == "Not checked: unknown format"


def test_limits_are_the_labs() -> None:
    numbers = QualityNumbers(8.0, 0.3, 34.0)
    assert judge(numbers, QualityLimits(blur_rescan_percent=10.0, focus_review=0.35)).verdict is Verdict.PASS
