"""The skeleton of a TIFF file: its directories and where each piece of data lies, read without decoding anything.

Knows classic TIFF, BigTIFF and Hamamatsu's NDPI with 64-bit offsets. Never reads more than the skeleton, never
follows a loop, and says with a TiffError where the file ends too early.
"""

import struct
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

WIDTH, HEIGHT, COMPRESSION, DESCRIPTION = 256, 257, 259, 270
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 277, 278, 279
BITS, PLANAR, SUBFILE = 258, 284, 254
MAKE, MODEL, SOFTWARE = 271, 272, 305
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
SUB_DIRECTORIES, JPEG_TABLES, XMP, NDPI_MARK, NDPI_LENS = 330, 347, 700, 65420, 65421

TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
TEXT_TYPES = frozenset((1, 2, 7))
MAX_DIRECTORIES = 4096
MAX_ENTRIES = 1024
MAX_VALUES = 1 << 24
FOUR_GIB = 1 << 32


class TiffError(Exception):
    """The skeleton is not whole; the text says where, in words that can follow the file's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its type, how many values, where they lie; `high` is a lone value's upper half (NDPI over 4 GiB)."""

    kind: int
    count: int
    position: int
    high: int = 0

    @property
    def size_bytes(self) -> int:
        """The length of the values in bytes; 0 for a type nobody knows."""
        return TYPE_SIZES.get(self.kind, 0) * self.count


@dataclass(slots=True)
class Directory:
    """One image of the file: where its directory lies (from, to) and its entries by tag."""

    start: int
    end: int
    entries: dict[int, Entry] = field(default_factory=dict)
    is_sub: bool = False


@dataclass(slots=True)
class TiffSkeleton:
    """All directories of a file in their order; sub-directories follow their parent."""

    stream: BufferedReader
    size_bytes: int
    order: str
    is_big: bool
    is_ndpi: bool = False
    directories: list[Directory] = field(default_factory=list)

    def raw(self, position: int, count: int) -> bytes:
        """Return bytes of the file. Raises TiffError when they are not there."""
        if position < 0 or position + count > self.size_bytes:
            raise TiffError(f"it must be at least {position + count:,} bytes long, but it has {self.size_bytes:,}")
        self.stream.seek(position)
        return self.stream.read(count)

    def integers(self, directory: Directory, tag: int) -> tuple[int, ...]:
        """Return a tag's whole numbers, none where it is absent. Raises TiffError."""
        entry = directory.entries.get(tag)
        if entry is None or entry.kind not in INTEGERS:
            return ()
        if entry.count > MAX_VALUES:
            raise TiffError(f"a table in it claims {entry.count:,} values")
        data = self.raw(entry.position, entry.size_bytes)
        values: tuple[int, ...] = struct.unpack(f"{self.order}{entry.count}{INTEGERS[entry.kind]}", data)
        return (values[0] + (entry.high << 32),) if entry.high and len(values) == 1 else values

    def number(self, directory: Directory, tag: int, default: int = 0) -> int:
        """Return a tag's first whole number, `default` where there is none."""
        entry = directory.entries.get(tag)
        if entry is None or entry.kind not in INTEGERS or entry.count < 1:
            return default
        first = Entry(entry.kind, 1, entry.position)
        data = self.raw(first.position, first.size_bytes)
        return int(struct.unpack(self.order + INTEGERS[entry.kind], data)[0])

    def bytes_of(self, directory: Directory, tag: int, limit: int = 1 << 20) -> bytes:
        """Return a tag's bytes, at most `limit`; none where it is absent."""
        entry = directory.entries.get(tag)
        if entry is None or entry.kind not in TEXT_TYPES:
            return b""
        return self.raw(entry.position, min(entry.count, limit))

    def text(self, directory: Directory, tag: int, limit: int = 1 << 20) -> str:
        """Return a tag's text without its closing zeros."""
        return self.bytes_of(directory, tag, limit).rstrip(b"\0").decode("utf-8", "replace")

    def fraction(self, directory: Directory, tag: int) -> float | None:
        """Return a tag's rational number, None where it is absent or divided by zero."""
        entry = directory.entries.get(tag)
        if entry is None or entry.kind != 5:
            return None
        above, below = struct.unpack(self.order + "II", self.raw(entry.position, 8))
        return above / below if below else None


def open_skeleton(stream: BufferedReader) -> tuple[TiffSkeleton, int]:
    """Read the file's head; return the empty skeleton and where the first directory lies. Raises TiffError, OSError."""
    size_bytes = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise TiffError("it is too short, or does not begin as a TIFF file does")
    version = struct.unpack(order + "H", head[2:4])[0]
    if version == 42:
        skeleton = TiffSkeleton(stream, size_bytes, order, is_big=False)
        first = struct.unpack(order + "I", head[4:8])[0]
        return skeleton, first + _ndpi_high_word(skeleton, first, head)
    if version != 43 or len(head) < 16:
        raise TiffError("it does not begin as a TIFF file does")
    return TiffSkeleton(stream, size_bytes, order, is_big=True), struct.unpack(order + "Q", head[8:16])[0]


def _ndpi_high_word(skeleton: TiffSkeleton, first: int, head: bytes) -> int:
    """Return what to add to the first directory's place in an NDPI file larger than 4 GiB, where it is 64 bits wide."""
    if skeleton.size_bytes < FOUR_GIB or skeleton.order != "<" or len(head) < 12:
        return 0
    wide: int = struct.unpack("<Q", head[4:12])[0]
    if wide >= skeleton.size_bytes or wide < FOUR_GIB:
        return 0
    try:
        directory, _ = _read_directory(skeleton, wide)
    except TiffError:
        return 0
    return wide - first if NDPI_MARK in directory.entries else 0


def read_skeleton(stream: BufferedReader, limit: int = MAX_DIRECTORIES) -> TiffSkeleton:
    """Read every directory of an open file, at most `limit`. Raises TiffError, OSError."""
    skeleton, place = open_skeleton(stream)
    seen: set[int] = set()
    while place and len(skeleton.directories) < limit:
        if place in seen:
            raise TiffError("its directories form a loop")
        seen.add(place)
        directory, place = _read_directory(skeleton, place)
        skeleton.directories.append(directory)
        for sub in skeleton.integers(directory, SUB_DIRECTORIES):
            if sub in seen:
                raise TiffError("its directories form a loop")
            seen.add(sub)
            inner, _ = _read_directory(skeleton, sub)
            inner.is_sub = True
            skeleton.directories.append(inner)
    if not skeleton.directories:
        raise TiffError("it holds no image yet")
    return skeleton


def _read_directory(skeleton: TiffSkeleton, place: int) -> tuple[Directory, int]:
    """Read one directory; return it and where the next lies (0 after the last)."""
    order, wide = skeleton.order, skeleton.is_big
    head = 8 if wide else 2
    count = struct.unpack(order + ("Q" if wide else "H"), skeleton.raw(place, head))[0]
    if not 0 < count <= MAX_ENTRIES:
        raise TiffError(f"the directory at byte {place:,} claims {count:,} entries")
    entry_size = 20 if wide else 12
    table = skeleton.raw(place + head, count * entry_size)
    after = place + head + count * entry_size
    tags = [struct.unpack_from(order + "HH", table, index * entry_size) for index in range(count)]
    if not wide and any(tag == NDPI_MARK for tag, _ in tags):
        skeleton.is_ndpi = True
    directory = Directory(place, after)
    high = _high_words(skeleton, after, count)
    for index, (tag, kind) in enumerate(tags):
        entry = _read_entry(skeleton, place + head + index * entry_size, kind, high[index])
        # Micro-Manager writes two descriptions, its OME-XML first and ImageJ's second.
        directory.entries.setdefault(tag, entry)
    return directory, _next_place(skeleton, directory)


def _high_words(skeleton: TiffSkeleton, after: int, count: int) -> tuple[int, ...]:
    """Return the upper halves of the values, which NDPI files keep behind the directory; below 4 GiB they mean nothing.

    Raises TiffError when they are not there.
    """
    if not skeleton.is_ndpi:
        return (0,) * count
    data = skeleton.raw(after + 8, 4 * count)
    return (0,) * count if skeleton.size_bytes < FOUR_GIB else struct.unpack(f"<{count}I", data)


def _next_place(skeleton: TiffSkeleton, directory: Directory) -> int:
    wide = skeleton.is_big or skeleton.is_ndpi
    size = 8 if wide else 4
    data = skeleton.raw(directory.end, size)
    directory.end += size
    return int(struct.unpack(skeleton.order + ("Q" if wide else "I"), data)[0])


def _read_entry(skeleton: TiffSkeleton, position: int, kind: int, high: int) -> Entry:
    """Read one entry; its values must lie inside the file."""
    order = skeleton.order
    if skeleton.is_big:
        count = struct.unpack(order + "Q", skeleton.raw(position + 4, 8))[0]
        inline, place = 8, position + 12
    else:
        count = struct.unpack(order + "I", skeleton.raw(position + 4, 4))[0]
        inline, place = 4, position + 8
    entry = Entry(kind, count, place)
    if entry.size_bytes <= inline:
        return Entry(kind, count, place, high)
    place = struct.unpack(order + ("Q" if skeleton.is_big else "I"), skeleton.raw(place, inline))[0] + (high << 32)
    if place + entry.size_bytes > skeleton.size_bytes:
        end = place + entry.size_bytes
        raise TiffError(f"it must be at least {end:,} bytes long, but it has {skeleton.size_bytes:,}")
    return Entry(kind, count, place)


def read_description(path: Path, *, limit: int) -> bytes:
    """Return the ImageDescription of a file's first image. Raises TiffError, OSError."""
    with path.open("rb") as stream:
        skeleton, place = open_skeleton(stream)
        directory, _ = _read_directory(skeleton, place)
        return skeleton.bytes_of(directory, DESCRIPTION, limit)
