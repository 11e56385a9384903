"""A lab that keeps the program's columns on a tab of their own, as it sees its workbook after a run."""

import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from app.domain.own_tab import OWN_TAB_HEADER
from tests.e2e import lab

BARCODE = "S24-001003-A1-1"
SLIDE = lab.ROOT / "resources" / "demo" / "slides" / f"code128_{BARCODE}.svs"
SETTINGS = """
[scanner]
name = "Raven"
watch = "{folder}/scanner"
settle_seconds = 0.5
[destination]
url = "{folder}/share"
[sheet]
path = "{folder}/{sheet}"
mode = "own_tab"
[pipeline]
poll_seconds = 0.2
retry_seconds = 0.2
"""
ROWS = (
    ("Include in Name?", "REQUIRED", "REQUIRED", None),
    ("Barcode", "Study", "Experiment", "Where it is"),
    (BARCODE, "Prec01", "Run 2", '=VLOOKUP(A3&"", Slideferry!A:M, 2, FALSE)'),
)


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """Return the folder of a small lab with a share, a workbook of one slide, and that slide at the scanner."""
    for name in ("scanner", "data"):
        (tmp_path / name).mkdir()
    with_sheet(tmp_path, "slides.xlsx")
    book = Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(tmp_path / "slides.xlsx")
    shutil.copy(SLIDE, tmp_path / "scanner" / "0a1b.svs")
    assert lab.run("destination", "init", tmp_path / "share").returncode == 0
    return tmp_path


def with_sheet(folder: Path, name: str) -> None:
    (folder / "settings.toml").write_text(SETTINGS.format(folder=folder.as_posix(), sheet=name), encoding="utf-8")


def test_a_run_fills_our_tab_and_a_rebuild_brings_it_back(station: Path) -> None:
    done = lab.run("--config", station / "settings.toml", "run", "--once", "--json", "--operator", "Ada")
    assert done.returncode == 0, done.stderr
    assert lab.document(done)["pending_sheet_writes"] == 0
    book = load_workbook(station / "slides.xlsx")
    assert tuple(book.active.iter_rows(values_only=True)) == ROWS
    header, row = book["Slideferry"].iter_rows(values_only=True)
    assert header == OWN_TAB_HEADER
    assert row[:3] == (BARCODE, "Complete", f"{BARCODE}.svs")
    del book["Slideferry"]
    book.save(station / "slides.xlsx")
    rebuilt = lab.run("--config", station / "settings.toml", "sync", "--rebuild", "--json")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert tuple(load_workbook(station / "slides.xlsx")["Slideferry"].iter_rows(values_only=True)) == (header, row)


def test_a_text_file_has_no_tabs(station: Path) -> None:
    with_sheet(station, "slides.csv")
    done = lab.run("--config", station / "settings.toml", "run", "--once")
    assert done.returncode == 2
    assert "[sheet] mode is own_tab" in done.stderr
    assert "Traceback" not in done.stderr
