"""Builds a station: the adapters, the kit, the runner, handed to each other."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

from app import __version__
from app.adapters.files.folder_destination import FolderDestination, folder_of
from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.reports import PdfReport, write_csv, write_json
from app.adapters.sheets.workbook import WorkbookSheet
from app.adapters.storage.store import SqliteStore
from app.bootstrap.place import Place, require, resources
from app.domain.errors import UseError
from app.domain.report import RunReport
from app.domain.run import Operator
from app.domain.settings import Settings
from app.pipeline.case import Kit
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate
from app.pipeline.progress import ProgressBoard
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.threads import Threads
from app.services.station import Station


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""
        return datetime.now(UTC).astimezone()

    def monotonic(self) -> float:
        """Return seconds that never run back."""
        return time.monotonic()


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
    go_on: bool = True


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
        await station.open(operator, watch=needed.watch, go_on=needed.go_on)
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


def write_report(contents: RunReport, out: Path, form: str) -> None:
    """Write a report as pdf, csv or json."""
    if form == "pdf":
        PdfReport(resources() / "fonts").write_pdf(contents, out, lambda _done, _of: None)
    elif form == "csv":
        write_csv(contents, out)
    else:
        write_json(contents, out)
