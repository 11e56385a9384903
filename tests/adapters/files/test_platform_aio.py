"""Reading many files with one call, as Linux does it: what came of each, whatever becomes of the others."""

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.adapters.files import platform, platform_aio
from app.adapters.files.blocks import whole_blocks
from app.adapters.files.platform_aio import ManyReads
from app.adapters.files.source import read_many
from app.adapters.files.together import read_together
from app.domain.errors import RetryableError, SourceChangedError
from tests.adapters.files.scene import plan_of, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these calls are Linux'")

DIRECT = getattr(os, "O_DIRECT", 0)
SIZES = (0, 1, 4095, 4096, 4097, 100_000, 20_000, 5)


class File:
    """An open file, as `read_together` takes it."""

    def __init__(self, path: Path, flags: int = DIRECT, *, can: bool = True) -> None:
        self.path = path
        self.wanted_bytes = path.stat().st_size + 1
        self._fd = os.open(path, os.O_RDONLY | flags)
        self.descriptor = self._fd if can else None
        self.closed = False

    def close(self) -> None:
        os.close(self._fd)
        self.closed = True


@pytest.fixture
def reads() -> Iterator[ManyReads]:
    with closing(ManyReads(4, 100_001)) as made:
        yield made


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Twenty-four files of eight sizes."""
    return [write(tmp_path / f"{number:02}.dat", SIZES[number % len(SIZES)]) for number in range(24)]


def wanted(files: list[File]) -> list[tuple[int, int]]:
    return [(file.descriptor or 0, whole_blocks(file.wanted_bytes)) for file in files]


def contents(views: list[memoryview | None]) -> list[bytes | None]:
    return [None if view is None else bytes(view) for view in views]


def close_all(files: list[File]) -> None:
    for file in files:
        file.close()


@pytest.mark.parametrize("flags", [DIRECT, 0])
def test_turns_hold_the_bytes_of_their_files(reads: ManyReads, paths: list[Path], flags: int) -> None:
    files = [File(path, flags) for path in paths]
    for _ in range(2):
        for turn in range(6):
            reads.begin(turn, wanted(files[4 * turn : 4 * turn + 4]))
        found = [content for turn in range(6) for content in contents(reads.finish(turn))]
        assert found == [path.read_bytes() for path in paths]
    close_all(files)


@pytest.mark.parametrize(("largest_bytes", "turns"), [(1, 8), (20_001, 8), (4 * 1024 * 1024, 2), (64 * 1024 * 1024, 2)])
def test_the_larger_the_files_the_fewer_turns_take_the_memory(largest_bytes: int, turns: int) -> None:
    with closing(ManyReads(16, largest_bytes)) as reads:
        assert reads.turns == turns
        assert len(reads._memory) <= max(8 * 1024 * 1024, 2 * (512 * 1024 + whole_blocks(largest_bytes)))


def test_a_program_has_no_more_than_half_of_its_files_open_for_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_aio, "_most_open", lambda: 2 * (128 + 128) + 100)
    one, two = platform.many_reads(16, 20_001), platform.many_reads(16, 20_001)
    assert one
    assert two
    assert platform.many_reads(16, 20_001) is None, "whoever comes then reads files one by one"
    with monkeypatch.context() as patch:
        patch.setattr(platform_aio, "set_up", failing)
        one.close()
        one.close()
        assert platform.many_reads(16, 20_001) is None
    three = platform.many_reads(16, 20_001)
    assert three
    two.close()
    three.close()
    assert platform_aio._may_be_open == 0


def test_a_file_that_cannot_be_read_takes_no_other_with_it(reads: ManyReads, paths: list[Path]) -> None:
    files = [File(path) for path in paths[4:8]]
    lost = os.dup(files[0].descriptor or 0)
    os.close(lost)
    places = wanted(files)
    places[1:3] = [(lost, 4096), (lost, 4096)]
    reads.begin(0, places)
    assert contents(reads.finish(0)) == [paths[4].read_bytes(), None, None, paths[7].read_bytes()]
    close_all(files)


def test_what_a_turn_waits_for_may_end_after_the_other(reads: ManyReads, paths: list[Path]) -> None:
    files = [File(path) for path in paths[:8]]
    reads.begin(0, wanted(files[:4]))
    reads.begin(1, wanted(files[4:]))
    assert contents(reads.finish(1)) == [path.read_bytes() for path in paths[4:8]]
    assert contents(reads.finish(0)) == [path.read_bytes() for path in paths[:4]]
    close_all(files)


def test_a_signal_while_waiting_changes_nothing(
    reads: ManyReads, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, interrupted = platform_aio.get_events, [errno.EINTR, errno.EINTR]

    def waiting(*arguments: int) -> int:
        if interrupted:
            raise OSError(interrupted.pop(), "a signal came")
        return real(*arguments)

    monkeypatch.setattr(platform_aio, "get_events", waiting)
    files = [File(path) for path in paths[:4]]
    reads.begin(0, wanted(files))
    assert contents(reads.finish(0)) == [path.read_bytes() for path in paths[:4]]
    close_all(files)


def test_once_waiting_fails_nothing_is_read_this_way_any_more(
    reads: ManyReads, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory is left alone by then: ending the context has waited for what was under way."""
    files = [File(path) for path in paths[:8]]
    reads.begin(0, wanted(files[:4]))
    reads.begin(1, wanted(files[4:]))
    with monkeypatch.context() as patch:
        patch.setattr(platform_aio, "get_events", failing)
        assert reads.finish(0) == [None] * 4
        assert reads.finish(1) == [None] * 4
    reads.begin(0, wanted(files[:4]))
    assert reads.finish(0) == [None] * 4
    close_all(files)


def test_a_context_that_cannot_be_ended_takes_its_memory_with_it(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = ManyReads(4, 100_001)
    files = [File(path) for path in paths[:4]]
    reads.begin(0, wanted(files))
    ended: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(platform_aio, "get_events", failing)
        patch.setattr(platform_aio, "destroy", lambda context: (ended.append(context), failing())[1])
        patch.setattr(platform_aio, "_kept", [])
        assert reads.finish(0) == [None] * 4
        reads.close()
        assert len(platform_aio._kept) == 1
    platform_aio.destroy(*ended)
    close_all(files)


def test_without_memory_no_context_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: int) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    made: list[int] = []
    monkeypatch.setattr(platform_aio, "set_up", lambda files: made.append(files) or 0)
    monkeypatch.setattr(platform_aio.platform_posix, "large_pages", no_memory)
    assert platform.many_reads(4, 100) is None
    assert not made


@pytest.mark.parametrize("size_bytes", [4096, 5000, 8192])
@pytest.mark.parametrize("change_bytes", [1, -1, 4096, -4096])
def test_a_source_that_grows_or_shrinks_once_it_is_open_is_told(
    reads: ManyReads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size_bytes: int, change_bytes: int
) -> None:
    path, real = write(tmp_path / "a.dat", size_bytes), ManyReads.begin

    def begin(self: ManyReads, turn: int, places: list[tuple[int, int]]) -> None:
        os.truncate(path, size_bytes + change_bytes)
        real(self, turn, places)

    (member,) = plan_of((path, "a.dat")).members
    monkeypatch.setattr(ManyReads, "begin", begin)
    with pytest.raises(SourceChangedError), closing(read_many([member], reads)) as found:
        next(found)


def failing(*_: int) -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_files_come_in_order_and_are_opened_as_they_are_needed(reads: ManyReads, paths: list[Path]) -> None:
    opened: list[File] = []

    def some() -> Iterator[File]:
        for number, path in enumerate(paths):
            opened.append(File(path, can=bool(number % 5)))
            yield opened[-1]

    number = 0
    with closing(read_together(some(), reads)) as found:
        for number, (file, content) in enumerate(found):
            assert file is opened[number]
            assert len(opened) <= number + reads.turns * reads.files
            expected = paths[number].read_bytes() if number % 5 else None
            assert (None if content is None else bytes(content)) == expected
            file.close()
    assert number == len(paths) - 1


def opening(paths: list[Path], opened: list[File], *, fails: bool = False) -> Iterator[File]:
    for path in paths:
        opened.append(File(path))
        yield opened[-1]
    if fails:
        raise RetryableError("The disk has gone", "no more files")


def close_each(found: Iterator[tuple[File, memoryview | None]]) -> None:
    for file, _ in found:
        file.close()


def require_usable(reads: ManyReads, paths: list[Path]) -> None:
    again = [File(path) for path in paths]
    found = [bytes(content or b"") for _, content in read_together(again, reads)]
    assert found == [path.read_bytes() for path in paths]
    close_all(again)


@pytest.mark.parametrize("after", [0, 1, 3, 4, 6, 9, 19])
def test_who_stops_early_leaves_nothing_open(reads: ManyReads, paths: list[Path], after: int) -> None:
    opened: list[File] = []
    with closing(read_together(opening(paths, opened), reads)) as found:
        close_each(islice(found, after + 1))
    assert len(opened) > after
    assert all(file.closed for file in opened)
    require_usable(reads, paths[4:8])


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 8, 10])
def test_a_file_that_cannot_be_opened_leaves_nothing_open(reads: ManyReads, paths: list[Path], number: int) -> None:
    opened: list[File] = []
    found = read_together(opening(paths[:number], opened, fails=True), reads)
    with pytest.raises(RetryableError):
        close_each(found)
    assert len(opened) == number
    assert all(file.closed for file in opened)
    require_usable(reads, paths[4:8])


def test_nothing_to_read(reads: ManyReads) -> None:
    assert list(read_together(iter(()), reads)) == []


def test_where_there_is_no_such_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows, macOS, a processor whose numbers are not known, a kernel or a container that refuses."""
    assert platform.many_reads(4, 100, system="win32") is None
    assert platform.many_reads(4, 100, system="darwin") is None
    with monkeypatch.context() as patch:
        platform_aio._numbers.cache_clear()
        patch.setattr(os, "uname", lambda: SimpleNamespace(machine="riscv64"))
        assert platform.many_reads(4, 100) is None
    platform_aio._numbers.cache_clear()
    monkeypatch.setattr(platform_aio, "set_up", failing)
    assert platform.many_reads(4, 100) is None


def test_the_structures_are_as_long_as_the_kernel_s() -> None:
    assert ctypes.sizeof(platform_aio._Block) == 64
    assert ctypes.sizeof(platform_aio._Event) == 32
