"""The test codes of a hand scanner, as modules, are read back by zxing-cpp."""

import numpy as np
import pytest
import zxingcpp

from app.adapters.imaging.symbols import ZxingSymbols
from app.domain.calibration import CODES


@pytest.mark.parametrize("text", CODES)
@pytest.mark.parametrize("symbology", ["DataMatrix", "Code128"])
def test_each_code_is_read_back(text: str, symbology: str) -> None:
    symbol = ZxingSymbols().make(text, symbology)
    picture = np.full((len(symbol.rows), symbol.columns), 255, np.uint8)
    for row, first, end in symbol.runs():
        picture[row, first:end] = 0
    high = 40 if symbology == "Code128" else 4
    picture = np.pad(picture.repeat(4, axis=1).repeat(high, axis=0), 40, constant_values=255)
    (found,) = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    assert found.text == text
    square = len(symbol.rows) == symbol.columns
    assert square if symbology == "DataMatrix" else len(symbol.rows) == 1
