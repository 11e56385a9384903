"""The elements of a DICOM file, read without its pixels: who it belongs to and whether it is whole.

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

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
LONG_LENGTHS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
MAX_DEPTH = 16
MAX_VALUE = 4096


class DicomError(Exception):
    """The file ends early or does not follow the standard; the text says where."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element at the top level; `value` is empty for pixels, sequences and long values."""

    tag: int
    value: bytes
    fragments: int = 0

    def text(self) -> str:
        """Return the value as text without padding."""
        return self.value.decode("utf-8", "replace").strip("\0 ")


class _Reader:
    """Walks the elements of one open file."""

    def __init__(self, stream: BufferedReader, size_bytes: int) -> None:
        self.stream = stream
        self.size_bytes = size_bytes
        self.implicit = False

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

    def elements(self) -> Iterator[Element]:
        """Yield the elements of the file to its end."""
        while self.stream.tell() < self.size_bytes:
            tag, kind, length = self.header()
            if length == UNDEFINED:
                yield Element(tag, b"", self.skip_sequence(0))
                continue
            if kind == b"SQ" or length > MAX_VALUE:
                self.skip(length)
                yield Element(tag, b"")
                continue
            element = Element(tag, self.take(length))
            if tag == TRANSFER_SYNTAX:
                self.choose_syntax(element.text())
            yield element

    def choose_syntax(self, syntax: str) -> None:
        """Follow the transfer syntax that the file's head names."""
        if syntax in (BIG_ENDIAN, DEFLATED):
            raise DicomError("its transfer syntax is not one that slide scanners write")
        self.implicit = syntax == IMPLICIT


def read_elements(path: Path) -> Iterator[Element]:
    """Yield the top-level elements of a DICOM file in order. Raises DicomError, OSError."""
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
