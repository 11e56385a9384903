from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from app.adapters.imaging.barcodes import read_barcodes

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
