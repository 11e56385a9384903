"""The whole demo with its sheet in Google Sheets: the real gspread, over HTTP, to a service of the demo's own."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.e2e import lab

ROOT = Path(__file__).parents[2]


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [
        sys.executable,
        "main.py",
        "demo",
        "--google",
        "--headless",
        "--json",
        "--slides",
        "6",
        "--dir",
        str(folder),
    ]
    return subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=240, check=False)


def test_the_demo_fills_in_a_google_sheet(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    done = demo(folder)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    published = [scan for scan in document["scans"] if scan["destination"]]
    assert len(published) >= 4
    assert document["pending_sheet_writes"] == 0
    # "succeeded" here means: read back from the sheet.
    assert {scan["steps"]["record"]["state"] for scan in published} <= {"succeeded", "skipped"}
    assert any(scan["steps"]["record"]["state"] == "succeeded" for scan in published)
    assert all(scan["row"]["Study"] for scan in published)
    sheet = tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8"))["sheet"]
    assert (sheet["kind"], sheet["api_root"][:17]) == ("google", "http://127.0.0.1:")
    assert "Status" not in lab.sheet_rows(folder)[1], "the workbook beside it is not the sheet"
    assert "PRIVATE KEY" not in done.stderr

    again = demo(folder)
    assert again.returncode == 2
    assert "has gone with its server" in again.stderr
