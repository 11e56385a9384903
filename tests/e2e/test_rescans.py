"""The scans of a slide by command: told, decided anew, a lost one found, a wrong barcode put right."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lab
from tests.e2e.test_commands import SLIDE, at, station

__all__ = ["station"]
BARCODE = "S24-001003-A1-1"
FINAL = f"{BARCODE}.svs"


def append_other_bytes(path: Path) -> None:
    """Make another scan of the same slide: a TIFF may have bytes behind its end."""
    with path.open("ab") as file:
        file.write(b"another scan")


@pytest.fixture
def twice(station: Path) -> Path:
    """Return a lab whose slide was scanned twice."""
    shutil.copy(SLIDE, station / "scanner" / "first.svs")
    assert at(station, "run", "--once").returncode == 0
    shutil.copy(SLIDE, station / "scanner" / "second.svs")
    append_other_bytes(station / "scanner" / "second.svs")
    assert at(station, "run", "--once").returncode == 0
    return station


def chain(folder: Path, slide: str = BARCODE) -> dict[str, Any]:
    return lab.document(at(folder, "rescans", slide, "--json"))


def scan_of(told: dict[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in told["scans"] if each["source"] == source)
    return found


def test_the_scans_of_a_slide_are_told_and_which_is_kept_is_decided_anew(twice: Path) -> None:
    told = chain(twice)
    first, second = told["scans"]
    assert (first["source"], first["place"]) == ("first.svs", "in the rescans")
    assert (second["source"], second["place"], second["kept"]) == ("second.svs", "has the name", True)
    assert told["kept"] == second["id"]
    assert chain(twice, second["id"]) == told
    done = at(twice, "keep", second["id"], "old", "--reason", "the first shows the margin", "--json")
    assert done.returncode == 0, done.stderr
    told = chain(twice)
    assert scan_of(told, "first.svs")["place"] == "has the name"
    assert scan_of(told, "second.svs")["place"] == "in the rescans"
    assert told["kept"] == first["id"]
    assert lab.sha256(Path(scan_of(told, "first.svs")["destination"])) == lab.sha256(twice / "scanner" / "first.svs")
    assert lab.sha256(twice / "scanner" / "first.svs") in (twice / "slides.csv").read_text("utf-8")
    words = at(twice, "rescans", BARCODE).stdout
    assert "first.svs" in words
    assert "decided by" in words
    again = at(twice, "keep", second["id"], "old")
    assert again.returncode == 2
    assert "stays as it is" in again.stderr
    verified = at(twice, "verify", twice / "share")
    assert verified.returncode == 0, verified.stdout


def test_a_lost_older_image_is_found_by_command(station: Path) -> None:
    shutil.copy(SLIDE, station / "scanner" / "first.svs")
    assert at(station, "run", "--once").returncode == 0
    (lost,) = (station / "share").rglob("*.svs")
    hidden = station / "share" / "old things" / "picture.svs"
    hidden.parent.mkdir()
    lost.rename(hidden)
    shutil.copy(SLIDE, station / "scanner" / "second.svs")
    append_other_bytes(station / "scanner" / "second.svs")
    done = at(station, "run", "--once", "--json")
    assert done.returncode == 1
    scan = lab.document(done)["scans"][-1]
    assert scan["attention"]["title"] == "The older image is not there"
    assert at(station, "missing", scan["id"], "find").returncode == 0
    told = chain(station)
    assert [each["place"] for each in told["scans"]] == ["in the rescans", "has the name"]
    assert not hidden.exists()


def test_a_wrong_barcode_is_put_right_by_command_after_publishing(twice: Path) -> None:
    with (twice / "slides.csv").open("r+", encoding="utf-8") as sheet:
        lines = sheet.read().splitlines()
        other = "S24-009999-A1-1" + ",Prec01,Run 2,P9,Raven"
        sheet.write(other + "," * (lines[1].count(",") - other.count(",")) + "\n")
    second = scan_of(chain(twice), "second.svs")["id"]
    done = at(twice, "assign", second, "S24-009999-A1-1", "--reason", "wrong glass", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each["place"] for each in chain(twice)["scans"]] == ["has the name"]
    assert [each["place"] for each in chain(twice, "S24-009999-A1-1")["scans"]] == ["has the name"]
    rows = (twice / "slides.csv").read_text("utf-8").splitlines()
    assert sum("Complete" in row for row in rows) == 2
    verified = at(twice, "verify", twice / "share")
    assert verified.returncode == 0, verified.stdout
