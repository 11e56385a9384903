"""Reads barcodes from pictures of labels, trying harder step by step until something valid is found."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]
Stage = Callable[[Grey], Grey]

MOST_PX = 12_000_000
"""Larger pictures are reduced to this before anything is tried."""
MOST_TRIED_PX = 6_000_000
"""A stage that would make a larger picture than this is left out."""
TURNS_DEGREES = (5, -5, 10, -10, 15, -15, 20, -20, 25, -25, 30, -30)
FORMATS = zxingcpp.barcode_formats_from_str(
    "DataMatrix,QRCode,MicroQRCode,RMQRCode,Aztec,PDF417,MicroPDF417,Code128,Code39,Code93,Codabar,ITF,EAN13,EAN8,UPCA,UPCE"
)
SAFE_FORMATS = zxingcpp.barcode_formats_from_str(
    "DataMatrix,QRCode,MicroQRCode,RMQRCode,Aztec,PDF417,MicroPDF417,Code128,Code39,Code93"
)
"""Formats whose own checks hold on retouched pictures; the others would be seen in noise."""


def read_barcodes(image: Image.Image) -> tuple[tuple[str, str], ...]:
    """Return all barcodes of a picture as (text, symbology by zxing-cpp's name), without doubles.

    The picture as it is comes first; then enlargements, contrast, sharpening, a white margin, a global threshold
    and turns up to 30 degrees, ending at the first stage that reads anything valid. Empty when none does.
    """
    grey = _grey(image)
    found = _decode(grey, zxingcpp.Binarizer.LocalAverage, FORMATS)
    if found:
        return found
    for picture, binarizer in _retouched(grey):
        found = _decode(picture, binarizer, SAFE_FORMATS)
        if found:
            return found
    return ()


def _decode(
    picture: Grey, binarizer: zxingcpp.Binarizer, formats: zxingcpp.BarcodeFormats
) -> tuple[tuple[str, str], ...]:
    results = zxingcpp.read_barcodes(
        picture,
        formats=formats,
        binarizer=binarizer,
        text_mode=zxingcpp.TextMode.Plain,
        try_rotate=True,
        try_invert=True,
        try_downscale=True,
    )
    return tuple(dict.fromkeys((each.text, each.format.name) for each in results if each.valid and each.text))


def _grey(image: Image.Image) -> Grey:
    """Return a grey picture of bounded size; see-through parts become white paper."""
    if image.width * image.height > MOST_PX:
        scale = (MOST_PX / (image.width * image.height)) ** 0.5
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)
    if "A" in image.getbands() or "transparency" in image.info:
        see_through = image.convert("RGBA")
        paper = Image.new("RGBA", see_through.size, "white")
        image = Image.alpha_composite(paper, see_through)
    return np.array(image.convert("L"))


def _retouched(grey: Grey) -> Iterator[tuple[Grey, zxingcpp.Binarizer]]:
    """Yield pictures to try with their binarizer, the ones that help most often first."""
    local, global_ = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
    for stage in (_twice, _thrice, _contrast, _sharpened, _with_margin):
        picture = stage(grey)
        if picture.size <= MOST_TRIED_PX:
            yield picture, local
    yield grey, global_
    for degrees in TURNS_DEGREES:
        turned = _turned(grey, degrees)
        if turned.size <= MOST_TRIED_PX:
            yield turned, local


def _enlarged(grey: Grey, times: int) -> Grey:
    if grey.size * times * times > MOST_TRIED_PX:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


def _twice(grey: Grey) -> Grey:
    return _enlarged(grey, 2)


def _thrice(grey: Grey) -> Grey:
    return _enlarged(grey, 3)


def _contrast(grey: Grey) -> Grey:
    low, high = np.percentile(grey, (2, 98))
    stretched = (grey.astype(np.float32) - low) * (255.0 / max(1.0, high - low))
    return np.asarray(np.clip(stretched, 0, 255), np.uint8)


def _sharpened(grey: Grey) -> Grey:
    large = _twice(grey)
    return np.asarray(cv2.addWeighted(large, 2.5, cv2.GaussianBlur(large, (0, 0), 3.0), -1.5, 0), np.uint8)


def _with_margin(grey: Grey) -> Grey:
    side = max(16, max(grey.shape) // 10)
    return np.asarray(cv2.copyMakeBorder(grey, side, side, side, side, cv2.BORDER_CONSTANT, value=255), np.uint8)


def _turned(grey: Grey, degrees: int) -> Grey:
    """Turn about the middle on a canvas that holds all corners, filled white."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = (int(width * cosine + height * sine), int(width * sine + height * cosine))
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return np.asarray(cv2.warpAffine(grey, turn, size, flags=cv2.INTER_CUBIC, borderValue=255), np.uint8)
