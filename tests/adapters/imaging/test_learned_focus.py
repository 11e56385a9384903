"""The learned focus limit on real pixels: sharp slides teach it, and it sees a blur that the fixed limit cannot."""

from pathlib import Path

import cv2
import pytest

from app.adapters.imaging.quality import measure
from app.domain.focus_calibration import learn_focus
from app.domain.quality import QualityLimits, Verdict, judge
from tests.adapters.imaging.test_quality import BIF, CMU_1, CODE128, MRXS, cmu_1_pixels, write_tiff


@pytest.mark.parametrize(("sigma", "verdict"), [(0.0, Verdict.PASS), (1.0, Verdict.REVIEW)])
def test_a_blur_of_one_pixel_is_for_a_person_to_look_at(tmp_path: Path, sigma: float, verdict: Verdict) -> None:
    sharp = [measure(slide, with_map=False)[0].focus for slide in (CMU_1, CODE128, BIF, MRXS)]
    learned = learn_focus([each for each in sharp if each is not None] * 5, QualityLimits().focus_review)
    assert learned is not None
    picture = cv2.GaussianBlur(cmu_1_pixels(), (0, 0), sigma) if sigma else cmu_1_pixels()
    numbers, _ = measure(write_tiff(tmp_path / "copy.tif", picture, mpp=0.499), with_map=False)
    assert judge(numbers, QualityLimits()).verdict is Verdict.PASS
    assert judge(numbers, QualityLimits(focus_review=learned.limit)).verdict is verdict
