"""`verify` and `leftovers` as a person and a script use them: what they find, say, and may remove."""

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e import lab

SETTINGS = """
[scanner]
name = "Raven"
watch = "{folder}/scanner"
[destination]
url = "{folder}/share"
[sheet]
path = "{folder}/slides.csv"
"""
INTERRUPTED = 130


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A share with four listed files in two folders."""
    folder = tmp_path / "share"
    folder.mkdir()
    assert lab.run("destination", "init", folder).returncode == 0
    for name in ("2025/A-1.svs", "2025/A-2.svs", "2026/B-1.svs", "2026/B-2.svs"):
        put_listed(folder, name, 50_000)
    return folder


def put_listed(share: Path, name: str, size: int) -> None:
    path = share / name
    path.parent.mkdir(exist_ok=True)
    content = os.urandom(size)
    path.write_bytes(content)
    with path.with_name("manifest-sha256.txt").open("a", encoding="utf-8", newline="\n") as manifest:
        manifest.write(f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")


def part(share: Path, folder: str, *, days_old: float = 0.0, fingerprint: str = "0123456789abcdef") -> str:
    path = share / folder / f".C-1.svs.{fingerprint}.part"
    path.write_bytes(b"half a scan")
    then = time.time() - days_old * 86400
    os.utime(path, (then, then))
    return path.relative_to(share).as_posix()


def test_verify_says_what_is_wrong_and_what_to_do_and_goes_on_after_each_fault(share: Path) -> None:
    (share / "2025/A-1.svs").write_bytes(b"other bytes")
    (share / "2025/A-2.svs").unlink()
    (share / "2026/B-1.svs").chmod(0)
    with (share / "2026/manifest-sha256.txt").open("a", encoding="utf-8") as manifest:
        manifest.write("shopping list\n")
    (share / "2026/stranger.svs").write_bytes(b"x")
    (share / "2026/link.svs").symlink_to("B-2.svs")
    done = lab.run("verify", share, "--json")
    found = lab.document(done)
    problems = {each["path"]: each["problem"] for each in found["findings"]}
    readable = os.access(share / "2026/B-1.svs", os.R_OK)  # root may read whatever its rights are
    assert problems == {
        "2025/A-1.svs": "differs",
        "2025/A-2.svs": "missing",
        **({} if readable else {"2026/B-1.svs": "unreadable"}),
        "2026/link.svs": "link",
        "2026/manifest-sha256.txt": "bad manifest",
        "2026/stranger.svs": "not listed",
    }
    differs = found["details"][0]
    assert differs["found"] == hashlib.sha256(b"other bytes").hexdigest()
    assert differs["listed"] != differs["found"]
    assert done.returncode == 1
    told = lab.run("verify", share).stdout
    assert "not lines of sha256sum: 3" in told
    assert all(each["hint"] in told and each["message"] in told for each in found["details"])


def test_a_stranger_or_a_leftover_alone_is_no_loss(share: Path) -> None:
    (share / "2026/stranger.svs").write_bytes(b"x")
    waiting = part(share, "2026")
    done = lab.run("verify", share, "--json")
    assert done.returncode == 0
    assert lab.document(done)["leftovers"] == [waiting]
    assert "part of an unfinished transfer: " + waiting in lab.run("verify", share).stdout


def test_a_share_of_the_bytes_is_read(share: Path) -> None:
    done = lab.document(lab.run("verify", share, "--share", "50", "--json"))
    assert (done["files"], done["bytes"]) == (2, 100_000)
    assert lab.run("verify", share, "--share", "0").returncode == 2


def test_ctrl_c_ends_it_in_order_with_what_was_found_so_far(share: Path) -> None:
    (share / "2025/A-1.svs").unlink()
    (share / "2027").mkdir()
    with (share / "2027/huge.svs").open("wb") as huge:
        huge.truncate(200 * 2**30)
    (share / "2027/manifest-sha256.txt").write_text(f"{'0' * 64}  huge.svs\n")
    program = subprocess.Popen(
        [*lab.PROGRAM, "verify", str(share)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=lab.environment(),
    )
    assert program.stderr is not None
    progress = program.stderr.readline()
    assert "GB" in progress
    assert "3 files" in progress or "4 files" in progress
    assert "MB/s" in progress
    program.send_signal(signal.SIGINT)
    out, told = program.communicate(timeout=60)
    assert program.returncode == INTERRUPTED
    assert "missing: 2025/A-1.svs" in out
    assert "interrupted" in out
    assert "Traceback" not in told


def test_the_labs_own_journal_remembers_what_was_read(share: Path, tmp_path: Path) -> None:
    config = station(tmp_path)
    seen = set()
    for _ in range(4):
        lab.document(lab.run("--config", config, "verify", share, "--share", "25", "--json"))
        seen = {row[0] for row in lab.journal_rows(tmp_path, "SELECT path FROM scrubbed")}
    assert seen == {"2025/A-1.svs", "2025/A-2.svs", "2026/B-1.svs", "2026/B-2.svs"}, "none twice before all once"
    (share / "2025/A-1.svs").unlink()
    assert lab.run("--config", config, "verify", share).returncode == 1
    damaged = lab.journal_rows(tmp_path, "SELECT path FROM scrubbed WHERE problem != ''")
    assert damaged == (("2025/A-1.svs",),)


def station(folder: Path) -> Path:
    """Make a station whose share this is, with a journal."""
    (folder / "scanner").mkdir()
    (folder / "data").mkdir()
    (folder / "slides.csv").write_text("Include in Name?,REQUIRED\nBarcode,Study\n")
    config = folder / "settings.toml"
    config.write_text(SETTINGS.format(folder=folder.as_posix()))
    assert lab.run("--config", config, "run", "start").returncode == 0
    return config


def test_leftovers_are_listed_and_only_named_ones_that_nobody_needs_are_removed(share: Path, tmp_path: Path) -> None:
    config = station(tmp_path)
    old, fresh = part(share, "2025", days_old=3), part(share, "2026", days_old=0.01, fingerprint="f" * 16)
    probe = share / ".slideferry/probe-0123456789abcdef"
    probe.write_bytes(b"")
    listed = lab.document(lab.run("--config", config, "leftovers", share, "--json"))["leftovers"]
    assert {(each["path"], each["bytes"], each["whose"]) for each in listed} == {
        (old, 11, "unknown"),
        (fresh, 11, "unknown"),
        (".slideferry/probe-0123456789abcdef", 0, "unknown"),
    }
    refused = lab.run("--config", config, "leftovers", share, "--remove", fresh, old, "--reason", "tidy")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    for path in ("2025/A-1.svs", "../scanner", "2025/manifest-sha256.txt", ".slideferry/destination.json"):
        done = lab.run("--config", config, "leftovers", share, "--remove", path, "--reason", "tidy", "--force")
        assert done.returncode == 2, path
    assert lab.run("--config", config, "leftovers", share, "--remove", old).returncode == 2, "no reason"
    assert (share / old).exists()
    assert (share / fresh).exists()
    done = lab.run("--config", config, "leftovers", share, "--remove", old, "--reason", "PC replaced", "--json")
    assert done.returncode == 0, done.stderr
    assert lab.document(done)["removed"] == [old]
    assert not (share / old).exists()
    audits = lab.journal_rows(tmp_path, "SELECT action, old, reason FROM audit")
    assert audits == (("remove leftover", f"{old} (11 bytes)", "PC replaced"),)
    assert (
        lab.run("--config", config, "leftovers", share, "--remove", fresh, "--reason", "x", "--force").returncode == 0
    )
    assert lab.run("verify", share).returncode == 0


def test_the_doctor_counts_leftovers_and_names_the_stations(share: Path, tmp_path: Path) -> None:
    config = station(tmp_path)
    part(share, "2026")
    checks = {each["name"]: each for each in lab.document(lab.run("--config", config, "doctor", "--json"))["checks"]}
    assert checks["leftovers"]["ok"]
    assert checks["leftovers"]["message"].startswith("1 files, 11 bytes")
    assert checks["stations"]["message"] == "none has said so yet"
    assert lab.run("--config", config, "run", "--once").returncode == 0
    checks = {each["name"]: each for each in lab.document(lab.run("--config", config, "doctor", "--json"))["checks"]}
    assert "(Raven), last heard" in checks["stations"]["message"]


def test_a_folder_that_was_deleted_with_its_manifest_is_missed_where_the_labs_journal_is(tmp_path: Path) -> None:
    done = lab.document(lab.run(*lab.demo_words(tmp_path, 2)))
    config, root = tmp_path / "settings.toml", tmp_path / "share"
    assert lab.run("--config", config, "verify", root).returncode == 0
    published = [file for scan in done["scans"] if scan["destination"] for file in scan["files"]]
    gone = Path(published[0]["destination"])
    gone.parent.rename(tmp_path / "deleted")
    lost = {each["destination"]: each["sha256"] for each in published if not Path(each["destination"]).exists()}
    for words in ((), ("--share", "100")):
        again = lab.run("--config", config, "verify", root, "--json", *words)
        assert again.returncode == 1
        details = lab.document(again)["details"]
        assert {str(root / each["path"]): each["listed"] for each in details} == lost
        assert {each["problem"] for each in details} == {"missing"}
    kept = lab.journal_rows(tmp_path, "SELECT path FROM scrubbed WHERE problem != ''")
    assert {str(root / path) for (path,) in kept} == set(lost)
    assert lab.run("--config", tmp_path / "none.toml", "verify", root).returncode == 0, "no journal here knows of it"
    (tmp_path / "deleted").rename(gone.parent)
    assert lab.run("--config", config, "verify", root).returncode == 0
    assert lab.journal_rows(tmp_path, "SELECT path FROM scrubbed WHERE problem != ''") == ()
