"""`quality-tune` by command: thresholds tried on a lab's past verdicts, beside the program that holds the journal."""

import asyncio
import shutil
from pathlib import Path

import cv2
import pytest

from app.adapters.files.single_instance import HolderLock
from app.adapters.storage.store import SqliteStore
from tests.adapters.imaging.test_quality import cmu_1_pixels, write_tiff
from tests.e2e import lab
from tests.e2e.conftest import PlayedDemo
from tests.e2e.test_commands import SETTINGS, SLIDE, at
from tests.fakes.judged import judged, put


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """Return the folder of a lab that judged thirty slides, two of which people had an opinion on."""
    (tmp_path / "settings.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    scans = [judged(number) for number in range(28)]
    scans += [judged(28, blurry=6.0, by_person="pass"), judged(29, blurry=3.5, focus=0.22, by_person="rescan")]

    async def fill() -> None:
        store = SqliteStore(tmp_path / "data" / "journal.sqlite")
        await store.work(lambda j: put(j, scans, {28: "edge only", 29: "fuzzy; Grüße"}))
        await store.close()

    asyncio.run(fill())
    return tmp_path


def test_other_thresholds_are_tried_and_nothing_changes(station: Path) -> None:
    held = HolderLock(station / "data")
    assert held.try_acquire()
    try:
        before = lab.journal_rows(station, "SELECT * FROM scan")
        settings = (station / "settings.toml").read_bytes()
        done = at(station, "quality-tune", "--blur", "3 %", "--json")
        text = at(station, "quality-tune", "--blur", "3", "--focus", "0.24")
    finally:
        held.release()
    assert (done.returncode, text.returncode) == (0, 0), done.stderr + text.stderr
    found = lab.document(done)
    assert found["scans"] == 30
    assert found["people"] == {"accepted": 1, "rescan_ordered": 1, "scanned_again": 0, "nothing": 28}
    assert found["then"]["verdicts"] == {"pass": 29, "review": 0, "rescan": 1, "not_checked": 0}
    assert {key: found["now"][key] for key in ("right", "false", "missed", "unanswered")} == {
        "right": 1, "false": 1, "missed": 0, "unanswered": 0,
    }  # fmt: skip
    (change,) = found["changes"]
    assert (change["barcode"], change["then"], change["now"]) == ("700029", "pass", "rescan")
    assert (change["people"], change["reason"]) == ("rescan_ordered", "fuzzy; Grüße")
    assert found["settings"] == {"blur_limit_percent": 3.0}
    assert "rescan ordered: fuzzy; Grüße" in text.stdout
    assert str(station / "settings.toml") in text.stdout
    assert lab.journal_rows(station, "SELECT * FROM scan") == before
    assert (station / "settings.toml").read_bytes() == settings


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--blur", "many"], "it was many, it may be a number of percent from 0 to 100"),
        (["--focus", "1.5"], "it was 1.5, it may be a ratio from 0 to 1"),
        (["--since", "yesterday"], "it was yesterday, it may be a day such as 2026-03-01"),
        (["--scanner", "Heron"], "The journal holds verdicts on scans of Raven"),
    ],
)
def test_wrong_words_are_told(station: Path, words: list[str], told: str) -> None:
    done = at(station, "quality-tune", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_journal_without_a_settings_file_is_tried_with_the_defaults(station: Path) -> None:
    done = lab.run("--config", station / "none.toml", "--data-dir", station / "data", "quality-tune", "--json")
    assert done.returncode == 0, done.stderr
    assert lab.document(done)["in_force"]["blur_limit_percent"] == 5.0


def test_the_demos_verdicts_can_be_tried(played: PlayedDemo) -> None:
    done = lab.run("--config", played.folder / "settings.toml", "quality-tune", "--focus", "0.99", "--json")
    assert done.returncode == 0, done.stderr
    found = lab.document(done)
    assert found["scans"] == sum(scan["quality"]["verdict"] != "not_checked" for scan in played.document["scans"])
    assert [each["then"] for each in found["changes"]] == ["review"]


def test_accepted_slides_teach_the_command_what_is_soft(station: Path) -> None:
    soft = write_tiff(station / "soft.tif", cv2.GaussianBlur(cmu_1_pixels(), (0, 0), 1.0), mpp=0.499)

    async def accept(objective: float | None) -> None:
        store = SqliteStore(station / "data" / "journal.sqlite")
        await store.work(lambda j: put(j, (judged(number, objective=objective) for number in range(100, 120))))
        await store.close()

    (before,) = lab.document(at(station, "quality", soft, "--json"))["scans"]
    assert before["quality"]["verdict"] == "pass", "the slides that were accepted were made with another objective"
    asyncio.run(accept(before["objective"]))
    (after,) = lab.document(at(station, "quality", soft, "--json"))["scans"]
    assert after["quality"]["verdict"] == "review"
    assert "accepted slides of Raven measure 0.16" in after["quality"]["reason"]
    assert {**after["quality"], "verdict": "", "reason": ""} == {**before["quality"], "verdict": "", "reason": ""}


def test_a_slide_is_judged_by_the_settings_in_force(station: Path) -> None:
    plain = lab.run("quality", SLIDE, "--json")
    assert "Judged by the defaults" in plain.stderr
    assert lab.document(plain)["scans"][0]["quality"]["verdict"] == "pass"
    settings = station / "settings.toml"
    settings.write_text(settings.read_text("utf-8") + "[quality]\nblur_limit_percent = 1.0\n", encoding="utf-8")
    strict = at(station, "quality", SLIDE, "--json")
    assert strict.returncode == 1
    assert f"Judged as scans of Raven, by [quality] of {settings}" in strict.stderr
    assert lab.document(strict)["scans"][0]["quality"]["verdict"] == "rescan"
    shutil.rmtree(station / "data")
    assert at(station, "quality", SLIDE, "--json").returncode == 1, "also before there is a journal"
