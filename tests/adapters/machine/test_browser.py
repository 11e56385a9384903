"""A browser is opened with the system's own libraries, also by the frozen program."""

import os
import sys
from pathlib import Path

import pytest

from app.adapters.machine.browser import open_browser

ADDRESS = "http://127.0.0.1/"
NOTING = """#!/bin/sh
echo "$LD_LIBRARY_PATH $1" > "$NOTE"
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems find libraries in another way")


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the browser writes down what it was started with."""
    browser, path = tmp_path / "browser", tmp_path / "note"
    browser.write_text(NOTING, encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setenv("NOTE", str(path))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/ours")
    monkeypatch.setattr("webbrowser._tryorder", None)
    return path


@pytest.mark.parametrize(("before", "seen"), [(None, ""), ("/theirs", "/theirs")])
def test_the_frozen_program_lends_it_none_of_its_libraries(
    before: str | None, seen: str, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    assert open_browser(ADDRESS)
    assert note.read_text("utf-8") == f"{seen} {ADDRESS}\n"
    assert os.environ["LD_LIBRARY_PATH"] == "/ours"


def test_from_its_source_nothing_is_changed(note: Path) -> None:
    assert open_browser(ADDRESS)
    assert note.read_text("utf-8") == f"/ours {ADDRESS}\n"


def test_a_browser_that_is_not_there(note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/no/such/browser %s")
    monkeypatch.setenv("PATH", "/nowhere")
    assert not open_browser(ADDRESS)
