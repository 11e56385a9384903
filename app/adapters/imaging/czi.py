"""The segments of a ZEISS CZI file: its head, its tables of pieces and attachments, its words, read without pixels.

Follows ZEISS's document "ZISRAW (CZI) File Format": every segment has a head of 32 bytes (name, room, used bytes).
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

SEGMENT_HEAD = struct.Struct("<16sqq")
FILE_HEAD = struct.Struct("<iiii16s16siqqiq")
PIECE_HEAD = struct.Struct("<2siqiiB5xi")
AXIS = struct.Struct("<4siifi")
ATTACHMENT = struct.Struct("<2s10xqi16s8s80s")
FILE, PIECES, PIECE = b"ZISRAWFILE", b"ZISRAWDIRECTORY", b"ZISRAWSUBBLOCK"
WORDS, ATTACHMENTS, ATTACHED = b"ZISRAWMETADATA", b"ZISRAWATTDIR", b"ZISRAWATTACH"
TABLE_HEAD_BYTES = {PIECES: 128, ATTACHMENTS: 256}
PIECE_ROOM_BYTES = 256
MAX_AXES = 64
MAX_TABLE_BYTES = 1 << 28
MAX_WORDS_BYTES = 64 << 20


class CziError(Exception):
    """The file is not whole; the text says where."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: where its contents begin, how long they are."""

    start: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class CziHead:
    """What the file's head says: its own id, that of the file it is a part of, where its tables lie (0: nowhere)."""

    primary: bytes
    own: bytes
    part: int
    pieces: int
    words: int
    is_pending: bool
    attachments: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the image: in which part of a split file it lies, where, and how it is packed.

    `covers` and `stored` are (width, height): what it shows of the full image, and what it holds; in pixels. `channel`
    and `plane` (depth, time) say of which picture it is a piece.
    """

    place: int
    part: int
    pixel_type: int
    compression: int
    left: int
    top: int
    channel: int
    plane: tuple[int, int]
    covers: tuple[int, int]
    stored: tuple[int, int]
    entry_bytes: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the file: its name and type as ZEISS writes them, and where its segment lies."""

    name: str
    file_type: str
    place: int
    part: int


@dataclass(frozen=True, slots=True)
class CziFile:
    """One open file of a slide."""

    stream: BinaryIO
    size_bytes: int
    head: CziHead

    def segment(self, place: int, name: bytes) -> Segment:
        """Read a segment's head; it must have this name and end inside the file. Raises CziError."""
        return _segment(self.stream, self.size_bytes, place, name)

    def read(self, start: int, count: int) -> bytes:
        """Return bytes of the file, fewer at its end."""
        self.stream.seek(start)
        return self.stream.read(count)

    def pieces(self) -> list[Piece]:
        """Return the table of pieces. Raises CziError."""
        data = self._table(self.head.pieces, PIECES)
        count = struct.unpack_from("<i", data)[0] if len(data) >= 4 else 0
        place, found = TABLE_HEAD_BYTES[PIECES], []
        try:
            for _ in range(count):
                found.append(_piece(data, place))
                place += found[-1].entry_bytes
        except struct.error as error:
            raise CziError("its table of pieces ends early") from error
        return found

    def attachments(self) -> list[Attachment]:
        """Return the table of attachments, none where the file has no such table. Raises CziError."""
        if not self.head.attachments:
            return []
        data = self._table(self.head.attachments, ATTACHMENTS)
        count = struct.unpack_from("<i", data)[0] if len(data) >= 4 else 0
        head = TABLE_HEAD_BYTES[ATTACHMENTS]
        if count < 0 or head + count * ATTACHMENT.size > len(data):
            raise CziError("its table of attachments ends early")
        entries = (ATTACHMENT.unpack_from(data, head + index * ATTACHMENT.size) for index in range(count))
        return [Attachment(_text(name), _text(kind), place, part) for _, place, part, _, kind, name in entries]

    def packed(self, piece: Piece) -> tuple[int, int]:
        """Return where a piece's packed pixels begin and how long they are. Raises CziError."""
        segment = self.segment(piece.place, PIECE)
        words, _, length = struct.unpack("<iiq", self.read(segment.start, 16).ljust(16, b"\0"))
        start = segment.start + max(PIECE_ROOM_BYTES, 16 + piece.entry_bytes) + max(words, 0)
        if words < 0 or length <= 0 or start + length > self.size_bytes:
            raise CziError(f"a piece of its image (byte {piece.place:,}) does not say how long it is")
        return start, length

    def words(self) -> bytes:
        """Return the file's own words as XML. Raises CziError."""
        segment = self.segment(self.head.words, WORDS)
        length = struct.unpack("<i", self.read(segment.start, 4))[0]
        if not 0 <= length <= min(segment.used_bytes, MAX_WORDS_BYTES):
            raise CziError(f"its metadata claim {length:,} bytes")
        return self.read(segment.start + 256, length)

    def _table(self, place: int, name: bytes) -> bytes:
        segment = self.segment(place, name)
        if segment.used_bytes > MAX_TABLE_BYTES:
            raise CziError(f"its {name.decode()} claims {segment.used_bytes:,} bytes")
        return self.read(segment.start, segment.used_bytes)


def open_czi(stream: BinaryIO) -> CziFile:
    """Read the head of an open file. Raises CziError, OSError."""
    size_bytes = stream.seek(0, 2)
    start = _segment(stream, size_bytes, 0, FILE).start
    stream.seek(start)
    data = stream.read(FILE_HEAD.size)
    if len(data) < FILE_HEAD.size:
        raise CziError("it ends in its head")
    _, _, _, _, primary, own, part, pieces, words, pending, attachments = FILE_HEAD.unpack(data)
    return CziFile(stream, size_bytes, CziHead(primary, own, part, pieces, words, bool(pending), attachments))


def _segment(stream: BinaryIO, size_bytes: int, place: int, name: bytes) -> Segment:
    if place < 0 or place + SEGMENT_HEAD.size > size_bytes:
        end = place + SEGMENT_HEAD.size
        raise CziError(f"it must be at least {end:,} bytes long, but it has {size_bytes:,}")
    stream.seek(place)
    found, room, used = SEGMENT_HEAD.unpack(stream.read(SEGMENT_HEAD.size))
    if found.rstrip(b"\0") != name:
        there = "only zeros" if not any(found) else f"no {name.decode()}"
        raise CziError(f"there is {there} at byte {place:,}")
    start = place + SEGMENT_HEAD.size
    contents = used if used > 0 else max(room, 0)
    if start + contents > size_bytes:
        raise CziError(f"it must be at least {start + contents:,} bytes long, but it has {size_bytes:,}")
    return Segment(start, contents)


def _piece(data: bytes, at: int) -> Piece:
    _, pixel_type, place, part, compression, _, axes = PIECE_HEAD.unpack_from(data, at)
    if not 0 <= axes <= MAX_AXES:
        raise CziError("its table of pieces is damaged")
    spans = {}
    for index in range(axes):
        name, start, covers, _, stored = AXIS.unpack_from(data, at + PIECE_HEAD.size + index * AXIS.size)
        spans[name.rstrip(b"\0")] = (start, covers, stored or covers)
    x, y, channel, depth, time = (spans.get(name, (0, 0, 0)) for name in (b"X", b"Y", b"C", b"Z", b"T"))
    return Piece(
        place=place,
        part=part,
        pixel_type=pixel_type,
        compression=compression,
        left=x[0],
        top=y[0],
        channel=channel[0],
        plane=(depth[0], time[0]),
        covers=(x[1], y[1]),
        stored=(x[2], y[2]),
        entry_bytes=PIECE_HEAD.size + axes * AXIS.size,
    )


def _text(name: bytes) -> str:
    return name.split(b"\0", 1)[0].decode("utf-8", "replace")
