"""Pictures from slides through OpenSlide: the associated ones, or the scanned area at the level that is enough."""

from pathlib import Path

import openslide
from PIL import Image

from app.adapters.imaging.pixels import fits
from app.domain.slide import PictureKind


def openslide_picture(path: Path, kind: PictureKind) -> Image.Image | None:
    """Return an associated picture, None where the slide has none of this kind. Raises what decoders raise."""
    with openslide.OpenSlide(path) as slide:
        width, height = (
            int(slide.properties.get(f"openslide.associated.{kind.value}.{side}", "0")) for side in ("width", "height")
        )
        if not fits(width, height):
            return None
        picture: Image.Image = slide.associated_images[kind.value]
        return on_white(picture)


def openslide_thumbnail(path: Path, size_px: int) -> Image.Image | None:
    """Return the scanned area at the deepest level with a long side of at least `size_px`, else at the best that may be
    decoded; None where even the smallest level is over the cap.
    """
    with openslide.OpenSlide(path) as slide:
        left, top, width, height = scanned_area(slide)
        wanted = max(width, height) / max(size_px, 1)
        sizes = [
            (level, max(int(width / downsample), 1), max(int(height / downsample), 1))
            for level, downsample in enumerate(slide.level_downsamples)
            if fits(max(int(width / downsample), 1), max(int(height / downsample), 1))
        ]
        if not sizes:
            return None
        best = int(slide.get_best_level_for_downsample(wanted))
        level, across, down = next((each for each in sizes if each[0] == best), sizes[0])
        return on_white(slide.read_region((left, top), level, (across, down)))


def scanned_area(slide: openslide.OpenSlide) -> tuple[int, int, int, int]:
    """Return (left, top, width, height) of what was scanned, in pixels of level 0."""
    names = ("x", "y", "width", "height")
    texts = [slide.properties.get(f"openslide.bounds-{name}") for name in names]
    if any(text is None for text in texts):
        return 0, 0, *slide.dimensions
    left, top, width, height = (int(text or 0) for text in texts)
    return left, top, width, height


def on_white(image: Image.Image) -> Image.Image:
    """Return the picture without transparency: bare glass is white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white
