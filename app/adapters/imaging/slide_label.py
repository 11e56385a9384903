"""The virtual scanner's label and macro pictures."""

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Rgb = NDArray[np.uint8]
LABEL_SIZE = (560, 520)
MACRO_SIZE = (1280, 431)
MACRO_LABEL_PX = 326
GLASS = (236, 237, 239)
PAPER = (242, 241, 234)
INK = (24, 24, 28)
DARK = (16, 16, 18)
LONGEST_LINE = 26


def draw_label(barcode: str | None, symbology: str, lines: tuple[str, ...], *, readable: bool, seed: int) -> Rgb:
    """Return a slide label, 520 x 560 x 3: text lines, the barcode in words and, where given, as a symbol.

    `symbology` is zxing-cpp's name of a format it can write. With `readable` False the symbol is worn off,
    so that no decoder reads it, while a person still makes out the text.
    """
    random = np.random.default_rng((seed, 77))
    paper = Image.new("RGB", LABEL_SIZE, PAPER)
    pen = ImageDraw.Draw(paper)
    top = 26
    for index, line in enumerate(text for text in (barcode or "", *lines) if text):
        size = 40 if index == 0 else 28
        pen.text((30, top), line[:LONGEST_LINE], INK, font=ImageFont.load_default(size))
        top += size + 14
    if barcode:
        _paste_symbol(paper, barcode, symbology)
    picture = np.array(paper)
    if not readable:
        _wear_off(picture, random)
    return _photograph(picture, random)


def draw_macro(label: Rgb, thumbnail: Rgb, *, beside: Rgb | None = None, outlined: bool = True) -> Rgb:
    """Return the whole glass, 431 x 1280 x 3: the label at its left end, the tissue, the scanned area outlined.

    `beside` is a piece of tissue that the scanner missed, right of the scanned area. Some scanners draw no outline.
    """
    width, height = MACRO_SIZE
    macro = np.empty((height, width, 3), np.uint8)
    macro[:] = GLASS
    macro[:, :MACRO_LABEL_PX] = DARK
    small = cv2.resize(label, (MACRO_LABEL_PX - 16, round((MACRO_LABEL_PX - 16) * label.shape[0] / label.shape[1])))
    top = (height - small.shape[0]) // 2
    macro[top : top + small.shape[0], 8 : 8 + small.shape[1]] = small
    right = width if beside is None else (MACRO_LABEL_PX + width) // 2
    left, top, across, down = _lay(macro, thumbnail, MACRO_LABEL_PX, right)
    if outlined:
        cv2.rectangle(macro, (left - 2, top - 2), (left + across + 1, top + down + 1), (20, 200, 60), 2)
    if beside is not None:
        _lay(macro, np.minimum(beside, np.array(GLASS, np.uint8)), right, width)
    return macro


def _lay(macro: Rgb, tissue: Rgb, start: int, end: int) -> tuple[int, int, int, int]:
    """Put a picture of tissue between two columns of the glass; return its left, top, width and height."""
    room = (end - start - 120, macro.shape[0] - 70)
    scale = min(room[0] / tissue.shape[1], room[1] / tissue.shape[0])
    size = (max(1, round(tissue.shape[1] * scale)), max(1, round(tissue.shape[0] * scale)))
    left, top = start + (end - start - size[0]) // 2, (macro.shape[0] - size[1]) // 2
    macro[top : top + size[1], left : left + size[0]] = cv2.resize(tissue, size, interpolation=cv2.INTER_AREA)
    return left, top, *size


def _paste_symbol(paper: Image.Image, barcode: str, symbology: str) -> None:
    """Draw the symbol as large as the lower part of the label allows, in whole pixels a module."""
    format_ = zxingcpp.barcode_format_from_str(symbology)
    symbol = Image.fromarray(
        np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(barcode, format_), add_quiet_zones=False))
    )
    wide = symbol.width > 2 * symbol.height
    room = (500, 150) if wide else (260, 260)
    module = max(1, min(room[0] // symbol.width, room[1] // symbol.height))
    size = (symbol.width * module, room[1] if wide else symbol.height * module)
    left = (LABEL_SIZE[0] - size[0]) // 2 if wide else LABEL_SIZE[0] - size[0] - 50
    paper.paste(symbol.resize(size, Image.Resampling.NEAREST).convert("RGB"), (left, LABEL_SIZE[1] - size[1] - 60))


def _wear_off(picture: Rgb, random: np.random.Generator) -> None:
    """Smear everything sideways and tear paper off across the symbol, as solvents and fingers do."""
    lower = picture[210:]
    lower[:] = cv2.blur(lower, (61, 25))
    picture[:210] = cv2.blur(picture[:210], (7, 3))
    for _ in range(14):
        start = (int(random.integers(0, 560)), int(random.integers(210, 520)))
        end = (int(random.integers(0, 560)), int(random.integers(210, 520)))
        cv2.line(picture, start, end, PAPER, int(random.integers(8, 24)), cv2.LINE_AA)


def _photograph(picture: Rgb, random: np.random.Generator) -> Rgb:
    """Let the label look photographed: a little turned on a dark ground, with the camera's noise."""
    turn = cv2.getRotationMatrix2D((LABEL_SIZE[0] / 2, LABEL_SIZE[1] / 2), float(random.uniform(-2.0, 2.0)), 0.93)
    turned = cv2.warpAffine(picture, turn, LABEL_SIZE, flags=cv2.INTER_AREA, borderValue=DARK)
    noise = random.normal(0.0, 3.0, turned.shape[:2])[:, :, np.newaxis]
    return np.asarray(np.clip(turned + noise, 0, 255), np.uint8)
