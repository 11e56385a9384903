"""The summary counts every slide once."""

from app.adapters.reports.tally import tally
from tests.adapters.reports.samples import sample_report


def test_a_slide_without_an_image_is_failing_or_not_scanned_but_not_both() -> None:
    report = sample_report()
    counts = tally(report)
    expected_only = [line for line in report.not_done if not line.source_name]
    assert counts.not_scanned == len(expected_only)
    assert counts.not_scanned < counts.not_done
    assert counts.slides + counts.superseded == len(report.slides)
