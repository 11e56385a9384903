import asyncio
import json
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from app.adapters.imaging.names import SLIDE_EXTENSIONS
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind, SlideFacts
from tests.adapters.imaging.samples import MULTIFILE, ROOT, SLIDES
from tests.formats.__main__ import main
from tests.formats.cells import LABEL_ON_MACRO, Row, row_of
from tests.formats.known import FORMATS, format_of
from tests.formats.measured import REAL, Measured
from tests.formats.page import UNTRIED
from tests.formats.table import Table, measure_table

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return asyncio.run(measure_table(SLIDES, tmp_path_factory.mktemp("made")))


@pytest.fixture(scope="module")
def rows(table: Table) -> dict[str, Row]:
    return {row.sample: row for row in (*table.rows, *table.made)}


def test_every_cell_of_every_row_is_filled_and_says_why_it_has_nothing(rows: dict[str, Row]) -> None:
    assert len(rows) >= 20
    for row in rows.values():
        for cell in astuple(row):
            assert cell.strip(), row
            nothing = cell.startswith(("none", "no:", "unknown"))
            assert not nothing or len(cell.partition(": ")[2]) > 5, row


def test_the_stacks_of_microscopes_have_their_rows(rows: dict[str, Row]) -> None:
    ndtiff = rows["micromanager-ndtiff/v3/no_magellan_explore_no_channel/"]
    stack = rows["synthetic-vendor/micromanager/Exp_1/"]
    assert (ndtiff.format, ndtiff.complete, ndtiff.files) == ("ndtiff", "yes", "17 files, in a folder of their own")
    assert (stack.format, stack.complete, stack.label) == ("micromanager", "yes", "none: the format has none")


def test_a_row_tells_what_was_read_and_where(rows: dict[str, Row]) -> None:
    slide = rows["synthetic-aperio/code128_S24-001003-A1-1.svs"]
    assert slide.facts == "4096 × 3072, 2 levels, 0.2528 µm/px, 40x"
    assert slide.barcode == "S24-001003-A1-1 (Code128, the label)"
    assert (slide.label, slide.macro, slide.reader, slide.origin) == ("560 × 520", "1280 × 431", "openslide", "made")
    assert rows["synthetic-vendor/hamamatsu_nanozoomer.ndpi"].label.endswith(LABEL_ON_MACRO)
    assert rows["synthetic-vendor/leica_scn400.scn"].barcode.startswith("S24-002002-A1-1 (the file's own words); ")
    assert rows["ome-tiff/qupath_OS-1-detail.ome.tif"].label == "none: this sample has none"
    assert rows["ome-tiff/multifile/"].origin == "real"


def test_a_zeiss_slide_made_by_hand_is_read_with_its_label(rows: dict[str, Row]) -> None:
    slide = rows["made.czi"]
    assert slide.facts == "1024 × 1024, 2 levels, 0.25 µm/px, 20x"
    assert (slide.label, slide.macro, slide.complete) == ("560 × 520", "1280 × 431", "yes")
    assert slide.barcode == "S24-002007-A1-1 (DataMatrix, the label)"


def test_a_picture_that_the_facts_promise_and_nobody_draws_is_told() -> None:
    scan = ScanSet(Path(), "x.svs", ())
    nothing: dict[PictureKind, tuple[int, int] | None] = dict.fromkeys(PictureKind)
    facts = SlideFacts(format="aperio", associated=("label",), reader="openslide")
    row = row_of(Measured("x.svs", REAL, scan, facts, nothing))
    assert row.label == "none: the file has one, but no reader decodes it"
    assert row.macro == "none: this sample has none"
    drawn = row_of(Measured("x.svs", REAL, scan, replace(facts, associated=()), nothing | {PictureKind.LABEL: (5, 4)}))
    assert drawn.label == "5 × 4, though the facts do not name it"


def test_the_page_of_the_docs_has_the_rows_that_are_read_now(table: Table) -> None:
    now = [line for line in table.markdown().splitlines() if line.startswith("| `")]
    assert len(now) == len(table.rows) + len(table.made)
    assert not [line for line in now if line not in PAGE.splitlines()], "make docs/formats.md anew"


def test_every_name_that_the_finder_takes_for_a_slide_belongs_to_a_format() -> None:
    assert {each for known in FORMATS for each in known.extensions} == SLIDE_EXTENSIONS


def test_the_page_of_the_docs_has_a_row_for_each_format() -> None:
    part = PAGE[PAGE.index("\n## Formats\n") : PAGE.index("\n## Scans read\n")]
    named = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| ")]
    assert named[2:] == [known.name for known in FORMATS]


@pytest.mark.parametrize("name", ["ZEISS CZI", "Olympus VSI", "Akoya QPTIFF", "Hamamatsu NDPIS"])
def test_a_format_without_a_real_file_is_marked(name: str) -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {name} | "))
    assert UNTRIED in line


def test_a_format_read_from_made_files_only_is_not_called_tried(table: Table) -> None:
    assert {"NDTiff", "OME-TIFF"} == table.real_formats


def test_a_format_is_known_by_its_word_and_its_name() -> None:
    assert [known.name for known in map(format_of, ("x.ndpis", "x.ndpi", "x.tif"), ["hamamatsu"] * 3) if known] == [
        "Hamamatsu NDPIS", "Hamamatsu NDPI", "Hamamatsu NDPI"
    ]  # fmt: skip
    assert format_of("x.bin", "unknown") is None


def test_the_command_writes_page_and_rows(tmp_path: Path) -> None:
    page, rows = tmp_path / "formats.md", tmp_path / "formats.json"
    assert main([str(MULTIFILE.parent), "--out", str(page), "--json", str(rows)]) == 0
    assert [row["sample"] for row in json.loads(rows.read_text(encoding="utf-8"))["scans"]] == [
        "multifile/", "qupath_OS-1-detail.ome.tif"
    ]  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert "| `multifile/` | not told | ome-tiff |" in text
    assert str(tmp_path) not in text


def test_a_folder_without_scans_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "no scan below" in capsys.readouterr().err
