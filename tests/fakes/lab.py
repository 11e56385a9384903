"""A whole lab in a folder: real files, a real journal, a real share; images, sheet and time are scripted."""

import asyncio
import hashlib
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.storage.store import SqliteStore
from app.domain.dossier import Dossier
from app.domain.report import RunReport
from app.domain.run import Operator
from app.domain.scan import ScanId
from app.domain.settings import DestinationSettings, PipelineSettings, ReleaseSettings, ScannerSettings, Settings
from app.domain.step import StepId, StepState
from app.pipeline.case import Kit
from app.pipeline.ledger import Ledger
from app.pipeline.limits import DestinationGate, copying_places
from app.pipeline.pacing import make_pacing
from app.pipeline.progress import ProgressBoard
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.threads import Threads
from app.services.station import Station
from tests.fakes.images import FakeImages, slide_bytes
from tests.fakes.share import ScriptedShare
from tests.fakes.sheets import FakeSheet, row

OPERATOR = Operator("Mira Holm", "mira@example.org", "MH", "mholm")
PATIENCE_SECONDS = 10.0


class FakeClock:
    """Real time that a test can push on."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def skip(self, seconds: float) -> None:
        self._ahead += seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead


class FakeGuest:
    """Meets the port GoodGuest: keeps what it was told, and changes no priority of the tests."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def be_modest(self) -> None:
        self.told.append("modest")

    def step_back(self) -> None:
        self.told.append("back")

    def come_forward(self) -> None:
        self.told.append("forward")


class PlainReport:
    """Meets the port ReportMaker: keeps what it was given."""

    def __init__(self) -> None:
        self.reports: list[RunReport] = []

    def write_pdf(self, report: RunReport, out: Path, progress: Callable[[int, int], None]) -> None:
        self.reports.append(report)
        out.write_bytes(b"%PDF-")


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Return once the condition holds; fail after ten seconds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"never: {what or condition}"
        await asyncio.sleep(0.005)


class Lab:
    """The lab's folders and scripted outside; `open` starts a station in it, as often as a test likes."""

    def __init__(self, folder: Path, **pipeline: Any) -> None:
        self.folder = folder
        self.watch = folder / "scanner"
        self.share_root = folder / "share"
        self.watch.mkdir()
        self.share = ScriptedShare(self.share_root)
        self.share.initialise()
        self.clock = FakeClock()
        self.images = FakeImages()
        self.sheet = FakeSheet([row("620995"), row("407871", panel="P2"), row("545891", panel="P3")])
        limits = {"copies": 2, "retries": 2, "retry_seconds": 0.02, "poll_seconds": 0.1, "gentle": "never", **pipeline}
        self.settings = Settings(
            scanner=ScannerSettings(
                name="Raven", watch=str(self.watch), settle_seconds=0.0, barcode_pattern="[0-9]{6}"
            ),
            destination=DestinationSettings(url=str(self.share_root)),
            pipeline=PipelineSettings(**limits),
        )
        self.maker = PlainReport()
        self.guest = FakeGuest()
        self.station: Station

    def release(self, keep_days: float) -> None:
        self.settings = replace(self.settings, release=ReleaseSettings("verified", keep_days))

    def scan(self, name: str, barcode: str, *, mark: str = "", size: int = 4096) -> Path:
        """Write a scan as a scanner does, whole at once."""
        path = self.watch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(slide_bytes(barcode, mark=mark, size=size))
        return path

    def kit(self, store: SqliteStore, *, once: bool = False) -> Kit:
        threads = Threads(self.settings.pipeline.copies)
        return Kit(
            settings=self.settings,
            clock=self.clock,
            chance=random.Random(1),
            store=store,
            ledger=Ledger(store, self.clock),
            progress=ProgressBoard(self.clock),
            threads=threads,
            gate=DestinationGate(),
            sheet=SheetDesk(self.sheet, store, threads, self.clock, self.settings.sheet),
            images=self.images,
            finder=FolderFinder(),
            destination=self.share,
            source=ScannerDisk(),
            program_version="1.0",
            publishing=asyncio.Lock(),
            guest=self.guest,
            pacing=make_pacing(self.settings.pipeline.bandwidth_mb, self.clock.monotonic),
            copying=copying_places(self.settings.pipeline.copies),
            once=once,
        )

    def store(self) -> SqliteStore:
        return SqliteStore(self.folder / "journal.sqlite")

    @asynccontextmanager
    async def kit_open(self, *, once: bool = False) -> AsyncIterator[Kit]:
        """Open a kit alone, without anything that runs."""
        store = self.store()
        kit = self.kit(store, once=once)
        try:
            yield kit
        finally:
            await kit.threads.close()
            await store.close()

    @asynccontextmanager
    async def open(
        self, *, watch: bool = False, take_existing: bool = True, once: bool = False
    ) -> AsyncIterator[Station]:
        """Open the station, look once at the watch folder, close in order at the end, and check what must hold."""
        async with self.kit_open(once=once) as kit:
            station = Station(kit, self.maker, station_name="scanner-pc", take_existing=take_existing)
            self.station = station
            try:
                await station.open(OPERATOR, watch=watch)
                if not watch:
                    await station.runner.look()
                yield station
            finally:
                await station.close()
            self.check(kit.ledger.all())
            journal = await kit.store.work(lambda each: each.dossiers())
            assert {d.id: d for d in journal} == {d.id: d for d in kit.ledger.all()}, "memory is not the journal"

    async def rest(self) -> None:
        """Return once nothing goes on by itself."""
        await until(self.station.runner.at_rest, "at rest: " + self.story())

    def story(self) -> str:
        return "; ".join(f"{d.scan.files.name} {d.state.value}" for d in self.station.kit.ledger.all())

    def get(self, name: str) -> Dossier:
        """Return the newest scan of a file name."""
        found = [d for d in self.station.kit.ledger.all() if d.scan.files.name == name]
        assert found, f"no scan {name}"
        return found[-1]

    def id(self, name: str) -> ScanId:
        return self.get(name).id

    def state(self, name: str, step: StepId) -> StepState:
        return self.get(name).steps[step].state

    def published(self) -> dict[str, bytes]:
        """Return what lies on the share under final names: path to bytes."""
        return {
            path.relative_to(self.share_root).as_posix(): path.read_bytes()
            for path in sorted(self.share_root.rglob("*"))
            if path.is_file() and ".slideferry" not in path.parts and path.name[0] != "."
            and path.name != "manifest-sha256.txt"
        }  # fmt: skip

    def check(self, dossiers: tuple[Dossier, ...]) -> None:
        """Assert what must hold after every test: published is verified, one name one slide, memory is the journal."""
        places: dict[str, str] = {}
        for dossier in dossiers:
            for file in dossier.files if dossier.published else ():
                path = self.share_root / file.destination
                if path.exists():
                    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256, file.destination
                other = places.setdefault(file.destination, dossier.id)
                assert other == dossier.id, f"{file.destination} belongs to {other} and {dossier.id}"


def set_old(path: Path, seconds: float) -> None:
    """Make a file look as if it was written so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))
