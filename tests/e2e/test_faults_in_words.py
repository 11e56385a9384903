"""A person's fault is told in words with the right exit code, never by a traceback; nothing is taken for a share."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e import lab
from tests.e2e.conftest import PlayedDemo

SAMPLES = lab.ROOT / "resources" / "demo" / "slides"
SLIDE = SAMPLES / "code128_S24-001003-A1-1.svs"
USE, SURROUNDINGS = 2, 3


def told(code: int, *words: str | Path) -> str:
    """Run a command that must fail with this exit code, and return the words of its error document."""
    done = lab.run(*words, "--json")
    error = lab.document(done)["error"]
    assert done.returncode == code, done.stderr
    return "\n".join((error["title"], error["message"], error["hint"]))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that stands where a folder is wanted."""
    path = tmp_path / "x.svs"
    path.write_bytes(b"a file")
    return path


def test_a_destination_that_is_or_lies_below_a_file(file: Path) -> None:
    assert str(file) in told(USE, "transfer", SLIDE, file / "zero.svs")
    assert str(file) in told(USE, "transfer", SLIDE, file)


def test_a_demo_folder_that_cannot_be(file: Path) -> None:
    assert str(file) in told(USE, "demo", "--headless", "--dir", file)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_demo_folder_where_nothing_can_be_made() -> None:
    assert "/proc/foo" in told(SURROUNDINGS, "demo", "--headless", "--dir", "/proc/foo")


def test_a_data_folder_that_is_a_file(played: PlayedDemo, file: Path) -> None:
    config = played.folder / "settings.toml"
    assert str(file) in told(USE, "--config", config, "--data-dir", file, "run", "--once")
    done = lab.run("--config", config, "--data-dir", file, "doctor", "--json")
    data = next(check for check in lab.document(done)["checks"] if check["name"] == "data")
    assert not data["ok"]
    assert str(file) in data["message"]


@pytest.mark.parametrize("form", ["pdf", "csv", "json"])
def test_a_report_that_cannot_be_written(form: str, played: PlayedDemo, file: Path, tmp_path: Path) -> None:
    words = ("--config", played.folder / "settings.toml", "report", "--format", form, "--out")
    folder = tmp_path / "a folder"
    folder.mkdir()
    for out in (folder, tmp_path / "none" / "a.out", file / "a.out"):
        assert str(out) in told(SURROUNDINGS, *words, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a folder", "x.svs"]


def test_an_empty_path_names_nothing(tmp_path: Path) -> None:
    for words in (("destination", "init", ""), ("transfer", SLIDE, ""), ("transfer", "", tmp_path), ("inspect", "")):
        assert "empty" in told(USE, *words)
    for words in (("verify", ""), ("thumbnail", SLIDE, ""), ("demo", "--headless", "--dir", "")):
        assert "empty" in told(USE, *words)


def test_an_unmounted_share_is_not_taken(tmp_path: Path) -> None:
    assert "destination init" in told(USE, "transfer", SLIDE, tmp_path / "share" / "archive")
    assert not (tmp_path / "share").exists()
    used = tmp_path / "used"
    used.mkdir()
    (used / "note.txt").write_text("other things", encoding="utf-8")
    assert "destination init" in told(USE, "transfer", SLIDE, used)
    assert [path.name for path in used.iterdir()] == ["note.txt"]


def test_a_new_folder_becomes_a_destination_and_that_is_said(tmp_path: Path) -> None:
    target = tmp_path / "archive"
    done = lab.run("transfer", SLIDE, target)
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stderr
    assert lab.run("transfer", SLIDE, target).stderr == ""


def test_the_main_file_of_a_set_takes_its_members_along(tmp_path: Path) -> None:
    target = tmp_path / "archive"
    done = lab.run("transfer", SAMPLES / "mirax_slide.mrxs", target, "--json")
    assert done.returncode == 0, done.stderr
    files = [Path(file["destination"]).relative_to(target).as_posix() for file in lab.document(done)["files"]]
    members = [f"mirax_slide/{path.name}" for path in (SAMPLES / "mirax_slide").iterdir()]
    assert files[0] == "mirax_slide.mrxs"
    assert sorted(files[1:]) == sorted(members)
    assert lab.run("verify", target).returncode == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in told(USE, "transfer", tmp_path / "pipe", tmp_path / "archive")


def test_no_hint_to_what_was_asked(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.svs"
    damaged.write_bytes(SLIDE.read_bytes()[:1000])
    assert "--kind thumbnail" not in told(1, "thumbnail", damaged, tmp_path / "a.png")
    assert "--kind thumbnail" in told(1, "thumbnail", damaged, tmp_path / "a.png", "--kind", "macro")


def test_a_map_is_of_one_scan(tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert "--map" in told(USE, "quality", SLIDE, SAMPLES / "CMU-1-Small-Region.svs", "--map", out)
    assert not out.exists()


def test_a_demo_lab_keeps_its_number_of_slides(played: PlayedDemo) -> None:
    said = told(USE, "demo", "--headless", "--slides", "3", "--dir", played.folder)
    assert str(played.folder) in said
    assert "12" in said


def test_the_doctor_opens_the_journal(played: PlayedDemo, tmp_path: Path) -> None:
    words = ("--config", played.folder / "settings.toml", "--data-dir", tmp_path, "doctor", "--json")
    assert lab.run(*words).returncode == 0
    assert not (tmp_path / "journal.sqlite").exists()
    (tmp_path / "journal.sqlite").write_bytes(b"garbage" * 1000)
    done = lab.run(*words)
    assert done.returncode == SURROUNDINGS
    assert [check["name"] for check in lab.document(done)["checks"] if not check["ok"]] == ["journal"]


@pytest.mark.parametrize("template", ["{Study", "{Stduy}"])
def test_the_doctor_reads_the_folder_template(template: str, played: PlayedDemo, tmp_path: Path) -> None:
    settings = (played.folder / "settings.toml").read_text(encoding="utf-8")
    config = tmp_path / "settings.toml"
    config.write_text(settings.replace("{Study}/{Experiment}", template), encoding="utf-8")
    done = lab.run("--config", config, "--data-dir", tmp_path / "data", "doctor", "--json")
    assert done.returncode == USE
    assert [check["name"] for check in lab.document(done)["checks"] if not check["ok"]] == ["sheet"]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals to one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_in_order(number: signal.Signals, prepared: Path) -> None:
    words = [*lab.PROGRAM, "demo", "--slides", "5", "--dir", str(prepared)]
    environment = {**lab.environment(), "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8", env=environment) as process:
        until = time.monotonic() + 60
        while not any(prepared.glob("scanner/*")) and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(number)
        try:
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert not (prepared / "data" / "holder.json").exists()
    shutil.rmtree(prepared)
