"""Commands as scripts use them: exit codes, JSON, refusals in words, and a second program beside the first."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.files.single_instance import HolderLock
from tests.e2e import lab

SAMPLES = lab.ROOT / "resources" / "demo" / "slides"
SLIDE = SAMPLES / "code128_S24-001003-A1-1.svs"
SETTINGS = """
[scanner]
name = "Raven"
watch = "{folder}/scanner"
settle_seconds = 0.5
[destination]
url = "{folder}/share"
[sheet]
path = "{folder}/slides.csv"
[pipeline]
poll_seconds = 0.2
retry_seconds = 0.2
"""
SHEET = (
    "Include in Name?,REQUIRED,REQUIRED,,\n"
    "Barcode,Study,Experiment,Panel,Scanner\n"
    "S24-001003-A1-1,Prec01,Run 2,P1,Raven\n"
)


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """Return the folder of a small lab with a share, a sheet of one slide and an empty scanner."""
    for name in ("scanner", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "settings.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    (tmp_path / "slides.csv").write_text(SHEET, encoding="utf-8")
    assert lab.run("destination", "init", tmp_path / "share").returncode == 0
    return tmp_path


def at(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return lab.run("--config", folder / "settings.toml", *words)


@pytest.fixture
def watching(station: Path) -> Iterator[subprocess.Popen[str]]:
    """Start `run --watch --include-existing` and end it with Ctrl+C."""
    words = ["--config", str(station / "settings.toml"), "run", "--watch", "--include-existing", "--json"]
    with subprocess.Popen(
        [*lab.PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=lab.environment(),
    ) as process:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def wait_for_state(folder: Path, wanted: str) -> dict:
    until = time.monotonic() + lab.PATIENCE_SECONDS
    while time.monotonic() < until:
        done = at(folder, "status", "--json")
        scans = json.loads(done.stdout).get("scans", [])
        if scans and scans[0]["state"] == wanted:
            return scans[0]
        time.sleep(0.2)
    raise AssertionError(f"never {wanted}: {done.stdout}")


def wait_for_request(folder: Path) -> None:
    until = time.monotonic() + lab.PATIENCE_SECONDS
    while lab.journal_rows(folder, "SELECT COUNT(*) FROM request WHERE answered_at IS NULL") != (("1",),):
        assert time.monotonic() < until, "nothing was asked"
        time.sleep(0.1)


def test_run_once_ends_well(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    done = at(station, "run", "--once", "--json", "--operator", "Ada", "--expect", "S24-001003-A1-1", "NEVER-SEEN")
    assert done.returncode == 0, done.stderr
    found = lab.document(done)
    assert found["run"]["operator"] == "Ada"
    assert found["expected"] == {"missing": ["NEVER-SEEN"], "unexpected": []}
    (scan,) = found["scans"]
    assert Path(scan["destination"]) == station / "share" / "Prec01" / "Run 2" / "S24-001003-A1-1.svs"
    assert scan["steps"]["release"]["state"] == "skipped"
    assert (station / "scanner" / "0a1b.svs").exists()
    again = at(station, "run", "--once", "--json")
    assert again.returncode == 0
    assert len(lab.document(again)["scans"]) == 1


def test_an_unfinished_scan_ends_with_needs_attention(station: Path) -> None:
    whole = SLIDE.read_bytes()
    (station / "scanner" / "growing.svs").write_bytes(whole[: len(whole) * 3 // 4])
    done = at(station, "run", "--once", "--json")
    assert done.returncode == 1
    (scan,) = lab.document(done)["scans"]
    assert scan["state"] == "needs_attention"
    assert scan["destination"] is None


CLOSED = """
import os, runpy, sys
scandir = os.scandir
def refusing(path="."):
    if os.path.basename(os.fspath(path)) == "closed":
        raise PermissionError(13, "Permission denied")
    return scandir(path)
os.scandir = refusing
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def test_run_once_does_what_it_can_see_and_says_what_it_could_not(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    (station / "scanner" / "closed").mkdir()
    words = ("--config", station / "settings.toml", "run", "--once", "--json")
    done = lab.run(*words, program=[lab.PROGRAM[0], "-c", CLOSED, lab.PROGRAM[1]])
    assert done.returncode == 3
    assert "closed: Permission denied" in done.stderr
    (scan,) = lab.document(done)["scans"]
    assert scan["state"] == "succeeded"


def test_requests_reach_the_program_at_work(station: Path, watching: subprocess.Popen[str]) -> None:
    shutil.copy(SAMPLES / "CMU-1-Small-Region.svs", station / "scanner" / "no-label.svs")
    scan = wait_for_state(station, "needs_attention")
    refused = at(station, "run", "--once")
    assert refused.returncode == 3
    assert f"process {watching.pid}" in refused.stderr
    wrong = at(station, "mark", scan["id"], "copy", "succeeded", "--reason", "trust me")
    assert wrong.returncode == 2
    assert "cannot be marked" in wrong.stderr
    assigned = at(station, "assign", scan["id"], "S24-001003-A1-1", "--reason", "read from the glass")
    assert assigned.returncode == 0, assigned.stderr
    wait_for_state(station, "succeeded")
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert json.loads(out)["scans"][0]["barcode"] == "S24-001003-A1-1"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["status"], 2, "There is no journal yet"),
        (["restart", "nothing"], 2, "No such scan"),
        (["inspect", "/no/such/file.svs"], 2, "/no/such/file.svs"),
        (["thumbnail", str(SLIDE), "/no/such/folder/out.png"], 2, "/no/such/folder/out.png"),
        (["verify", "/no/such/share"], 3, "/no/such/share"),
        (["demo", "--slides", "0"], 2, "it was 0, it may be 1 or more"),
        (["demo", "--slides", "abc"], 2, "it was abc, it may be 1 or more"),
        (["run", "--once", "--expect", "S24-001003-A1-1", " "], 2, "empty"),
        (["run", "end"], 2, "No run is open"),
    ],
)
def test_faults_are_told_in_words(station: Path, words: list[str], code: int, told: str) -> None:
    done = at(station, *words)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["demo", "--slides", "abc"], ["dance"], ["mark", "a"]])
def test_wrong_words_are_told_in_the_document_too(words: list[str]) -> None:
    done = lab.run(*words, "--json")
    assert done.returncode == 2
    told = lab.document(done)["error"]
    assert set(told) == {"title", "message", "hint"}
    assert told["message"] in done.stderr
    assert "usage:" in done.stderr


def test_expected_barcodes_are_those_of_the_lab(station: Path) -> None:
    settings = station / "settings.toml"
    text = settings.read_text("utf-8").replace("settle_seconds", "barcode_pattern = 'S24-.+'\nsettle_seconds")
    settings.write_text(text, encoding="utf-8")
    wrong = at(station, "run", "--once", "--expect", "620995")
    assert wrong.returncode == 2
    assert "620995" in wrong.stderr
    assert not (station / "data" / "journal.sqlite").exists()
    cleaned = at(station, "run", "--once", "--json", "--expect", "]d2S24-001003-A1-1 ")
    assert lab.document(cleaned)["expected"]["missing"] == ["S24-001003-A1-1"]


def test_a_run_begins_only_when_told_and_goes_on_for_its_own_operator(station: Path) -> None:
    assert at(station, "sync").returncode == 0
    assert at(station, "run", "start", "--operator", "Ada").returncode == 0
    assert at(station, "run", "start", "--operator", "Ada").returncode == 2
    for how in ("--once", "--watch"):
        other = at(station, "run", how, "--operator", "Ben")
        assert other.returncode == 2
        assert "-1 of Ada" in other.stderr
    same = at(station, "run", "--once", "--operator", "Ada", "--json")
    assert same.returncode == 0, same.stderr
    assert lab.document(same)["run"]["operator"] == "Ada"
    assert at(station, "run", "--once").returncode == 0
    assert at(station, "run", "end").returncode == 0
    again = at(station, "run", "end")
    assert again.returncode == 2
    assert "No run is open" in again.stderr
    other = at(station, "run", "--once", "--operator", "Ben", "--json")
    assert lab.document(other)["run"]["operator"] == "Ben"


def test_an_act_touches_no_other_scan_and_begins_no_run(station: Path) -> None:
    shutil.copy(SAMPLES / "CMU-1-Small-Region.svs", station / "scanner" / "no-label.svs")
    found = lab.document(at(station, "run", "--once", "--json"))
    (scan,) = found["scans"]
    reason = f"{scan['id']}=no label"
    assert at(station, "run", "end", "--reason", reason).returncode == 0
    words = ("assign", scan["id"], "S24-001003-A1-1", "--reason", "read")
    assigned = at(station, *words, "--json")
    assert assigned.returncode == 0, assigned.stderr
    document = lab.document(assigned)
    assert document["run"] is None
    assert [(each["id"], each["state"]) for each in document["scans"]] == [(scan["id"], "succeeded")]
    assert lab.document(at(station, "status", "--json"))["run"]["id"] == found["run"]["id"]


@pytest.mark.parametrize("patient", [True, False])
def test_a_request_nobody_answered_is_withdrawn(station: Path, *, patient: bool) -> None:
    shutil.copy(SAMPLES / "CMU-1-Small-Region.svs", station / "scanner" / "no-label.svs")
    (scan,) = lab.document(at(station, "run", "--once", "--json"))["scans"]
    held = HolderLock(station / "data")
    assert held.try_acquire()
    try:
        words = [*lab.PROGRAM, "--config", str(station / "settings.toml"), "cancel", scan["id"]]
        with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8", env=lab.environment()) as asking:
            if not patient:
                wait_for_request(station)
                asking.send_signal(signal.SIGINT)
            _, told = asking.communicate(timeout=60)
    finally:
        held.release()
    assert asking.returncode == (3 if patient else 130)
    assert ("withdrawn" in told) == patient
    assert "Traceback" not in told
    assert lab.document(at(station, "run", "--once", "--json"))["scans"][0]["state"] == "needs_attention"
    assert lab.journal_rows(station, "SELECT COUNT(*) FROM request WHERE answered_at IS NULL") == (("0",),)


def test_a_second_program_on_one_watch_folder_is_told_who_has_it(
    station: Path, watching: subprocess.Popen[str]
) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    wait_for_state(station, "succeeded")
    before = sorted(path.name for path in (station / "share").rglob("*"))
    refused = at(station, "--data-dir", station / "other data", "run", "--once")
    assert refused.returncode == 3
    assert f"process {watching.pid}" in refused.stderr
    assert "journal of its own" in refused.stderr
    assert sorted(path.name for path in (station / "share").rglob("*")) == before
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=30)
    assert [path.name for path in (station / "scanner").iterdir()] == ["0a1b.svs"]


def test_wrong_settings_name_line_key_and_choices(station: Path) -> None:
    settings = station / "settings.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[quality]\nblur_limit = 5\n", encoding="utf-8")
    done = at(station, "run", "--once")
    assert done.returncode == 2
    assert "blur_limit_percent" in done.stderr
    assert "line" in done.stderr


def test_a_share_that_is_not_mounted_stops_everything(station: Path) -> None:
    shutil.rmtree(station / "share")
    (station / "share").mkdir()
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    done = at(station, "run", "--once", "--json")
    assert done.returncode == 3
    assert list((station / "share").iterdir()) == []
    (scan,) = lab.document(done)["scans"]
    assert scan["state"] == "pending"
    assert scan["destination"] is None
    assert "marker" in done.stderr
    doctor = at(station, "doctor")
    assert doctor.returncode == 3
    assert "problem  share" in doctor.stdout


def test_the_sheet_is_rebuilt_from_the_journal(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    assert at(station, "run", "--once", "--json").returncode == 0
    (station / "slides.csv").write_text(SHEET, encoding="utf-8")
    rebuilt = at(station, "sync", "--rebuild", "--json")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "Complete" in (station / "slides.csv").read_text("utf-8")


def test_slides_wait_for_a_barcode_column_that_is_gone_and_go_on_when_it_is_put_back(
    station: Path, watching: subprocess.Popen[str]
) -> None:
    sheet = station / "slides.csv"
    sheet.write_text(SHEET.replace("Barcode,", "Slide,"), encoding="utf-8")
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    scan = wait_for_state(station, "waiting_to_retry")
    assert "no column is called “Barcode”" in scan["steps"]["match"]["message"]
    sheet.write_text(SHEET, encoding="utf-8")
    wait_for_state(station, "succeeded")
    assert "Complete" in sheet.read_text("utf-8")


def test_a_rebuild_that_the_sheet_refuses_says_so(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    assert at(station, "run", "--once", "--json").returncode == 0
    (station / "slides.csv").write_text(SHEET.replace("S24-001003-A1-1", "S24-000000-A1-1"), encoding="utf-8")
    refused = at(station, "sync", "--rebuild")
    assert refused.returncode == 1
    assert "Slides that the sheet refused: 1;" in refused.stdout
    assert "no row" in at(station, "status").stdout
    (station / "slides.csv").write_text(SHEET, encoding="utf-8")
    rebuilt = at(station, "sync", "--rebuild")
    assert (rebuilt.returncode, rebuilt.stdout.strip()) == (0, "All written")
    assert "Complete" in (station / "slides.csv").read_text("utf-8")


def test_a_rebuild_is_asked_of_the_program_at_work_which_says_of_how_many_slides(
    station: Path, watching: subprocess.Popen[str]
) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    wait_for_state(station, "succeeded")
    (station / "slides.csv").write_text(SHEET, encoding="utf-8")
    asked = at(station, "sync", "--rebuild")
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines() == ["The program at work writes the sheet now", "Slides that are written anew: 1"]
    until = time.monotonic() + lab.PATIENCE_SECONDS
    while "Complete" not in (station / "slides.csv").read_text("utf-8"):
        assert time.monotonic() < until, "the sheet was not written"
        time.sleep(0.1)


def test_a_row_that_changed_is_told_and_what_is_to_be_put_right_is_counted(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "0a1b.svs")
    assert at(station, "run", "--once", "--json").returncode == 0
    assert "the sheet changed" not in at(station, "status").stdout
    sheet = station / "slides.csv"
    sheet.write_text(sheet.read_text("utf-8").replace(",P1,Raven", ",P9,Raven") + ",Prec01,Run 2,,\n", encoding="utf-8")
    told, until = "", time.monotonic() + lab.PATIENCE_SECONDS
    words = [*lab.PROGRAM, "--config", str(station / "settings.toml"), "run", "--watch", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8", env=lab.environment()) as process:
        while "the sheet changed since it was named: Panel: P1 → P9" not in told and time.monotonic() < until:
            told = at(station, "status").stdout
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert "Succeeded" in told
    assert "the sheet changed since it was named: Panel: P1 → P9" in told
    doctor = at(station, "doctor").stdout
    assert "1 to put right (row 4: filled in, but without a barcode)" in doctor


def test_transfer_keeps_the_bandwidth_it_is_given(tmp_path: Path) -> None:
    source = tmp_path / "slide.svs"
    source.write_bytes(bytes(12_000_000))
    done = lab.run("transfer", source, tmp_path / "archive", "--bandwidth", "10", "--json")
    assert done.returncode == 0, done.stderr
    assert lab.document(done)["seconds"] >= 1.19
    for wrong in ("-1", "fast", "inf"):
        assert lab.run("transfer", source, tmp_path / "archive", "--bandwidth", wrong).returncode == 2


def test_transfer_verifies_and_never_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "archive"
    done = lab.run("transfer", SLIDE, SAMPLES / "mirax_slide", target, "--json")
    assert done.returncode == 0, done.stderr
    files = lab.document(done)["files"]
    assert {file["check"] for file in files} == {"read back"} or os.name == "nt"
    assert all(lab.sha256(Path(file["destination"])) == file["sha256"] for file in files)
    assert lab.run("verify", target).returncode == 0
    other = tmp_path / "other" / SLIDE.name
    other.parent.mkdir()
    other.write_bytes(b"another file of that name")
    refused = lab.run("transfer", other, target)
    assert refused.returncode == 1
    assert lab.sha256(target / SLIDE.name) == lab.sha256(SLIDE)
    (target / SLIDE.name).write_bytes(b"changed")
    scrub = lab.run("verify", target, "--json")
    assert scrub.returncode == 1
    assert lab.document(scrub)["findings"] == [{"path": SLIDE.name, "problem": "differs"}]
