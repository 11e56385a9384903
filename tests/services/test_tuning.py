"""Thresholds tried on past verdicts: what is told, and that nothing is changed."""

from datetime import date
from pathlib import Path

import pytest

from app.adapters.storage.store import SqliteStore
from app.domain.errors import UseError
from app.domain.quality import Verdict
from app.domain.settings import QualitySettings
from app.services.tuning import Trial, TuningReport, read_past, try_thresholds
from app.services.tuning_words import tuning_text
from tests.fakes.judged import judged, put

SETTINGS = QualitySettings()
REASONS = {1: "edge of the section only", 2: "out of focus", 3: "air bubble"}


def a_lab():
    """A sharp scanner's slides, four of which people had an opinion on, and those of another scanner."""
    return (
        judged(1, blurry=7.5, by_person="pass"),
        judged(2, blurry=3.5, by_person="rescan"),
        judged(3, focus=0.22, by_person="rescan"),
        judged(4, blurry=12.0, superseded_by=5),
        *(judged(number) for number in range(5, 40)),
        *(judged(number, scanner="Cardinal", focus=0.25) for number in range(40, 45)),
    )


async def report_of(tmp_path: Path, trial: Trial, settings: QualitySettings = SETTINGS, scans=None) -> TuningReport:
    store = SqliteStore(tmp_path / "journal.sqlite")
    try:
        await store.work(lambda j: put(j, a_lab() if scans is None else scans, REASONS))
        past = await store.work(lambda j: read_past(j, settings, trial))
    finally:
        await store.close()
    return try_thresholds(past, settings, trial)


async def test_a_lower_blur_limit_finds_what_was_missed(tmp_path: Path) -> None:
    report = await report_of(tmp_path, Trial(blur_limit_percent=3.0))
    assert (report.then.right, report.then.false, report.then.missed, report.then.unanswered) == (1, 1, 2, 0)
    assert (report.now.right, report.now.false, report.now.missed, report.now.unanswered) == (3, 1, 0, 0)
    assert [(each.past.barcode, each.now) for each in report.changes] == [
        ("700002", Verdict.RESCAN),
        ("700003", Verdict.REVIEW),
    ], "the second by the focus that was learned meanwhile"


async def test_a_tried_focus_limit_stands_before_the_learned_one(tmp_path: Path) -> None:
    report = await report_of(tmp_path, Trial(focus_review=0.24))
    assert report.now.verdicts[Verdict.REVIEW] == 5
    assert report.tried.focus_calibration == "fixed"
    assert Trial(focus_review=0.24).changes() == {"focus_review": 0.24, "focus_calibration": "fixed"}


async def test_the_ranges_mark_what_is_in_force(tmp_path: Path) -> None:
    report = await report_of(tmp_path, Trial(blur_limit_percent=2.5, focus_review=0.215))
    assert [each.value for each in report.blur] == [1, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [each.value for each in report.blur if each.in_force] == [5.0]
    assert report.focus[0].value is None
    assert [each.value for each in report.focus if each.in_force] == [None]
    assert 0.215 in [each.value for each in report.focus]
    missed = {each.value: each.tally.missed for each in report.focus}
    assert (missed[0.20], missed[0.24]) == (0, 1)


@pytest.mark.parametrize("settings", [QualitySettings(focus_calibration="fixed", focus_review=0.3), QualitySettings()])
async def test_without_a_lesson_the_fixed_limit_is_in_force(tmp_path: Path, settings: QualitySettings) -> None:
    report = await report_of(tmp_path, Trial(), settings, [judged(1), judged(2)])
    assert [each.value for each in report.focus if each.in_force] == [settings.focus_review]
    assert "not learned, fewer than 20 slides were accepted" in tuning_text(report, Trial(), "settings.toml")


async def test_a_scanner_and_a_day_choose_the_scans(tmp_path: Path) -> None:
    cardinal = await report_of(tmp_path, Trial(scanner="Cardinal"))
    assert len(cardinal.past.verdicts) == 5
    assert [optics.scanner for optics in cardinal.past.lessons] == ["Cardinal"]
    later = await report_of(tmp_path / "other", Trial(since=date(2026, 3, 2)))
    assert len(later.past.verdicts) == 30


async def test_an_unknown_scanner_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UseError) as refused:
        await report_of(tmp_path, Trial(scanner="Heron"))
    assert "“Heron”" in refused.value.message
    assert "Cardinal, Raven" in refused.value.hint


async def test_the_text_says_what_there_is_to_know(tmp_path: Path) -> None:
    trial = Trial(blur_limit_percent=3.0, focus_review=0.21)
    text = tuning_text(await report_of(tmp_path, trial), trial, "/lab/settings.toml")
    for words in (
        "Tried on 44 scans of Cardinal, Raven, 2026-03-01 to 2026-03-03. Nothing is changed.",
        "People accepted 1, ordered a rescan of 2 and scanned 1 again without a word; of 40 nobody said anything.",
        "7 verdicts would change:",
        "rescan ordered: out of focus",
        "Focus of Raven at 20x: 36 accepted slides measure 0.160 ± 0.000, so the limit is 0.200",
        "write into /lab/settings.toml:\n  [quality]\n  blur_limit_percent = 3.0\n  focus_review = 0.21\n",
        'focus_calibration = "fixed"',
        "3.0 %        9       3       1        0            5   ← tried",
        "5.0 %        8       2       1        1            5   ← in force",
        "learned        4       3       1        0            0   ← in force",
    ):
        assert words in text, text


async def test_a_journal_without_verdicts_says_so(tmp_path: Path) -> None:
    report = await report_of(tmp_path, Trial(), scans=[])
    assert "holds no quality verdicts yet" in tuning_text(report, Trial(), "x")
    since = Trial(since=date(2030, 1, 1))
    nothing = await report_of(tmp_path / "other", since)
    assert "no quality verdicts of that time" in tuning_text(nothing, since, "x")


async def test_where_nobody_decided_that_is_said(tmp_path: Path) -> None:
    report = await report_of(tmp_path, Trial(), scans=[judged(1), judged(2, blurry=9.0)])
    text = tuning_text(report, Trial(), "x")
    assert "Nobody has accepted or overruled a verdict yet" in text
    assert "No verdict would change." in text


async def test_a_long_list_is_cut_in_words_only(tmp_path: Path) -> None:
    trial = Trial(blur_limit_percent=0.1)
    report = await report_of(tmp_path, trial, scans=[judged(number) for number in range(60)])
    assert len(report.changes) == 60
    assert "… and 20 more; --json lists all." in tuning_text(report, trial, "x")
