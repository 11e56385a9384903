"""The slides a worker keeps open between two tiles: few, for a moment, and never past a change of their files."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.adapters.imaging.decoder_errors import DECODER_ERRORS
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.names import extension
from app.adapters.imaging.openslide_pyramid import OpenSlidePyramid
from app.adapters.imaging.pyramid_source import PyramidSource
from app.adapters.imaging.tiff import TiffError, read_skeleton
from app.adapters.imaging.tiff_kind import LOOKED_AT, tiff_kind
from app.adapters.imaging.tiff_pyramid import TiffPyramid
from app.adapters.imaging.tiles import pyramid_of
from app.domain.pyramid import Pyramid

MOST = 3
IDLE_SECONDS = 1.0
"""On Windows an open file can be neither renamed nor removed. OpenSlide opens a slide's files for each piece anew,
tifffile holds them: they are let go as soon as nobody looks.
"""

DEEP_COLOURS = frozenset(("ome-tiff", "micromanager", "qptiff"))
"""What tifffile reads, because OpenSlide knows eight bits and no sub-resolutions of these."""


@dataclass(frozen=True, slots=True)
class OpenedSlide:
    """An open slide with its geometry."""

    source: PyramidSource
    pyramid: Pyramid


class OpenedSlides:
    """Opens slides as they are asked for and closes them again `idle_seconds` after the last question."""

    def __init__(self, most: int = MOST, idle_seconds: float = IDLE_SECONDS) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._open: OrderedDict[Path, OpenedSlide] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @contextmanager
    def using(self, path: Path) -> Iterator[OpenedSlide]:
        """Yield the slide; whatever is raised meanwhile closes it, for readers remember what failed.

        Raises what decoders raise.
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            try:
                yield self._get(path)
            except BaseException:
                self._close(path)
                raise
            finally:
                self._timer = threading.Timer(self._idle_seconds, self.close)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Close all; waits for a question under way."""
        with self._lock:
            for path in tuple(self._open):
                self._close(path)

    def _get(self, path: Path) -> OpenedSlide:
        stamp = _stamp(path)
        found = self._open.get(path)
        if found is not None and found.pyramid.stamp != stamp:
            self._close(path)
            found = None
        if found is None:
            while len(self._open) >= self._most:
                self._close(next(iter(self._open)))
            source = _open_source(path)
            found = self._open[path] = OpenedSlide(source, pyramid_of(source, stamp))
        self._open.move_to_end(path)
        return found

    def _close(self, path: Path) -> None:
        found = self._open.pop(path, None)
        if found is not None:
            found.source.close()


@cache
def opened_slides() -> OpenedSlides:
    """Return the slides of this process: a job is a plain function, what stays open must outlive it."""
    return OpenedSlides()


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def _open_source(path: Path) -> PyramidSource:
    """Open a slide with the reader that shows it best. Raises what decoders raise, ValueError for no slide."""
    leading = read_leading(path)
    if leading is Leading.PICTURE and extension(path.name) != "mrxs":
        raise ValueError("a plain picture")
    if leading is not Leading.TIFF:
        return OpenSlidePyramid(path)
    if _kind(path) in DEEP_COLOURS:
        return TiffPyramid(path)
    try:
        return OpenSlidePyramid(path)
    except DECODER_ERRORS:
        return TiffPyramid(path)


def _kind(path: Path) -> str:
    with path.open("rb") as stream:
        try:
            return tiff_kind(read_skeleton(stream, limit=LOOKED_AT))
        except TiffError:
            return ""
