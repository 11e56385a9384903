"""Opens the window over a station, and every part of the program for its test of itself."""

import asyncio
import importlib
from contextlib import AsyncExitStack
from pathlib import Path

from app.adapters.sheets.list_file import ListFiles
from app.bootstrap.demo_lab import open_demo
from app.bootstrap.hand_scanner import open_hand_scanner
from app.bootstrap.place import Place, default_operator, resources
from app.bootstrap.station import Needed, open_station
from app.domain.errors import SlideferryError, SurroundingsError
from app.domain.settings import Settings
from app.services.demo_plan import DemoSlide
from app.services.desk import Desk


def show_window(place: Place, settings: Settings, theme: str) -> int:
    """Show the window over a station whose journal is held; return when it is closed."""
    from app.ui.application import run_window
    from app.ui.theme import ThemeChoice

    stack = AsyncExitStack()

    async def open_desk() -> Desk:
        opened = open_station(
            place, settings, default_operator(settings, None), Needed(watch=True, take_existing=False)
        )
        station = await stack.enter_async_context(opened)
        return Desk(station, _reports_folder(), ListFiles(settings.sheet.barcode_column))

    return run_window(
        open_desk,
        title="Slideferry",
        resources=resources(),
        on_close=stack.aclose,
        theme=ThemeChoice(theme),
        hand_scanner=open_hand_scanner(place, settings, _reports_folder()),
        remember_in=place.data / "window.ini",
    )


def show_demo_window(
    place: Place, settings: Settings, slides: tuple[DemoSlide, ...], theme: str, bytes_per_second: float
) -> int:
    """Show the window over the demo lab, with its scanner at work."""
    from app.ui.application import run_window
    from app.ui.theme import ThemeChoice

    stack = AsyncExitStack()

    async def open_desk() -> Desk:
        opened = open_demo(place, settings, slides, bytes_per_second=bytes_per_second)
        station, demo = await stack.enter_async_context(opened)
        playing = asyncio.create_task(demo.play(alone=False), name="demo")
        stack.push_async_callback(_end, playing)
        return Desk(station, place.data.parent, ListFiles(settings.sheet.barcode_column))

    return run_window(
        open_desk,
        title="Slideferry demo",
        resources=resources(),
        on_close=stack.aclose,
        theme=ThemeChoice(theme),
        hand_scanner=open_hand_scanner(place, settings, place.data.parent),
        remember_in=place.data / "window.ini",
    )


def show_error(error: SlideferryError) -> None:
    """Show why the window cannot open: whoever started it by a double click sees no terminal."""
    from app.ui.application import run_window

    async def open_desk() -> Desk:
        raise error

    async def nothing_to_close() -> None:
        return

    run_window(open_desk, title="Slideferry", resources=resources(), on_close=nothing_to_close)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _reports_folder() -> Path:
    from platformdirs import user_documents_path

    folder = user_documents_path()
    return folder if folder.is_dir() else Path.cwd()


def open_every_part() -> list[str]:
    """Import every bundled library and open every resource; return their names. Raises what is missing."""
    names = (
        "PySide6.QtWidgets",
        "PySide6.QtSvg",
        "qasync",
        "cv2",
        "tifffile",
        "imagecodecs",
        "PIL.Image",
        "openslide",
        "zxingcpp",
        "openpyxl",
        "lxml.etree",
        "reportlab.pdfgen.canvas",
        "psutil",
        "platformdirs",
        "keyring.backends.chainer",
        "google_auth_oauthlib.flow",
        "google.oauth2.service_account",
        "app.ui.application",
    )
    for name in names:
        importlib.import_module(name)
    for needed in (
        "fonts/DejaVuSansMono.ttf",
        "icons/run.svg",
        "sounds/accepted.wav",
        "demo/slides/CMU-1-Small-Region.svs",
    ):
        if not (resources() / needed).is_file():
            raise SurroundingsError("A part is missing", str(resources() / needed), "Install Slideferry again")
    return [*names, "resources"]
