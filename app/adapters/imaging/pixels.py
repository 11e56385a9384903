"""From decoded pixels to a picture: eight bits, three colours, bounded size, PNG."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_PIXELS = 64_000_000
"""Nothing larger is decoded for a picture."""

DARK_PERCENT, BRIGHT_PERCENT = 0.5, 99.8
LABEL_SHARE = 0.28
JPEG_QUALITY = 90


def cap_pillow() -> None:
    """Make Pillow refuse, not only warn of, pictures over the cap."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def fits(width: int, height: int) -> bool:
    """Say whether a picture of this size may be decoded."""
    return 0 < width * height <= MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which values become black and white; those between them follow evenly."""

    low: float
    high: float

    def apply(self, array: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return the array in 8 bits."""
        scaled = (np.nan_to_num(array.astype(np.float32)) - self.low) * (255.0 / max(self.high - self.low, 1e-6))
        eight: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
        return eight


def stretch_of(pixels: NDArray[np.generic]) -> Stretch:
    """Return the stretch that shows nearly all of an array's values apart; few far out ones are cut."""
    low, high = np.percentile(np.nan_to_num(_plane(pixels).astype(np.float32)), (DARK_PERCENT, BRIGHT_PERCENT))
    return Stretch(float(low), float(high))


def to_image(pixels: NDArray[np.generic], *, invert: bool = False, stretch: Stretch | None = None) -> Image.Image:
    """Return a picture of an array of shape (y, x), (y, x, samples) or (samples, y, x).

    Other than 8-bit values are stretched by `stretch`, else by their own.
    """
    array = _plane(pixels)
    eight = array if array.dtype == np.uint8 else (stretch or stretch_of(array)).apply(array)
    image = Image.fromarray(np.ascontiguousarray(255 - eight if invert else eight))
    return image if image.mode == "RGB" else image.convert("RGB")


def _plane(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the array as (y, x) or (y, x, 3). Raises ValueError where it is no picture."""
    array = np.squeeze(pixels)
    while array.ndim > 3:
        array = array[0]
    if array.ndim == 3 and array.shape[2] > 4:
        array = np.moveaxis(array, 0, 2) if array.shape[0] in (3, 4) else array[0]
    if array.ndim == 3:
        array = array[:, :, :3] if array.shape[2] >= 3 else array[:, :, 0]
    if array.ndim not in (2, 3):
        raise ValueError("an image with fewer than two dimensions")
    return array


def shrunk(image: Image.Image, size_px: int) -> Image.Image:
    """Return the picture with a long side of at most `size_px`; never enlarged."""
    if max(image.size) > size_px:
        image = image.copy() if image.readonly else image
        image.thumbnail((size_px, size_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return image


def to_png(image: Image.Image) -> bytes:
    """Return the picture as PNG, packed fast rather than tight."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def to_jpeg(image: Image.Image) -> bytes:
    """Return the picture as JPEG whose colours are as fine as its pixels."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return out.getvalue()


def label_end(macro: Image.Image) -> Image.Image:
    """Return the label's end of a macro picture: of the two ends of its long side the one with more contrast.

    Scanners without a label camera photograph the whole glass; the label, printed and framed in black, is always at one
    end, the tissue never reaches it.
    """
    width, height = macro.size
    share = int(max(width, height) * LABEL_SHARE)
    if width >= height:
        ends = (macro.crop((0, 0, share, height)), macro.crop((width - share, 0, width, height)))
    else:
        ends = (macro.crop((0, height - share, width, height)), macro.crop((0, 0, width, share)))
    contrast = [float(np.asarray(end.convert("L")).std()) for end in ends]
    return ends[0] if contrast[0] >= contrast[1] else ends[1]
