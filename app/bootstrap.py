"""The only place that builds concrete things and hands them to each other."""

import asyncio
import getpass
import importlib
import logging
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from socket import gethostname

from app import __version__
from app.adapters.files.folder_destination import FolderDestination, folder_of
from app.adapters.files.single_instance import HolderLock
from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.imaging.studio import Studio
from app.adapters.reports import PdfReport, report_json, write_csv
from app.adapters.sheets.new_workbook import make_workbook
from app.adapters.sheets.workbook import WorkbookSheet
from app.adapters.storage.store import SqliteStore
from app.domain.errors import SurroundingsError, UseError
from app.domain.report import RunReport
from app.domain.run import Operator
from app.domain.scan import ScanSet
from app.domain.settings import Settings
from app.domain.settings_text import parse_settings, settings_to_toml
from app.pipeline.case import Kit
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate
from app.pipeline.progress import ProgressBoard
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.threads import Threads
from app.services.demo import Demo, demo_settings
from app.services.demo_plan import OBSTRUCTED_FOLDER, DemoSlide, Part, demo_grid
from app.services.desk import Desk
from app.services.doctor import Examination
from app.services.operators import operator_named, operators_of
from app.services.station import Station
from app.services.virtual_scanner import VirtualScanner, lay_out, obstruct

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_BYTES = 5_000_000


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""
        return datetime.now(UTC).astimezone()

    def monotonic(self) -> float:
        """Return seconds that never run back."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Place:
    """Where this station keeps its settings and its journal."""

    settings_file: Path
    data: Path

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.data / "journal.sqlite"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.data / "logs"


def resources() -> Path:
    """Return the folder of fonts, icons and sample slides, also in the frozen program."""
    return Path(getattr(sys, "_MEIPASS", Path(__file__).parent.parent)) / "resources"


def find_place(config: str | None, data_dir: str | None) -> Place:
    """Return where settings and journal are: as told, else by the environment, the machine, the user.

    A settings file that was named and has a folder `data` beside it uses that one.
    """
    from platformdirs import PlatformDirs

    user = PlatformDirs("Slideferry", appauthor=False)
    machine = _machine_folder()
    named = config or os.environ.get("SLIDEFERRY_CONFIG")
    installed = (machine / "settings.toml").exists()
    settings_file = Path(named) if named else (machine if installed else user.user_config_path) / "settings.toml"
    told = data_dir or os.environ.get("SLIDEFERRY_DATA_DIR")
    if told:
        return Place(settings_file, Path(told).absolute())
    beside = settings_file.absolute().parent / "data"
    if named and beside.is_dir():
        return Place(settings_file, beside)
    return Place(settings_file, machine if installed else user.user_data_path)


def _machine_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Slideferry"
    return Path("/var/lib/slideferry")


def load_settings(place: Place) -> Settings:
    """Read and check the settings; raise UseError naming what is missing or wrong."""
    try:
        text = place.settings_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UseError(
            "There are no settings yet",
            f"{place.settings_file} does not exist",
            "Make it (docs/settings.md lists every setting), name another with --config, or try `demo`",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UseError("The settings cannot be read", f"{place.settings_file}: {error}", "Save it as UTF-8") from error
    return parse_settings(text, name=str(place.settings_file))


def require(settings: Settings, *needed: str) -> None:
    """Raise UseError naming the first needed setting (`section.key`) that is empty."""
    for name in needed:
        section, key = name.split(".")
        if not getattr(getattr(settings, section), key):
            raise UseError(
                "A setting is missing", f"[{section}] {key} is empty", "docs/settings.md says what it is for"
            )


def account() -> str:
    """Return the account of the system, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def default_operator(settings: Settings, name: str | None) -> Operator:
    """Return the operator named, else the first of the lab, else the account of the system."""
    listed = operators_of(settings.lab)
    if name is None and listed:
        name = listed[0].name
    return operator_named(settings.lab, name or "", account())


def open_destination(settings: Settings) -> FolderDestination:
    """Return the share that the settings name."""
    return FolderDestination(folder_of(settings.destination.url), settings.destination.rescans, gethostname())


def open_images() -> DecoderImages:
    """Return the decoders; their worker processes start with the first question."""
    return DecoderImages()


@dataclass(frozen=True, slots=True)
class Needed:
    """What a command needs of a station."""

    once: bool = False
    watch: bool = False
    take_existing: bool = True


def hold(place: Place) -> HolderLock:
    """Take the journal for this process; raise SurroundingsError telling who holds it."""
    lock = try_hold(place)
    if lock is None:
        raise held_by_another(HolderLock(place.data), place)
    return lock


def held_by_another(lock: HolderLock, place: Place) -> SurroundingsError:
    """Return the error that says who holds the journal."""
    who = lock.holder()
    told = f"process {who.pid} of {who.account} on {who.host} since {who.since}" if who else "another program"
    return SurroundingsError(
        "Slideferry is at work already", f"{place.data} is held by {told}", "Use that one, or close it first"
    )


@asynccontextmanager
async def open_station(place: Place, settings: Settings, operator: Operator, needed: Needed) -> AsyncIterator[Station]:
    """Open the station for as long as the block lasts; the caller holds the journal."""
    require(settings, "scanner.watch", "destination.url", "sheet.path")
    clock = SystemClock()
    store = SqliteStore(place.journal)
    threads = Threads(settings.pipeline.copies)
    images = open_images()
    kit = build_kit(settings, store, threads, images, clock, once=needed.once)
    station = Station(
        kit, PdfReport(resources() / "fonts"), station_name=gethostname(), take_existing=needed.take_existing
    )
    try:
        await station.open(operator, watch=needed.watch)
        yield station
    finally:
        await station.close()
        await threads.close()
        await images.close()
        await store.close()


def build_kit(
    settings: Settings,
    store: SqliteStore,
    threads: Threads,
    images: DecoderImages,
    clock: SystemClock,
    *,
    once: bool,
) -> Kit:
    """Hand everything to each other."""
    gateway = WorkbookSheet(Path(settings.sheet.path), settings.sheet)
    return Kit(
        settings=settings,
        clock=clock,
        chance=random.Random(),  # noqa: S311  (spreads retries in time, guards nothing)
        store=store,
        ledger=Ledger(store, clock),
        progress=ProgressBoard(clock),
        threads=threads,
        gate=DestinationGate(),
        sheet=SheetDesk(gateway, store, threads, clock, settings.sheet),
        images=images,
        finder=FolderFinder(),
        destination=open_destination(settings),
        source=ScannerDisk(),
        program_version=__version__,
        publishing=asyncio.Lock(),
        once=once,
    )


def try_hold(place: Place) -> HolderLock | None:
    """Take the journal for this process and log to its folder; return None while another program holds it."""
    place.data.mkdir(parents=True, exist_ok=True)
    lock = HolderLock(place.data)
    if not lock.try_acquire():
        return None
    place.logs.mkdir(exist_ok=True)
    handler = RotatingFileHandler(
        place.logs / "slideferry.log", maxBytes=LOG_BYTES, backupCount=5, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.getLogger("app").addHandler(handler)
    return lock


@asynccontextmanager
async def open_journal(place: Place) -> AsyncIterator[SqliteStore]:
    """Open the journal to read it and to put requests; never makes one."""
    if not place.journal.exists():
        raise UseError(
            "There is no journal yet", f"{place.journal} does not exist", "Start with `run --once` or open the window"
        )
    store = SqliteStore(place.journal)
    try:
        yield store
    finally:
        await store.close()


def version() -> str:
    """Return the program's version."""
    return __version__


def write_report(contents: RunReport, out: Path, form: str) -> None:
    """Write a report as pdf, csv or json."""
    if form == "pdf":
        PdfReport(resources() / "fonts").write_pdf(contents, out, lambda _done, _of: None)
    elif form == "csv":
        write_csv(contents, out)
    else:
        out.write_text(report_json(contents), encoding="utf-8", newline="\n")


@asynccontextmanager
async def images_for_files(workers: int) -> AsyncIterator[DecoderImages]:
    """Open decoders for a command that looks at files."""
    images = DecoderImages(workers=max(1, min(workers, 8)))
    try:
        yield images
    finally:
        await images.close()


def find_named(paths: Sequence[Path]) -> tuple[ScanSet, ...]:
    """Return every scan that is named, alone or as the contents of a folder."""
    finder = FolderFinder()
    found: dict[Path, ScanSet] = {}
    for path in paths:
        if not path.exists():
            raise UseError("No such file or folder", str(path), "Check the spelling")
        for scan in finder.find_named(path.absolute()):
            found.setdefault(scan.main_path, scan)
    return tuple(found.values())


def open_folder(url: str) -> FolderDestination:
    """Return the destination that a command names."""
    return FolderDestination(folder_of(url).absolute(), "Rescans", gethostname())


def destination_for(url: str) -> FolderDestination:
    """Return the destination a command copies to; naming it is enough, so a missing marker is made."""
    folder = folder_of(url).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    target = FolderDestination(folder, "Rescans", gethostname())
    try:
        target.adopt()
    except UseError:
        target.initialise()
    return target


def doctors_list(place: Place) -> tuple[Examination, ...]:
    """Return what there is to examine; without readable settings only those."""

    def settings_are_well() -> str:
        settings = load_settings(place)
        require(settings, "scanner.watch", "destination.url", "sheet.path")
        return str(place.settings_file)

    try:
        settings = load_settings(place)
    except UseError:
        return (("settings", settings_are_well),)
    return (
        ("settings", settings_are_well),
        ("scanner", lambda: _scanner_is_well(settings)),
        ("share", lambda: _share_is_well(settings)),
        ("sheet", lambda: _sheet_is_well(settings)),
        ("data", lambda: _data_is_well(place)),
    )


def _scanner_is_well(settings: Settings) -> str:
    folder = Path(settings.scanner.watch)
    scans = FolderFinder().find(folder)
    free = ScannerDisk().free_bytes(folder)
    return f"{folder}: {len(scans)} scans, {free / 1e9:,.0f} GB free"


def _share_is_well(settings: Settings) -> str:
    share = open_destination(settings)
    share.check()
    free = share.free_bytes()
    return settings.destination.url + (f": {free / 1e9:,.0f} GB free" if free is not None else "")


def _sheet_is_well(settings: Settings) -> str:
    sheet = WorkbookSheet(Path(settings.sheet.path), settings.sheet).read()
    return f"{sheet.title}: {len(sheet.rows)} slides"


def _data_is_well(place: Place) -> str:
    place.data.mkdir(parents=True, exist_ok=True)
    lock = HolderLock(place.data)
    who = None if lock.try_acquire() else lock.holder()
    lock.release()
    return f"{place.data}" + (f", held by process {who.pid} of {who.account}" if who else "")


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


def show_window(place: Place, settings: Settings, theme: str) -> int:
    """Show the window over a station whose journal is held; return when it is closed."""
    from app.ui.application import run_window
    from app.ui.theme import ThemeChoice

    stack = AsyncExitStack()

    async def open_desk() -> Desk:
        opened = open_station(
            place, settings, default_operator(settings, None), Needed(watch=True, take_existing=False)
        )
        return Desk(await stack.enter_async_context(opened), _reports_folder())

    return run_window(
        open_desk,
        title="Slideferry",
        resources=resources(),
        on_close=stack.aclose,
        theme=ThemeChoice(theme),
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
        return Desk(station, place.data.parent)

    return run_window(
        open_desk,
        title="Slideferry demo",
        resources=resources(),
        on_close=stack.aclose,
        theme=ThemeChoice(theme),
        remember_in=place.data / "window.ini",
    )


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
        "app.ui.application",
    )
    for name in names:
        importlib.import_module(name)
    for needed in ("fonts/DejaVuSansMono.ttf", "icons/run.svg", "demo/slides/CMU-1-Small-Region.svs"):
        if not (resources() / needed).is_file():
            raise SurroundingsError("A part is missing", str(resources() / needed), "Install Slideferry again")
    return [*names, "resources"]
