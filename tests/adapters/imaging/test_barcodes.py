from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from app.adapters.imaging.barcodes import believed, read_barcodes
from tests.benchmarks._label_generator import Condition, conditions, draw, labels

LABELS = Path(__file__).parents[3] / "tests" / "data" / "labels"


def read(name: str) -> tuple[tuple[str, str], ...]:
    with Image.open(LABELS / name) as picture:
        return read_barcodes(picture)


def symbol(text: str, symbology: str, scale: int = 4) -> Image.Image:
    barcode = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(symbology))
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=scale)))


def test_a_clean_label() -> None:
    assert read("DataMatrix_clean.jpg") == (("S24-003001-A2-2", "DataMatrix"),)


def test_a_noisy_label() -> None:
    assert read("Code128_noise25.jpg") == (("S24-003029-A3-3", "Code128"),)


def test_a_tilted_label_needs_the_cascade() -> None:
    with Image.open(LABELS / "PDF417_tilt12.jpg") as picture:
        assert not zxingcpp.read_barcodes(picture)
    assert read("PDF417_tilt12.jpg") == (("S24-003034-A8-2", "PDF417"),)


def test_a_symbol_that_zxing_alone_misses() -> None:
    with Image.open(LABELS / "datamatrix-issue1063.webp") as picture:
        assert not zxingcpp.read_barcodes(picture)
    assert [symbology for _, symbology in read("datamatrix-issue1063.webp")] == ["DataMatrix"]


def test_all_symbols_of_a_picture() -> None:
    assert dict(read("multi.png")).keys() >= {"www.airtable.com/jobs"}
    assert len(read("multi.png")) == 2


@pytest.mark.parametrize("name", ["falsepositives-1.webp", "falsepositives-2.webp", "QRCode_glare.jpg"])
def test_nothing_is_read_where_nothing_can_be(name: str) -> None:
    assert read(name) == ()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_right_angles(degrees: int) -> None:
    assert read_barcodes(symbol("S24-1", "Code128").rotate(degrees, expand=True)) == (("S24-1", "Code128"),)


def test_gs1_text_is_plain_not_rewritten() -> None:
    barcode = zxingcpp.create_barcode("(01)09501101530003(10)AB", zxingcpp.BarcodeFormat.DataMatrix, gs1=True)
    picture = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=4)))
    assert zxingcpp.read_barcode(picture).text == "(01)09501101530003(10)AB"
    ((text, symbology),) = read_barcodes(picture)
    assert (text.removeprefix("\x1d"), symbology) == ("010950110153000310AB", "DataMatrix")


def test_the_same_symbol_twice_is_one_reading() -> None:
    one = symbol("S24-1", "QRCode")
    both = Image.new("L", (one.width * 2 + 40, one.height), 255)
    both.paste(one, (0, 0))
    both.paste(one, (one.width + 40, 0))
    assert read_barcodes(both) == (("S24-1", "QRCode"),)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LA", "I;16"])
def test_every_kind_of_picture(mode: str) -> None:
    grey = symbol("S24-1", "DataMatrix")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    picture = deep if mode == "I;16" else grey.convert(mode)
    assert read_barcodes(picture) == (("S24-1", "DataMatrix"),)


def test_ink_on_a_see_through_picture() -> None:
    grey = np.asarray(symbol("S24-1", "DataMatrix"))
    picture = np.zeros((*grey.shape, 4), np.uint8)
    picture[:, :, 3] = 255 - grey
    assert read_barcodes(Image.fromarray(picture)) == (("S24-1", "DataMatrix"),)


def test_light_on_dark() -> None:
    picture = Image.fromarray(255 - np.asarray(symbol("S24-1", "DataMatrix")))
    assert read_barcodes(picture) == (("S24-1", "DataMatrix"),)


def test_a_huge_picture_is_reduced_first() -> None:
    huge = Image.new("L", (9000, 4000), 255)
    huge.paste(symbol("S24-1", "QRCode", scale=40), (500, 500))
    assert read_barcodes(huge) == (("S24-1", "QRCode"),)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3)])
def test_tiny_pictures_hold_nothing(size: tuple[int, int]) -> None:
    assert read_barcodes(Image.new("L", size, 255)) == ()


@pytest.mark.parametrize(
    ("symbology", "module_px", "blur_px", "tilt_degrees", "contrast_percent", "glare"),
    [
        ("PDF417", 3, 0.0, (10, 20), 100, False),
        ("PDF417", 4, 0.8, (20, 30), 50, False),
        ("Code128", 3, 0.0, (20, 30), 75, False),
        ("QRCode", 2, 0.8, (3, 10), 100, False),
    ],
)
def test_labels_that_zxing_alone_misses(
    symbology: str, module_px: int, blur_px: float, tilt_degrees: tuple[int, int], contrast_percent: int, glare: bool
) -> None:
    condition = Condition(symbology, module_px, blur_px, tilt_degrees, contrast_percent, glare)
    label = next(
        label
        for label in (draw(condition, number, seed=1) for number in range(40))
        if not zxingcpp.read_barcodes(label.picture)
    )
    assert read_barcodes(Image.fromarray(label.picture)) == ((label.text, symbology),)


def test_a_corrected_symbol_is_believed_at_once_a_linear_one_when_read_twice() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    assert believed((("S24-1", "Code128"), ("S24-2", "DataMatrix")), seen) == (("S24-2", "DataMatrix"),)
    assert believed((("S24-7", "Code128"),), seen) == ()
    assert believed((("S24-1", "Code128"),), seen) == (("S24-1", "Code128"),)


def test_generated_labels_come_again_and_are_never_misread() -> None:
    first, again = ([*labels(12, seed=3)] for _ in range(2))
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(first, again, strict=True))
    assert {label.condition.symbology for label in first} == {"DataMatrix", "QRCode", "Code128", "PDF417"}
    for label in first:
        assert {text for text, _ in read_barcodes(Image.fromarray(label.picture))} <= {label.text}


@pytest.mark.parametrize("number", [1147, 1650, 2731, 3264, 4228, 5003])
def test_what_zxing_alone_sees_wrongly_is_not_believed(number: int) -> None:
    cells = conditions()
    label = draw(cells[number % len(cells)], number, seed=2026)
    assert {text for text, _ in read_barcodes(Image.fromarray(label.picture))} <= {label.text}


def test_noise_reads_as_nothing() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 400)).astype(np.uint8)
    assert read_barcodes(Image.fromarray(noise)) == ()
