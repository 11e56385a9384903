"""Check Image Quality: judged by the settings, and by the focus that the lab's accepted slides taught."""

from dataclasses import replace

import pytest

from app.domain.quality import QualityLimits, Verdict
from app.pipeline.journey import QUALITY
from tests.fakes.judged import judged, put
from tests.fakes.lab import Lab

SOFT = 0.22
"""A slide blurred by a pixel: the fixed limit of 0.28 lets it pass."""


async def teach(lab: Lab, count: int, focus: float = 0.16) -> None:
    """Fill the journal with accepted slides."""
    store = lab.store()
    await store.work(lambda j: put(j, (judged(n, focus=focus) for n in range(count))))
    await store.close()


async def judge_a_soft_slide(lab: Lab):
    lab.scan("a.svs", "620995")
    lab.images.focus["a.svs"] = SOFT
    async with lab.open():
        await lab.rest()
        found = lab.get("a.svs")
    assert found.quality is not None
    assert found.steps[QUALITY].message == found.quality.reason
    return found.quality


async def test_accepted_slides_teach_what_the_fixed_limit_cannot_see(lab: Lab) -> None:
    await teach(lab, 20)
    quality = await judge_a_soft_slide(lab)
    assert quality.verdict is Verdict.REVIEW
    assert quality.reason == "Look at the focus: 0.22 (accepted slides of Raven at 20x measure 0.16)"
    assert quality.limits == QualityLimits(focus_review=0.20, focus_usual=0.16, focus_of="Raven at 20x")
    assert quality.program == "1.0"


async def test_too_few_accepted_slides_leave_the_fixed_limit(lab: Lab) -> None:
    await teach(lab, 19)
    quality = await judge_a_soft_slide(lab)
    assert quality.verdict is Verdict.PASS
    assert quality.limits == QualityLimits()


@pytest.mark.parametrize("settings", [{"focus_calibration": "fixed"}, {"focus_learned_since": "2026-04-01"}])
async def test_the_settings_say_whether_and_since_when_it_is_learned(lab: Lab, settings: dict[str, str]) -> None:
    await teach(lab, 100)
    lab.settings = replace(lab.settings, quality=replace(lab.settings.quality, **settings))
    assert (await judge_a_soft_slide(lab)).limits == QualityLimits()


async def test_a_scanner_that_slowly_goes_out_of_focus_does_not_teach_its_own_limit(lab: Lab) -> None:
    """Each slide is a little softer than the one before and nobody complains; a hundred sharp ones came first."""
    store = lab.store()
    drifting = [judged(n, focus=0.16 + max(0, n - 100) * 0.0005) for n in range(300)]
    await store.work(lambda j: put(j, drifting))
    await store.close()
    quality = await judge_a_soft_slide(lab)
    assert quality.verdict is Verdict.REVIEW
    assert quality.limits is not None
    assert quality.limits.focus_review == pytest.approx(0.20)


async def test_a_scanner_that_was_never_sharp_is_held_to_the_fixed_limit(lab: Lab) -> None:
    await teach(lab, 40, focus=0.27)
    lab.images.focus["b.svs"] = 0.29
    lab.scan("b.svs", "407871")
    async with lab.open():
        await lab.rest()
        quality = lab.get("b.svs").quality
    assert quality is not None
    assert quality.verdict is Verdict.REVIEW
    assert "accepted slides of Raven at 20x measure 0.27" in quality.reason


async def test_what_a_person_accepts_teaches_too(lab: Lab) -> None:
    """The lab's tissue is naturally soft: after people accepted enough of it nobody is asked any more."""
    store = lab.store()
    accepted = [judged(n, focus=0.16) for n in range(20)] + [
        judged(n, focus=0.22, by_person="pass") for n in range(20, 60)
    ]
    await store.work(lambda j: put(j, accepted))
    await store.close()
    assert (await judge_a_soft_slide(lab)).verdict is Verdict.PASS
