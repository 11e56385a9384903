"""Files of formats of which there is no free sample: made by hand or with a library, as their documents say."""

import io
import shutil
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from app.adapters.imaging.slide_label import draw_label, draw_macro
from tests.adapters.imaging.samples import VENDOR
from tests.formats.made_czi import Attachment, make_czi
from tests.formats.made_ets import make_ets
from tests.formats.made_isyntax import make_isyntax
from tests.formats.made_sakura import make_sakura
from tests.formats.made_vms import make_vms

Rgb = NDArray[np.uint8]
NDPI = VENDOR / "hamamatsu_nanozoomer.ndpi"
NDPIS = "[NanoZoomer Digital Pathology Image Set]\nNoImages=2\nImage0=made-DAPI.ndpi\nImage1=made-FITC.ndpi\n"
QPI = "PerkinElmer-QPI"
BARCODE = "S24-002007-A1-1"
BY_NAME = ("i2syntax", "kfb", "mds", "mdsx", "sdpc", "tmap", "zvi")


def make_files(folder: Path) -> None:
    """Write one scan of each such format into `folder`, which must be there."""
    full = np.random.default_rng(7).integers(120, 240, (1024, 1024, 3), np.uint8)
    label = draw_label(BARCODE, "DataMatrix", (), readable=True, seed=7)
    macro = draw_macro(label, full[::4, ::4])
    _zeiss(folder, full, label, macro)
    _qptiff(folder, full, label, macro)
    _olympus(folder, full)
    _hamamatsu_set(folder)
    make_sakura(folder / "made.svslide", full, label, macro)
    (folder / "made.isyntax").write_bytes(make_isyntax(BARCODE, label, macro))
    (folder / "vms").mkdir()
    make_vms(folder / "vms", np.concatenate([full, full], axis=1), macro)
    _aperio_set(folder, full)
    for kind in BY_NAME:
        (folder / f"made.{kind}").write_bytes(b"a file whose inside nobody reads\n")


def _zeiss(folder: Path, full: Rgb, label: Rgb, macro: Rgb) -> None:
    """A slide with its label and preview as files of the same format inside it, the thumbnail as a JPEG."""
    jpeg = io.BytesIO()
    Image.fromarray(full[::4, ::4]).save(jpeg, "JPEG")
    attachments = {
        "Thumbnail": Attachment("JPG", jpeg.getvalue()),
        "Label": Attachment("CZI", make_czi([label])),
        "SlidePreview": Attachment("CZI", make_czi([macro])),
    }
    (folder / "made.czi").write_bytes(make_czi([full, full[::2, ::2]], attachments))


def _olympus(folder: Path, full: Rgb) -> None:
    pieces = folder / "_made_" / "stack1"
    pieces.mkdir(parents=True)
    (pieces / "frame_t.ets").write_bytes(make_ets(full))
    tifffile.imwrite(folder / "made.vsi", np.zeros((64, 64), np.uint8), metadata=None)


def _hamamatsu_set(folder: Path) -> None:
    place = folder / "ndpis"
    place.mkdir()
    (place / "made.ndpis").write_text(NDPIS, encoding="utf-8")
    for channel in ("DAPI", "FITC"):
        shutil.copyfile(NDPI, place / f"made-{channel}.ndpi")


def _aperio_set(folder: Path, full: Rgb) -> None:
    place = folder / "afi"
    place.mkdir()
    for number, channel in enumerate(("DAPI", "FITC")):
        words = "Aperio Image Library v12\r\n1024x1024 (256x256) JPEG/RGB|AppMag = 20|MPP = 0.5"
        with tifffile.TiffWriter(place / f"made_{channel}.svs") as writer:
            pixels = np.ascontiguousarray(full if number else full[::-1])
            writer.write(
                pixels, tile=(256, 256), photometric="rgb", compression="jpeg", description=words, metadata=None
            )
    images = "".join(f"<Image><Path>made_{channel}.svs</Path></Image>" for channel in ("DAPI", "FITC"))
    (place / "made.afi").write_text(f"<ImageList>{images}</ImageList>", encoding="utf-8")


def _qptiff(folder: Path, full: Rgb, label: Rgb, macro: Rgb) -> None:
    """Pages in the vendor's order: full resolution, thumbnail, smaller levels, overview, label."""
    pages = [
        ("FullResolution", full, (256, 256)),
        ("Thumbnail", np.ascontiguousarray(full[::4, ::4]), None),
        ("ReducedResolution", np.ascontiguousarray(full[::2, ::2]), (256, 256)),
        ("Overview", macro, None),
        ("Label", label, None),
    ]
    with tifffile.TiffWriter(folder / "made.qptiff") as writer:
        for kind, pixels, tile in pages:
            writer.write(
                pixels,
                photometric="rgb",
                tile=tile,
                description=_qpi_words(kind),
                software=QPI,
                resolution=(20_000.0, 20_000.0),
                resolutionunit="CENTIMETER",
                metadata=None,
            )


def _qpi_words(kind: str) -> str:
    return (
        f"<{QPI}-ImageDescription><ImageType>{kind}</ImageType><Objective>20x</Objective>"
        f"<Barcode>{BARCODE}</Barcode></{QPI}-ImageDescription>"
    )
