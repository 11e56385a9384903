"""What the first bytes of a file say it is."""

from enum import Enum
from pathlib import Path

LEADING_BYTES = 256


class Leading(Enum):
    """Kinds of files told apart by their first bytes; the value is a word for people."""

    TIFF = "a TIFF file"
    DICOM = "a DICOM file"
    CZI = "a ZEISS CZI file"
    PICTURE = "a picture"
    EMPTY = "an empty file"
    ZEROS = "a file that begins with zeros only"
    SQLITE = "a database"
    ZIP = "a ZIP archive"
    OTHER = "an unknown kind of file"


SLIDES = frozenset((Leading.TIFF, Leading.DICOM, Leading.CZI))
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PICTURE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")


def leading_kind(head: bytes) -> Leading:
    """Tell the kind of a file from its first `LEADING_BYTES` bytes."""
    if not head:
        return Leading.EMPTY
    if head.startswith(TIFF_MAGIC):
        return Leading.TIFF
    if head[128:132] == b"DICM":
        return Leading.DICOM
    if head.startswith(b"ZISRAWFILE"):
        return Leading.CZI
    if head.startswith(b"SQLite format 3\0"):
        return Leading.SQLITE
    if head.startswith(PICTURE_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return Leading.PICTURE
    if head.startswith(b"PK\x03\x04"):
        return Leading.ZIP
    return Leading.OTHER if any(head) else Leading.ZEROS


def read_leading(path: Path) -> Leading:
    """Read the first bytes of a file and tell its kind. Raises OSError."""
    with path.open("rb") as stream:
        return leading_kind(stream.read(LEADING_BYTES))
