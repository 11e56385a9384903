"""Two PCs that write one destination: each with a scanner, a sheet and a journal of its own, and killed at random."""

import asyncio
import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import tifffile

from app.adapters.files import share_lock
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import Patience
from app.adapters.sheets.new_workbook import make_workbook
from app.domain.settings import (
    DestinationSettings,
    LabSettings,
    PipelineSettings,
    QualitySettings,
    ScannerSettings,
    Settings,
    SheetSettings,
)
from app.domain.settings_text import settings_to_toml
from tests.e2e import lab as e2e
from tests.fakes.share import ScriptedShare
from tests.fakes.sheets import HEADER, RULES, row
from tests.faults.engine_lab import EngineLab

FOLDER = "Prec01/Run 2"
KILLED_LOOKS_DEAD_AFTER = 0.8


class PcLab(EngineLab):
    """A PC's whole engine over a share that is not its own. Its processes think that they are on a PC of that name."""

    def __init__(self, folder: Path, pc: str, share: Path, barcodes: list[str]) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.pc = pc
        self.share_root = share
        self.share = ScriptedShare(share)
        self.share._inner = FolderDestination(share, "Rescans", pc, patience=Patience(30.0, KILLED_LOOKS_DEAD_AFTER))
        self.sheet.rows = [row(barcode, panel=f"P{barcode}", scanner=pc) for barcode in barcodes]
        self.settings = replace(
            self.settings,
            scanner=replace(self.settings.scanner, name=pc),
            destination=replace(self.settings.destination, url=str(share)),
        )

    def live(self) -> None:
        """Be the program until nothing is left to do; used in a process of its own."""
        share_lock._machine = lambda: self.pc
        share_lock._BEAT_SECONDS = 0.1
        asyncio.run(self._live())

    async def _live(self) -> None:
        async with self.open(once=True):
            await self.rest()

    def start(self) -> int:
        """Start the program; return its process id."""
        child = os.fork()
        if child == 0:
            code = 70
            try:
                self.live()
                code = 0
            except BaseException:  # noqa: BLE001 - told to the parent, which fails
                (self.folder / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
            finally:
                os._exit(code)
        return child


def make_share(share: Path) -> Path:
    """Make a destination that belongs to no PC."""
    FolderDestination(share, "Rescans", "somebody").initialise()
    return share


@dataclass
class Killing:
    """Programs that are started again and again, and killed in between, until each came to its end by itself.

    One that ends before the last kill is started again, too: its scanner may have more by then.
    """

    chance: random.Random
    kills: int
    shortest: float
    longest: float
    struck: list[str] = field(default_factory=list)

    def run(self, starts: dict[str, Callable[[], int]], seconds: float) -> None:
        """Start all; kill at random moments; start again what was killed; return when every one ended well."""
        running = {start(): name for name, start in starts.items()}
        until = time.monotonic() + seconds
        next_kill = self._next()
        while running:
            assert time.monotonic() < until, f"still at work: {sorted(running.values())}"
            child, status = os.waitpid(-1, os.WNOHANG)
            if child in running:
                name = running.pop(child)
                killed = os.waitstatus_to_exitcode(status) == -signal.SIGKILL
                assert killed or status == 0, f"{name} ended with {os.waitstatus_to_exitcode(status)}"
                if killed or len(self.struck) < self.kills:
                    running[starts[name]()] = name
            elif time.monotonic() > next_kill and len(self.struck) < self.kills:
                victim = self.chance.choice(sorted(running))
                os.kill(victim, signal.SIGKILL)
                self.struck.append(running[victim])
                next_kill = self._next()
            else:
                time.sleep(0.005)

    def _next(self) -> float:
        return time.monotonic() + self.chance.uniform(self.shortest, self.longest)


class Pc:
    """A PC with the real program, in its own folder: settings, sheet, scanner, journal."""

    def __init__(self, folder: Path, name: str, share: Path, barcodes: list[str], portion: int | None = None) -> None:
        """Lay the PC out; with a `portion` its scanner has so many slides more at each start of the program."""
        self.folder = folder
        self.name = name
        self.portion = portion
        self.watch = folder / "scanner"
        self.watch.mkdir(parents=True)
        self.data = folder / "data"
        settings = Settings(
            lab=LabSettings(name="Two PCs", operators=("Mira Holm, mira@example.org, MH",)),
            scanner=ScannerSettings(name=name, watch=str(self.watch), settle_seconds=0.2, barcode_pattern="[0-9]{6}"),
            destination=DestinationSettings(url=str(share)),
            sheet=SheetSettings(path=str(folder / "slides.xlsx")),
            quality=QualitySettings(enabled=False),
            pipeline=PipelineSettings(copies=2, poll_seconds=0.5, retry_seconds=0.5),
        )
        (folder / "settings.toml").write_text(settings_to_toml(settings), encoding="utf-8")
        rows = [row(barcode, panel=f"P{barcode}", scanner=name) for barcode in barcodes]
        make_workbook(folder / "slides.xlsx", [RULES, HEADER, *rows])
        self.to_scan = list(barcodes)
        if portion is None:
            self.scan(len(barcodes))

    def scan(self, number: int) -> None:
        """Write so many slides more, as far as there are any."""
        for barcode in self.to_scan[:number]:
            write_slide(self.watch / f"{barcode}.ome.tif", seed=int(barcode))
        del self.to_scan[:number]

    @property
    def words(self) -> list[str]:
        """The command that does what lies there and ends."""
        places = ["--config", str(self.folder / "settings.toml"), "--data-dir", str(self.data)]
        return [*e2e.PROGRAM, *places, "run", "--once"]

    def start(self) -> int:
        """Start the program; return its process id."""
        self.scan(self.portion or 0)
        # Not subprocess: its objects want to be the ones who wait for their process.
        output = os.open(self.folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            streams = [(os.POSIX_SPAWN_DUP2, output, stream) for stream in (1, 2)]
            return os.posix_spawn(self.words[0], self.words, e2e.environment(), file_actions=streams)
        finally:
            os.close(output)


def write_slide(path: Path, seed: int) -> None:
    """Write a small slide that a decoder reads whole."""
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64), dtype=np.uint8)
    via = path.with_suffix(".tmp")
    tifffile.imwrite(via, pixels, ome=True, photometric="minisblack")
    via.rename(path)
