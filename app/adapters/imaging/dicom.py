"""The elements of a DICOM file, read without its pixels.

Only what whole-slide files use: little endian, explicit or implicit value representation, defined or undefined lengths.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

SERIES_UID = 0x0020000E
TRANSFER_SYNTAX = 0x00020010
BARCODE_VALUE = 0x22000005
IMAGE_TYPE = 0x00080008
PIXEL_DATA = 0x7FE00010
NUMBER_OF_FRAMES = 0x00280008
SHARED_GROUPS, PIXEL_MEASURES, OPTICAL_PATHS = 0x52009229, 0x00289110, 0x00480105
ENTERED = frozenset((SHARED_GROUPS, PIXEL_MEASURES, OPTICAL_PATHS))
"""Sequences whose elements are told as if they stood at the top level; all others are passed over."""

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
IMPLICIT = "1.2.840.10008.1.2"
RLE = "1.2.840.10008.1.2.5"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
LONG_LENGTHS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
MAX_DEPTH = 16
MAX_VALUE = 4096
EDGE_BYTES = 16
SPARE_BYTES = 4096
LOOKED_AT_PIECES, EVERY_PIECE = 1024, 64
"""Of a file of many pieces so many are looked at, and of those behind them only every so many-th."""

MAX_TABLE_BYTES = 1 << 26


class DicomError(Exception):
    """The file ends early or does not follow the standard; the text says where."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `value` is empty for pixels, sequences and long values.

    `length` is that of its value in bytes, 0 where it is undefined; then `fragments` says how many pieces it has.
    """

    tag: int
    value: bytes
    fragments: int = 0
    length: int = 0

    def text(self) -> str:
        """Return the value as text without padding."""
        return self.value.decode("utf-8", "replace").strip("\0 ")


class _Reader:
    """Walks the elements of one open file."""

    def __init__(self, stream: BufferedReader, size_bytes: int) -> None:
        self.stream = stream
        self.size_bytes = size_bytes
        self.implicit = False
        self.packed_whole = True

    def take(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            raise DicomError(f"it ends at byte {self.size_bytes:,} in the middle of a data element")
        return data

    def skip(self, count: int) -> None:
        end = self.stream.tell() + count
        if end > self.size_bytes:
            raise DicomError(f"it must be at least {end:,} bytes long, but it has {self.size_bytes:,}")
        self.stream.seek(end)

    def header(self) -> tuple[int, bytes, int]:
        """Return (tag, value representation, length) of the next element."""
        group, element = struct.unpack("<HH", self.take(4))
        tag = group << 16 | element
        if (self.implicit and group != 2) or group == 0xFFFE:
            return tag, b"", struct.unpack("<I", self.take(4))[0]
        kind = self.take(2)
        if not kind.isalpha() or not kind.isupper():
            raise DicomError(f"there is no data element at byte {self.stream.tell() - 6:,}")
        if kind in LONG_LENGTHS:
            return tag, kind, struct.unpack("<HI", self.take(6))[1]
        return tag, kind, struct.unpack("<H", self.take(2))[0]

    def skip_sequence(self, depth: int) -> int:
        """Skip the items of a sequence of undefined length; return how many there were."""
        if depth > MAX_DEPTH:
            raise DicomError("its sequences are nested too deeply")
        items = 0
        while True:
            tag, _, length = self.header()
            if tag == SEQUENCE_END:
                return items
            if tag != ITEM:
                raise DicomError(f"a sequence is broken at byte {self.stream.tell():,}")
            items += 1
            if length == UNDEFINED:
                self.skip_item(depth + 1)
            else:
                self.skip(length)

    def skip_item(self, depth: int) -> None:
        """Skip the elements of an item of undefined length."""
        while True:
            tag, _, length = self.header()
            if tag == ITEM_END:
                return
            if length == UNDEFINED:
                self.skip_sequence(depth)
            else:
                self.skip(length)

    def skip_fragments(self) -> int:
        """Skip the pieces of packed pixels; return how many there were, with the table that comes first.

        Where that table says where each frame lies, only a sample of many frames is looked at, and the end is walked.
        Raises DicomError at a piece that was reserved, not written: it begins or ends with zeros.
        """
        offsets, pieces = self._frame_offsets(), 1
        first = self.stream.tell()
        if len(offsets) > LOOKED_AT_PIECES:
            for index in range(0, len(offsets), len(offsets) // LOOKED_AT_PIECES):
                self._go_to(first + offsets[index])
                self._skip_piece(index + 1)
            self._go_to(first + offsets[-1])
            pieces = len(offsets)
        while self._skip_piece(pieces):
            pieces += 1
        return pieces

    def _frame_offsets(self) -> tuple[int, ...]:
        """Read the first item of packed pixels: where each frame begins behind it; often empty."""
        tag, _, length = self.header()
        if tag != ITEM or length == UNDEFINED or length > MAX_TABLE_BYTES:
            raise DicomError(f"its pixels are broken at byte {self.stream.tell():,}")
        return struct.unpack(f"<{length // 4}I", self.take(length - length % 4))

    def _go_to(self, place: int) -> None:
        if place + 8 > self.size_bytes:
            raise DicomError(f"it must be at least {place + 8:,} bytes long, but it has {self.size_bytes:,}")
        self.stream.seek(place)

    def _skip_piece(self, number: int) -> bool:
        """Skip one piece of packed pixels; return False at their end."""
        tag, _, length = self.header()
        if tag == SEQUENCE_END:
            return False
        if tag != ITEM or length == UNDEFINED:
            raise DicomError(f"its pixels are broken at byte {self.stream.tell():,}")
        place = self.stream.tell()
        self.skip(length)
        is_looked_at = number <= LOOKED_AT_PIECES or number % EVERY_PIECE == 0
        if is_looked_at and self.packed_whole and length > EDGE_BYTES and self._is_hollow(place, length):
            raise DicomError(f"piece {number} of its pixels begins or ends with zeros that should be pixels")
        return True

    def _is_hollow(self, place: int, length: int) -> bool:
        """Say whether packed pixels begin with zeros, or end with them and not with a JPEG's end mark before them."""
        self.stream.seek(place)
        head = self.take(EDGE_BYTES)
        looked_at = min(length, SPARE_BYTES)
        self.stream.seek(place + length - looked_at)
        tail = self.take(looked_at)
        return not any(head) or (not any(tail[-EDGE_BYTES:]) and not tail.rstrip(b"\0").endswith(b"\xff\xd9"))

    def elements(self) -> Iterator[Element]:
        """Yield the elements of the file to its end."""
        while self.stream.tell() < self.size_bytes:
            yield from self.element(*self.header(), depth=0)

    def element(self, tag: int, kind: bytes, length: int, *, depth: int) -> Iterator[Element]:
        """Yield the element whose header was read, and those in it where it is one of `ENTERED`."""
        if tag in ENTERED:
            yield Element(tag, b"")
            yield from self.inner(length, depth + 1)
        elif length == UNDEFINED:
            yield Element(tag, b"", self.skip_fragments() if tag == PIXEL_DATA else self.skip_sequence(0))
        elif kind == b"SQ" or length > MAX_VALUE:
            self.skip(length)
            yield Element(tag, b"", length=length)
        else:
            element = Element(tag, self.take(length), length=length)
            if tag == TRANSFER_SYNTAX:
                self.choose_syntax(element.text())
            yield element

    def inner(self, length: int, depth: int) -> Iterator[Element]:
        """Yield the elements of all items of a sequence."""
        if depth > MAX_DEPTH:
            raise DicomError("its sequences are nested too deeply")
        end = None if length == UNDEFINED else self.stream.tell() + length
        while end is None or self.stream.tell() < end:
            tag, _, item_length = self.header()
            if tag == SEQUENCE_END:
                return
            if tag != ITEM:
                raise DicomError(f"a sequence is broken at byte {self.stream.tell():,}")
            item_end = None if item_length == UNDEFINED else self.stream.tell() + item_length
            while item_end is None or self.stream.tell() < item_end:
                header = self.header()
                if header[0] == ITEM_END:
                    break
                yield from self.element(*header, depth=depth)

    def choose_syntax(self, syntax: str) -> None:
        """Follow the transfer syntax that the file's head names."""
        if syntax in (BIG_ENDIAN, DEFLATED):
            raise DicomError("its transfer syntax is not one that slide scanners write")
        self.implicit = syntax == IMPLICIT
        self.packed_whole = syntax != RLE


def read_elements(path: Path) -> Iterator[Element]:
    """Yield the elements of a DICOM file in order (see `ENTERED`). Raises DicomError, OSError."""
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        stream.seek(128)
        reader = _Reader(stream, size_bytes)
        if stream.read(4) != b"DICM":
            raise DicomError("it has no DICOM mark at byte 128")
        yield from reader.elements()


def series_uid(path: Path) -> str | None:
    """Return the Series Instance UID, None where the file does not say it. Raises OSError."""
    try:
        for element in read_elements(path):
            if element.tag == SERIES_UID:
                return element.text() or None
            if element.tag > SERIES_UID:
                return None
    except DicomError:
        return None
    return None
