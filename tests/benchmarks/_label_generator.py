"""Draws label pictures whose text is known, over symbology, module size, blur, tilt, contrast and glare.

A label is thermal print on white or grey paper, photographed by a slide scanner: the paper is stuck on a little turned,
the ground around it is dark or lit, the light falls off to one side, the camera adds noise and the scanner packs it as
JPEG. The same seed and number always give the same picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SYMBOLOGIES = ("DataMatrix", "QRCode", "Code128", "PDF417")
MODULES_PX = (2, 3, 4, 5, 6)
BLURS_PX = (0.0, 0.8, 1.6, 2.5)
TILTS_DEGREES = ((0, 3), (3, 10), (10, 20), (20, 30))
CONTRASTS_PERCENT = (100, 75, 50, 25)
SIDE_PX = 600
"""The picture's least side; symbols that need more room get a larger picture."""
STAINS = ("HE", "PAS", "Ki-67", "CD3", "Masson", "Giemsa")

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Condition:
    """One cell: how hard a label is to read. `blur_px` is the standard deviation of a Gaussian."""

    symbology: str
    module_px: int
    blur_px: float
    tilt_degrees: tuple[int, int]
    contrast_percent: int
    glare: bool

    def values(self) -> tuple[tuple[str, str], ...]:
        """Return every condition but the symbology as (name, value in words)."""
        low, high = self.tilt_degrees
        return (
            ("module", f"{self.module_px} px"),
            ("blur", f"{self.blur_px} px"),
            ("tilt", f"{low}-{high} degrees"),
            ("contrast", f"{self.contrast_percent} %"),
            ("glare", "a spot" if self.glare else "none"),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A picture, height x width x 8 bit, the only text it holds, and its condition."""

    number: int
    condition: Condition
    text: str
    picture: NDArray[np.uint8]


def conditions() -> tuple[Condition, ...]:
    """Return every cell once, in an order in which each stretch holds some of everything."""
    cells = [
        Condition(*each)
        for each in product(SYMBOLOGIES, MODULES_PX, BLURS_PX, TILTS_DEGREES, CONTRASTS_PERCENT, (False, True))
    ]
    return tuple(cells[index] for index in np.random.default_rng(4).permutation(len(cells)))


def labels(count: int, seed: int, first: int = 0, step: int = 1) -> Iterator[Label]:
    """Yield `count` labels, cell after cell and round again; `first` and `step` share them among processes."""
    cells = conditions()
    for number in islice(range(count), first, None, step):
        yield draw(cells[number % len(cells)], number, seed)


def draw(condition: Condition, number: int, seed: int) -> Label:
    """Draw one label."""
    random = np.random.default_rng((seed, number))
    text = _text(random)
    symbol = _symbol(text, condition)
    tilt = float(random.uniform(*condition.tilt_degrees)) * random.choice((-1.0, 1.0))
    ink, paper, middle = _laid(_paper(symbol, text, condition, random), symbol.shape, tilt, random)
    picture = _lit(ink, paper, condition, random)
    if condition.blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), condition.blur_px)
    if condition.glare:
        picture = picture + _glare(picture.shape, middle, symbol.shape, random)
    picture = np.rot90(picture, int(random.integers(0, 4)))
    noise = random.normal(0.0, float(random.uniform(1.0, 4.0)), picture.shape)
    return Label(number, condition, text, _packed(np.clip(picture + noise, 0, 255).astype(np.uint8), random))


def _text(random: np.random.Generator) -> str:
    """Return a slide's name as laboratories write it: year, case, block and level."""
    year, case = random.integers(18, 27), random.integers(1, 99999)
    block, level = f"{random.choice(list('ABCD'))}{random.integers(1, 12)}", random.integers(1, 9)
    return str(random.choice((f"S{year}-{case:06}-{block}-{level}", f"S{year}-{case:05}-{level}")))


def _symbol(text: str, condition: Condition) -> Plane:
    """Return the symbol's ink, 1 where there is a dark module, without its quiet zone."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(condition.symbology))
    modules = np.array(zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False))
    if condition.symbology == "Code128":
        modules = np.repeat(modules[:1], max(30, 110 // condition.module_px), axis=0)
    ink = (modules < 128).astype(np.float32)
    return np.repeat(np.repeat(ink, condition.module_px, axis=0), condition.module_px, axis=1)


def _paper(symbol: Plane, text: str, condition: Condition, random: np.random.Generator) -> Plane:
    """Return the printed paper's ink: text above, the symbol in its quiet zone in the middle, its words below."""
    quiet = (10 if condition.symbology == "Code128" else 4) * condition.module_px
    height, width = (max(480, side + 2 * quiet + room) for side, room in zip(symbol.shape, (200, 30), strict=True))
    paper = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(paper)
    top, left = (height - symbol.shape[0]) // 2, (width - symbol.shape[1]) // 2
    lines = (text, f"{random.choice(STAINS)}  {random.integers(1, 28):02}.{random.integers(1, 13):02}.26")
    for row, line in enumerate(lines):
        pen.text((24, 14 + 36 * row), line, 255, font=ImageFont.load_default(28 - 4 * row))
    pen.text((left, top + symbol.shape[0] + quiet + 6), text, 255, font=ImageFont.load_default(18))
    ink = np.asarray(paper, np.float32) / 255
    ink[top : top + symbol.shape[0], left : left + symbol.shape[1]] = symbol
    return _thermal(ink, random)


def _thermal(ink: Plane, random: np.random.Generator) -> Plane:
    """Let the dots bleed or stay thin, the black be mottled, and now and then leave out a dot of the print head."""
    gain = float(random.uniform(-0.15, 0.15))
    soft = np.clip((cv2.GaussianBlur(ink, (0, 0), 0.6) - 0.5 + gain) * 1.6 + 0.5, 0, 1)
    mottle = cv2.GaussianBlur(random.normal(0.0, 1.0, ink.shape).astype(np.float32), (0, 0), 1.5)
    soft = soft * np.clip(0.94 + 0.12 * mottle, 0.6, 1.0)
    if random.random() < 0.25:
        soft[int(random.integers(0, ink.shape[0]))] *= 0.3
    return np.asarray(soft, np.float32)


def _laid(
    printed: Plane, symbol: tuple[int, ...], tilt: float, random: np.random.Generator
) -> tuple[Plane, Plane, tuple[float, float]]:
    """Turn the paper on the ground; return ink, where paper is, and the symbol's middle (x, y).

    The picture is large enough for the whole symbol with some paper around it, not for every corner of the paper.
    """
    cosine, sine = np.cos(np.radians(tilt)), abs(np.sin(np.radians(tilt)))
    tall, wide = (side + 60 for side in symbol)
    width, height = (max(SIDE_PX, int(side)) for side in (wide * cosine + tall * sine, wide * sine + tall * cosine))
    middle = (width / 2 + float(random.uniform(-4, 4)), height / 2 + float(random.uniform(-4, 4)))
    turn = cv2.getRotationMatrix2D((printed.shape[1] / 2, printed.shape[0] / 2), tilt, 1.0)
    turn[:, 2] += (middle[0] - printed.shape[1] / 2, middle[1] - printed.shape[0] / 2)
    ink, paper = (cv2.warpAffine(plane, turn, (width, height)) for plane in (printed, np.ones_like(printed)))
    return ink, paper, middle


def _lit(ink: Plane, paper: Plane, condition: Condition, random: np.random.Generator) -> Plane:
    """Return the brightness, 0 to 255: ink on white or grey paper on its ground, the light uneven."""
    bright = float(random.choice((235, 205, 175)))
    ground = float(random.choice((20, 40, 215)))
    picture = bright * (1 - 0.92 * condition.contrast_percent / 100 * ink) * paper + ground * (1 - paper)
    across = np.linspace(-1, 1, ink.shape[1])[np.newaxis, :] * random.uniform(-0.1, 0.1)
    down = np.linspace(-1, 1, ink.shape[0])[:, np.newaxis] * random.uniform(-0.1, 0.1)
    return np.asarray(picture * (1 + across + down), np.float32)


def _glare(
    shape: tuple[int, ...], middle: tuple[float, float], symbol: tuple[int, ...], random: np.random.Generator
) -> Plane:
    """Return the light a lamp adds: a soft oval on the symbol, a tenth to a quarter of its shorter side."""
    tall, wide = symbol
    x = middle[0] + random.uniform(-0.4, 0.4) * wide
    y = middle[1] + random.uniform(-0.4, 0.4) * tall
    reach = random.uniform(0.1, 0.25) * min(wide, tall)
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    distance = ((across - x) / (reach * random.uniform(0.8, 1.6))) ** 2 + ((down - y) / reach) ** 2
    return np.asarray(random.uniform(40, 200) * np.exp(-distance / 2), np.float32)


def _packed(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    quality = int(random.integers(75, 96))
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
