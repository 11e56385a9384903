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
from app.adapters.imaging.picture_cache import PictureCache
from app.adapters.machine.priorities import ProgramPriorities
from app.adapters.reports import PdfReport, write_audit_csv, write_audit_json, write_csv, write_json
from app.adapters.storage.backups import backups_of
from app.adapters.storage.store import SqliteStore
from app.bootstrap.holding import watch_folder_held
from app.bootstrap.journal_disk import open_store
from app.bootstrap.place import Place, require, resources
from app.bootstrap.sheet import open_sheet, require_sheet
from app.domain.audit_chain import AuditRecord
from app.domain.errors import UseError
from app.domain.ports import SheetGateway
from app.domain.report import RunReport
from app.domain.run import Operator
from app.domain.settings import Settings
from app.pipeline.case import Kit
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate, copying_places
from app.pipeline.pacing import make_pacing
from app.pipeline.progress import ProgressBoard
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.threads import Threads
from app.services.journal_care import journal_chores
from app.services.rereading import Rereading
from app.services.room import RoomKeeper
from app.services.sheet_reading import SheetReading
from app.services.station import Station
from app.services.station_notes import StationNote


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


def open_images(place: Place, settings: Settings) -> DecoderImages:
    """Return the decoders; their worker processes start with the first question."""
    return DecoderImages(cache=PictureCache(place.pictures, unused_days=settings.journal.keep_days))


@dataclass(frozen=True, slots=True)
class Needed:
    """What a command needs of a station."""

    once: bool = False
    watch: bool = False
    take_existing: bool = True
    go_on: bool = True


@asynccontextmanager
async def open_station(place: Place, settings: Settings, operator: Operator, needed: Needed) -> AsyncIterator[Station]:
    """Open the station for as long as the block lasts; the caller holds the journal, this the watch folder.

    Raises SurroundingsError when another program has that folder.
    """
    require(settings, "scanner.watch", "destination.url")
    require_sheet(settings)
    with watch_folder_held(Path(settings.scanner.watch)):
        async with _open_held_station(place, settings, operator, needed) as station:
            yield station


@asynccontextmanager
async def _open_held_station(
    place: Place, settings: Settings, operator: Operator, needed: Needed
) -> AsyncIterator[Station]:
    if settings.pipeline.gentle != "never":
        ProgramPriorities().be_modest()  # first of all: threads and workers get it from the one that begins them
    clock = SystemClock()
    store = open_store(place)
    threads = Threads(settings.pipeline.copies)
    images = open_images(place, settings)
    with open_sheet(place, settings, store) as sheet:
        kit = build_kit(settings, store, threads, images, clock, gateway=sheet, once=needed.once)
        station = Station(
            kit,
            PdfReport(resources() / "fonts"),
            station_name=gethostname(),
            take_existing=needed.take_existing,
            chores=(
                StationNote(kit, gethostname()).chore(),
                Rereading(kit).chore(),
                RoomKeeper(kit).chore(),
                *((SheetReading(kit).chore(),) if needed.watch else ()),
                *journal_chores(kit, backups_of(place.journal), gethostname()),
            ),
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
    gateway: SheetGateway,
    once: bool,
) -> Kit:
    """Hand everything to each other."""
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
        guest=ProgramPriorities(),
        pacing=make_pacing(settings.pipeline.bandwidth_mb),
        copying=copying_places(settings.pipeline.copies),
        once=once,
    )


@asynccontextmanager
async def open_journal(place: Place) -> AsyncIterator[SqliteStore]:
    """Open the journal to read it and to put requests; never makes one."""
    if not place.journal.exists():
        raise UseError(
            "There is no journal yet", f"{place.journal} does not exist", "Start with `run --once` or open the window"
        )
    store = open_store(place)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def journal_if_any(place: Place) -> AsyncIterator[SqliteStore | None]:
    """Open the journal for who can do without it; None where there is none."""
    if not place.journal.exists():
        yield None
        return
    async with open_journal(place) as store:
        yield store


def write_report(contents: RunReport, out: Path, form: str) -> None:
    """Write a report as pdf, csv or json."""
    if form == "pdf":
        PdfReport(resources() / "fonts").write_pdf(contents, out, lambda _done, _of: None)
    elif form == "csv":
        write_csv(contents, out)
    else:
        write_json(contents, out)


def write_audit(records: tuple[AuditRecord, ...], out: Path, form: str) -> None:
    """Write entries of the audit log as csv or json."""
    write = write_audit_csv if form == "csv" else write_audit_json
    write(records, out)
