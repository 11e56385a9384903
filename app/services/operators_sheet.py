"""Meets the window's `OperatorsSheet`: findings, differences, lists of slides to expect."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from app.domain.dossier import Dossier
from app.domain.errors import RetryableError, UseError
from app.domain.expected_list import read_expected_list
from app.domain.ports import ListReader
from app.domain.run import ExpectedFrom
from app.domain.scan import ScanId
from app.domain.sheet import SlideSheet
from app.domain.sheet_address import sheet_address
from app.domain.sheet_differences import Difference, the_row
from app.domain.sheet_findings import SheetFinding, sheet_findings
from app.services.differences import open_differences
from app.services.sheet_views import ListPlan, SheetState
from app.services.station import Station


class StationSheet:
    """The slide sheet of a station. `changed` is told of scans whose differences are others than they were."""

    def __init__(self, station: Station, lists: ListReader | None, changed: Callable[[ScanId], None]) -> None:
        self._station = station
        self._kit = station.kit
        self._lists = lists
        self._changed = changed
        self._looked_through: SlideSheet | None = None
        self._looking: asyncio.Task[None] | None = None
        self._findings: tuple[SheetFinding, ...] = ()
        self._told: dict[ScanId, tuple[Difference, ...]] = {}
        self._compared: dict[ScanId, tuple[Dossier, SlideSheet | None, tuple[Difference, ...]]] = {}

    def keep_up(self) -> None:
        """Look through the last reading of the sheet, if it is a new one."""
        sheet = self._kit.sheet.last
        if sheet is None or sheet is self._looked_through or (self._looking and not self._looking.done()):
            return
        self._looked_through = sheet
        self._looking = asyncio.get_running_loop().create_task(self._look_through(sheet))
        self._compared.clear()
        told = {dossier.id: self.differences(dossier) for dossier in self._station.dossiers()}
        for scan, found in told.items():
            if found != self._told.get(scan, ()):
                self._changed(scan)
        self._told = told

    async def _look_through(self, sheet: SlideSheet) -> None:
        """Find what is wrong beside everything else: a sheet may have tens of thousands of rows."""
        settings = self._kit.settings
        find = partial(sheet_findings, scanner_column=settings.sheet.scanner_column, scanner=settings.scanner.name)
        self._findings = await self._kit.threads.disk(find, sheet)

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return len(self._findings)

    def differences(self, dossier: Dossier) -> tuple[Difference, ...]:
        """Return what changed in a scan's row and nobody decided about; asked ten times a second for each scan."""
        sheet, known = self._kit.sheet.last, self._compared.get(dossier.id)
        if known is None or known[0] is not dossier or known[1] is not sheet:
            known = self._compared[dossier.id] = (dossier, sheet, open_differences(dossier, sheet))
        return known[2]

    def state(self) -> SheetState:
        """Return what the last reading said."""
        sheet = self._kit.sheet.last
        if sheet is None:
            return SheetState("", None, 0, ())
        return SheetState(sheet.title, sheet.read_at, len(sheet.rows), self._findings)

    def address(self, cell: str = "") -> str:
        """Return what opens the sheet: a path, or an https address that leads to this cell."""
        last = self._kit.sheet.last
        return sheet_address(self._kit.settings.sheet, cell, tab=last.tab if last is not None else None)

    def cell_of(self, scan: ScanId) -> str:
        """Return the first cell of a scan's row in the last reading, empty where it has none."""
        sheet, barcode = self._kit.sheet.last, self._kit.ledger.get(scan).scan.barcode
        row = the_row(sheet, barcode) if sheet is not None and barcode else None
        return f"A{row.number}" if row is not None else ""

    def new_path(self, scan: ScanId) -> str:
        """Return the path that taking over the changed row would give a scan, empty where it keeps its own."""
        return self._station.acts.differences.new_path(scan)

    async def take_over(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        """Take the changed row of a scan over, if it still is as the person saw it."""
        await self._station.acts.differences.take_over(scan, seen)

    async def leave(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        """Leave a scan as it is though its row changed."""
        await self._station.acts.differences.leave(scan, seen)

    @property
    def list_kinds(self) -> Sequence[str]:
        """The endings of files that may be a list of slides."""
        return self._lists.kinds if self._lists is not None else ()

    async def read_list(self, path: Path) -> ListPlan:
        """Read a list of slides to expect; raises UseError while no run is open, or for a file that is no list."""
        if self._lists is None or self._station.open_run is None:
            raise UseError("No run is open", f"The slides of {path.name} are expected in a run", "Start a run first")
        grid = await self._kit.threads.disk(self._lists.grid, path)
        settings = self._kit.settings
        found = read_expected_list(
            grid,
            title=path.name,
            barcode_header=settings.sheet.barcode_column,
            pattern=settings.scanner.barcode_pattern,
        )
        expected = {each.barcode for each in self._station.expected}
        new = tuple(each for each in found.barcodes if each not in expected)
        try:
            sheet = await self._kit.sheet.fresh()
        except RetryableError as error:
            return ListPlan(path.name, found, new, None, f"{error.title}: {error.message}")
        absent = tuple(each for each in found.barcodes if not sheet.rows_for(each))
        return ListPlan(path.name, found, new, absent, sheet.title)

    async def expect(self, plan: ListPlan) -> int:
        """Expect the slides of a list; return how many were new."""
        return await self._station.expect(plan.new, ExpectedFrom.IMPORT)
