"""Re-reading a destination: every kind of trouble is told, and none of it hides the rest."""

import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import DestinationError
from app.domain.transfer import BAD_MANIFEST, DIFFERS, LINK, MISSING, NOT_LISTED, TransferPlan, TransferWatch
from tests.adapters.files.scene import QUIET, Watching, carry, plan_of, write
from tests.faults.injection import Fault, injected


def test_scrub_goes_on_after_a_broken_manifest_and_a_folder_that_does_not_answer(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        source = write(tmp_path / f"{number}.svs", 100, seed=number)
        carry(destination, plan_of((source, f"{number}/S.svs"), fingerprint=f"{number}" * 16))
    with (root / "0/manifest-sha256.txt").open("a", encoding="utf-8") as manifest:
        manifest.write("shopping list\n")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "1":
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = destination.scrub(QUIET)
    assert [(each.path, each.problem) for each in result.findings] == [
        ("0/manifest-sha256.txt", "bad manifest"),
        ("1", "unreadable"),
    ]
    assert "not lines of sha256sum: 2" in result.findings[0].detail
    assert "Input/output error" in result.findings[1].detail
    assert result.files == 2, "the other lines of the broken manifest, and the other folder"


def test_a_scrub_that_is_stopped_tells_what_it_found_so_far(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    for number in range(4):
        source = write(tmp_path / f"{number}.svs", 100, seed=number)
        carry(destination, plan_of((source, f"{number}.svs"), fingerprint=f"{number}" * 16))
    (root / "0.svs").unlink()
    asked = iter([False] * 6)
    watch = TransferWatch(progress=lambda _: None, stopped=lambda: next(asked, True))
    result = destination.scrub(watch)
    assert result.stopped
    assert [each.path for each in result.findings] == ["0.svs"]
    assert 0 < result.files < 4
    lines = [each.path for each in destination.listed()]
    assert lines == [f"{number}.svs" for number in range(4)]
    named = destination.scrub_files([lines[2], lines[0], "gone/elsewhere.svs"], QUIET)
    assert (named.files, named.bytes, [each.path for each in named.findings]) == (3, 100, ["0.svs"])


@pytest.mark.parametrize("left", ["nothing", "an empty mount point"])
def test_a_scrub_ends_when_the_share_goes_away(
    destination: FolderDestination, root: Path, tmp_path: Path, left: str
) -> None:
    for number in range(3):
        source = write(tmp_path / f"{number}.svs", 100, seed=number)
        carry(destination, plan_of((source, f"2026/{number}.svs"), fingerprint=f"{number}" * 16))

    def unmount() -> None:
        root.rename(tmp_path / "unmounted")
        if left == "an empty mount point":
            root.mkdir()

    for when in range(1, 6):
        seen = Watching(unmount, when)
        with pytest.raises(DestinationError):
            destination.scrub(seen.watch)
        if root.exists():
            root.rmdir()
        (tmp_path / "unmounted").rename(root)


def test_a_manifest_that_is_a_link_is_not_followed(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan
) -> None:
    carry(destination, plan)
    manifest = root / "2026/manifest-sha256.txt"
    manifest.rename(tmp_path / "elsewhere.txt")
    manifest.symlink_to(tmp_path / "elsewhere.txt")
    (finding, stranger) = destination.scrub(QUIET).findings
    assert (stranger.path, stranger.problem) == ("2026/manifest-sha256.txt", "bad manifest")
    assert (finding.path, finding.problem) == ("2026/S-1.svs", "not listed")


def put(root: Path, name: str, line: str = "", *, content: bytes = b"a scan", manifest: str = "") -> None:
    """Put a file on the share, and a line for it into the root's manifest or that of the folder `manifest`."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with (root / manifest / "manifest-sha256.txt").open("a", encoding="utf-8", newline="\n") as lines:
        lines.write(f"{hashlib.sha256(content).hexdigest()}  {line or name}\n")


def both_ways(destination: FolderDestination) -> list[tuple[str, str]]:
    """Return path and problem of what the whole reading finds; the reading of named files finds the same damage."""
    whole = destination.scrub(QUIET).findings
    named = destination.scrub_files([each.path for each in destination.listed()], QUIET).findings
    assert set(named) == {each for each in whole if each.is_damage}
    return [(each.path, each.problem) for each in whole]


def test_lines_that_name_files_in_folders_below_are_checked_as_sha256sum_checks_them(
    destination: FolderDestination, root: Path
) -> None:
    for name in ("case/a.svs", "case/gone.svs", "case/deep/good.svs"):
        put(root, name)
    put(root, "b.svs", "./b.svs")
    put(root, "c.svs", ".//c.svs")
    put(root, "case/own.svs", "own.svs", manifest="case")
    (root / "case/stranger.svs").write_bytes(b"?")
    assert both_ways(destination) == [("case/stranger.svs", NOT_LISTED)]
    (root / "case/a.svs").write_bytes(b"a scar")
    (root / "case/gone.svs").unlink()
    (root / "b.svs").unlink()
    if shutil.which("sha256sum"):
        words = ["sha256sum", "-c", "--quiet", "manifest-sha256.txt"]
        said = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False).stdout
        assert said.count(": FAILED") == 3
    assert both_ways(destination) == [
        ("b.svs", MISSING),
        ("case/a.svs", DIFFERS),
        ("case/gone.svs", MISSING),
        ("case/stranger.svs", NOT_LISTED),
    ]


def test_a_file_that_two_manifests_list_must_be_as_both_say(destination: FolderDestination, root: Path) -> None:
    put(root, "case/a.svs", "a.svs", manifest="case")
    put(root, "case/a.svs")
    assert both_ways(destination) == []
    put(root, "case/a.svs", content=b"other")
    assert both_ways(destination) == [("case/a.svs", DIFFERS)]


@pytest.mark.parametrize("name", ["{outside}/x.svs", "../outside/x.svs", "case/../../outside/x.svs", "..", ".", "a\0b"])
def test_a_line_that_leads_outside_is_told_and_nothing_there_is_read(
    destination: FolderDestination, root: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    put(root, "good.svs")
    put(root, "rotten.svs")
    put(root, "rotten.svs.copy", name.format(outside=outside))
    (root / "rotten.svs.copy").unlink()
    (root / "rotten.svs").write_bytes(b"?")
    outside.mkdir()
    (outside / "x.svs").write_bytes(b"a scan")
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *more, **named: opened.append(str(path)) or real(path, *more, **named))
    assert both_ways(destination) == [("manifest-sha256.txt", BAD_MANIFEST), ("rotten.svs", DIFFERS)]
    assert not any("x.svs" in each for each in opened)
    (finding, _) = destination.scrub(QUIET).findings
    assert finding.detail == "names outside this folder: 3"


def test_a_link_on_the_way_to_a_listed_file_is_not_followed(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    put(root, "case/a.svs")
    (root / "case").rename(tmp_path / "elsewhere")
    (root / "case").symlink_to(tmp_path / "elsewhere")
    found = both_ways(destination)
    assert ("case/a.svs", LINK) in found
    assert any(each.is_damage for each in destination.scrub(QUIET).findings)


def test_a_name_that_no_disk_can_hold_does_not_end_the_reading(destination: FolderDestination, root: Path) -> None:
    put(root, "a.svs")
    put(root, "b.svs", "x" * 300)
    (root / "a.svs").write_bytes(b"?")
    (root / "b.svs").unlink()
    assert [path[:5] for path, _ in both_ways(destination)] == ["a.svs", "x" * 5]


@pytest.mark.parametrize("call", ["stat", "open", "scandir", "fstat"])
def test_damage_is_told_whichever_call_fails_once(destination: FolderDestination, root: Path, call: str) -> None:
    put(root, "2026/a.svs", "a.svs", manifest="2026")
    (root / "2026/a.svs").write_bytes(b"a scar")
    lines = [each.path for each in destination.listed()]
    struck = 0
    for read in (destination.scrub, lambda watch: destination.scrub_files(lines, watch)):
        for number in count(1):
            fault = Fault(call, number, "EIO")
            with suppress(DestinationError), injected(fault):
                assert any(each.is_damage for each in read(QUIET).findings), number
            if not fault.happened:
                break
            struck += 1
    assert struck
