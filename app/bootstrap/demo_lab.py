"""Lays out the demo lab and opens it with its virtual scanner."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from app.adapters.imaging.studio import Studio
from app.adapters.sheets.new_workbook import make_workbook
from app.bootstrap.files import destination_for
from app.bootstrap.place import Place, default_operator, load_settings, resources
from app.bootstrap.station import Needed, open_station
from app.domain.settings import Settings
from app.domain.settings_text import settings_to_toml
from app.services.demo import Demo, demo_settings
from app.services.demo_plan import OBSTRUCTED_FOLDER, DemoSlide, Part, demo_grid
from app.services.station import Station
from app.services.virtual_scanner import VirtualScanner, lay_out, obstruct


def lay_out_demo(folder: Path, slides: Sequence[DemoSlide]) -> tuple[Place, Settings]:
    """Make the demo lab's folders, settings, sheet and share; what is there already stays as it is."""
    settings = demo_settings(folder)
    place = Place(folder / "settings.toml", folder / "data")
    lay_out(folder)
    ready = folder / "data" / "demo-ready"
    if ready.exists():
        return place, load_settings(place)
    place.settings_file.write_text(settings_to_toml(settings), encoding="utf-8", newline="\n")
    Path(settings.sheet.path).unlink(missing_ok=True)
    make_workbook(Path(settings.sheet.path), demo_grid(tuple(slides)))
    destination_for(settings.destination.url)
    if any(slide.part is Part.COPY_FAILS for slide in slides):
        obstruct(folder / "share", OBSTRUCTED_FOLDER)
    ready.write_text("The demo lab is laid out.\n", encoding="utf-8", newline="\n")
    return place, settings


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
