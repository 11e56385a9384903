"""The run as CSV and JSON."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.reports import report_json, write_csv
from app.domain.errors import SurroundingsError
from tests.adapters.reports.samples import FORMULA, HEBREW, LONG_WORD, sample_report


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_one_line_a_scan_with_whole_texts(tmp_path: Path) -> None:
    report = sample_report()
    write_csv(report, tmp_path / "run.csv")
    lines = rows(tmp_path / "run.csv")
    assert [line["Scan"] for line in lines] == [slide.scan for slide in report.slides]
    assert lines[2]["Study"] == HEBREW
    assert lines[3]["Experiment"] == LONG_WORD
    assert lines[0]["Size (bytes)"] == str(report.slides[0].size_bytes)
    assert lines[0]["SHA-256"] == report.slides[0].files[0].sha256
    assert lines[9]["Files"] == "13"
    assert len(lines[9]["SHA-256"].split(" | ")) == 13
    assert lines[6]["Pass/Fail"] == "Fail"
    assert lines[6]["Failing reasons"] == "Need to rescan, too blurry 12.6 %"
    assert lines[4]["Superseded by"] == report.slides[5].scan
    assert lines[0]["Found"] == "2019-03-04T09:02:11+01:00"
    assert lines[8]["Verified"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "  =", "＝", "\n="])
def test_csv_disarms_formulas(tmp_path: Path, start: str) -> None:
    report = sample_report()
    slide = replace(report.slides[0], row={"Study": f"{start}1+1"}, barcode=f"{start}2", source_name=f"{start}x.svs")
    write_csv(replace(report, slides=(slide,)), tmp_path / "run.csv")
    line = rows(tmp_path / "run.csv")[0]
    for title in ("Study", "Barcode", "Scanner file"):
        assert line[title].startswith("'"), title


def test_csv_disarms_the_sample_formula_and_clashing_columns(tmp_path: Path) -> None:
    report = replace(sample_report(), columns=("Study", "Panel", "Barcode", "=Title"))
    write_csv(report, tmp_path / "run.csv")
    lines = rows(tmp_path / "run.csv")
    assert lines[2]["Panel"] == f"'{FORMULA}"
    assert "Barcode (sheet)" in lines[0]
    assert "'=Title" in lines[0]


def test_csv_takes_broken_names_and_replaces_atomically(tmp_path: Path) -> None:
    report = sample_report()
    slide = replace(report.slides[0], source_name="a\udce9.svs")
    write_csv(report, tmp_path / "run.csv")
    write_csv(replace(report, slides=(slide,)), tmp_path / "run.csv")
    assert rows(tmp_path / "run.csv")[0]["Scanner file"] == "a\\udce9.svs"
    assert [path.name for path in tmp_path.iterdir()] == ["run.csv"]
    with pytest.raises(SurroundingsError):
        write_csv(report, tmp_path / "away" / "run.csv")


def test_json_holds_everything_but_the_pixels() -> None:
    report = sample_report()
    slide = replace(report.slides[0], source_name="a\udce9\x00.svs")
    read = json.loads(report_json(replace(report, slides=(slide, *report.slides[1:]))))
    told = read["report"]
    assert read["format"] == 1
    assert told["lab"] == report.lab
    assert told["created_at"] == "2019-03-04T14:05:09+01:00"
    assert told["run"]["operator"]["email"] == "mara.lindqvist@lab.example"
    assert [each["scan"] for each in told["slides"]] == [each.scan for each in report.slides]
    assert told["slides"][0]["source_name"] == "a\udce9\x00.svs"
    assert told["slides"][2]["row"] == dict(report.slides[2].row)
    assert told["slides"][6]["quality"]["verdict"] == "rescan"
    assert told["slides"][8]["steps"][6]["state"] == "failed"
    assert told["slides"][0]["thumbnail"]["size_bytes"] == len(report.slides[0].thumbnail or b"")
    assert told["audits"][2]["reason"] == report.audits[2].reason
    assert told["settings"][0] == ["quality.blur_rescan_percent", "5.0"]
    assert report_json(report) == report_json(sample_report())
