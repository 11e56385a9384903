"""Reads barcodes from pictures of labels, trying harder step by step until something valid is found."""

from collections import Counter
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

LOCAL, GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram

Grey = NDArray[np.uint8]
Stage = Callable[[Grey], Grey]
Readings = tuple[tuple[str, str], ...]

MOST_PX = 12_000_000
"""Larger pictures are reduced to this before anything is tried."""
MOST_TRIED_PX = 6_000_000
"""A stage that would make a larger picture than this is left out."""
MOST_WORK_PX = 24_000_000
"""What all retouched pictures of one label may hold together: a hopeless one ends after about a second, and the same
picture always gives the same answer, which a limit in seconds would not."""
LEAST_TILT_DEGREES = 0.7
MOST_REGIONS = 3
LOOKED_AT_PX = 600
"""The longer side of the picture in which regions are looked for; twice that for the tilt."""
TURNS_DEGREES = (5, -5, 10, -10, 15, -15, 20, -20, 25, -25, 30, -30)
FORMATS = zxingcpp.barcode_formats_from_str(
    "DataMatrix,QRCode,MicroQRCode,RMQRCode,Aztec,PDF417,MicroPDF417,Code128,Code39,Code93,Codabar,ITF,EAN13,EAN8,UPCA,UPCE"
)
SAFE_FORMATS = zxingcpp.barcode_formats_from_str(
    "DataMatrix,QRCode,MicroQRCode,RMQRCode,Aztec,PDF417,MicroPDF417,Code128,Code39,Code93"
)
"""Formats whose own checks hold on retouched pictures; the others would be seen in noise."""
CORRECTED = frozenset({"DataMatrix", "QRCode", "Aztec"})
"""Those with error correction, so strong that one reading of a retouched picture is enough."""
WEAK = frozenset({"PDF417", "MicroPDF417", "ITF", "Codabar"})
"""Those that zxing-cpp sees wrongly even in pictures as they are: 5 of 427 readings of PDF417 on generated labels."""


def read_barcodes(image: Image.Image) -> Readings:
    """Return all barcodes of a picture as (text, symbology by zxing-cpp's name), without doubles.

    The picture as it is comes first; what is weak there must be read again from another one. Then what is dense with
    edges is cut out of the picture set upright, its light evened, its blur taken back; then enlargements, sharpening, a
    white margin, a global threshold and fixed turns, ending at the first stage that reads something to be believed (see
    `believed`). Empty when none does.
    """
    grey = _grey(image)
    first = _decode(grey, LOCAL, FORMATS)
    weak = tuple(each for each in first if each[1] in WEAK)
    again = _read_again(grey, weak) if weak else ()
    found = tuple(each for each in first if each not in weak or each in again)
    return found or _from_retouched(grey, weak)


def _read_again(grey: Grey, weak: Readings) -> Readings:
    """Return which weak readings the picture set upright or twice as large gives as well, or PDF417 another threshold.

    The bars of ITF and Codabar are the same ones at another threshold: that proves nothing of them.
    """
    for picture, binarizer in ((grey, GLOBAL), (_upright(grey), LOCAL), (_twice(grey), LOCAL)):
        if picture is grey and binarizer is LOCAL:
            continue  # it lay upright, or is too large to be enlarged: the same picture confirms nothing
        found = _decode(picture, binarizer, FORMATS)
        again = tuple(each for each in weak if each in found and (picture is not grey or each[1].endswith("PDF417")))
        if again:
            return again
    return ()


def _from_retouched(grey: Grey, weak: Readings) -> Readings:
    """Return what retouched pictures give; a weak reading of PDF417 that none confirms nor contradicts stays."""
    seen = Counter(weak)
    work_px = 0
    for picture, binarizer in _retouched(grey):
        work_px += picture.size
        if work_px > MOST_WORK_PX:
            break
        found = believed(_decode(picture, binarizer, SAFE_FORMATS), seen)
        if found:
            return found
    return weak if len(seen) == 1 and weak and weak[0][1] == "PDF417" and weak[0][0].isprintable() else ()


def believed(found: Readings, seen: Counter[tuple[str, str]]) -> Readings:
    """Return which readings of one retouched picture count, and add them to those `seen` in the pictures before.

    Symbols with strong error correction count at once; the others when two pictures gave the same text.
    """
    seen.update(found)
    return tuple(each for each in found if each[1] in CORRECTED or seen[each] > 1)


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
    """Yield pictures to try with their binarizer, those first that read most for their time."""
    upright = _upright(grey)
    regions = _regions(upright)
    yield from ((region, LOCAL) for region in regions)
    if upright is not grey and upright.size <= MOST_TRIED_PX:
        yield upright, LOCAL
    for region in regions:
        even = _even(region)
        yield _enlarged(_unblurred(even, 1.6), 2), GLOBAL
        yield _enlarged(_unblurred(_contrast(region), 1.6), 2), LOCAL
        yield _enlarged(even, 2), LOCAL
        yield _enlarged(_unblurred(even, 2.5), 2), LOCAL
    for stage in (_twice, _even, _sharpened):
        picture = stage(upright)
        if picture.size <= MOST_TRIED_PX:
            yield picture, LOCAL
    for stage in (_twice, _thrice, _contrast, _sharpened, _with_margin):
        picture = stage(grey)
        if picture.size <= MOST_TRIED_PX:
            yield picture, LOCAL
    yield grey, GLOBAL
    for degrees in TURNS_DEGREES:
        turned = _turned(grey, degrees)
        if turned.size <= MOST_TRIED_PX:
            yield turned, LOCAL


def _reduced(grey: Grey, side_px: int) -> tuple[Grey, float]:
    """Return the picture with no side longer than that, and its scale."""
    scale = min(1.0, side_px / max(grey.shape))
    size = (max(1, int(grey.shape[1] * scale)), max(1, int(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _edges(grey: Grey) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how steeply brightness rises to the right and downwards."""
    soft = cv2.GaussianBlur(grey, (0, 0), 1.2)
    return cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)


def _upright(grey: Grey) -> Grey:
    """Turn the picture so that its strongest edges lie level and plumb; by 45 degrees at most."""
    across, down = _edges(_reduced(grey, 2 * LOOKED_AT_PX)[0])
    steepness = np.hypot(across, down)
    strong = steepness > np.percentile(steepness, 85)
    if not strong.any():
        return grey
    weights = steepness[strong]
    angles = np.degrees(np.arctan2(down[strong], across[strong])) % 90
    often, _ = np.histogram(angles, bins=180, range=(0, 90), weights=weights)
    peak = (int(np.argmax(sum(np.roll(often, by) for by in range(-2, 3)))) + 0.5) / 2
    beside = (angles - peak + 45) % 90 - 45
    near = np.abs(beside) < 2.5
    tilt = (peak + float(np.average(beside[near], weights=weights[near])) + 45) % 90 - 45
    return grey if abs(tilt) < LEAST_TILT_DEGREES else _turned(grey, tilt)


def _regions(grey: Grey) -> list[Grey]:
    """Cut out the largest parts that are dense with edges, as symbols are; the largest first."""
    small, scale = _reduced(grey, LOOKED_AT_PX)
    across, down = _edges(small)
    steepness = np.abs(across) + np.abs(down)
    density = cv2.blur(np.minimum(steepness, np.percentile(steepness, 97)), (21, 21))
    _, _, found, _ = cv2.connectedComponentsWithStats((density > 0.5 * density.max()).astype(np.uint8))
    regions = []
    for left, top, width, height, _ in sorted(found[1:].tolist(), key=lambda it: -it[4])[:MOST_REGIONS]:
        if min(width, height) >= 20:
            first = (int(max(0, top - 14) / scale), int(max(0, left - 14) / scale))
            last = (int((top + height + 14) / scale), int((left + width + 14) / scale))
            regions.append(np.ascontiguousarray(grey[first[0] : last[0], first[1] : last[1]]))
    return [region for region in regions if region.size <= MOST_TRIED_PX]


def _even(grey: Grey) -> Grey:
    """Stretch from the darkest to the brightest of each neighbourhood, so that shadow and glare level out."""
    height, width = grey.shape
    small = (max(1, width // 8), max(1, height // 8))
    soft, cell, around = cv2.GaussianBlur(grey, (0, 0), 1.0), np.ones((8, 8), np.uint8), np.ones((5, 5), np.uint8)
    dark = cv2.erode(cv2.resize(cv2.erode(soft, cell), small, interpolation=cv2.INTER_NEAREST), around)
    bright = cv2.dilate(cv2.resize(cv2.dilate(soft, cell), small, interpolation=cv2.INTER_NEAREST), around)
    low, high = (
        cv2.resize(cv2.GaussianBlur(each, (0, 0), 2.0), (width, height)).astype(np.float32) for each in (dark, bright)
    )
    return np.asarray(np.clip((grey - low) * 255 / np.maximum(high - low, 12), 0, 255), np.uint8)


def _unblurred(grey: Grey, blur_px: float) -> Grey:
    """Take back a Gaussian blur of this standard deviation by a Wiener filter for a hundredth of noise."""
    height, width = grey.shape
    side = int(4 * blur_px) + 8
    tall, wide = (cv2.getOptimalDFTSize(each + 2 * side) for each in (height, width))
    border = (side, tall - height - side, side, wide - width - side)
    framed = cv2.copyMakeBorder(grey, *border, cv2.BORDER_REPLICATE)
    down, across = np.fft.fftfreq(tall)[:, np.newaxis], np.fft.rfftfreq(wide)[np.newaxis, :]
    passed = np.exp(-2 * (np.pi * blur_px) ** 2 * (down**2 + across**2))
    sharp = np.fft.irfft2(np.fft.rfft2(framed) * passed * 1.01 / (passed**2 + 0.01), s=(tall, wide))
    return np.asarray(np.clip(sharp[side : side + height, side : side + width], 0, 255), np.uint8)


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


def _turned(grey: Grey, degrees: float) -> Grey:
    """Turn about the middle on a canvas that holds all corners, filled white."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = (int(width * cosine + height * sine), int(width * sine + height * cosine))
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return np.asarray(cv2.warpAffine(grey, turn, size, flags=cv2.INTER_CUBIC, borderValue=255), np.uint8)
