"""Formats without a free sample: their heads are made here as their documents describe them."""

import struct
from pathlib import Path

import pytest

from app.adapters.imaging.cellsens import CellSensError, check_ets
from app.adapters.imaging.czi import CziError, check_czi

DIMENSIONS = 4


def ets(chunks: int = 3) -> bytes:
    """An .ets file: head, pieces of 100 bytes, then the table of pieces."""
    table = 64 + 100 * chunks
    head = struct.pack("<4siiiqiiqi", b"SIS\0", 64, 2, DIMENSIONS, 44, 20, 0, table, chunks)
    entries = b"".join(
        struct.pack("<i4iqii", 0, number, 0, 0, 0, 64 + 100 * number, 100, 0) for number in range(chunks)
    )
    return head.ljust(64, b"\0") + b"p" * 100 * chunks + entries


def test_an_ets_file_is_whole_only_with_all_its_pieces(tmp_path: Path) -> None:
    path = tmp_path / "frame_t.ets"
    data = ets()
    path.write_bytes(data)
    check_ets(path)
    for kept in [len(data) * part // 20 for part in range(20)] + [len(data) - 1]:
        path.write_bytes(data[:kept])
        with pytest.raises(CellSensError):
            check_ets(path)


def segment(name: bytes, contents: bytes) -> bytes:
    return struct.pack("<16sqq", name, len(contents), len(contents)) + contents


def czi(pending: int = 0) -> bytes:
    """A CZI file: head, one piece, the table of pieces, metadata."""
    head_bytes = 32 + 512
    piece = segment(b"ZISRAWSUBBLOCK", b"p" * 200)
    entry = struct.pack("<2siqiibB4si", b"DV", 3, head_bytes, 0, 0, 0, 0, b"", 1) + b"X".ljust(20, b"\0")
    table = segment(b"ZISRAWDIRECTORY", struct.pack("<i", 1).ljust(128, b"\0") + entry)
    metadata = segment(b"ZISRAWMETADATA", b"m" * 300)
    table_at = head_bytes + len(piece)
    fields = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, b"", b"", 0, table_at, table_at + len(table), pending, 0)
    return segment(b"ZISRAWFILE", fields.ljust(512, b"\0")) + piece + table + metadata


def test_a_czi_file_is_whole_only_when_closed_and_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    data = czi()
    path.write_bytes(data)
    check_czi(path)
    for kept in [len(data) * part // 20 for part in range(20)] + [len(data) - 1]:
        path.write_bytes(data[:kept])
        with pytest.raises(CziError):
            check_czi(path)


def test_a_pending_update_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    path.write_bytes(czi(pending=1))
    with pytest.raises(CziError, match="pending"):
        check_czi(path)
