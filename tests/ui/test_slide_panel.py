"""What the Slide panel says of a scan's quality."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.quality import QualityLimits
from app.ui.slide_panel import quality_facts
from tests.fakes.scans import a_dozen


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
    view = a_dozen(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))[0]
    assert view.quality is not None
    facts = quality_facts(replace(view, quality=replace(view.quality, limits=limits)))
    assert ("Focus", words) in facts
