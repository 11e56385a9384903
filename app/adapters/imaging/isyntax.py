"""Philips iSyntax: the words and small pictures in its head, and the table that says where its blocks lie.

There is no reader of its pixels here. The layout follows libisyntax (BSD-2-Clause): XML up to a byte 4, then a table of
blocks, 40 bytes each.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from pathlib import Path

HEAD_MARK = b'ObjectType="DPUfsImport"'
MARK_WITHIN_BYTES = 4096
HEAD_ENDS = b"\x04"
MAX_HEAD_BYTES = 96 << 20
CHUNK_BYTES = 1 << 20
TABLE_TAG = (0x301D, 0x2015)
OFFSET_TAG = (0x301D, 0x2010)
ENTRY = struct.Struct("<8xHHIQ8xQ")
MAX_TABLE_BYTES = 1 << 30
EDGE_BYTES = 64


class ISyntaxError(Exception):
    """The file is not whole; the text says where."""


@dataclass(frozen=True, slots=True)
class ISyntaxHead:
    """The XML at the file's beginning, and where it ends."""

    text: bytes
    end: int

    def value(self, name: str) -> str:
        """Return the first text of this name, "" where there is none."""
        found = re.search(rb'Name="%s"[^>]*>([^<]*)<' % name.encode(), self.text)
        return found.group(1).decode("utf-8", "replace").strip() if found else ""

    def barcode(self) -> str:
        """Return the barcode that the scanner read, "" where it read none."""
        return _unpacked(self.value("PIM_DP_UFS_BARCODE").encode()).decode("utf-8", "replace")

    def picture(self, kind: str) -> bytes:
        """Return the JPEG of LABELIMAGE or MACROIMAGE, empty where there is none."""
        for part in self.text.split(b'ObjectType="DPScannedImage"')[1:]:
            if re.search(rb'Name="PIM_DP_IMAGE_TYPE"[^>]*>\s*%s\s*<' % kind.encode(), part):
                data = re.search(rb'Name="PIM_DP_IMAGE_DATA"[^>]*>([^<]*)<', part)
                return _unpacked(data.group(1)) if data else b""
        return b""


def _unpacked(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def has_known_head(path: Path) -> bool:
    """Say whether a file begins as the known form of iSyntax does. Raises OSError."""
    with path.open("rb") as stream:
        return HEAD_MARK in stream.read(MARK_WITHIN_BYTES)


def read_head(path: Path) -> ISyntaxHead:
    """Read the words at the file's beginning. Raises ISyntaxError where they do not end, OSError."""
    text = b""
    with path.open("rb") as stream:
        while HEAD_ENDS not in text[-CHUNK_BYTES:] and len(text) < MAX_HEAD_BYTES:
            data = stream.read(CHUNK_BYTES)
            if not data:
                break
            text += data
    head, mark, _ = text.partition(HEAD_ENDS)
    if not mark:
        raise ISyntaxError("it ends, or holds only zeros, in the words at its beginning")
    if b"\0" in head:
        raise ISyntaxError("there are zeros in the words at its beginning")
    return ISyntaxHead(head, len(head) + 1)


def check_blocks(path: Path, head: ISyntaxHead) -> bool:
    """Raise ISyntaxError unless every block that the table places lies inside the file.

    Returns False where there is no such table: then nobody can tell. Raises OSError.
    """
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        stream.seek(head.end)
        tag = stream.read(8)
        if len(tag) < 8:
            raise ISyntaxError("it ends before its table of blocks")
        group, element, length = struct.unpack("<HHI", tag)
        if (group, element) != TABLE_TAG:
            if not any(tag):
                raise ISyntaxError("there are only zeros where its table of blocks should be")
            return False
        if length > MAX_TABLE_BYTES:
            return False
        table = stream.read(length)
        if len(table) < length:
            raise ISyntaxError(f"it must be at least {head.end + 8 + length:,} bytes long, but it has {size_bytes:,}")
        last = _last_block(table)
        if last is None:
            return False
        offset, count = last
        if offset + count > size_bytes:
            raise ISyntaxError(f"it must be at least {offset + count:,} bytes long, but it has {size_bytes:,}")
        stream.seek(offset + max(count - EDGE_BYTES, 0))
        if count > EDGE_BYTES and not any(stream.read(EDGE_BYTES)):
            raise ISyntaxError("its last block is only zeros, as if the space was reserved but not yet written")
    return True


def _last_block(table: bytes) -> tuple[int, int] | None:
    """Return (offset, length) of the block that lies last, None where the table is not of the known form."""
    last = (0, 0)
    for at in range(0, len(table) - ENTRY.size + 1, ENTRY.size):
        group, element, _, offset, count = ENTRY.unpack_from(table, at)
        if (group, element) != OFFSET_TAG:
            if not any(table[at : at + ENTRY.size]):
                raise ISyntaxError("its table of blocks is not written yet")
            return None
        if offset and count and offset + count > sum(last):
            last = (offset, count)
    return last if last[0] else None
