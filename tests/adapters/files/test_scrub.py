"""Re-reading a destination: every kind of trouble is told, and none of it hides the rest."""

import os
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import DestinationError
from app.domain.transfer import TransferPlan, TransferWatch
from tests.adapters.files.scene import QUIET, Watching, carry, plan_of, write


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
