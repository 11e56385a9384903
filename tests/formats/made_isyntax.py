"""The head of a Philips iSyntax file, its table of blocks and blocks that hold no pixels: as libisyntax reads them."""

import base64
import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
BLOCKS, BLOCK_BYTES = 5, 300


def make_isyntax(barcode: str, label: Rgb, macro: Rgb) -> bytes:
    """Return a file with its words, both pictures and `BLOCKS` blocks; as in real files the table has empty places."""
    pictures = "".join(
        f'<DataObject ObjectType="DPScannedImage">{_attribute("PIM_DP_IMAGE_TYPE", kind)}'
        f"{_attribute('PIM_DP_IMAGE_DATA', _jpeg(picture))}</DataObject>"
        for kind, picture in (("MACROIMAGE", macro), ("LABELIMAGE", label))
    )
    words = (
        f'<DataObject ObjectType="DPUfsImport">{_attribute("DICOM_MANUFACTURER", "PHILIPS")}'
        f"{_attribute('DICOM_ACQUISITION_DATETIME', '20240308095915.000000')}"
        f"{_attribute('DICOM_DEVICE_SERIAL_NUMBER', 'FMT0002')}"
        f"{_attribute('PIM_DP_UFS_BARCODE', base64.b64encode(barcode.encode()).decode())}"
        f'<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array>{pictures}</Array></Attribute></DataObject>'
    )
    head = words.encode() + b"\x04"
    data_at = len(head) + 8 + 40 * 2 * BLOCKS
    table = b"".join(
        _entry(data_at + BLOCK_BYTES * (n // 2), BLOCK_BYTES) if n % 2 else _entry(0, 0) for n in range(10)
    )
    blocks = bytes(np.random.default_rng(5).integers(1, 255, BLOCKS * BLOCK_BYTES, np.uint8))
    return head + struct.pack("<HHI", 0x301D, 0x2015, len(table)) + table + blocks


def _attribute(name: str, value: str) -> str:
    return f'<Attribute Name="{name}" Group="0x301D" Element="0x1000" PMSVR="IString">{value}</Attribute>'


def _entry(offset: int, length: int) -> bytes:
    return struct.pack("<HHIHHIQHHIQ", 0xFFFE, 0xE000, 32, 0x301D, 0x2010, 8, offset, 0x301D, 0x2011, 8, length)


def _jpeg(picture: Rgb) -> str:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=95)
    return base64.b64encode(out.getvalue()).decode()
