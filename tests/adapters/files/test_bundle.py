"""Sets of many small members: carried together, flushed once, each read back, the same guarantees as alone."""

import errno
import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace as replace_watch
from pathlib import Path
from threading import current_thread
from typing import Any

import pytest

from app.adapters.files import bundle, medium, platform, platform_aio, platform_posix, small_part, source
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import (
    CorruptionError,
    DestinationError,
    RetryableError,
    SlideError,
    SourceChangedError,
    StoppedError,
)
from app.domain.transfer import CheckGrade, MemberPlan, TransferPlan
from tests.adapters.files.scene import (
    FINGERPRINT,
    QUIET,
    Countdown,
    Watching,
    become_link,
    carry,
    counted,
    failing,
    grow,
    killed_at,
    make_destination,
    open_destination,
    overwrite,
    plan_of,
    replace,
    require_published,
    sha256,
    write,
)
from tests.adapters.files.test_kill import until_clean


def fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def set_of(folder: Path, number: int, size: Callable[[int], int] = lambda index: 100 + 37 * index) -> TransferPlan:
    """Plan a DICOM series: a folder of many instances."""
    return plan_of(
        *((write(folder / "scanner/series" / f"{n:04}.dcm", size(n)), f"2026/S/{n:04}.dcm") for n in range(number))
    )


@pytest.fixture
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without calls that read many files at once."""
    monkeypatch.setattr(platform, "many_reads", lambda *_: None)


@pytest.fixture(params=["many at once", "one by one"])
def series(tmp_path: Path, request: pytest.FixtureRequest) -> TransferPlan:
    """A set large enough for files to be read many at once, on a system that has that and on one that has not."""
    if request.param == "one by one":
        request.getfixturevalue("_one_by_one")
    return set_of(tmp_path, 300)


@pytest.fixture(autouse=True)
def _batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, so that a small set takes several."""
    monkeypatch.setattr(bundle, "_BATCH_MEMBERS", 70)


def part_of(root: Path, number: int) -> Path:
    return root / f"2026/S/.{number:04}.dcm.{FINGERPRINT}.part"


def test_a_set_of_many_arrives_whole_and_read_back(
    destination: FolderDestination, root: Path, series: TransferPlan
) -> None:
    files = destination.copy(series, QUIET)
    assert {file.check for file in files} == {CheckGrade.READ_BACK.value}
    assert [file.destination for file in files] == [member.final for member in series.members]
    assert [file.sha256 for file in files] == [sha256(member.source) for member in series.members]
    assert not list(root.glob("2026/S/*.dcm"))
    destination.publish(series, files)
    require_published(root, series)


def test_large_and_empty_members_travel_along(destination: FolderDestination, root: Path, tmp_path: Path) -> None:
    plan = set_of(tmp_path, 12, lambda index: [0, 1, 4095, 4096, 4097, bundle.SMALL_BYTES + 1][index % 6])
    carry(destination, plan)
    require_published(root, plan)


def test_one_flush_stands_for_the_fsyncs_of_a_batch(
    destination: FolderDestination, root: Path, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order: all parts of a batch written, the whole flush, and only then the first read of one of them."""
    told: list[tuple[str, int]] = []
    flushed = [0, 0]
    flush, opened, create = platform.flush_at_once, small_part.SmallPart.__init__, platform.create_exclusively

    def flushing(fd: int) -> None:
        for number, call in enumerate((lambda: None, lambda: flush(fd))):
            call()
            told.append((("flush", "flushed")[number], flushed[number]))
            flushed[number] += 1

    def opening(self: small_part.SmallPart, written: small_part.Written) -> None:
        told.append(("read", series.members.index(written.pair.member)))
        opened(self, written)

    def creating(path: str) -> int:
        if path.endswith(".part"):
            told.append(("write", int(Path(path).name[1:5])))
        return create(path)

    monkeypatch.setattr(platform, "flush_at_once", flushing)
    monkeypatch.setattr(small_part.SmallPart, "__init__", opening)
    monkeypatch.setattr(platform, "create_exclusively", creating)
    synced: list[str] = []
    with counted(synced.append, ("fsync",)):
        destination.copy(series, QUIET)
    assert len(told) == len(set(told)) == 2 * 300 + 2 * 5, "batches of 70"
    at = {each: number for number, each in enumerate(told)}
    for member in range(300):
        order = ("write", member), ("flush", member // 70), ("flushed", member // 70), ("read", member)
        assert sorted(order, key=at.__getitem__) == list(order)
    assert len(synced) < 10, "folders only"


def test_while_it_rests_for_the_scanner_nothing_is_under_way(
    destination: FolderDestination, root: Path, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two rests one small batch is opened, written, flushed and read back, and nothing is opened ahead."""
    rests: list[list[str]] = []

    def note(name: str) -> None:
        rests[-1].append(name)

    for owner, name in (
        (source._Small, "__init__"),
        (platform, "create_exclusively"),
        (platform, "flush_at_once"),
        (small_part.SmallPart, "__init__"),
        (small_part.SmallPart, "compared"),
    ):
        real = getattr(owner, name)
        told = f"{owner.__name__.rpartition('.')[2]}.{name}"
        monkeypatch.setattr(owner, name, lambda *a, real=real, told=told, **k: (note(told), real(*a, **k))[1])

    monkeypatch.setattr(bundle, "_BRAKED_MEMBERS", 40)
    files = destination.copy(series, replace_watch(QUIET, pace=lambda _: rests.append([]), braked=lambda: True))
    batch = {"_Small.__init__": 40, "platform.create_exclusively": 40, "platform.flush_at_once": 1}
    batch |= {"SmallPart.__init__": 40, "SmallPart.compared": 40}
    last = {name: min(20, count) for name, count in batch.items()}
    assert [Counter(each) for each in rests] == [*[batch] * 7, last]
    destination.publish(series, files)
    require_published(root, series)


def test_what_is_under_way_when_the_scanner_begins_rests_between_members(
    destination: FolderDestination, root: Path, series: TransferPlan
) -> None:
    paced: list[str] = []
    watch = replace_watch(
        QUIET, pace=lambda _: paced.append(current_thread().name.partition("_")[0]), braked=lambda: len(paced) >= 30
    )
    files = destination.copy(series, watch)
    lanes = Counter(paced)
    if len(lanes) == 1:  # where one thread does all
        assert lanes["MainThread"] >= 70 + 70, "read back as slowly as it was written"
    else:
        assert set(lanes) == {"bundle-write", "bundle-back", "MainThread"}
        assert lanes["bundle-back"] >= 70
    destination.publish(series, files)
    require_published(root, series)


def test_where_one_flush_cannot_stand_for_all_each_file_is_flushed(
    destination: FolderDestination, root: Path, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_posix, "is_disk_file_system", lambda _: False)
    synced: list[str] = []
    with counted(synced.append, ("fsync",)):
        files = destination.copy(series, QUIET)
    assert len(synced) >= len(series.members)
    destination.publish(series, files)
    require_published(root, series)


def test_a_network_mount_is_not_taken_for_a_disk(tmp_path: Path) -> None:
    assert platform.flushes_at_once(tmp_path)
    assert not platform.flushes_at_once(Path("/proc"))
    assert not platform.flushes_at_once(tmp_path, system="win32")
    assert not platform.flushes_at_once(tmp_path, system="darwin")


def lie(monkeypatch: pytest.MonkeyPatch, number: int, times: int) -> None:
    """Have the medium give back a wrong byte of one member, so many times, whichever way it is read."""
    read, compared = medium.MediumReader.read, small_part.SmallPart.compared
    left = [times]

    def spoil(path: Path | str, content: Any) -> None:
        if f"{number:04}.dcm" in str(path) and left[0]:
            left[0] -= 1
            content[0] ^= 1

    def lying(self: medium.MediumReader, buffer: bytearray, offset: int, length: int) -> int:
        count = read(self, buffer, offset, length)
        spoil(self._path, buffer)
        return count

    def lying_together(self: small_part.SmallPart, content: memoryview | None, buffer: Any) -> Any:
        if content is not None:
            spoil(self.pair.part, content)
        return compared(self, content, buffer)

    monkeypatch.setattr(medium.MediumReader, "read", lying)
    monkeypatch.setattr(small_part.SmallPart, "compared", lying_together)


def test_one_differing_member_is_copied_once_more(
    destination: FolderDestination, root: Path, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        lie(patch, 123, 1)
        carry(destination, series)
    require_published(root, series)


def test_a_member_that_differs_twice_is_corruption(
    destination: FolderDestination, root: Path, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        lie(patch, 123, 2)
        with pytest.raises(CorruptionError, match=r"0123\.dcm"):
            destination.copy(series, QUIET)
    assert not part_of(root, 123).exists()
    assert part_of(root, 124).exists()


@pytest.mark.parametrize("change", [overwrite, grow, replace, become_link, Path.unlink])
@pytest.mark.parametrize("when", [80, 250, 590])
def test_a_member_that_changes_meanwhile_goes_back(
    destination: FolderDestination, series: TransferPlan, change: Callable[[Path], None], when: int
) -> None:
    """`when` counts looks for a stop: the member has been read then, and perhaps read back long ago."""
    path = series.members[60].source
    with pytest.raises(SourceChangedError, match=r"0060\.dcm"):
        destination.copy(series, Watching(lambda: change(path), when).watch)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
def test_no_source_that_was_opened_ahead_stays_open(
    destination: FolderDestination, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def told_of_a_pipe(fd: int, *_: int) -> None:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    before = open_files()
    series.members[45].source.unlink()
    with pytest.raises(SourceChangedError, match=r"0045\.dcm"):
        destination.copy(series, QUIET)
    assert open_files() == before
    monkeypatch.setattr(os, "posix_fadvise", told_of_a_pipe)
    monkeypatch.setattr(platform, "many_reads", lambda *_: None)
    with pytest.raises(SourceChangedError, match="gone"):
        destination.copy(series, QUIET)
    assert open_files() == before


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system takes no hints")
@pytest.mark.parametrize("code", [errno.EIO, errno.EINVAL, errno.EOPNOTSUPP])
def test_a_hint_that_is_refused_keeps_no_source_from_being_read(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(fd: int, *_: int) -> None:
        raise OSError(code, os.strerror(code))

    plan = set_of(tmp_path, 12, lambda index: bundle.SMALL_BYTES + 1 if index == 3 else 500)
    monkeypatch.setattr(os, "posix_fadvise", refuse)
    carry(destination, plan)
    monkeypatch.undo()
    require_published(root, plan)


def open_targets() -> list[str]:
    """Return the paths of all files that are open now; those closed while they are listed are left out."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(link.readlink()))
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="lists open files as Linux does")
@pytest.mark.parametrize("far", ["scanner", "share", ""])
def test_few_sources_are_open_at_once_and_what_is_far_away_is_asked_for_several(
    destination: FolderDestination, series: TransferPlan, monkeypatch: pytest.MonkeyPatch, far: str
) -> None:
    """macOS lets a program open 256 files, unless told otherwise; two copies and the window have to live with that."""
    really_open, really_close = source._Small.__init__, source._Small.close
    counting = threading.Lock()
    askers: set[str] = set()
    opened: set[Path] = set()
    most = 0

    def opening(self: source._Small, member: MemberPlan, *, past_cache: bool) -> None:
        nonlocal most
        really_open(self, member, past_cache=past_cache)
        with counting:
            askers.add(threading.current_thread().name)
            opened.add(member.source)
            most = max(most, len(opened))

    def closing(self: source._Small) -> None:
        really_close(self)
        with counting:
            opened.discard(self._member.source)

    monkeypatch.setattr(source._Small, "__init__", opening)
    monkeypatch.setattr(source._Small, "close", closing)
    monkeypatch.setattr(platform, "flushes_at_once", lambda folder: not far or far not in folder.parts)
    monkeypatch.setattr(bundle, "_BATCH_MEMBERS", 200)
    destination.copy(series, QUIET)
    assert len(askers) == (4 if far else 1)
    assert most <= (32 if far else 128)
    assert not opened


@pytest.fixture
def _at_once(tmp_path: Path) -> None:
    """Leave a test out where hundreds of files are not read at once."""
    reads = platform.many_reads(1, 1)
    if reads is None or not platform.flushes_at_once(tmp_path):
        pytest.skip("this system or this disk reads files one by one")
    reads.close()


@pytest.mark.usefixtures("_at_once")
def test_hundreds_are_read_at_once_on_both_sides(
    destination: FolderDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: Counter[int] = Counter()
    real = platform_aio.ManyReads.begin

    def begin(self: platform_aio.ManyReads, turn: int, places: list[tuple[int, int]]) -> None:
        begun[id(self)] += len(places)
        real(self, turn, places)

    monkeypatch.setattr(platform_aio.ManyReads, "begin", begin)
    destination.copy(set_of(tmp_path, 199), QUIET)
    assert not begun, "a small set does without"
    destination.copy(set_of(tmp_path, 300), QUIET)
    assert sorted(begun.values()) == [300, 300]


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("way", ["submit", "get_events"])
@pytest.mark.parametrize("number", [1, 2, 5, 9])
def test_reads_that_cannot_be_begun_or_ended_are_made_one_by_one(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, number: int
) -> None:
    fails, real = Countdown(number, fail), getattr(platform_aio, way)
    monkeypatch.setattr(platform_aio, way, lambda *arguments: (fails(way), real(*arguments))[1])
    plan = set_of(tmp_path, 300)
    carry(destination, plan)
    assert fails.reached
    require_published(root, plan)


@pytest.mark.usefixtures("_at_once")
def test_what_is_read_at_once_only_in_part_is_read_again(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read may end short for many reasons; only one that ends there again says that the file has changed."""
    real = platform_aio.ManyReads.finish
    plan = set_of(tmp_path, 300)
    shortened: set[int] = set()

    def short(self: platform_aio.ManyReads, turn: int) -> list[memoryview | None]:
        found = real(self, turn)
        shortened.add(id(self))
        return [view[: len(view) // 2] if view and not index % 3 else view for index, view in enumerate(found)]

    monkeypatch.setattr(platform_aio.ManyReads, "finish", short)
    carry(destination, plan)
    monkeypatch.undo()
    assert len(shortened) == 2, "sources and parts"
    require_published(root, plan)


def test_parts_that_the_cache_cannot_be_bypassed_for_are_not_read_at_once(
    destination: FolderDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_posix, "reads_directly", lambda _: False)
    monkeypatch.setattr(platform_posix, "drop_cache", lambda *_: False)
    files = destination.copy(set_of(tmp_path, 300), QUIET)
    assert {file.check for file in files} == {CheckGrade.CACHE_NOT_BYPASSED.value}


def test_a_large_member_among_many_small_ones_finds_room(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    sizes = {0: bundle.SMALL_BYTES, 7: 0, 31: 1, 150: bundle.SMALL_BYTES, 151: bundle.SMALL_BYTES - 1, 299: 4096}
    plan = set_of(tmp_path, 300, lambda index: sizes.get(index, 20_000))
    carry(destination, plan)
    require_published(root, plan)


def test_a_stop_keeps_what_arrived_and_the_next_try_ends_well(
    destination: FolderDestination, root: Path, series: TransferPlan
) -> None:
    watching = Watching(lambda: setattr(watching, "stop", True), 200)
    with pytest.raises(StoppedError):
        destination.copy(series, watching.watch)
    assert list(root.glob("2026/S/.*.part"))
    carry(destination, series)
    require_published(root, series)


def test_an_earlier_part_is_not_trusted_and_never_written_through(
    destination: FolderDestination, root: Path, series: TransferPlan
) -> None:
    folder = root / "2026/S"
    folder.mkdir(parents=True)
    part_of(root, 1).write_bytes(bytes(series.members[1].size_bytes))
    kept = root / "2026/kept.dcm"
    kept.write_bytes(b"kept")
    os.link(kept, part_of(root, 2))
    destination.copy(series, QUIET)
    assert kept.read_bytes() == b"kept"
    assert sha256(part_of(root, 1)) == sha256(series.members[1].source)


def test_a_link_in_a_parts_place_is_refused(destination: FolderDestination, root: Path, series: TransferPlan) -> None:
    (root / "2026/S").mkdir(parents=True)
    outside = root.parent / "outside"
    part_of(root, 5).symlink_to(outside)
    with pytest.raises(SlideError):
        destination.copy(series, QUIET)
    assert not outside.exists()


def test_a_flush_that_fails_is_never_swallowed(
    destination: FolderDestination, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing_flush(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(platform_posix, "sync_file_system", failing_flush)
    with pytest.raises(RetryableError, match="Input/output error"):
        destination.copy(series, QUIET)


def test_a_disk_that_takes_nothing_is_an_error(
    destination: FolderDestination, series: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwritev", lambda *_: 0)
    with pytest.raises(RetryableError, match="nothing was written"):
        destination.copy(series, QUIET)


def test_killed_at_any_call_of_a_bundle(tmp_path: Path) -> None:
    plan = set_of(tmp_path, 9)

    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        make_destination(root)
        hit = killed_at(number, lambda: carry(open_destination(root), plan))
        for member in plan.members:
            final = root / member.final
            assert not final.exists() or sha256(final) == sha256(member.source)
        carry(open_destination(root), plan)
        require_published(root, plan)
        return hit

    until_clean(run)


@pytest.mark.parametrize("code", [5, 28])
def test_any_call_of_a_bundle_failing(tmp_path: Path, code: int) -> None:
    plan = set_of(tmp_path, 9)

    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        make_destination(root)
        fault = failing(number, code)
        try:
            with counted(fault):
                carry(open_destination(root), plan)
        except (RetryableError, SlideError, DestinationError):
            pass
        for member in plan.members:
            final = root / member.final
            assert not final.exists() or sha256(final) == sha256(member.source)
        carry(open_destination(root), plan)
        require_published(root, plan)
        return fault.reached

    until_clean(run)
