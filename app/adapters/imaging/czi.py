"""Whether a ZEISS CZI file is whole: its head says whether an update is pending and where its tables lie."""

import struct
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

HEAD_BYTES = 112
SEGMENT_HEAD = struct.Struct("<16sqq")
FILE_HEAD = struct.Struct("<iiii16s16siqqiq")


class CziError(Exception):
    """The file is not whole; the text says where."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment: its name, where its contents begin, how long they are."""

    name: bytes
    start: int
    used_bytes: int


def check_czi(path: Path) -> None:
    """Raise CziError unless the file is closed and its tables and last pieces lie inside it. Raises OSError."""
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        head = _segment(stream, 0, size_bytes, b"ZISRAWFILE")
        stream.seek(head.start)
        data = stream.read(FILE_HEAD.size)
        if len(data) < FILE_HEAD.size:
            raise CziError("it ends in its head")
        pieces, metadata, pending = (FILE_HEAD.unpack(data)[index] for index in (7, 8, 9))
        attachments = FILE_HEAD.unpack(data)[10]
        if pending:
            raise CziError("its head says that an update is pending")
        if not pieces or not metadata:
            raise CziError("its head does not yet say where its tables lie")
        _segment(stream, metadata, size_bytes, b"ZISRAWMETADATA")
        if attachments:
            _segment(stream, attachments, size_bytes, b"ZISRAWATTDIR")
        _check_pieces(stream, _segment(stream, pieces, size_bytes, b"ZISRAWDIRECTORY"), size_bytes)


def _segment(stream: BufferedReader, place: int, size_bytes: int, name: bytes) -> _Segment:
    """Read a segment's head; it must have this name and end inside the file."""
    stream.seek(place)
    data = stream.read(SEGMENT_HEAD.size)
    if len(data) < SEGMENT_HEAD.size:
        raise CziError(f"it must be at least {place + SEGMENT_HEAD.size:,} bytes long, but it has {size_bytes:,}")
    found, allocated, used = SEGMENT_HEAD.unpack(data)
    start = place + SEGMENT_HEAD.size
    if found.rstrip(b"\0") != name:
        raise CziError(f"there is no {name.decode()} at byte {place:,}")
    end = start + max(used, 0 if used else allocated)
    if end > size_bytes:
        raise CziError(f"it must be at least {end:,} bytes long, but it has {size_bytes:,}")
    return _Segment(found, start, used or allocated)


def _check_pieces(stream: BufferedReader, table: _Segment, size_bytes: int) -> None:
    """Check that every piece of the image that lies in this file begins and ends inside it."""
    stream.seek(table.start)
    data = stream.read(table.used_bytes)
    count = struct.unpack_from("<i", data)[0] if len(data) >= 4 else 0
    place, places = 128, []
    for _ in range(count):
        if place + 32 > len(data):
            raise CziError("its table of pieces ends early")
        position, part = struct.unpack_from("<qi", data, place + 6)
        dimensions = struct.unpack_from("<i", data, place + 28)[0]
        if part == 0:
            places.append(position)
        place += 32 + 20 * max(dimensions, 0)
    if not places:
        raise CziError("it lists no images yet")
    if min(places) <= 0 or max(places) + SEGMENT_HEAD.size > size_bytes:
        raise CziError(f"a piece of its image lies outside its {size_bytes:,} bytes")
    _segment(stream, max(places), size_bytes, b"ZISRAWSUBBLOCK")
