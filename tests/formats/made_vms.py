"""A small slide of Hamamatsu's older scanners: a .vms text, JPEG files with restart marks, a map and a macro."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
KEY = """[Virtual Microscope Specimen]
NoLayers=1
NoJpegColumns=2
NoJpegRows=1
ImageFile=made.jpg
ImageFile(1,0)=made(1,0).jpg
MapFile=made_map2.jpg
OptimisationFile=made.opt
MacroImage=made_macro.jpg
PhysicalWidth=512000
PhysicalHeight=256000
SourceLens=20
"""
FILES = ("made.jpg", "made(1,0).jpg", "made_map2.jpg", "made.opt", "made_macro.jpg")


def make_vms(folder: Path, full: Rgb, macro: Rgb) -> Path:
    """Write the files into `folder`; return the .vms. `full` is 1024 x 2048 x 3."""
    half = full.shape[1] // 2
    for name, pixels in zip(FILES[:3], (full[:, :half], full[:, half:], full[::4, ::4]), strict=True):
        # One restart mark a row of blocks, as the scanner writes them: OpenSlide finds its tiles by them.
        Image.fromarray(np.ascontiguousarray(pixels)).save(
            folder / name, quality=90, subsampling=0, restart_marker_rows=1
        )
    Image.fromarray(macro).save(folder / "made_macro.jpg", quality=90)
    (folder / "made.opt").write_bytes(bytes([1, *bytes(39)]))
    key = folder / "made.vms"
    key.write_text(KEY, encoding="utf-8")
    return key
