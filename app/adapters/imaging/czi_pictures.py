"""Pictures from ZEISS CZI files that OpenSlide does not open: those attached, or the smallest level that is enough."""

from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.czi import ATTACHED, Attachment, CziError, CziFile, Piece, open_czi
from app.adapters.imaging.czi_facts import PICTURES, open_levels
from app.adapters.imaging.czi_wholeness import ATTACHED_HEAD_BYTES, JPEG, JPEG_XR, ZSTD, ZSTD_WITH_HEAD
from app.adapters.imaging.mosaic import MOST_DECODED_PX, Tile, join_tiles, thinned
from app.adapters.imaging.pixels import fits
from app.domain.slide import PictureKind

MOST_ATTACHED_BYTES = 64 << 20
TYPES = {0: ("u1", 1), 1: ("<u2", 1), 2: ("<f4", 1), 3: ("u1", 3), 4: ("<u2", 3), 9: ("u1", 4)}
"""ZEISS's number of a kind of pixels: one value, and how many a pixel has."""


def czi_picture(path: Path, kind: PictureKind) -> Image.Image | None:
    """Return an attached picture, None where the file has none of this kind. Raises CziError, what decoders raise."""
    with path.open("rb") as stream:
        file = open_czi(stream)
        for attachment in file.attachments():
            if PICTURES.get(attachment.name) == kind.value and attachment.part == 0:
                return _attached(file, attachment)
    return None


def czi_thumbnail(path: Path, size_px: int) -> Image.Image | None:
    """Return the image at the smallest resolution with a long side of at least `size_px`, else at the largest.

    None where there is no resolution small enough to be read. Raises CziError, what decoders raise.
    """
    with path.open("rb") as stream:
        return _drawn(open_czi(stream), size_px)


def _attached(file: CziFile, attachment: Attachment) -> Image.Image | None:
    segment = file.segment(attachment.place, ATTACHED)
    length = int.from_bytes(file.read(segment.start, 4), "little")
    if not 0 < length <= min(segment.used_bytes, MOST_ATTACHED_BYTES):
        return None
    data = file.read(segment.start + ATTACHED_HEAD_BYTES, length)
    if data.startswith(b"ZISRAWFILE"):
        return _drawn(open_czi(BytesIO(data)), 1 << 16)
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB") if fits(*image.size) else None


def _drawn(file: CziFile, size_px: int) -> Image.Image | None:
    levels = open_levels(file)
    everything = [piece for pieces in levels.values() for piece in pieces]
    if not everything:
        return None
    left, top = min(each.left for each in everything), min(each.top for each in everything)
    right = max(each.left + each.covers[0] for each in everything)
    bottom = max(each.top + each.covers[1] for each in everything)
    zooms = [zoom for zoom in sorted(levels, reverse=True) if _held_px(levels[zoom]) <= MOST_DECODED_PX]
    if not zooms:
        return None
    long_side = max(right - left, bottom - top)
    zoom = next((each for each in zooms if long_side // each >= size_px), zooms[-1])
    step = max(long_side // zoom // max(2 * size_px, 1), 1)
    scale = zoom * step
    size = (max((right - left) // scale, 1), max((bottom - top) // scale, 1))
    if not fits(*size):
        return None
    plane = min(piece.plane for piece in levels[zoom])
    shown = [piece for piece in levels[zoom] if piece.plane == plane]
    channels = sorted({piece.channel for piece in shown})
    tiles = (
        [
            thinned(Tile((each.left - left) // zoom, (each.top - top) // zoom, _pixels(file, each)), step)
            for each in shown if each.channel == channel
        ]
        for channel in channels
    )  # fmt: skip
    return join_tiles(tiles, size)


def _held_px(pieces: list[Piece]) -> int:
    return sum(piece.stored[0] * piece.stored[1] for piece in pieces)


def _pixels(file: CziFile, piece: Piece) -> NDArray[np.generic]:
    """Decode one piece: height x width, or height x width x 3 in the order red, green, blue."""
    start, length = file.packed(piece)
    data = file.read(start, length)
    value, samples = TYPES.get(piece.pixel_type, ("", 0))
    width, height = piece.stored
    if not samples or not fits(width, height):
        raise CziError(f"pixels of the kind {piece.pixel_type} are not read")
    if piece.compression in (JPEG, JPEG_XR):
        decode = imagecodecs.jpeg8_decode if piece.compression == JPEG else imagecodecs.jpegxr_decode
        pixels = np.asarray(decode(data))
        # Only what is packed as ZEISS's own order of colours is turned; JPEG says its order itself.
        turned = piece.compression == JPEG_XR and pixels.ndim == 3
        return pixels[:, :, 2::-1] if turned else pixels
    if piece.compression in (ZSTD, ZSTD_WITH_HEAD):
        data = _unpacked(data, with_head=piece.compression == ZSTD_WITH_HEAD)
    elif piece.compression != 0:
        raise CziError(f"its packing {piece.compression} is not read")
    flat = np.frombuffer(data, np.dtype(value), count=width * height * samples)
    return flat.reshape(height, width) if samples == 1 else flat.reshape(height, width, samples)[:, :, 2::-1]


def _unpacked(data: bytes, *, with_head: bool) -> bytes:
    """Return what was packed by Zstandard; ZEISS's head may say that high and low bytes lie apart."""
    apart = with_head and data[0] == 3 and data[1] == 1 and bool(data[2] & 1)
    raw = bytes(imagecodecs.zstd_decode(data[data[0] :] if with_head else data))
    if not apart:
        return raw
    half = len(raw) // 2
    both = np.empty(2 * half, np.uint8)
    both[::2], both[1::2] = np.frombuffer(raw[:half], np.uint8), np.frombuffer(raw[half : 2 * half], np.uint8)
    return both.tobytes()
