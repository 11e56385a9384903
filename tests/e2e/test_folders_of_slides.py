"""`inspect`, `thumbnail` and `quality` of whole folders, as a person or a script asks for them."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.adapters.imaging.samples import CODE128, DAMAGE, NDTIFF, SLIDES, SMALL_REGION
from tests.e2e import lab

MULTIFILE = SLIDES / "ome-tiff" / "multifile"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of four scans: two slides, one of them damaged, a set of files and a data set in folders."""
    slides = tmp_path / "slides"
    (slides / "day 1").mkdir(parents=True)
    shutil.copyfile(CODE128, slides / "day 1" / "a.svs")
    shutil.copyfile(DAMAGE / "07_zero_hole_in_pixels.svs", slides / "b.svs")
    shutil.copytree(MULTIFILE, slides / "c")
    shutil.copytree(NDTIFF, slides / "d")
    return slides


def test_inspect_of_a_folder_has_one_entry_a_scan_in_the_order_of_their_paths(folder: Path) -> None:
    done = lab.run("inspect", "--json", folder)
    scans = lab.document(done)["scans"]
    assert [Path(each["path"]).relative_to(folder).parts[0] for each in scans] == ["b.svs", "c", "d", "day 1"]
    assert [each["complete"] for each in scans] == [False, True, True, True]
    assert (done.returncode, done.stderr) == (1, "")
    assert {tuple(sorted(each)) for each in scans} == {
        ("associated", "barcodes", "complete", "files", "format", "levels", "mpp", "objective", "path", "problem",
         "quality", "size", "vendor")
    }  # fmt: skip
    words = lab.run("inspect", folder)
    assert words.stdout.count("\n\n") == 3
    assert words.stdout.index("b.svs") < words.stdout.index("NDTiffStack") < words.stdout.index("a.svs")


def test_thumbnails_of_a_folder_go_into_a_folder_as_the_scans_lie(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    done = lab.run("thumbnail", "--json", "--size", "128", folder, out)
    pictures = lab.document(done)["pictures"]
    assert done.returncode == 0
    written = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert {"b.svs.png", "day 1/a.svs.png"} <= written
    assert len(written) == 4
    assert [each["out"] for each in pictures] == [str(out / path) for path in sorted(written)]
    with Image.open(out / "day 1" / "a.svs.png") as image:
        assert max(image.size) == 128


def test_a_scan_without_the_picture_asked_for_is_told_and_costs_no_other(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    done = lab.run("thumbnail", "--json", "--kind", "label", folder, out)
    pictures = {Path(each["path"]).name: each for each in lab.document(done)["pictures"]}
    assert done.returncode == 1
    assert pictures["a.svs"]["problem"] is None
    assert pictures["multifile-Z1.ome.tiff"]["out"] is None
    assert pictures["multifile-Z1.ome.tiff"]["problem"]["title"] == "No label picture"


def test_a_folder_of_one_slide_is_a_folder_all_the_same(folder: Path, tmp_path: Path) -> None:
    assert lab.run("thumbnail", folder / "day 1", tmp_path / "new").stdout == f"{tmp_path / 'new' / 'a.svs.png'}\n"
    assert lab.run("thumbnail", folder / "day 1", tmp_path / "one.png").stdout == f"{tmp_path / 'one.png'}\n"
    assert lab.run("thumbnail", folder / "d", tmp_path / "one.png").returncode == 0


def test_many_scans_do_not_go_into_one_picture(folder: Path, tmp_path: Path) -> None:
    done = lab.run("thumbnail", folder, tmp_path / "x.png")
    assert done.returncode == 2
    assert "holds 4 scans" in done.stderr


def test_quality_of_a_folder_measures_what_is_whole(tmp_path: Path) -> None:
    for name in ("a.svs", "b.svs"):
        shutil.copyfile(SMALL_REGION, tmp_path / name)
    (tmp_path / "c.svs").write_bytes(SMALL_REGION.read_bytes()[:9000])
    scans = lab.document(lab.run("quality", "--json", tmp_path))["scans"]
    assert [each["quality"] and each["quality"]["verdict"] for each in scans] == ["pass", "pass", None]
    assert scans[0]["quality"] == scans[1]["quality"]


@pytest.mark.skipif(os.name == "nt", reason="a process alone cannot be sent Ctrl+C there")
def test_a_long_look_prints_as_it_goes_tells_how_far_it_is_and_ends_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "slides"
    folder.mkdir()
    shutil.copyfile(CODE128, folder / "0000.svs")
    for number in range(1, 1500):
        os.link(folder / "0000.svs", folder / f"{number:04}.svs")
    with subprocess.Popen(
        [*lab.PROGRAM, "inspect", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=lab.environment(),
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().endswith("0000.svs\n")
        assert "of 1,500 scans, about" in program.stderr.readline()
        program.send_signal(signal.SIGINT)
        began = time.monotonic()
        rest, said = program.communicate(timeout=60)
        assert program.returncode == 130
        assert time.monotonic() - began < 30
    assert "Traceback" not in said
    assert "1499.svs" not in rest


def test_an_empty_folder_is_an_empty_document(tmp_path: Path) -> None:
    done = lab.run("inspect", "--json", tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"scans": []})
    assert lab.run("inspect", tmp_path).stdout == "No scan was found.\n"
