"""Measures a slide's quality: blur, focus, tissue, what of it was missed, pen marks; draws where the blur is.

Runs inside a worker process.
"""

from dataclasses import replace
from pathlib import Path

import openslide

from app.adapters.imaging.blur import blurry_percent, find_blurred
from app.adapters.imaging.focus import measure_focus
from app.adapters.imaging.missed_tissue import missed_percent
from app.adapters.imaging.pen_ink import find_pen, pen_percent
from app.adapters.imaging.quality_map import draw_map
from app.adapters.imaging.tissue import find_tissue, is_dark_field
from app.adapters.imaging.working_image import NotMeasurableError, plan_sampling, sample_slide
from app.domain.quality import QualityNumbers

Measured = tuple[QualityNumbers, bytes | None]


def measure(main: Path, *, with_map: bool) -> Measured:
    """Return a slide's quality numbers and, with `with_map`, a PNG (at most 512 px) that shows its blurred tissue.

    What cannot be measured comes back with a reason in words and without numbers; the file's contents never raise.
    """
    try:
        with openslide.OpenSlide(main) as slide:
            return _measure(main, slide, with_map=with_map)
    except NotMeasurableError as error:
        return QualityNumbers(reason=f"Not checked: {error}"), None
    except OSError as error:
        return QualityNumbers(reason=f"Not checked: the file cannot be opened ({error.strerror})"), None
    except openslide.OpenSlideUnsupportedFormatError:
        return QualityNumbers(reason="Not checked: quality cannot be measured in this file format"), None
    except openslide.OpenSlideError as error:
        return QualityNumbers(reason=f"Not checked: the picture cannot be read ({error})"), None


def _measure(main: Path, slide: openslide.OpenSlide, *, with_map: bool) -> Measured:
    sampling = plan_sampling(slide)
    working = sample_slide(main, slide, sampling)
    if is_dark_field(working):
        raise NotMeasurableError("bright structures on a dark ground, as in fluorescence, are not measured")
    tissue = find_tissue(working)
    if tissue is None:
        blank = QualityNumbers(tissue_percent=0.0, blank=True, reason="No tissue found")
        return blank, draw_map(slide, working, None) if with_map else None
    blurred = find_blurred(working, tissue.mask) & tissue.mask
    pen = find_pen(working, tissue.scanned)
    picture = draw_map(slide, working, blurred) if with_map else None
    numbers = QualityNumbers(
        blurry_percent=blurry_percent(tissue.mask, blurred),
        focus=measure_focus(slide, tissue.core, sampling.factor),
        tissue_percent=tissue.percent,
        pen_percent=pen_percent(pen, tissue.scanned, of=tissue.scanned),
        blurry_pen_percent=pen_percent(pen, blurred, of=tissue.mask),
    )
    # The macro comes last: once something could not be read, OpenSlide answers nothing more about a slide.
    return replace(numbers, missed_percent=missed_percent(slide, working)), picture
