"""The main job, end to end: what a lab would check with its own hands after the demo."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pypdf

from tests.e2e import lab
from tests.e2e.conftest import SLIDES, PlayedDemo


def by_part(played: PlayedDemo, barcode: str | None) -> list[dict]:
    return [scan for scan in played.document["scans"] if scan["barcode"] == barcode]


def test_it_ends_with_exit_code_1_and_one_document(played: PlayedDemo) -> None:
    assert played.exit_code == 1, played.stderr
    told = [line for line in played.stderr.splitlines() if line.strip()]
    assert all("Something else is in the way" in line for line in told), told
    assert len(played.document["scans"]) == SLIDES
    assert played.document["pending_sheet_writes"] == 0


def test_published_bytes_equal_the_source_and_stand_in_the_manifest(played: PlayedDemo) -> None:
    published = [file for scan in played.document["scans"] if scan["destination"] for file in scan["files"]]
    assert len(published) >= SLIDES - 2
    for file in published:
        destination = Path(file["destination"])
        assert lab.sha256(Path(file["source"])) == lab.sha256(destination) == file["sha256"]
        listed = (destination.parent / "manifest-sha256.txt").read_text("utf-8")
        assert f"{file['sha256']}  {destination.name}\n" in listed
    for manifest in (played.folder / "share").rglob("manifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", manifest.name], cwd=manifest.parent, check=True)


def test_name_folder_and_sheet_row_follow_the_rule_row(played: PlayedDemo) -> None:
    (scan,) = by_part(played, "465549")
    share = played.folder / "share"
    assert Path(scan["destination"]) == share / "Prec01" / "Run 2" / "465549_Prec01_Run 2_P4.svs"
    (row,) = [row for row in lab.sheet_rows(played.folder) if row[0] == "465549"]
    assert row[6:10] == ("Complete", "465549_Prec01_Run 2_P4.svs", scan["destination"], scan["files"][0]["sha256"])


def test_a_set_of_files_is_published_as_one(played: PlayedDemo) -> None:
    (scan,) = by_part(played, "S24-002005-A1-1")
    assert scan["state"] == "succeeded"
    assert scan["destination"].endswith("S24-002005-A1-1_Lung-07_Batch 4_PAS.mrxs")
    assert {Path(file["destination"]).name for file in scan["files"][1:]} == {
        "Data0000.dat",
        "Index.dat",
        "Slidedat.ini",
    }


def test_the_blurred_slides_get_their_verdicts(played: PlayedDemo) -> None:
    (gross,) = by_part(played, "545891")
    assert gross["quality"]["verdict"] == "rescan"
    assert gross["state"] == "needs_attention"
    assert gross["attention"]["message"].startswith("Need to rescan, too blurry")
    assert gross["destination"]
    (soft,) = by_part(played, "465549")
    assert soft["quality"]["verdict"] == "review"
    assert soft["quality"]["blurry_percent"] < 5
    assert soft["state"] == "succeeded"


def test_the_slide_that_is_not_in_the_sheet_is_named(played: PlayedDemo) -> None:
    (scan,) = by_part(played, "754780")
    assert scan["attention"]["title"] == "Missing Task"
    assert scan["destination"] is None
    assert "754780" in played.document["expected"]["unexpected"]


def test_the_failed_copy_was_restarted_by_hand(played: PlayedDemo) -> None:
    (scan,) = by_part(played, "317335")
    assert scan["state"] == "succeeded"
    assert scan["steps"]["copy"]["attempts"] == 2
    audits = lab.journal_rows(played.folder, "SELECT action, barcode, who FROM audit")
    assert ("restart", "317335", "Jana Kovac") in audits


def test_the_rescan_took_the_name_and_is_linked(played: PlayedDemo) -> None:
    older, newer = by_part(played, "620995")
    assert older["superseded_by"] == newer["id"]
    name = f"620995_Prec01_Run 2_P1__{older['id']}.svs"
    assert Path(older["destination"]) == played.folder / "share" / "Rescans" / "Prec01" / "Run 2" / name
    assert Path(newer["destination"]).name == "620995_Prec01_Run 2_P1.svs"
    links = lab.journal_rows(played.folder, "SELECT older, newer, kept FROM link")
    assert links == ((older["id"], newer["id"], newer["id"]),)


def test_the_report_has_one_row_a_scan_and_the_audit_entries(played: PlayedDemo) -> None:
    pages = pypdf.PdfReader(played.folder / "report.pdf").pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for scan in played.document["scans"]:
        assert Path(scan["files"][0]["source"]).name in text
        if scan["barcode"]:
            assert scan["barcode"] in text
    assert "Audits and Exclusions" in text
    assert "restart" in text.lower()
    assert played.document["report"] == str(played.folder / "report.pdf")


def test_the_unreadable_slide_goes_on_after_assign(played: PlayedDemo, tmp_path: Path) -> None:
    (scan,) = by_part(played, None)
    assert scan["attention"]["title"] == "Which slide is this?"
    assert scan["state"] == "needs_attention"
    folder = tmp_path / "lab"
    shutil.copytree(played.folder, folder)
    move_lab(folder, played.folder)
    settings = ["--config", str(folder / "settings.toml")]

    done = lab.run(*settings, "assign", scan["id"], "407871", "--reason", "read from the glass", "--json")

    assert done.returncode == 0, done.stderr
    (now,) = [each for each in lab.document(done)["scans"] if each["id"] == scan["id"]]
    assert now["state"] == "succeeded"
    assert Path(now["destination"]) == folder / "share" / "Prec01" / "Run 2" / "407871_Prec01_Run 2_P2.svs"
    assert lab.sha256(Path(now["destination"])) == lab.sha256(Path(now["files"][0]["source"]))
    status = lab.run(*settings, "status", "--json")
    states = {each["barcode"]: each["state"] for each in lab.document(status)["scans"]}
    assert states["407871"] == "succeeded"
    assert ("assign", "read from the glass") in lab.journal_rows(folder, "SELECT action, reason FROM audit")


def move_lab(folder: Path, old: Path) -> None:
    """Let a copied lab's settings and journal name its own folders."""
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text("utf-8").replace(str(old), str(folder)), encoding="utf-8")
    with sqlite3.connect(folder / "data" / "journal.sqlite") as journal:
        journal.execute("UPDATE scan SET root = replace(root, ?, ?)", (str(old), str(folder)))
    journal.close()
