"""The ways in which a file of a scan can be unfinished or cut off, and how each is laid out on disk."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.adapters.imaging.pixel_blocks import read_blocks
from app.adapters.imaging.tiff import TiffError, read_skeleton
from app.domain.scan import ScanSet

EVEN_CUTS = 20
ZEROED_PERCENTS = (1, 10, 50)
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """One harm to one member: its first `kept_bytes` stay, and `zero_bytes` that read as zeros follow.

    With `sparse` the zeros are a hole, as a writer leaves that reserves the file's size first. `removed` members are
    not there at all.
    """

    member: str
    place: str
    kept_bytes: int = 0
    zero_bytes: int = 0
    sparse: bool = False
    removed: bool = False


def damages(scan: ScanSet) -> list[Damage]:
    """Return every harm to try on a scan, one member at a time; members of sets are also taken away."""
    found: list[Damage] = []
    for member in scan.members:
        path = scan.root / member.path
        found.extend(Damage(member.path, place, kept) for kept, place in cuts(path).items())
        found.extend(_zeroed(path, member.path))
        if len(scan.members) > 1:
            found.append(Damage(member.path, "removed", removed=True))
    return found


def cuts(path: Path) -> dict[int, str]:
    """Return where to cut a file off, in bytes from its start, each with a word for it."""
    size_bytes = path.stat().st_size
    places = {size_bytes * part // EVEN_CUTS: f"cut at {part}/{EVEN_CUTS}" for part in range(EVEN_CUTS)}
    places[size_bytes - 1] = "last byte cut off"
    places[size_bytes - 100] = "last 100 bytes cut off"
    last = middle_of_last_block(path)
    if last is not None:
        places[last] = "cut in the middle of the last tile"
    return {kept: place for kept, place in places.items() if 0 <= kept < size_bytes}


def middle_of_last_block(path: Path) -> int | None:
    """Return the byte in the middle of the tile or strip that lies last in a TIFF, None for other files."""
    with path.open("rb") as stream:
        try:
            skeleton = read_skeleton(stream)
            tables = [read_blocks(skeleton, directory) for directory in skeleton.directories]
        except TiffError:
            return None
    blocks = [block for table in tables for block in zip(table.offsets, table.counts, strict=True) if block[1]]
    offset, count = max(blocks, default=(0, 0))
    return offset + count // 2


def _zeroed(path: Path, member: str) -> Iterator[Damage]:
    """Yield zeroed tails and reserved space; not where the file ends in zeros anyway, for then nothing is harmed."""
    size_bytes = path.stat().st_size
    for percent in ZEROED_PERCENTS:
        kept = size_bytes - max(size_bytes * percent // 100, 1)
        if kept >= 0 and not _is_zero_from(path, kept):
            yield Damage(member, f"last {percent} % zeros", kept, size_bytes - kept)
    for kept, words in ((0, "nothing"), (size_bytes // 4, "a quarter")):
        if size_bytes and not _is_zero_from(path, kept):
            yield Damage(member, f"reserved, {words} written", kept, size_bytes - kept, sparse=True)


def _is_zero_from(path: Path, place: int) -> bool:
    with path.open("rb") as stream:
        stream.seek(place)
        while data := stream.read(CHUNK_BYTES):
            if any(data):
                return False
    return True


def copy_scan(scan: ScanSet, folder: Path) -> ScanSet:
    """Copy all members below `folder` under their own paths, times kept; return the copied set."""
    for member in scan.members:
        target = folder / member.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(scan.root / member.path, target)
    return ScanSet(folder, scan.main, scan.members, scan.layout)


def lay_out(good: ScanSet, damage: Damage, folder: Path) -> None:
    """Lay the set out below `folder` with the harm done; unharmed members are links and take no space."""
    for member in good.members:
        target = folder / member.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.path != damage.member:
            os.link(good.root / member.path, target)
        elif not damage.removed:
            _write_damaged(good.root / member.path, damage, target)
            os.utime(target, ns=(member.mtime_ns, member.mtime_ns))


def _write_damaged(source: Path, damage: Damage, target: Path) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        left = damage.kept_bytes
        while left:
            data = reading.read(min(CHUNK_BYTES, left))
            writing.write(data)
            left -= len(data)
        if damage.sparse:
            writing.truncate(damage.kept_bytes + damage.zero_bytes)
        else:
            for place in range(0, damage.zero_bytes, CHUNK_BYTES):
                writing.write(bytes(min(CHUNK_BYTES, damage.zero_bytes - place)))
