"""Whether the blocks of a TIFF image (its tiles or strips) lie inside the file and look like what they are."""

from dataclasses import dataclass

from app.adapters.imaging import tiff
from app.adapters.imaging.tiff import Directory, TiffError, TiffSkeleton

NONE, LZW, OLD_JPEG, JPEG, DEFLATE, PACKBITS, ADOBE_DEFLATE = 1, 5, 6, 7, 32946, 32773, 8
JPEG_2000 = frozenset((33003, 33004, 33005, 34712))
MAX_BLOCKS = 1 << 23
SAMPLED_BLOCKS = 512
LAST_BLOCKS = 16
EDGE_BYTES = 24
SPARE_BYTES = 64 << 10
"""Room that a writer may leave behind a block to begin the next one at a round place."""
NO_WORD = "its last bytes are missing or zeros"


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the tiles or strips of one image lie; `sparse` images may leave tiles out."""

    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    compression: int
    word: str

    def end(self) -> int:
        """Return the first byte after the block that lies last in the file."""
        return max((o + c for o, c in zip(self.offsets, self.counts, strict=True) if c), default=0)


def read_blocks(skeleton: TiffSkeleton, directory: Directory) -> Blocks:
    """Read the table of blocks. Raises TiffError when it is absent, too short or absurd."""
    width, height = (skeleton.number(directory, tag) for tag in (tiff.WIDTH, tiff.HEIGHT))
    if not width or not height:
        raise TiffError("an image in it has no size")
    tiled = tiff.TILE_OFFSETS in directory.entries
    tags = (tiff.TILE_OFFSETS, tiff.TILE_COUNTS) if tiled else (tiff.STRIP_OFFSETS, tiff.STRIP_COUNTS)
    expected = _expected_blocks(skeleton, directory, width, height, tiled=tiled)
    offsets, counts = (skeleton.integers(directory, tag) for tag in tags)
    if not offsets:
        raise TiffError("an image in it has no pixel data yet")
    compression = skeleton.number(directory, tiff.COMPRESSION, NONE)
    if not counts and compression == NONE and len(offsets) == 1:
        counts = (_plain_bytes(skeleton, directory, width, height),)
    if len(counts) != len(offsets) or len(offsets) < expected:
        raise TiffError(f"an image of {width} x {height} pixels has {len(counts):,} of {expected:,} pieces")
    return Blocks(offsets, counts, compression, "tile" if tiled else "strip")


def _expected_blocks(skeleton: TiffSkeleton, directory: Directory, width: int, height: int, *, tiled: bool) -> int:
    planes = skeleton.number(directory, tiff.SAMPLES, 1) if skeleton.number(directory, tiff.PLANAR, 1) == 2 else 1
    if tiled:
        across = skeleton.number(directory, tiff.TILE_WIDTH) or width
        down = skeleton.number(directory, tiff.TILE_HEIGHT) or height
        count = -(-width // across) * -(-height // down)
    else:
        rows = skeleton.number(directory, tiff.ROWS_PER_STRIP) or height
        count = -(-height // rows)
    if count * planes > MAX_BLOCKS:
        raise TiffError(f"an image in it claims {width:,} x {height:,} pixels in {count:,} pieces")
    return count * planes


def _plain_bytes(skeleton: TiffSkeleton, directory: Directory, width: int, height: int) -> int:
    """Return the length of an uncompressed image, for old writers that leave it out."""
    bits = sum(skeleton.integers(directory, tiff.BITS)) or 1
    return -(-width * bits // 8) * height


def check_blocks(skeleton: TiffSkeleton, blocks: Blocks, image: str, *, sparse: bool) -> None:
    """Raise TiffError naming the image when a block lies outside the file, is empty, or is not what it should be."""
    present = []
    for index, (offset, count) in enumerate(zip(blocks.offsets, blocks.counts, strict=True)):
        if not count or not offset:
            if sparse and not count:
                continue
            raise TiffError(f"{blocks.word} {index} of {image} has no bytes")
        if offset + count > skeleton.size_bytes:
            end = offset + count
            raise TiffError(f"{image} reaches to byte {end:,}, but the file has only {skeleton.size_bytes:,}")
        present.append(index)
    if not present:
        raise TiffError(f"{image} has no pixel data yet")
    for index in _sample(blocks, present):
        fault = _fault(skeleton, blocks.offsets[index], blocks.counts[index], blocks.compression)
        if fault:
            raise TiffError(f"{blocks.word} {index} of {image}: {fault}")


def _sample(blocks: Blocks, present: list[int]) -> list[int]:
    """Choose which blocks to look at: all of a small image, else evenly, and always those that lie last in the file."""
    if len(present) <= SAMPLED_BLOCKS:
        return present
    step = len(present) / SAMPLED_BLOCKS
    chosen = {present[int(index * step)] for index in range(SAMPLED_BLOCKS)}
    chosen.update(present[:2], present[-LAST_BLOCKS:])
    chosen.update(sorted(present, key=lambda index: blocks.offsets[index])[-LAST_BLOCKS:])
    return sorted(chosen)


def _reaches_its_end(skeleton: TiffSkeleton, end: int, tail: bytes) -> bool:
    """Say whether a JPEG's last bytes were written: its end mark, perhaps with room to spare behind it.

    One that has no end mark but ends in other bytes than zeros is as its scanner wrote it: decoders take it.
    """
    if tail.rstrip(b"\0") or len(tail) < EDGE_BYTES:
        return b"\xff\xd9" in tail or not tail.endswith(b"\0")
    start = max(end - SPARE_BYTES, 0)
    return skeleton.raw(start, end - start).rstrip(b"\0").endswith(b"\xff\xd9")


def _fault(skeleton: TiffSkeleton, offset: int, count: int, compression: int) -> str:
    """Say what is wrong with a block judging by its first and last bytes, "" when nothing is."""
    head = skeleton.raw(offset, min(count, EDGE_BYTES))
    tail = skeleton.raw(offset + max(count - EDGE_BYTES, 0), min(count, EDGE_BYTES))
    if compression == JPEG or compression in JPEG_2000:
        start = b"\xff\xd8" if compression == JPEG else b"\xff\x4f\xff\x51"
        wrapped = compression in JPEG_2000 and head[4:8] == b"jP  "
        if not head.startswith(start) and not wrapped:
            return "only zeros where pixels should be" if not any(head) else "not the image data it should be"
        return "" if _reaches_its_end(skeleton, offset + count, tail) else NO_WORD
    if compression in (DEFLATE, ADOBE_DEFLATE) and int.from_bytes(head[:2], "big") % 31:
        return "not the image data it should be"
    if compression != NONE and not any(head):
        return "only zeros where pixels should be"
    if compression == LZW and count >= EDGE_BYTES and not any(tail):
        return NO_WORD
    return ""
