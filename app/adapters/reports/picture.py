"""Thumbnails, decoded under a cap before they come near the page."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

MOST_BYTES = 8 << 20
LONGEST_PX = 2048
PRINTED_PX = 208
"""On paper a thumbnail is 56 pt wide: 208 pixels are 267 dpi."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture made anew from its pixels: JPEG bytes, sizes in pixels."""

    jpeg: bytes
    width: int
    height: int


def thumbnail(data: bytes | None) -> Thumbnail | None:
    """Decode a PNG or JPEG and encode its pixels afresh; None where there is none or it is damaged or too large."""
    if not data or len(data) > MOST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as picture:
                return _encoded(picture) if max(picture.size) <= LONGEST_PX else None
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None


def _encoded(picture: Image.Image) -> Thumbnail:
    whole = picture.convert("RGBA")
    paper = Image.new("RGBA", whole.size, "white")
    flat = Image.alpha_composite(paper, whole).convert("RGB")
    flat.thumbnail((PRINTED_PX, PRINTED_PX), Image.Resampling.LANCZOS)
    out = BytesIO()
    flat.save(out, "JPEG", quality=88, optimize=True)
    return Thumbnail(out.getvalue(), flat.width, flat.height)
