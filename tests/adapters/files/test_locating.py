"""Finding a scan's bytes on the share: by manifests first, then by hashing what has the right size, never twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.files import locating
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import DestinationError, StoppedError
from app.domain.scan import VerifiedFile
from app.domain.transfer import Relocation, TransferProgress, TransferWatch
from tests.adapters.files.scene import QUIET, carry, make_destination, plan_of, sha256, write


@pytest.fixture
def share(tmp_path: Path) -> FolderDestination:
    return make_destination(tmp_path / "share")


@pytest.fixture
def root(share: FolderDestination, tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def files(share: FolderDestination, tmp_path: Path) -> tuple[VerifiedFile, ...]:
    """Publish a set of three members, two of which hold the same bytes."""
    scanner = tmp_path / "scanner"
    data = write(scanner / "x" / "a.dat", 5000)
    (scanner / "x" / "b.dat").write_bytes(data.read_bytes())
    plan = plan_of(
        (write(scanner / "x.mrxs", 70_000), "2026/S.mrxs"),
        (data, "2026/S/a.dat"),
        (scanner / "x" / "b.dat", "2026/S/b.dat"),
    )
    carry(share, plan)
    return tuple(
        VerifiedFile(str(each.source), each.final, each.size_bytes, sha256(each.source), "read back")
        for each in plan.members
    )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gather what is hashed."""
    real, seen = locating.hash_medium, []

    def hashed(path, each_chunk):
        seen.append(path.name)
        return real(path, each_chunk)

    monkeypatch.setattr(locating, "hash_medium", hashed)
    return seen


def test_in_its_place(share: FolderDestination, files: tuple[VerifiedFile, ...]) -> None:
    assert share.locate(files, QUIET) == tuple(file.destination for file in files)


def test_moved_and_renamed_by_hand_without_its_manifest(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    (root / "bin").mkdir()
    (root / "2026" / "S.mrxs").rename(root / "bin" / "old.mrxs")
    (root / "2026" / "S").rename(root / "bin" / "old")
    assert share.locate(files, QUIET) == ("bin/old.mrxs", "bin/old/a.dat", "bin/old/b.dat")


def test_what_a_manifest_lists_is_read_first(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...], reads: list[str]
) -> None:
    write(root / "stranger.bin", 70_000)
    (root / "2026").rename(root / "2025")
    assert share.locate(files, QUIET) == ("2025/S.mrxs", "2025/S/a.dat", "2025/S/b.dat")
    assert "stranger.bin" not in reads


def test_a_manifest_is_not_believed_without_reading(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    rotten = root / "2026" / "S.mrxs"
    rotten.write_bytes(rotten.read_bytes()[:-1] + b"?")
    assert share.locate(files, QUIET) is None


def test_unchanged_files_are_read_once_and_changed_ones_again(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...], reads: list[str]
) -> None:
    lost = (root / "2026" / "S.mrxs").rename(root.parent / "lost.mrxs")
    stranger = write(root / "stranger.bin", 70_000)
    assert share.locate(files, QUIET) is None
    first = sorted(reads)
    assert share.locate(files, QUIET) is None
    assert sorted(reads) == first, "nothing was hashed twice"
    stranger.write_bytes(lost.read_bytes())
    found = share.locate(files, QUIET)
    assert found is not None
    assert found[0] == "stranger.bin"
    assert sorted(reads) == sorted([*first, "stranger.bin"])


def test_one_missing_member_is_the_whole_set_missing(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    (root / "2026" / "S" / "a.dat").unlink()
    assert share.locate(files, QUIET) is None, "the other file of equal bytes is one file, not two"


def test_of_two_copies_the_one_whose_members_lie_together(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    (root / "a").mkdir()
    (root / "a" / "alone.mrxs").write_bytes((root / "2026" / "S.mrxs").read_bytes())
    assert share.locate(files, QUIET) == tuple(file.destination for file in files)


def test_the_program_s_own_folder_parts_and_links_are_no_places(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    lost = (root / "2026" / "S.mrxs").rename(root / ".slideferry" / "S.mrxs")
    assert share.locate(files, QUIET) is None
    (root / "link.mrxs").symlink_to(lost)
    (root / f".S.mrxs.{'a' * 16}.part").write_bytes(lost.read_bytes())
    assert share.locate(files, QUIET) is None


def test_it_tells_how_far_it_is_and_can_be_stopped(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    told: list[TransferProgress] = []
    share.locate(files, TransferWatch(told.append, lambda: False))
    assert told
    assert told[-1].total_bytes == sum(file.size_bytes for file in files)
    with pytest.raises(StoppedError):
        make_other(root).locate(files, TransferWatch(lambda _: None, lambda: True))


def make_other(root: Path) -> FolderDestination:
    """Return the same share as another program sees it, with nothing remembered."""
    return FolderDestination(root, "Rescans", "other-station")


def test_a_share_that_is_away_is_no_missing_image(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    root.rename(root.with_name("unmounted"))
    with pytest.raises(DestinationError):
        share.locate(files, QUIET)


def test_a_member_that_stays_where_it_is_keeps_its_only_name(
    share: FolderDestination, root: Path, files: tuple[VerifiedFile, ...]
) -> None:
    """A move cut in the middle, found and moved on: old and new place of a member are one."""
    main = replace(files[0], destination="Rescans/2026/S__1.mrxs")
    (root / "Rescans" / "2026").mkdir(parents=True)
    (root / "2026" / "S.mrxs").rename(root / main.destination)
    new = (main.destination, "Rescans/2026/S__1/a.dat", "Rescans/2026/S__1/b.dat")
    share.relocate(Relocation((main, *files[1:]), new))
    assert all((root / place).is_file() for place in new)
