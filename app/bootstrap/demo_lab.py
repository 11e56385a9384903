"""Lays out the demo lab and opens it with its virtual scanner."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from app.adapters.imaging.studio import Studio
from app.adapters.sheets.new_workbook import make_workbook
from app.bootstrap.demo_google import google_for_demo
from app.bootstrap.files import mark
from app.bootstrap.place import Place, about_folder, default_operator, load_settings, resources
from app.bootstrap.station import Needed, open_station
from app.domain.errors import UseError
from app.domain.settings import Settings
from app.domain.settings_text import settings_to_toml
from app.services.demo import Demo, demo_settings
from app.services.demo_plan import CHOICES, OBSTRUCTED_FOLDER, DemoSlide, Part, demo_grid
from app.services.station import Station
from app.services.virtual_scanner import VirtualScanner, lay_out, obstruct


@contextmanager
def demo_laid_out(folder: Path, slides: tuple[DemoSlide, ...], *, google: bool) -> Iterator[tuple[Place, Settings]]:
    """Make the demo lab as `lay_out_demo` does; with `google` its sheet is served while the block lasts."""
    place, settings = lay_out_demo(folder, slides)
    if not google:
        yield place, settings
        return
    with google_for_demo(place, settings, demo_grid(slides)) as (place, settings):
        place.settings_file.write_text(settings_to_toml(settings), encoding="utf-8", newline="\n")
        yield place, settings


def lay_out_demo(folder: Path, slides: Sequence[DemoSlide]) -> tuple[Place, Settings]:
    """Make the demo lab's folders, settings, sheet and share; what is there already stays as it is.

    Raises UseError for a folder laid out with another number of slides, or a file in the folder's place.
    """
    with about_folder(folder):
        return _lay_out_demo(folder, slides)


def _lay_out_demo(folder: Path, slides: Sequence[DemoSlide]) -> tuple[Place, Settings]:
    settings = demo_settings(folder)
    place = Place(folder / "settings.toml", folder / "data")
    lay_out(folder)
    ready = folder / "data" / "demo-ready"
    if ready.exists():
        _require_number(folder, ready.read_text(encoding="utf-8").strip(), len(slides))
        return place, load_settings(place)
    place.settings_file.write_text(settings_to_toml(settings), encoding="utf-8", newline="\n")
    Path(settings.sheet.path).unlink(missing_ok=True)
    make_workbook(Path(settings.sheet.path), demo_grid(tuple(slides)), choices=CHOICES)
    mark(folder / "share")
    if any(slide.part is Part.COPY_FAILS for slide in slides):
        obstruct(folder / "share", OBSTRUCTED_FOLDER)
    ready.write_text(f"{len(slides)}\n", encoding="utf-8", newline="\n")
    return place, settings


def _require_number(folder: Path, laid_out: str, slides: int) -> None:
    """Refuse to go on with a sheet and a scanner that were made for another number of slides."""
    if laid_out != str(slides):
        raise UseError(
            "This demo lab has another number of slides",
            f"{folder} was laid out with {laid_out} slides, not {slides}",
            f"Say --slides {laid_out} to go on there, or name another folder with --dir",
        )


@asynccontextmanager
async def open_demo(
    place: Place, settings: Settings, slides: tuple[DemoSlide, ...], *, bytes_per_second: float
) -> AsyncIterator[tuple[Station, Demo]]:
    """Open the demo's station with its virtual scanner beside it."""
    samples = resources() / "demo" / "slides"
    studio = Studio()
    scanner = VirtualScanner(
        Path(settings.scanner.watch), place.data / "studio", samples, studio, bytes_per_second=bytes_per_second
    )
    operator = default_operator(settings, None)
    try:
        async with open_station(place, settings, operator, Needed(watch=True)) as station:
            demo = Demo(station, scanner, slides, Path(settings.destination.url))
            await demo.expect()
            yield station, demo
    finally:
        await studio.close()
