"""Fixtures: small chunks, so that small files take many, and a scan of several members."""

from pathlib import Path

import pytest

from app.adapters.files import stream
from app.adapters.files.folder_destination import FolderDestination
from app.domain.transfer import TransferPlan
from tests.adapters.files.scene import make_destination, plan_of, write

CHUNK = 64 * 1024


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK_BYTES", CHUNK)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def destination(root: Path) -> FolderDestination:
    return make_destination(root)


@pytest.fixture
def plan(tmp_path: Path) -> TransferPlan:
    """One file of several chunks, the last one odd."""
    return plan_of((write(tmp_path / "scanner" / "scan1.svs", 5 * CHUNK + 12345), "2026/S-1.svs"))


@pytest.fixture
def mrxs(tmp_path: Path) -> TransferPlan:
    """A main file and the folder that belongs to it."""
    scanner = tmp_path / "scanner"
    return plan_of(
        (write(scanner / "x.mrxs", 300), "2026/S-2.mrxs"),
        (write(scanner / "x" / "Slidedat.ini", 4096), "2026/S-2/Slidedat.ini"),
        (write(scanner / "x" / "Data0000.dat", CHUNK + 1), "2026/S-2/Data0000.dat"),
        (write(scanner / "x" / "Empty.dat", 0), "2026/S-2/Empty.dat"),
    )


@pytest.fixture
def small(tmp_path: Path) -> TransferPlan:
    """A main file and one companion in a folder of its own: two parts, two manifests."""
    scanner = tmp_path / "scanner"
    return plan_of(
        (write(scanner / "y.mrxs", 70_000), "2026/S.mrxs"), (write(scanner / "y" / "d.dat", 5000), "2026/S/d.dat")
    )
