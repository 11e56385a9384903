"""The server as a command, for trying things by hand."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]


def test_the_command_serves_a_demo_sheet_and_writes_a_key(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    command = [sys.executable, "-m", "tests.fakes.sheets_server", "--demo", "--key", str(key)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as running:
        assert running.stdout is not None
        said = dict(running.stdout.readline().strip().split(": ", 1) for _ in range(3))
        ask = Request(f"{said['spreadsheet']}/values/A3:B3", headers={"Authorization": f"Bearer {said['token']}"})
        with urlopen(ask, timeout=10) as response:
            assert json.load(response)["values"] == [["620995", "Prec01"]]
        assert json.loads(key.read_text(encoding="utf-8"))["token_uri"] == f"{said['listening']}/token"
        running.terminate()
