"""Whether a Sakura slide is whole: it is an SQLite database, whose head says how many pages it has."""

import struct
from pathlib import Path

MAGIC = b"SQLite format 3\0"
HEAD_BYTES = 100
SAMPLED_PAGES = 512
LAST_PAGES = 16
JOURNALS = ("-journal", "-wal")


class SakuraError(Exception):
    """The database is not whole; the text says where."""


def check_sakura(path: Path) -> None:
    """Raise SakuraError unless all pages are there and none of those looked at is only zeros.

    Reads the file alone, never through SQLite, which could write a journal beside it. Raises OSError.
    """
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        stream.seek(0)
        head = stream.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
            raise SakuraError("it does not begin as a database does, or is still being written")
        page_bytes = struct.unpack_from(">H", head, 16)[0]
        page_bytes = 65536 if page_bytes == 1 else page_bytes
        changes, pages, _, free = struct.unpack_from(">4I", head, 24)
        if page_bytes < 512 or page_bytes & (page_bytes - 1):
            raise SakuraError(f"its pages claim {page_bytes} bytes each")
        if changes != struct.unpack_from(">I", head, 92)[0] or not pages:
            pages = -(-size_bytes // page_bytes)  # written by a program that does not count them
        if size_bytes < pages * page_bytes:
            raise SakuraError(f"it must be at least {pages * page_bytes:,} bytes long, but it has {size_bytes:,}")
        if not free:
            for page in _sample(pages):
                stream.seek(page * page_bytes)
                if not any(stream.read(page_bytes)):
                    raise SakuraError(f"page {page + 1:,} of {pages:,} is only zeros")
    for ending in JOURNALS:
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise SakuraError(f"{beside.name} lies beside it: a program is writing, or was stopped while it wrote")


def _sample(pages: int) -> list[int]:
    step = max(pages // SAMPLED_PAGES, 1)
    return sorted({*range(0, pages, step), *range(max(pages - LAST_PAGES, 0), pages)}, reverse=True)
