"""Makes the large slides that the quality benchmark measures, four of about 500 MB, once, among temporary files."""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from app.adapters.imaging.slide_maker import SlideSpec, make_slide

FOLDER = Path(tempfile.gettempdir()) / "slideferry-benchmark-slides"
SPECS = tuple(SlideSpec(width=51_200, height=38_400, seed=seed, barcode=f"LARGE-{seed}") for seed in (11, 12, 13, 14))


def large_slides(specs: tuple[SlideSpec, ...] = SPECS) -> tuple[Path, ...]:
    """Return the slides' paths; those that are not there yet are made, two side by side, some minutes each."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = {_path(spec): spec for spec in specs}
    missing = [spec for path, spec in paths.items() if not path.exists()]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_make, missing))
    return tuple(paths)


def _path(spec: SlideSpec) -> Path:
    return FOLDER / f"seed{spec.seed}-{spec.width}x{spec.height}-q{spec.jpeg_quality}-blur{spec.blur_sigma:g}.svs"


def _make(spec: SlideSpec) -> None:
    passing = _path(spec).with_suffix(f".{os.getpid()}")
    try:
        make_slide(passing, spec)
        passing.replace(_path(spec))
    finally:
        passing.unlink(missing_ok=True)
