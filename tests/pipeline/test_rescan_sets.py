"""A set stays openable under every name it gets: published, moved to the rescans, brought back, kept beside."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openslide
import pytest
import tifffile

from app.domain.scan import ScanId, ScanSet
from app.domain.slide import BarcodeReading, BarcodeSource, SlideFacts
from app.domain.step import StepState
from tests.adapters.imaging.samples import DICOM, MIRAX, NDTIFF
from tests.fakes.images import FakeImages
from tests.fakes.lab import Lab

S = StepState
STEM = "Prec01/Run 2/620995_Prec01_P1"


class OneSlide(FakeImages):
    """Real files of which this test alone knows the barcode: all are scans of one slide."""

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        reading = BarcodeReading("620995", "DataMatrix", BarcodeSource.LABEL)
        return SlideFacts("made", barcodes=(reading,), complete=True)


@dataclass(frozen=True)
class Kind:
    """How a set is laid out by the scanner; `main` ends the path of what a viewer opens, `opens` opens it."""

    name: str
    write: Callable[[Path, str], None]
    main: str
    companions: tuple[str, ...]
    """Where the format wants the others, `{}` for the main file's stem, relative to its folder."""
    opens: Callable[[Path], object]
    is_folder: bool = False


def mrxs(watch: Path, name: str) -> None:
    shutil.copytree(MIRAX.with_suffix(""), watch / name)
    shutil.copy(MIRAX, watch / f"{name}.mrxs")


def vsi(watch: Path, name: str) -> None:
    inner = watch / f"_{name}_" / "stack1"
    inner.mkdir(parents=True)
    (inner / "frame_t.ets").write_bytes(name.encode() * 500)
    (watch / f"{name}.vsi").write_bytes(b"II*\0" + name.encode())


def czi(watch: Path, name: str) -> None:
    for part in ("", "(1)"):
        (watch / f"{name}{part}.czi").write_bytes(b"ZISRAWFILE" + name.encode() + part.encode())


def dicom(watch: Path, name: str) -> None:
    shutil.copytree(DICOM, watch / name)


def ndtiff(watch: Path, name: str) -> None:
    shutil.copytree(NDTIFF, watch / name)


def opened(path: Path) -> object:
    with openslide.OpenSlide(path) as slide:
        return slide.read_region((0, 0), 0, (64, 64)).getpixel((5, 5))


def pages(path: Path) -> object:
    with tifffile.TiffFile(path) as file:
        return file.pages[0].shape


KINDS = (
    Kind("mrxs", mrxs, ".mrxs", ("{}/Slidedat.ini", "{}/Index.dat", "{}/Data0000.dat"), opened),
    Kind("vsi", vsi, ".vsi", ("_{}_/stack1/frame_t.ets",), lambda path: path.read_bytes()[:4]),
    Kind("czi", czi, ".czi", ("{}(1).czi",), lambda path: path.read_bytes()[:10]),
    Kind("dicom", dicom, "/", (), opened, is_folder=True),
    Kind("ndtiff", ndtiff, "/Full resolution/", ("NDTiff.index", "../Downsampled_x2/NDTiff.index"), pages, True),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_set_stays_openable_through_a_rescan_and_its_reversals(lab: Lab, kind: Kind) -> None:
    lab.images = OneSlide()
    kind.write(lab.watch, "first")
    async with lab.open() as station:
        await lab.rest()
        (first,) = station.kit.ledger.all()
        assert len(first.scan.files.members) > 1
        kind.write(lab.watch, "second")
        await station.runner.look()
        await lab.rest()
        second = station.kit.ledger.all()[-1]
        assert (first.state, len(station.kit.ledger.all())) == (S.SUCCEEDED, 2), lab.story()
        first_away, second_away = (f"Rescans/{STEM}__{each.id}" for each in (first, second))
        for answer, places in (
            ("", (first_away, STEM)),
            ("old", (STEM, second_away)),
            ("both", (STEM, f"{STEM}__{second.id}")),
            ("new", (first_away, STEM)),
        ):
            if answer:
                await station.acts.keep(second.id, answer)
                await lab.rest()
            for each, stem in zip((first, second), places, strict=True):
                require_openable(lab, kind, each.id, stem)
        folders = [path for path in lab.share_root.rglob("*") if path.is_dir() and not any(path.iterdir())]
        inside = [path for path in folders if ".slideferry" not in path.parts]
        assert inside in ([], [lab.share_root / "Rescans"]), "no empty folder of a set is left"


def require_openable(lab: Lab, kind: Kind, scan: ScanId, stem: str) -> None:
    """Assert that a scan's set lies whole under this stem, as the format wants it, and opens."""
    dossier = lab.station.kit.ledger.get(scan)
    assert dossier.state is S.SUCCEEDED, dossier.steps
    assert dossier.files[0].destination.startswith(stem + kind.main), dossier.files[0].destination
    main = lab.share_root / dossier.files[0].destination
    assert kind.opens(main)
    lying = {(lab.share_root / file.destination).resolve() for file in dossier.files}
    assert all(path.is_file() for path in lying)
    for companion in kind.companions:
        assert (main.parent / companion.format(main.stem)).resolve() in lying
    if kind.is_folder:
        root = lab.share_root / stem
        inner = {Path(*Path(member.path).parts[1:]).as_posix() for member in dossier.scan.files.members}
        assert {path.relative_to(root).as_posix() for path in lying} == inner, "every file at its old place inside"
