"""A small Sakura slide: the tables that OpenSlide's reader asks for, filled by hand."""

import io
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
TILE_PX = 256
TABLES = """
CREATE TABLE DataManagerSQLiteConfigXPO (TableName TEXT);
CREATE TABLE SVGigaPixelImage_1 (id TEXT, size INTEGER, data BLOB);
CREATE TABLE SVSlideDataXPO (OID INTEGER, SlideId TEXT, Date TEXT, Description TEXT, Creator TEXT, DiagnosisCode TEXT,
    Keywords TEXT, m_labelScan INTEGER, m_overviewScan INTEGER);
CREATE TABLE SVHRScanDataXPO (OID INTEGER, ParentSlide INTEGER, ScanId TEXT, Date TEXT, Name TEXT, Description TEXT,
    ResolutionMmPerPix REAL, NominalLensMagnification REAL, FocussingMethod TEXT, ThumbnailImage BLOB);
CREATE TABLE SVScannedImageDataXPO (OID INTEGER, Image BLOB);
INSERT INTO DataManagerSQLiteConfigXPO VALUES ('SVGigaPixelImage_1');
INSERT INTO SVGigaPixelImage_1 VALUES ('++MagicBytes', 16, 'SVGigaPixelImage'), ('++VersionBytes', 7, '3.0.0.0');
INSERT INTO SVSlideDataXPO VALUES (1, '', '2024-03-08 09:59:15', '', '', '', '', 1, 2);
"""


def make_sakura(path: Path, full: Rgb, label: Rgb, macro: Rgb) -> None:
    """Write a slide of two levels; `full` is height x width x 3, its sides multiples of twice the tile's."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        head = struct.pack("<5I", TILE_PX, full.shape[1], full.shape[0], 0, 1)
        database.execute("INSERT INTO SVGigaPixelImage_1 VALUES ('Header', 20, ?)", (head,))
        for number, picture in ((1, label), (2, macro)):
            database.execute("INSERT INTO SVScannedImageDataXPO VALUES (?, ?)", (number, _jpeg(picture)))
        scan = (1, 1, "", "2024-03-08 09:59:15", "", "", 0.00025, 20.0, "", _jpeg(full[::4, ::4]))
        database.execute("INSERT INTO SVHRScanDataXPO VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", scan)
        for downsample in (1, 2):
            _add_level(database, full[::downsample, ::downsample], downsample)


def _add_level(database: sqlite3.Connection, level: Rgb, downsample: int) -> None:
    for top in range(0, level.shape[0], TILE_PX):
        for left in range(0, level.shape[1], TILE_PX):
            for colour in range(3):
                name = f"T;{left * downsample}|{top * downsample};{downsample};{colour};0"
                data = _jpeg(level[top : top + TILE_PX, left : left + TILE_PX, colour])
                database.execute("INSERT INTO SVGigaPixelImage_1 VALUES (?, ?, ?)", (name, len(data), data))


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "JPEG", quality=90)
    return out.getvalue()
