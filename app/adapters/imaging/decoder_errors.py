"""What the decoding libraries raise on damaged files."""

import struct
import zlib

import openslide
from PIL import Image

DECODER_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    openslide.OpenSlideError,
)
"""Seen from tifffile, imagecodecs, Pillow, lxml and OpenSlide over collections of malformed files. Only code that
hands a file's bytes to one of them catches these, and turns them into words about the file."""
