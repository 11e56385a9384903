"""Reading many small files with few calls to the system, the next of them while the last are worked on."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import Protocol, TypeVar

from app.adapters.files.blocks import whole_blocks
from app.adapters.files.platform_aio import ManyReads
from app.domain.errors import SlideferryError


class Opened(Protocol):
    """A file that is open to be read once, as a whole."""

    @property
    def descriptor(self) -> int | None:
        """What to read from; None where it has to be read in another way."""

    @property
    def wanted_bytes(self) -> int:
        """How many bytes to ask for."""

    def close(self) -> None:
        """Close it; may raise the project's own error."""


T = TypeVar("T", bound=Opened)


def read_together(files: Iterable[T], reads: ManyReads) -> Generator[tuple[T, memoryview | None], None, None]:
    """Read files in turn; yield each, to be closed by who takes it, with its bytes, which stay until the next is taken.

    Without bytes, where it could not be read this way. `files` opens them as it goes; to be closed by who stops early.
    """
    coming = iter(files)
    held: deque[T] = deque()
    begun: deque[tuple[int, int]] = deque()
    number = 0
    try:
        while True:
            turn, wanted = number % reads.turns, list[tuple[int, int]]()
            count = _open_some(coming, held, reads, wanted)
            if count:
                reads.begin(turn, wanted)
                begun.append((turn, count))
            if not begun:
                return
            if not count or len(begun) == reads.turns:
                turn, count = begun.popleft()
                contents = iter(reads.finish(turn))
                for _ in range(count):
                    file = held.popleft()
                    yield file, None if file.descriptor is None else next(contents)
            number += 1
    finally:
        for turn, _ in begun:
            reads.finish(turn)
        for file in held:
            with suppress(SlideferryError):  # nothing was done with it, and what ends the reading is told already
                file.close()


def _open_some(coming: Iterator[T], held: deque[T], reads: ManyReads, wanted: list[tuple[int, int]]) -> int:
    """Open as many files as are read in one turn; return how many. Put down each at once: the next one may fail.

    What can be read this way is put into `wanted`, as `ManyReads.begin` takes it.
    """
    used_bytes = count = 0
    for file in coming:
        held.append(file)
        room_bytes = whole_blocks(file.wanted_bytes)
        if file.descriptor is not None:
            wanted.append((file.descriptor, room_bytes))
        count += 1
        used_bytes += room_bytes
        if count == reads.files or used_bytes > reads.spare_bytes:
            break
    return count
