"""Copying to parts: what arrives, what is told, what is resumed, what is refused."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from app.adapters.files import medium, platform, platform_posix, stream
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import (
    CorruptionError,
    DestinationError,
    RetryableError,
    SlideError,
    SlideferryError,
    SourceChangedError,
    StoppedError,
)
from app.domain.transfer import CheckGrade, TransferPlan
from tests.adapters.files.conftest import CHUNK
from tests.adapters.files.scene import (
    FINGERPRINT,
    QUIET,
    Watching,
    become_link,
    carry,
    counted,
    grow,
    open_destination,
    overwrite,
    plan_of,
    replace,
    require_published,
    sha256,
    write,
)


def name_of(fd: int) -> str:
    """Return the path an open file was opened under."""
    return str(Path(f"/proc/self/fd/{fd}").readlink())


PART = f"2026/.S-1.svs.{FINGERPRINT}.part"


def test_copy_makes_parts_and_nothing_final(destination: FolderDestination, root: Path, plan: TransferPlan) -> None:
    (file,) = destination.copy(plan, QUIET)
    assert file.sha256 == sha256(plan.members[0].source) == sha256(root / PART)
    assert file.check == CheckGrade.READ_BACK.value
    assert [each.path for each in destination.leftovers()] == [PART]
    assert not (root / "2026/S-1.svs").exists()


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1, 9 * CHUNK])
def test_every_size_arrives(destination: FolderDestination, root: Path, tmp_path: Path, size: int) -> None:
    plan = plan_of((write(tmp_path / "scanner" / "a.svs", size), "a.svs"))
    carry(destination, plan)
    require_published(root, plan)


def test_a_set_arrives_whole(destination: FolderDestination, root: Path, mrxs: TransferPlan) -> None:
    carry(destination, mrxs)
    require_published(root, mrxs)
    carry(destination, mrxs)
    require_published(root, mrxs)


def test_progress_grows_to_the_whole_plan(destination: FolderDestination, mrxs: TransferPlan) -> None:
    seen = Watching()
    destination.copy(mrxs, seen.watch)
    assert seen.told[-1].copied_bytes == seen.told[-1].verified_bytes == seen.told[-1].total_bytes == mrxs.size_bytes
    assert [each.verified_bytes for each in seen.told] == sorted(each.verified_bytes for each in seen.told)
    assert all(each.verified_bytes <= each.copied_bytes for each in seen.told)


def test_stopping_keeps_the_part_and_resuming_rewrites_only_what_lacks(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    stopping = Watching(act=lambda: setattr(stopping, "stop", True), when=6)
    with pytest.raises(StoppedError):
        destination.copy(plan, stopping.watch)
    assert (root / PART).stat().st_size >= CHUNK
    written = []
    with counted(written.append, ("pwritev",)):
        carry(destination, plan)
    assert 0 < written.count("pwritev") < 6
    require_published(root, plan)


@pytest.mark.parametrize("at", [0, CHUNK + 17, 5 * CHUNK + 12344])
def test_a_damaged_part_is_not_trusted(destination: FolderDestination, root: Path, plan: TransferPlan, at: int) -> None:
    destination.copy(plan, QUIET)
    content = bytearray((root / PART).read_bytes())
    content[at] ^= 1
    (root / PART).write_bytes(content)
    again = open_destination(root)
    again.publish(plan, again.copy(plan, QUIET))
    require_published(root, plan)


def test_a_longer_part_is_cut(destination: FolderDestination, root: Path, plan: TransferPlan) -> None:
    (root / "2026").mkdir()
    (root / PART).write_bytes(plan.members[0].source.read_bytes() + b"more" * 9999)
    carry(destination, plan)
    require_published(root, plan)


def test_a_part_that_is_a_second_name_of_a_published_file_is_not_written_to(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    (root / "2026").mkdir()
    published = root / "2026" / "other.svs"
    published.write_bytes(b"kept")
    os.link(published, root / PART)
    destination.copy(plan, QUIET)
    assert published.read_bytes() == b"kept"


def corrupt_reads(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Have the medium give back one wrong byte in the first `times` reads of a first chunk."""
    real = medium.MediumReader.read
    seen: list[int] = []

    def lying(self: medium.MediumReader, buffer: bytearray, offset: int, length: int) -> int:
        count = real(self, buffer, offset, length)
        if offset == 0:
            seen.append(1)
            if len(seen) <= times:
                buffer[0] = (buffer[0] + 1) % 256
        return count

    monkeypatch.setattr(medium.MediumReader, "read", lying)
    return seen


def test_one_differing_read_back_is_copied_once_more(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = corrupt_reads(monkeypatch, 1)
    carry(destination, plan)
    assert len(seen) == 2
    monkeypatch.undo()
    require_published(root, plan)


def test_two_differing_read_backs_are_corruption(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrupt_reads(monkeypatch, 2)
    with pytest.raises(CorruptionError, match=r"S-1\.svs"):
        destination.copy(plan, QUIET)
    assert destination.leftovers() == ()


def test_the_cache_is_really_bypassed(destination: FolderDestination, root: Path, plan: TransferPlan) -> None:
    """Bytes that differ between the cache and the disk cannot be made here; that reads ask for O_DIRECT can be seen."""
    opened: list[tuple[str, int]] = []
    real = os.open

    def seeing(path: object, flags: int, *rest: object, **named: object) -> int:
        opened.append((str(path), flags))
        return real(path, flags, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", seeing)
        destination.copy(plan, QUIET)
    reads = [flags for path, flags in opened if path.endswith(".part") and not flags & os.O_CREAT]
    assert reads
    assert all(flags & os.O_DIRECT for flags in reads)


@pytest.mark.parametrize("dropped", [True, False])
def test_without_direct_access_the_cache_is_dropped_or_the_grade_is_lower(
    destination: FolderDestination, plan: TransferPlan, root: Path, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    real_open = os.open

    def no_direct(path: object, flags: int, *rest: object, **named: object) -> int:
        if flags & os.O_DIRECT:
            raise OSError(22, "Invalid argument")
        return real_open(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", no_direct)
    if not dropped:
        monkeypatch.setattr(os, "posix_fadvise", lambda *_: None)
    (file,) = destination.copy(plan, QUIET)
    grade = CheckGrade.READ_BACK if dropped else CheckGrade.CACHE_NOT_BYPASSED
    assert file.check == grade.value
    destination.publish(plan, (file,))
    monkeypatch.undo()
    require_published(root, plan)


def test_a_part_is_taken_up_again_where_direct_access_is_taken_and_then_refused(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {name: getattr(os, name) for name in ("preadv", "pwritev")}

    def refusing(name: str):
        def call(fd: int, *rest: object) -> int:
            if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return real[name](fd, *rest)

        return call

    stopping = Watching(act=lambda: setattr(stopping, "stop", True), when=4)
    with pytest.raises(StoppedError):
        destination.copy(plan, stopping.watch)
    for name in real:
        monkeypatch.setattr(os, name, refusing(name))
    carry(destination, plan)
    monkeypatch.undo()
    require_published(root, plan)


def test_everything_is_synced_before_it_is_published(
    destination: FolderDestination, root: Path, mrxs: TransferPlan
) -> None:
    """fsync of each part comes after its last write and before its rename; the folder's after the rename."""
    events: list[tuple[str, str]] = []
    real = {name: getattr(os, name) for name in ("fsync", "pwritev")}

    def noting(name: str):
        def call(fd: int, *rest: object) -> object:
            done = real[name](fd, *rest)
            events.append((name, name_of(fd)))
            return done

        return call

    def renaming(old: Path, new: Path, **_: object) -> None:
        events.append(("rename", str(old)))
        rename(old, new)
        events.append(("final", str(new)))

    rename = platform.rename_exclusively
    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(os, name, noting(name))
        patch.setattr(platform, "rename_exclusively", renaming)
        carry(destination, mrxs)
    manifest = next(at for at, (event, path) in enumerate(events) if event == "fsync" and "manifest-" in path)
    for member in mrxs.members:
        final = root / member.final
        part = str(final.with_name(f".{final.name}.{FINGERPRINT}.part"))
        renamed = events.index(("rename", part))
        synced = events.index(("fsync", part))
        writes = [at for at, event in enumerate(events) if event == ("pwritev", part)]
        assert all(at < synced for at in writes)
        assert synced < renamed
        assert ("fsync", str(final.parent)) in events[events.index(("final", str(final))) : manifest]
    finals = [path for event, path in events if event == "final" and ".slideferry" not in path]
    assert finals[-1].endswith("S-2.mrxs")
    assert manifest > events.index(("final", finals[-1]))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    lanes = stream.Lanes(10**12)
    with lanes:
        assert lanes.chunk_bytes == CHUNK
        assert len(lanes._slots) == 4


@pytest.mark.parametrize("final", ["2026/S-1.svs", "2026/deep/S-1.svs"])
def test_a_file_in_a_folders_place_is_named(
    destination: FolderDestination, root: Path, tmp_path: Path, final: str
) -> None:
    (root / "2026").write_text("I am in the way")
    plan = plan_of((write(tmp_path / "a.svs", 10), final))
    with pytest.raises(SlideError) as caught:
        destination.copy(plan, QUIET)
    assert str(root / "2026") in caught.value.message
    assert caught.value.hint


def test_a_folder_that_is_a_link_is_refused(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "2026").symlink_to(elsewhere)
    with pytest.raises(SlideError, match="link"):
        destination.copy(plan, QUIET)
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_parts_place_is_refused(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    (root / "2026").mkdir()
    (root / PART).symlink_to(victim)
    with pytest.raises(SlideError):
        destination.copy(plan, QUIET)
    assert victim.read_bytes() == b"kept"


def test_a_folder_swapped_for_a_link_between_copy_and_publish_is_refused(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan
) -> None:
    files = destination.copy(plan, QUIET)
    (root / "2026").rename(tmp_path / "moved")
    (root / "2026").symlink_to(tmp_path / "moved")
    with pytest.raises(SlideError):
        destination.publish(plan, files)
    assert not (tmp_path / "moved" / "S-1.svs").exists()


def test_without_the_marker_everything_stops(destination: FolderDestination, root: Path, plan: TransferPlan) -> None:
    files = destination.copy(plan, QUIET)
    (root / ".slideferry" / "destination.json").unlink()
    for act in (
        destination.check,
        lambda: destination.copy(plan, QUIET),
        lambda: destination.publish(plan, files),
        lambda: destination.scrub(QUIET),
    ):
        with pytest.raises(DestinationError):
            act()


def test_another_share_mounted_in_its_place_stops(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan
) -> None:
    destination.check()
    root.rename(tmp_path / "away")
    open_destination(root).initialise()
    with pytest.raises(DestinationError, match="exchanged"):
        destination.copy(plan, QUIET)


CHANGES = {
    "grows": grow,
    "shrinks": lambda path: os.truncate(path, 3 * CHUNK),
    "vanishes": Path.unlink,
    "is replaced": replace,
    "is overwritten": overwrite,
    "becomes a link": become_link,
    "is touched": lambda path: os.utime(path, (1, 1)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", [2, 4, 7])
def test_a_source_that_changes_goes_back(
    destination: FolderDestination, root: Path, plan: TransferPlan, change: str, when: int
) -> None:
    source = plan.members[0].source
    acting = Watching(act=lambda: CHANGES[change](source), when=when)
    with pytest.raises(SourceChangedError):
        destination.copy(plan, acting.watch)
    assert not (root / "2026/S-1.svs").exists()


def test_a_source_that_becomes_unreadable_is_this_slides_trouble(
    destination: FolderDestination, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refused(path: object, *rest: object, **named: object) -> int:
        if str(path).endswith("scan1.svs"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(SlideError, match="cannot be read"):
        destination.copy(plan, QUIET)


def test_a_source_on_a_failing_disk_is_tried_again(
    destination: FolderDestination, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.preadv

    def failing(fd: int, *rest: object) -> int:
        if "scan1" in name_of(fd):
            raise OSError(5, "Input/output error")
        return real(fd, *rest)

    monkeypatch.setattr(os, "preadv", failing)
    with pytest.raises(RetryableError, match="scan1"):
        destination.copy(plan, QUIET)


def test_a_pipe_as_source_does_not_hang(destination: FolderDestination, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.svs"
    os.mkfifo(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(SourceChangedError):
        destination.copy(plan_of((pipe, "a.svs")), QUIET)


def test_what_cannot_fit_is_refused_at_once(destination: FolderDestination, tmp_path: Path) -> None:
    source = tmp_path / "huge.svs"
    with source.open("wb") as file:
        file.truncate(8 * 2**40)
    with pytest.raises(DestinationError, match="full"):
        destination.copy(plan_of((source, "huge.svs")), QUIET)
    assert destination.leftovers() == ()


def test_discard_removes_this_plans_parts_only(destination: FolderDestination, root: Path, plan: TransferPlan) -> None:
    destination.copy(plan, QUIET)
    other = TransferPlan("f" * 16, plan.members)
    destination.copy(other, QUIET)
    destination.discard(plan)
    assert [each.path for each in destination.leftovers()] == [f"2026/.S-1.svs.{'f' * 16}.part"]
    destination.discard(plan)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_room_that_cannot_be_had_is_known_before_the_first_byte(
    destination: FolderDestination, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(fd: int, size_bytes: int) -> None:
        assert size_bytes == plan.size_bytes
        raise OSError(code, os.strerror(code))

    written: list[int] = []
    monkeypatch.setattr(platform_posix, "is_disk_file_system", lambda _: True)
    monkeypatch.setattr(platform_posix, "reserve", refuse)
    monkeypatch.setattr(platform, "write_at", lambda *_: written.append(1))
    with pytest.raises(SlideferryError):
        destination.copy(plan, QUIET)
    assert written == []


def test_a_file_system_that_cannot_reserve_room_is_written_to_all_the_same(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def lacking(fd: int, size_bytes: int) -> None:
        asked.append(size_bytes)
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(platform_posix, "is_disk_file_system", lambda _: True)
    monkeypatch.setattr(platform_posix, "reserve", lacking)
    carry(destination, plan)
    assert asked == [plan.size_bytes]
    require_published(root, plan)


def test_a_pass_that_was_cut_leaves_a_part_of_full_length_that_is_not_trusted(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_posix, "is_disk_file_system", lambda _: True)
    watching = Watching(lambda: setattr(watching, "stop", True), when=3)
    with pytest.raises(StoppedError):
        destination.copy(plan, watching.watch)
    part = next(root.rglob("*.part"))
    assert part.stat().st_size == plan.size_bytes
    assert sha256(part) != sha256(plan.members[0].source)
    carry(destination, plan)
    require_published(root, plan)
