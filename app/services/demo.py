"""The demo: a made-up lab at work, with a virtual operator where nobody watches."""

import asyncio
from pathlib import Path

from app.domain.dossier import Dossier
from app.domain.run import ExpectedFrom, Operator
from app.domain.scan import ScanId
from app.domain.settings import (
    DestinationSettings,
    LabSettings,
    PipelineSettings,
    ScannerSettings,
    Settings,
    SheetSettings,
)
from app.domain.step import StepState
from app.services.demo_plan import BARCODE_PATTERN, OBSTRUCTED_FOLDER, SCANNER, DemoSlide, Part
from app.services.station import Station
from app.services.virtual_scanner import VirtualScanner

OPERATOR = Operator("Jana Kovac", "jana.kovac@lab.example", "jk")
_SOMEBODY_CLEANS_UP_SECONDS = 12.0


def demo_settings(folder: Path) -> Settings:
    """Return the settings of the demo lab."""
    return Settings(
        lab=LabSettings(
            name="Demo Pathology Lab",
            operators=("Jana Kovac, jana.kovac@lab.example, jk", "Tomas Lindqvist, tomas.lindqvist@lab.example, tl"),
        ),
        scanner=ScannerSettings(
            name=SCANNER, watch=str(folder / "scanner"), settle_seconds=1.5, barcode_pattern=BARCODE_PATTERN
        ),
        destination=DestinationSettings(url=str(folder / "share")),
        sheet=SheetSettings(path=str(folder / "slides.xlsx")),
        pipeline=PipelineSettings(copies=2, poll_seconds=0.5, retry_seconds=1.0),
    )


class Demo:
    """Runs the virtual scanner beside a station, and plays the people whom the story needs."""

    def __init__(self, station: Station, scanner: VirtualScanner, slides: tuple[DemoSlide, ...], share: Path) -> None:
        self._station = station
        self._scanner = scanner
        self._slides = slides
        self._obstruction = share.joinpath(*OBSTRUCTED_FOLDER)
        self._restarted: set[ScanId] = set()

    def _dossiers(self) -> tuple[Dossier, ...]:
        return self._station.kit.ledger.all()

    def _safe(self, barcode: str) -> bool:
        return any(d.published and d.scan.barcode == barcode for d in self._dossiers())

    async def expect(self) -> None:
        """Expect every slide that the sheet lists: a person scanned the rack."""
        barcodes = [slide.barcode for slide in self._slides if slide.row is not None]
        await self._station.expect(dict.fromkeys(barcodes), ExpectedFrom.IMPORT)

    async def play(self, *, alone: bool) -> None:
        """Scan all slides. `alone`: also restart what failed, once, and return when everything is at rest."""
        scanning = asyncio.create_task(self._scanner.scan(self._slides, self._safe), name="virtual scanner")
        cleaning = asyncio.create_task(self._clean_up(at_once=alone), name="virtual storage people")
        try:
            if not alone:
                await asyncio.gather(scanning, cleaning)
                return
            while not (scanning.done() and self._is_over()):
                for task in (scanning, cleaning):
                    if task.done():
                        task.result()
                await self._restart_what_failed()
                await asyncio.sleep(0.1)
        finally:
            for task in (scanning, cleaning):
                task.cancel()
            await asyncio.gather(scanning, cleaning, return_exceptions=True)

    def _is_over(self) -> bool:
        return self._all_taken_in() and self._station.runner.at_rest() and not self._to_restart()

    def _all_taken_in(self) -> bool:
        known = {dossier.scan.files.name for dossier in self._dossiers()}
        return all(slide.scan_name in known for slide in self._slides)

    def _failed(self) -> list[Dossier]:
        return [dossier for dossier in self._dossiers() if dossier.state is StepState.FAILED]

    def _to_restart(self) -> list[Dossier]:
        return [dossier for dossier in self._failed() if dossier.id not in self._restarted]

    async def _clean_up(self, *, at_once: bool) -> None:
        """Take away what obstructs a folder, once the copy into it has failed."""
        if not any(slide.part is Part.COPY_FAILS for slide in self._slides):
            return
        while not self._failed():
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.0 if at_once else _SOMEBODY_CLEANS_UP_SECONDS)
        if self._obstruction.is_file():
            self._obstruction.unlink()

    async def _restart_what_failed(self) -> None:
        for dossier in self._to_restart():
            if not self._obstruction.is_file():
                self._restarted.add(dossier.id)
                await self._station.acts.restart(dossier.id)


def summary(dossiers: tuple[Dossier, ...], report: Path) -> str:
    """Return what a person reads at the end."""
    lines = []
    for dossier in dossiers:
        place = dossier.files[0].destination if dossier.published else dossier.scan.files.name
        lines.append(f"{dossier.scan.barcode or '(no barcode)':<18}{dossier.state.title:<17}{place}")
    return "\n".join((*lines, "", f"Report: {report}"))
