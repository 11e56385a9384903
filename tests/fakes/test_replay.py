"""The server answers as Google did: recordings of the real service are played to it."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fakes.replay.comparing import shape_differences, value_differences
from tests.fakes.replay.replaying import replay_folder

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests/data/sheets"


def replayed(folder: Path) -> tuple[int, dict]:
    command = [sys.executable, "-W", "error", "-m", "tests.fakes.replay", str(folder), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_every_recorded_answer_has_the_same_status_shape_and_values() -> None:
    code, verdict = replayed(RECORDINGS)
    assert verdict["differ"] == []
    assert verdict["values"]["differ"] == []
    assert verdict["outside"] == 0
    assert verdict["total"] == verdict["agree"] == verdict["values"]["compared"] > 500
    assert code == 0


def test_nothing_is_taken_from_the_answers_but_files_that_a_list_names() -> None:
    verdict = replay_folder(RECORDINGS)
    assert all(each.endswith(", listed") for each in verdict.seeded)


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """Return a folder with one recording in which something else is said."""
    text = (RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{name}.json").write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_another_shape_is_reported(tmp_path: Path) -> None:
    code, verdict = replayed(changed(tmp_path, "WorksheetTest.test_sort", 'updatedCells\\"', 'changedCells\\"'))
    assert code == 1
    assert {tuple(each["why"]) for each in verdict["differ"]} == {
        (".changedCells: missing", ".updatedCells: not in the recording")
    }
    assert verdict["total"] == verdict["agree"] + verdict["outside"] + len(verdict["differ"])


def test_another_status_is_reported(tmp_path: Path) -> None:
    _, verdict = replayed(changed(tmp_path, "SpreadsheetTest.test_worksheet", '"code": 204', '"code": 200'))
    assert verdict["differ"]
    assert all(each["why"] == ["status 200 became 204"] for each in verdict["differ"])


def test_another_value_is_reported_beside_the_shapes(tmp_path: Path) -> None:
    code, verdict = replayed(changed(tmp_path, "WorksheetTest.test_update_and_get", "Sheet1!A1:D4", "Sheet1!A1:D5"))
    assert (code, verdict["differ"]) == (0, [])
    assert verdict["values"]["differ"][0]["why"] == [".updatedRange: 'Sheet1!A1:D5' became 'Sheet1!A1:D4'"]


def test_other_hosts_and_calls_are_outside(tmp_path: Path) -> None:
    folder = changed(tmp_path, "SpreadsheetTest.test_worksheet", "www.googleapis.com", "forms.googleapis.com")
    _, verdict = replayed(folder)
    assert verdict["outside"] == len(verdict["outside_calls"]) > 0


def test_a_folder_without_recordings_is_wrong_use(tmp_path: Path) -> None:
    shutil.copy(RECORDINGS / "LICENSE-gspread.txt", tmp_path)
    command = [sys.executable, "-m", "tests.fakes.replay", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no recording" in done.stderr


def test_shapes_are_keys_types_and_lengths() -> None:
    recorded = {"a": [1, "x"], "b": {"c": None}, "d": True}
    assert list(shape_differences(recorded, {"a": [2.5, "y"], "b": {"c": None}, "d": False})) == []
    assert sorted(shape_differences(recorded, {"a": [1], "b": {"c": 0}, "d": 1})) == [
        ".a: 2 entries became 1",
        ".b.c: null became number",
        ".d: bool became number",
    ]
    assert list(value_differences(recorded, {"a": [1, "y"], "b": {"c": None}, "d": True})) == [".a[1]: 'x' became 'y'"]


def test_the_recordings_are_those_of_their_table() -> None:
    rows = (RECORDINGS / "SOURCES.tsv").read_text(encoding="utf-8").splitlines()[1:]
    listed = {row.split("\t")[0]: row.split("\t")[5] for row in rows}
    present = {path.name for path in RECORDINGS.iterdir()} - {"SOURCES.tsv"}
    assert present == listed.keys()
    for name, digest in listed.items():
        assert hashlib.sha256((RECORDINGS / name).read_bytes()).hexdigest() == digest


def recording(folder: Path, *interactions: tuple[str, str, int, dict]) -> Path:
    """Write a recording of method, path, status and answer; return its folder."""
    records = [
        {
            "request": {"method": method, "uri": f"https://sheets.googleapis.com{path}", "body": None, "headers": {}},
            "response": {"status": {"code": status}, "body": {"string": json.dumps(answer)}},
        }
        for method, path, status, answer in interactions
    ]
    (folder / "made.json").write_text(json.dumps({"version": 1, "interactions": records}), encoding="utf-8")
    return folder


def error(status: int, name: str, message: str) -> dict:
    return {"error": {"code": status, "message": message, "status": name}}


def test_what_was_there_before_is_seeded_from_the_first_answer_that_names_it(tmp_path: Path) -> None:
    first, second, private = "1" + "a" * 43, "1" + "b" * 43, "1" + "c" * 43
    sheets = [{"properties": {"sheetId": 7, "title": "Slides", "gridProperties": {"rowCount": 20, "columnCount": 5}}}]
    values = {"range": "'Run 2'!A1:B9", "majorDimension": "ROWS"}
    folder = recording(
        tmp_path,
        (
            "GET",
            f"/v4/spreadsheets/{first}?fields=properties.title,sheets.properties(sheetId,title,gridProperties)",
            200,
            {"properties": {"title": "Lab"}, "sheets": sheets},
        ),
        ("GET", f"/v4/spreadsheets/{first}/values/Slides", 200, {"range": "Slides!A1:E20", "majorDimension": "ROWS"}),
        ("GET", f"/v4/spreadsheets/{second}/values/%27Run%202%27!A1:B9", 200, values),
        ("GET", f"/v4/spreadsheets/{private}?fields=sheets", 403, error(403, "PERMISSION_DENIED", "no")),
        ("GET", f"/v4/spreadsheets/{'1' * 44}?fields=sheets", 404, error(404, "NOT_FOUND", "no")),
        ("GET", f"/v4/spreadsheets/{second}/values/A1", 503, error(503, "UNAVAILABLE", "no")),
    )
    verdict = replay_folder(folder)
    assert verdict.differ == []
    assert verdict.seeded == [
        f"made: {first}: 'Lab', tabs ['Slides']",
        f"made: {second}: '', tabs ['Run 2']",
        f"made: {private}: not shared",
        "made: answer 503",
    ]


def test_values_are_never_seeded(tmp_path: Path) -> None:
    path = f"/v4/spreadsheets/{'1' + 'a' * 43}/values/A1"
    answer = {"range": "Sheet1!A1", "majorDimension": "ROWS", "values": [["x"]]}
    (difference,) = replay_folder(recording(tmp_path, ("GET", path, 200, answer))).differ
    assert difference.why == [".values: missing"]
