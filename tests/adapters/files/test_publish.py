"""Publishing, moving and listing: nothing is overwritten, manifests follow, names that are twins count as taken."""

import os
import threading
from pathlib import Path

import pytest

from app.adapters.files import platform, platform_posix
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import CorruptionError, NameTakenError, RetryableError, SlideError
from app.domain.scan import VerifiedFile
from app.domain.transfer import CheckGrade, Relocation, TransferPlan
from tests.adapters.files.scene import (
    QUIET,
    Watching,
    carry,
    open_destination,
    plan_of,
    require_manifests_hold,
    require_published,
    sha256,
    write,
)


@pytest.mark.parametrize(
    "taken",
    ["S-1.svs", "s-1.SVS", "Straße-é.svs"],
)
def test_a_taken_name_is_a_conflict_and_nothing_is_lost(
    destination: FolderDestination, root: Path, tmp_path: Path, taken: str
) -> None:
    wanted = {"Straße-é.svs": "STRASSE-e\u0301.svs"}.get(taken, "S-1.svs")
    other = write(root / "2026" / taken, 77, seed=9)
    before = other.read_bytes()
    plan = plan_of((write(tmp_path / "a.svs", 1000), f"2026/{wanted}"))
    files = destination.copy(plan, QUIET)
    with pytest.raises(NameTakenError) as caught:
        destination.publish(plan, files)
    assert f"2026/{taken}" in caught.value.message
    assert "77 bytes" in caught.value.message
    assert other.read_bytes() == before
    assert len(destination.leftovers()) == 1
    occupant = destination.occupant(f"2026/{wanted}")
    assert occupant is not None
    assert (occupant.final, occupant.size_bytes, occupant.sha256) == (f"2026/{taken}", 77, None)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("/etc/hostname")])
def test_a_folder_or_link_under_the_name_is_a_conflict(
    destination: FolderDestination, root: Path, plan: TransferPlan, make
) -> None:
    files = destination.copy(plan, QUIET)
    make(root / "2026/S-1.svs")
    with pytest.raises(NameTakenError):
        destination.publish(plan, files)
    assert len(destination.leftovers()) == 1


def test_the_same_bytes_there_already_count_as_published(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    write(root / "2026" / "S-1.svs", 0).write_bytes(plan.members[0].source.read_bytes())
    carry(destination, plan)
    require_published(root, plan)


def test_a_set_is_published_whole_or_not_at_all(destination: FolderDestination, root: Path, mrxs: TransferPlan) -> None:
    files = destination.copy(mrxs, QUIET)
    other = write(root / "2026" / "S-2.mrxs", 5, seed=3)
    with pytest.raises(NameTakenError):
        destination.publish(mrxs, files)
    finals = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert [path for path in finals if ".slideferry" not in path.parts] == [other]
    assert len(destination.leftovers()) == 4
    other.unlink()
    destination.publish(mrxs, files)
    require_published(root, mrxs)


def test_a_name_taken_at_the_last_moment_withdraws_the_companions(
    destination: FolderDestination, root: Path, mrxs: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A foreign program makes the main member's name after all was looked at: the no-replace rename decides."""
    files = destination.copy(mrxs, QUIET)
    real = platform.rename_exclusively

    def racing(old: str, new: str, **named: str) -> None:
        if Path(new).name == "S-2.mrxs":
            Path(new).write_bytes(b"foreign")
        real(old, new, **named)

    monkeypatch.setattr(platform, "rename_exclusively", racing)
    with pytest.raises(NameTakenError):
        destination.publish(mrxs, files)
    assert (root / "2026/S-2.mrxs").read_bytes() == b"foreign"
    assert len(destination.leftovers()) == 4
    assert not (root / "2026/S-2/Slidedat.ini").exists()


def test_publishing_twice_changes_nothing(destination: FolderDestination, root: Path, mrxs: TransferPlan) -> None:
    files = destination.copy(mrxs, QUIET)
    destination.publish(mrxs, files)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    open_destination(root).publish(mrxs, files)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


def test_a_part_that_changed_after_it_was_verified_is_not_published(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    files = destination.copy(plan, QUIET)
    part = root / destination.leftovers()[0].path
    content = bytearray(part.read_bytes())
    content[3] ^= 4
    part.write_bytes(content)
    with pytest.raises(CorruptionError):
        destination.publish(plan, files)
    assert not (root / "2026/S-1.svs").exists()
    with pytest.raises(RetryableError):
        destination.publish(plan, files)


def test_files_of_another_scan_are_refused(
    destination: FolderDestination, plan: TransferPlan, mrxs: TransferPlan
) -> None:
    files = destination.copy(mrxs, QUIET)
    with pytest.raises(SlideError):
        destination.publish(plan, files)


def test_two_members_with_twin_names_are_refused(destination: FolderDestination, tmp_path: Path) -> None:
    plan = plan_of((write(tmp_path / "a", 1), "x/A.svs"), (write(tmp_path / "b", 1), "x/a.svs"))
    with pytest.raises(SlideError, match="one name"):
        destination.copy(plan, QUIET)


@pytest.mark.parametrize("way", ["link", "claim"])
def test_file_systems_without_a_no_replace_rename(
    destination: FolderDestination, root: Path, mrxs: TransferPlan, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def lacking(old: Path, new: Path) -> None:
        raise OSError(22, "Invalid argument")

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(platform_posix, "rename_exclusively", lacking)
    if way == "claim":
        monkeypatch.setattr(os, "link", no_links)
    carry(destination, mrxs)
    require_published(root, mrxs)
    with pytest.raises(FileExistsError):
        platform.rename_exclusively(root / "2026/S-2/Slidedat.ini", root / "2026/S-2.mrxs")
    require_published(root, mrxs)


def test_two_programs_race_for_one_name(root: Path, destination: FolderDestination, tmp_path: Path) -> None:
    outcomes: list[str] = []
    plans = [
        plan_of((write(tmp_path / f"pc{pc}.svs", 50_000, seed=pc), "one/S.svs"), fingerprint=f"{pc:016x}")
        for pc in range(4)
    ]

    def work(plan: TransferPlan) -> None:
        mine = open_destination(root)
        files = mine.copy(plan, QUIET)
        try:
            mine.publish(plan, files)
            outcomes.append(files[0].sha256)
        except NameTakenError:
            mine.discard(plan)

    threads = [threading.Thread(target=work, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [sha256(root / "one/S.svs")]
    assert require_manifests_hold(root) == {"one/S.svs"}


def test_many_publish_into_one_folder_and_no_line_is_lost(
    root: Path, destination: FolderDestination, tmp_path: Path
) -> None:
    plans = [plan_of((write(tmp_path / f"{n}.svs", 100, seed=n), f"one/{n}.svs")) for n in range(12)]
    threads = [threading.Thread(target=carry, args=(open_destination(root), plan)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert require_manifests_hold(root) == {f"one/{n}.svs" for n in range(12)}


def test_odd_names_are_written_as_sha256sum_reads_them(
    root: Path, destination: FolderDestination, tmp_path: Path
) -> None:
    names = ["back\\slash.svs", "new\nline.svs", " leading.svs", "*star.svs", "=cmd.svs", "\u202ertl.svs", "日本.svs"]
    for number, name in enumerate(names):
        carry(destination, plan_of((write(tmp_path / f"{number}", 10, seed=number), name)))
    require_manifests_hold(root)
    result = open_destination(root).scrub(QUIET)
    assert (result.files, result.findings) == (len(names), ())


def test_a_manifest_that_is_none_is_not_overwritten(
    root: Path, destination: FolderDestination, plan: TransferPlan
) -> None:
    write(root / "2026" / "manifest-sha256.txt", 0).write_text("shopping list\n")
    files = destination.copy(plan, QUIET)
    with pytest.raises(SlideError, match="line 1"):
        destination.publish(plan, files)
    assert (root / "2026" / "manifest-sha256.txt").read_text() == "shopping list\n"


def relocation(files: tuple[VerifiedFile, ...]) -> Relocation:
    return Relocation(files, tuple(f"Rescans/{file.destination.replace('S-2', 'S-2__old')}" for file in files))


def test_an_older_scan_moves_with_its_lines(destination: FolderDestination, root: Path, mrxs: TransferPlan) -> None:
    files = destination.copy(mrxs, QUIET)
    destination.publish(mrxs, files)
    move = relocation(files)
    destination.relocate(move)
    assert require_manifests_hold(root) == set(move.new)
    assert not (root / "2026/S-2").exists()
    open_destination(root).relocate(move)
    assert require_manifests_hold(root) == set(move.new)
    assert destination.scrub(QUIET).findings == ()


def test_relocating_again_leaves_the_new_scan_under_the_old_name_alone(
    destination: FolderDestination, root: Path, tmp_path: Path, mrxs: TransferPlan
) -> None:
    files = destination.copy(mrxs, QUIET)
    destination.publish(mrxs, files)
    destination.relocate(relocation(files))
    newer = plan_of((write(tmp_path / "newer.mrxs", 999, seed=4), "2026/S-2.mrxs"))
    carry(destination, newer)
    destination.relocate(relocation(files))
    assert sha256(root / "2026/S-2.mrxs") == sha256(newer.members[0].source)
    assert require_manifests_hold(root) == {*relocation(files).new, "2026/S-2.mrxs"}


def test_relocating_never_overwrites(destination: FolderDestination, root: Path, mrxs: TransferPlan) -> None:
    files = destination.copy(mrxs, QUIET)
    destination.publish(mrxs, files)
    there = write(root / "Rescans/2026/S-2__old.mrxs", 300, seed=8)
    before = there.read_bytes()
    with pytest.raises(NameTakenError):
        destination.relocate(relocation(files))
    assert there.read_bytes() == before
    require_manifests_hold(root)
    assert (root / "2026/S-2/Slidedat.ini").exists()


def test_an_older_scan_that_is_not_there_is_said(destination: FolderDestination, mrxs: TransferPlan) -> None:
    files = destination.copy(mrxs, QUIET)
    with pytest.raises(SlideError, match="not there"):
        destination.relocate(relocation(files))


def test_something_else_under_the_older_name_is_not_moved(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    (root / "2026/S-1.svs").write_bytes(b"other")
    with pytest.raises(SlideError, match="not the file that was verified"):
        destination.relocate(relocation(files))
    assert (root / "2026/S-1.svs").read_bytes() == b"other"


def test_check_file_and_scrub_find_every_kind_of_damage(
    destination: FolderDestination, root: Path, mrxs: TransferPlan
) -> None:
    files = destination.copy(mrxs, QUIET)
    destination.publish(mrxs, files)
    assert all(destination.check_file(file) for file in files)
    (root / "2026/S-2/Slidedat.ini").unlink()
    damaged = bytearray((root / "2026/S-2/Data0000.dat").read_bytes())
    damaged[-1] ^= 128
    (root / "2026/S-2/Data0000.dat").write_bytes(damaged)
    write(root / "2026/stranger.svs", 3)
    (root / "2026/link.svs").symlink_to("S-2.mrxs")
    assert [destination.check_file(file) for file in files] == [CheckGrade.READ_BACK, None, None, CheckGrade.READ_BACK]
    result = destination.scrub(QUIET)
    assert [(each.path, each.problem) for each in result.findings] == [
        ("2026/S-2/Data0000.dat", "differs"),
        ("2026/S-2/Slidedat.ini", "missing"),
        ("2026/link.svs", "link"),
        ("2026/stranger.svs", "not listed"),
    ]
    assert result.files == 4


def test_scrub_names_what_cannot_be_read_and_tells_its_progress(
    destination: FolderDestination, root: Path, mrxs: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(destination, mrxs)
    carry(destination, plan_of((write(root.parent / "later.svs", 10), "later.svs"), fingerprint="f" * 16))
    destination.copy(mrxs, QUIET)
    real = os.preadv

    def failing(fd: int, *rest: object) -> int:
        if Path(f"/proc/self/fd/{fd}").readlink().name == "Slidedat.ini":
            raise OSError(5, "Input/output error")
        return real(fd, *rest)

    monkeypatch.setattr(os, "preadv", failing)
    seen = Watching()
    result = destination.scrub(seen.watch)
    assert [(each.path, each.problem) for each in result.findings] == [("2026/S-2/Slidedat.ini", "unreadable")]
    assert "Input/output error" in result.findings[0].detail
    assert seen.told[-1].total_bytes == mrxs.size_bytes + 10
    assert result.bytes == mrxs.size_bytes + 10 - 4096
