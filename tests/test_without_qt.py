"""The engine runs where PySide6 is not installed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCKED = """
import importlib, pkgutil, sys
sys.modules.update({name: None for name in ("PySide6", "qasync", "shiboken6")})
import app
for name in ("domain", "pipeline", "services", "adapters", "cli", "bootstrap"):
    package = importlib.import_module(f"app.{name}")
    for each in pkgutil.walk_packages(package.__path__, f"app.{name}."):
        importlib.import_module(each.name)
"""


LATE = ("keyring", "google.auth", "google_auth_oauthlib", "requests", "oauthlib")


def test_libraries_that_few_commands_need_come_late() -> None:
    code = f"import sys, app.cli; print([name for name in {LATE} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_everything_but_the_ui_is_imported_without_qt() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
