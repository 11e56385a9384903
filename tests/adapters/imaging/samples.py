"""The sample slides that the tests of this folder read."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[3]
SLIDES = ROOT / "tests" / "data" / "slides"
MALFORMED = ROOT / "tests" / "data" / "malformed"
SMALL_REGION = ROOT / "resources" / "demo" / "slides" / "CMU-1-Small-Region.svs"
VENDOR = SLIDES / "synthetic-vendor"
CODE128 = SLIDES / "synthetic-aperio" / "code128_S24-001003-A1-1.svs"
MIRAX = VENDOR / "mirax_slide.mrxs"
DICOM = VENDOR / "dicom_wsi_S24-001001-A1-1"
STACKS = VENDOR / "micromanager" / "Exp_1"
NDTIFF = SLIDES / "micromanager-ndtiff" / "v3" / "no_magellan_explore_no_channel"
MULTIFILE = SLIDES / "ome-tiff" / "multifile"
DAMAGE = MALFORMED / "wsi-damage"


def copy_tree(source: Path, folder: Path) -> Path:
    """Copy a file or a folder into `folder`; return the copy."""
    target = folder / source.name
    folder.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
    return target
