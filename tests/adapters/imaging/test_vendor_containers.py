"""Formats without a free sample: their heads are made here as their documents describe them."""

import struct
from pathlib import Path

import numpy as np
import pytest

from app.adapters.imaging.cellsens import CellSensError, check_ets
from app.adapters.imaging.czi import CziError
from app.adapters.imaging.czi_wholeness import check_czi
from tests.formats.made_czi import Attachment, make_czi
from tests.formats.made_ets import make_ets

PENDING_AT = 32 + struct.calcsize("<iiii16s16siqq")


def test_an_ets_file_is_whole_only_with_all_its_pieces(tmp_path: Path) -> None:
    path = tmp_path / "frame_t.ets"
    data = make_ets(np.random.default_rng(3).integers(1, 255, (600, 700, 3), np.uint8))
    path.write_bytes(data)
    check_ets(path)
    for kept in [len(data) * part // 20 for part in range(20)] + [len(data) - 1]:
        path.write_bytes(data[:kept])
        with pytest.raises(CellSensError):
            check_ets(path)
        path.write_bytes(data[:kept].ljust(len(data), b"\0"))
        if kept < len(data) - 1:  # the last entry ends in zeros anyway
            with pytest.raises(CellSensError):
                check_ets(path)


@pytest.fixture
def czi() -> bytes:
    """A CZI file of two levels with a label inside."""
    full = np.random.default_rng(3).integers(1, 255, (64, 64, 3), np.uint8)
    return make_czi([full, full[::2, ::2]], {"Label": Attachment("CZI", make_czi([full]))})


def test_a_czi_file_is_whole_only_when_closed_and_not_cut(tmp_path: Path, czi: bytes) -> None:
    path = tmp_path / "x.czi"
    path.write_bytes(czi)
    check_czi(path)
    for kept in [len(czi) * part // 20 for part in range(20)] + [len(czi) - 1]:
        path.write_bytes(czi[:kept])
        with pytest.raises(CziError):
            check_czi(path)


def test_a_pending_update_is_named(tmp_path: Path, czi: bytes) -> None:
    path = tmp_path / "x.czi"
    path.write_bytes(czi[:PENDING_AT] + struct.pack("<i", 1) + czi[PENDING_AT + 4 :])
    with pytest.raises(CziError, match="pending"):
        check_czi(path)
