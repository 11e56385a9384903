"""A lab that writes scans for hours, with everything going wrong; it keeps what was written and said for the model."""

import hashlib
import random
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import Patience
from app.adapters.files.source_disk import ScannerDisk
from app.domain.dossier import Dossier
from app.domain.errors import SurroundingsError
from app.domain.settings import ReleaseSettings
from app.pipeline.sheet_desk import SheetDesk
from app.services.station import Station
from tests.fakes.images import slide_bytes
from tests.fakes.lab import OPERATOR, Lab
from tests.fakes.sheets import row
from tests.faults.soak_model import Said, Slide, Written
from tests.faults.soak_ports import (
    CheckedDisk,
    FaultyCalls,
    FaultyShare,
    FaultyStore,
    Life,
    Weather,
    WeatheredImages,
)

PLAIN_NAME_RULES = ["REQUIRED", "Include in Name?, REQUIRED", "REQUIRED", "Include in Name?", "REQUIRED"]
"""The barcode is no part of the name, so two slides can want the same one."""


class SoakLab(Lab):
    """Scans by the hundred. `history` holds the scans written under each main file's path, oldest first."""

    def __init__(self, folder: Path, seed: int, *, release: bool, rate: float) -> None:
        super().__init__(folder, copies=3, retries=2, retry_seconds=0.02, poll_seconds=0.1)
        self.chance = random.Random(seed)
        self.weather = Weather(random.Random(seed + 1), rate=rate)
        self.life = Life()
        self.images = WeatheredImages(self.weather)
        self.slides: dict[str, Slide] = {}
        self.history: dict[str, list[Written]] = defaultdict(list)
        self.said: dict[str, Said] = defaultdict(Said)
        self.written: set[str] = set()
        self.checked: set[Path] = set()
        self.sheet.rules = PLAIN_NAME_RULES
        self.number = 0
        self._hand = threading.Lock()
        self._resting = False
        if release:
            self.settings = replace(self.settings, release=ReleaseSettings("verified", 0.0))

    def add_rows(self, count: int) -> None:
        """Put so many slides into the sheet; two of every fifty want one name."""
        self.sheet.rows = []
        for number in range(count):
            barcode = f"{100_000 + number}"
            panel = f"P{number - 1 if number % 50 == 49 else number}"
            self.slides[barcode] = Slide(barcode, panel)
            self.sheet.rows.append(row(barcode, panel=panel))

    def write(self, main: str, label: str, truth: str, *, blurred: bool) -> Written:
        """Write a scan as a scanner does; one that ends in .mrxs is a set."""
        self.number += 1
        mark = f"{'blurred ' if blurred else ''}number {self.number}"
        files = {main: slide_bytes(label, mark=mark, size=self.chance.randint(2_000, 40_000))}
        if main.endswith(".mrxs"):
            inner = main.removesuffix(".mrxs")
            for name in ("Slidedat.ini", "Data0000.dat"):
                files[f"{inner}/{name}"] = slide_bytes(
                    "", mark=f"{name} of {mark}", size=self.chance.randint(500, 9_000)
                )
        for path, content in reversed(files.items()):
            self._put(path, content)
        self.history[main].append(Written(main, label, truth, blurred, files))
        return self.history[main][-1]

    def _put(self, path: str, content: bytes) -> None:
        self.written.add(hashlib.sha256(content).hexdigest())
        place = self.watch / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def write_on(self, source: Path) -> None:
        """The scanner writes a scan once more while it is being copied: same slide, other bytes."""
        with self._hand:
            if not self._resting:
                self._write_on(source)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """The scanner writes nothing on meanwhile."""
        with self._hand:
            self._resting = True
        try:
            yield
        finally:
            self._resting = False

    def is_as_known(self, dossier: Dossier) -> bool:
        """Whether a scan's main file is what the program saw of it last, or has gone."""
        try:
            status = (self.watch / dossier.scan.files.main).stat()
        except FileNotFoundError:
            return True
        known = next(each for each in dossier.scan.files.members if each.path == dossier.scan.files.main)
        return (known.size_bytes, known.mtime_ns) == (status.st_size, status.st_mtime_ns)

    def _write_on(self, source: Path) -> None:
        now = self.history[source.relative_to(self.watch).as_posix()][-1]
        self.number += 1
        mark = f"{'blurred ' if now.blurred else ''}written on {self.number}"
        now.files[now.main] = slide_bytes(now.label, mark=mark, size=self.chance.randint(2_000, 40_000))
        self._put(now.main, now.files[now.main])
        for dossier in reversed(self.station.kit.ledger.all()):
            if dossier.scan.files.main == now.main:
                # What people said, they said of the bytes before.
                said = self.said[dossier.id]
                said.assigned = said.keep = said.verdict = ""
                break

    def store(self) -> FaultyStore:
        return FaultyStore(self.folder / "journal.sqlite", self.weather, self.life)

    def kit(self, store, *, once: bool = False):
        kit = super().kit(store, once=once)
        share = FolderDestination(self.share_root, "Rescans", "test-station", patience=Patience(5.0, 1.0))
        gateway = FaultyCalls(self.sheet, dict.fromkeys(("read", "write"), SurroundingsError), self.weather, self.life)
        return replace(
            kit,
            destination=FaultyShare(share, self.weather, self.life, self.write_on, self.checked),
            source=CheckedDisk(ScannerDisk(), self.weather, self.life, self.checked),
            sheet=SheetDesk(gateway, store, kit.threads, self.clock, self.settings.sheet),
        )

    @asynccontextmanager
    async def living(self, *, killed: bool) -> AsyncIterator[Station]:
        """Open a station for one life; `killed`: at its end nothing of it reaches the disk any more."""
        self.life = life = Life()
        calm, self.weather.calm = self.weather.calm, True
        async with self.kit_open() as kit:
            station = Station(kit, self.maker, station_name="scanner-pc", take_existing=True)
            self.station = station
            await station.open(OPERATOR, watch=False)
            self.weather.calm = calm
            try:
                yield station
            finally:
                life.dead = killed
                await station.close()
