"""Whether a TIFF-based slide is whole: every directory, every tile of every level, every associated picture."""

import zlib

import imagecodecs

from app.adapters.imaging import pixel_blocks, tiff
from app.adapters.imaging.pixel_blocks import ADOBE_DEFLATE, DEFLATE, LZW, NONE, Blocks, check_blocks, read_blocks
from app.adapters.imaging.tiff import Directory, TiffError, TiffSkeleton

MAX_TRAILING_BYTES = 64 << 10
TAIL_BYTES = 4096
ZERO_RUN = 16
DECODED_BYTES = 64 << 20
PLAIN_BYTES = 4 << 20


def check_wholeness(skeleton: TiffSkeleton, *, sparse: bool, strict_end: bool) -> None:
    """Raise TiffError, in words for people, at the first sign that bytes are missing or are not real.

    `sparse` formats may leave tiles out; with `strict_end` nothing may follow the last known byte, because
    the format appends: such bytes belong to a picture whose directory is still to come.
    """
    levels = [(each, read_blocks(skeleton, each)) for each in skeleton.directories if _has_pixels(each)]
    if not levels:
        raise TiffError("it holds no image yet")
    for index, (directory, blocks) in enumerate(levels):
        image = name_image(skeleton, directory, index)
        check_blocks(skeleton, blocks, image, sparse=sparse)
        _check_tables(skeleton, directory, image)
    _check_last_strip(skeleton, levels)
    _check_plain_end(skeleton, levels)
    _check_end(skeleton, [blocks for _, blocks in levels], strict_end=strict_end)


def name_image(skeleton: TiffSkeleton, directory: Directory, index: int) -> str:
    """Return what people call this image of the file."""
    width, height = (skeleton.number(directory, tag) for tag in (tiff.WIDTH, tiff.HEIGHT))
    kind = aperio_picture(skeleton, directory)
    return f"the {kind} picture" if kind else f"image {index + 1} ({width} x {height})"


def aperio_picture(skeleton: TiffSkeleton, directory: Directory) -> str:
    """Return label or macro where an Aperio file's directory says so, else ""."""
    lines = skeleton.text(directory, tiff.DESCRIPTION, 4096).splitlines()
    word = lines[1].split(" ")[0].lower() if len(lines) > 1 and lines[0].startswith("Aperio") else ""
    return word if word in ("label", "macro") else ""


def _has_pixels(directory: Directory) -> bool:
    """Say whether a directory is that of an image: EXIF and private ones hold no size."""
    return tiff.WIDTH in directory.entries or not directory.is_sub


def _check_tables(skeleton: TiffSkeleton, directory: Directory, image: str) -> None:
    """Check the tables that the pixels need, and the texts."""
    tables = skeleton.bytes_of(directory, tiff.JPEG_TABLES)
    if tables and not (tables.startswith(b"\xff\xd8") and b"\xff\xd9" in tables[-8:]):
        raise TiffError(f"the compression tables of {image} are not there")
    for tag in (tiff.DESCRIPTION, tiff.SOFTWARE, tiff.MAKE, tiff.XMP):
        entry = directory.entries.get(tag)
        if entry is not None and entry.count > 8 and not any(skeleton.bytes_of(directory, tag, 64)):
            raise TiffError(f"the text of {image} is only zeros")


def _check_last_strip(skeleton: TiffSkeleton, levels: list[tuple[Directory, Blocks]]) -> None:
    """Decode the last strip of every picture whose compression has no mark at its end; it must give all its pixels."""
    for index, (directory, blocks) in enumerate(levels):
        if blocks.compression not in (LZW, DEFLATE, ADOBE_DEFLATE) or not blocks.counts[-1]:
            continue
        expected = _last_block_bytes(skeleton, directory, blocks)
        data = skeleton.raw(blocks.offsets[-1], blocks.counts[-1])
        if expected > DECODED_BYTES or len(data) > DECODED_BYTES:
            continue
        try:
            got = len(imagecodecs.lzw_decode(data)) if blocks.compression == LZW else _inflated(data, expected)
        except (imagecodecs.LzwError, zlib.error) as error:
            raise TiffError(f"{name_image(skeleton, directory, index)} cannot be decoded ({error})") from error
        if got < expected:
            raise TiffError(f"{name_image(skeleton, directory, index)} ends early: {pixel_blocks.NO_WORD}")


def _inflated(data: bytes, expected: int) -> int:
    """Return how many bytes come out, never more than one over the expected."""
    return len(zlib.decompressobj().decompress(data, expected + 1))


def _last_block_bytes(skeleton: TiffSkeleton, directory: Directory, blocks: Blocks) -> int:
    width, height = (skeleton.number(directory, tag) for tag in (tiff.WIDTH, tiff.HEIGHT))
    if blocks.word == "tile":
        width = skeleton.number(directory, tiff.TILE_WIDTH)
        rows = skeleton.number(directory, tiff.TILE_HEIGHT)
    else:
        full = skeleton.number(directory, tiff.ROWS_PER_STRIP) or height
        rows = height - (-(-height // full) - 1) * full
    bits = skeleton.integers(directory, tiff.BITS) or (1,)
    a_pixel = bits[0] if skeleton.number(directory, tiff.PLANAR, 1) == 2 else sum(bits)
    return -(-width * a_pixel // 8) * rows


def _check_plain_end(skeleton: TiffSkeleton, levels: list[tuple[Directory, Blocks]]) -> None:
    """An uncompressed last image of nothing but zeros, after others that have pixels, was reserved, not written."""
    plain = [blocks for _, blocks in levels if blocks.compression == NONE]
    if len(plain) < 2:
        return
    last = max(plain, key=lambda blocks: blocks.end())
    if _is_zero(skeleton, last) and not all(_is_zero(skeleton, each) for each in plain[:4]):
        raise TiffError("its last image is only zeros, as if the space was reserved but not yet written")


def _is_zero(skeleton: TiffSkeleton, blocks: Blocks) -> bool:
    left = PLAIN_BYTES
    for offset, count in zip(blocks.offsets, blocks.counts, strict=True):
        if any(skeleton.raw(offset, min(count, left))):
            return False
        left -= min(count, left)
        if not left:
            return True
    return True


def _check_end(skeleton: TiffSkeleton, levels: list[Blocks], *, strict_end: bool) -> None:
    """Check that the file ends where its contents end, and that it does not end in zeros that should be values."""
    end = max([stop for _, stop in _extents(skeleton)] + [blocks.end() for blocks in levels])
    beyond = skeleton.size_bytes - end
    if strict_end and beyond > MAX_TRAILING_BYTES:
        raise TiffError(f"{beyond:,} bytes at its end belong to no image yet")
    tail = skeleton.raw(max(skeleton.size_bytes - TAIL_BYTES, 0), min(TAIL_BYTES, skeleton.size_bytes))
    zeros_from = skeleton.size_bytes - (len(tail) - len(tail.rstrip(b"\0")))
    for start, stop in _extents(skeleton):
        if start >= zeros_from and stop - start >= ZERO_RUN:
            raise TiffError(f"the file is only zeros from byte {zeros_from:,} on")


def _extents(skeleton: TiffSkeleton) -> list[tuple[int, int]]:
    """Return where directories and the values outside them lie."""
    found = [(each.start, each.end) for each in skeleton.directories]
    for directory in skeleton.directories:
        for entry in directory.entries.values():
            if not directory.start <= entry.position < directory.end:
                found.append((entry.position, entry.position + entry.size_bytes))
    return found
