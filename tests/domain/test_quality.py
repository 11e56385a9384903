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


def test_missed_tissue_is_for_a_person_to_look_at() -> None:
    missed = judge(QualityNumbers(1.0, 0.16, 34.0, missed_percent=18.2), LIMITS)
    assert missed.verdict is Verdict.REVIEW
    words = "Tissue outside the scanned area: about 18 % of the tissue on the glass was not scanned"
    assert missed.reason == words
    blurred = judge(QualityNumbers(12.4, 0.16, 34.0, missed_percent=18.2), LIMITS)
    assert blurred.verdict is Verdict.RESCAN
    assert blurred.reason == f"Need to rescan, too blurry 12.4 %. {words}"


@pytest.mark.parametrize(("limit", "verdict"), [(18.3, Verdict.PASS), (18.1, Verdict.REVIEW), (0.0, Verdict.PASS)])
def test_missed_tissue_has_a_limit_and_0_switches_it_off(limit: float, verdict: Verdict) -> None:
    numbers = QualityNumbers(1.0, 0.16, 34.0, missed_percent=18.2)
    assert judge(numbers, QualityLimits(missed_tissue_percent=limit)).verdict is verdict


def test_pen_marks_are_a_hint_and_change_no_verdict() -> None:
    marked = judge(QualityNumbers(1.0, 0.16, 34.0, pen_percent=3.14, blurry_pen_percent=0.0), LIMITS)
    assert marked.verdict is Verdict.PASS
    assert marked.reason == "Sharp: 1.0 % blurred. Pen marks on about 3.1 % of the scan"
    assert judge(QualityNumbers(1.0, 0.16, 34.0, pen_percent=0.0), LIMITS).reason == "Sharp: 1.0 % blurred"


def test_blurred_ink_is_not_called_blurred_tissue() -> None:
    quality = judge(QualityNumbers(12.4, 0.16, 34.0, pen_percent=5.0, blurry_pen_percent=9.06), LIMITS)
    assert quality.verdict is Verdict.RESCAN
    assert quality.reason.startswith("Need to rescan, too blurry 12.4 %. Pen marks on about 5.0 % of the scan")
    assert quality.reason.endswith("; 9.1 of the 12.4 % blurred is ink, not tissue")


def test_limits_are_the_labs() -> None:
    numbers = QualityNumbers(8.0, 0.3, 34.0)
    assert judge(numbers, QualityLimits(blur_rescan_percent=10.0, focus_review=0.35)).verdict is Verdict.PASS
