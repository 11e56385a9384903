"""A desk for the window's tests: a dozen scans held in memory, real pictures, and acts that change them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from app.domain.errors import SlideError, UseError
from app.domain.hand_scan import HandReading, HandScan, read_hand_scan
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.run import Operator, Run
from app.domain.scan import RunId, ScanId
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, SlideFacts
from app.domain.step import StepId, StepState
from app.services.share_state import ShareState
from app.services.views import (
    ExpectedView,
    HandScanAnswer,
    HandScanKind,
    RunView,
    ScanDetail,
    ScanView,
    StationView,
    ZoomView,
)
from tests.fakes.chains import two_scans
from tests.fakes.desk_sheet import FakeOperatorsSheet
from tests.fakes.scans import EXPECTED, PICTURES, a_dozen, picture_of
from tests.fakes.share_states import a_share

OPERATORS = (Operator("Mira Holm", "mira@example.org", "MH"), Operator("Jon Ek", "jon@example.org", "JE"))


class FakeDesk:
    """Implements OperatorsDesk. `acts` lists what was asked, `refuse` makes the next act fail with that error."""

    def __init__(self, scans: tuple[ScanView, ...] | None = None, *, now: datetime | None = None) -> None:
        self.now = now or datetime.now().astimezone()
        chosen = a_dozen(self.now) if scans is None else scans
        self._scans = {view.id: view for view in chosen}
        self._listeners: list[Callable[[frozenset[ScanId]], None]] = []
        self.acts: list[tuple[object, ...]] = []
        self.refuse: SlideError | None = None
        self.chains = two_scans(self.now, {view.id: view for view in chosen})
        self.report_path = Path("run-report.pdf")
        self.expected: tuple[ExpectedView, ...] = EXPECTED if scans is None else ()
        self.current: Run | None = Run(
            RunId("2026-11-22 / 3"), "Raven", OPERATORS[0], self.now - timedelta(hours=1, minutes=12)
        )
        self.pyramids: dict[ScanId, Pyramid] = {}
        self.zoom_note = ""
        self.tiles_asked: list[TileAddress] = []
        self.damaged_tiles: set[TileAddress] = set()
        self.hold_tiles = asyncio.Event()
        self.hold_tiles.set()
        self.share_state = a_share(self.now)
        self.sheet = FakeOperatorsSheet(self._do, self.now)
        self.pattern = ""
        self.station_view = StationView("Prec Imaging", "Raven", True, 2.0, 41, 398e6, 2, 1, 12.0, "", "", "")

    def scans(self) -> tuple[ScanView, ...]:
        return tuple(self._scans.values())

    def scan(self, scan: ScanId) -> ScanView | None:
        return self._scans.get(scan)

    def run(self) -> RunView:
        states = [view.state for view in self.scans()]
        need = sum(state in (StepState.NEEDS_ATTENTION, StepState.FAILED) for state in states)
        done = sum(state is StepState.SUCCEEDED for state in states)
        waiting = len(states) - need - done
        safe_at = self.now + timedelta(minutes=26) if waiting else None
        note = f"{need} wait for you" if need else ""
        return RunView(self.current, done, waiting, need, len(self.expected), 1, 1, self.expected, safe_at, note)

    def station(self) -> StationView:
        return self.station_view

    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS

    def subscribe(self, listener: Callable[[frozenset[ScanId]], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def put(self, view: ScanView) -> None:
        """Change or add a scan and tell the listeners."""
        self._scans[view.id] = view
        self.tell(view.id)

    def tell(self, *scans: ScanId) -> None:
        for listener in tuple(self._listeners):
            listener(frozenset(scans))

    async def detail(self, scan: ScanId) -> ScanDetail:
        view = self._scans[scan]
        barcode = view.barcode or ""
        readings = tuple(
            BarcodeReading(barcode, symbology, source)
            for symbology, source in (("DataMatrix", BarcodeSource.LABEL), ("", BarcodeSource.HAND))
            if barcode
        )
        facts = SlideFacts(
            "Aperio", "aperio", (2220, 2967), 3, (0.499, 0.499), 20.0, ("label", "macro", "thumbnail"),
            complete=True, scanned_at="2026-11-22 14:51",
        )  # fmt: skip
        start = view.found_at
        log = tuple(
            (start + timedelta(seconds=20 * number), f"{step.title}: Pending → {step.state.title}")
            for number, step in enumerate(view.steps)
            if step.state is not StepState.PENDING
        )
        files = ((f"/raven/{view.source_name}", view.destination or "", "9f" * 32 if view.verified_at else ""),)
        return ScanDetail(readings, facts, files, log, self.chains.get(scan))

    async def picture(self, scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        await asyncio.sleep(0)
        name = picture_of(self._scans[scan], kind)
        return (PICTURES / name).read_bytes() if name else None

    def understand(self, scan: HandScan) -> HandReading:
        known = {view.barcode for view in self.scans()} | {each.barcode for each in self.expected}
        return read_hand_scan(scan, self.pattern, known.__contains__)

    async def zoom(self, scan: ScanId) -> ZoomView:
        await asyncio.sleep(0)
        return ZoomView(self.pyramids.get(scan), self.zoom_note)

    async def tile(self, scan: ScanId, address: TileAddress) -> bytes | None:
        """Return a tile that shows where it belongs: its red grows with the column, its green with the row."""
        from tests.fakes.tiles import tile_of

        self.tiles_asked.append(address)
        await self.hold_tiles.wait()
        return None if address in self.damaged_tiles else tile_of(self.pyramids[scan], address)

    async def hand_scan(self, text: str) -> HandScanAnswer:
        self._do("hand_scan", text)
        scan = next((view.id for view in self.scans() if view.barcode == text), None)
        if scan is not None:
            return HandScanAnswer(text, HandScanKind.AGAIN, "already scanned, see its card", scan)
        found = next((each for each in self.expected if each.barcode == text), None)
        if found is not None:
            return HandScanAnswer(text, HandScanKind.EXPECTED, f"Prec01 · {found.summary}: expected", None)
        return HandScanAnswer(text, HandScanKind.NOT_IN_SHEET, "No row of the sheet has this barcode", None)

    async def restart(self, scan: ScanId, step: StepId | None = None) -> None:
        self._do("restart", scan, step)
        self.put(replace(self._scans[scan], state=StepState.RUNNING, badge="Starting", attention=None))

    async def mark(self, scan: ScanId, step: StepId, state: StepState, reason: str) -> None:
        self._do("mark", scan, step, state, reason)

    async def assign(self, scan: ScanId, barcode: str, reason: str) -> None:
        self._do("assign", scan, barcode, reason)
        self.put(replace(self._scans[scan], barcode=barcode, attention=None, state=StepState.RUNNING, badge="Copying"))

    async def pause(self, scan: ScanId) -> None:
        self._do("pause", scan)
        self.put(replace(self._scans[scan], paused=True, state=StepState.PAUSED, badge="Paused", rate=None))

    async def resume(self, scan: ScanId) -> None:
        self._do("resume", scan)
        self.put(replace(self._scans[scan], paused=False, state=StepState.RUNNING, badge="Copying"))

    async def cancel(self, scan: ScanId) -> None:
        self._do("cancel", scan)
        self.put(replace(self._scans[scan], state=StepState.CANCELLED, badge="Cancelled"))

    async def first(self, scan: ScanId) -> None:
        self._do("first", scan)

    async def keep(self, scan: ScanId, which: str, reason: str = "") -> None:
        self._do("keep", scan, which, *([reason] if reason else []))

    async def missing(self, scan: ScanId, how: str, reason: str) -> None:
        self._do("missing", scan, how, reason)

    async def verdict(self, scan: ScanId, verdict: str, reason: str) -> None:
        self._do("verdict", scan, verdict, reason)
        self.put(replace(self._scans[scan], attention=None, state=StepState.SUCCEEDED, badge="Safe"))

    async def start_run(self, operator: Operator) -> None:
        self._do("start_run", operator)
        self.current = Run(RunId("2026-11-22 / 4"), "Raven", operator, self.now)

    async def end_run(self, reasons: Mapping[str, str]) -> Path:
        if any(not reasons.get(name) for name, _ in self.open_slides()):
            raise UseError("A reason is missing", "Some slides are still open")
        self._do("end_run", dict(reasons))
        assert self.current is not None
        self.current = replace(self.current, ended_at=self.now)
        return self.report_path

    def open_slides(self) -> tuple[tuple[str, str], ...]:
        scans = (
            (view.barcode or view.id, view.badge) for view in self.scans() if view.state is not StepState.SUCCEEDED
        )
        return (*scans, *((each.barcode, "missing: expected, not scanned") for each in self.expected))

    async def report(self, out: Path | None = None) -> Path:
        self._do("report", out)
        return out or self.report_path

    async def share(self) -> ShareState:
        await asyncio.sleep(0)
        return self.share_state

    async def read_findings_again(self) -> None:
        self._do("read_findings_again")
        self.share_state = replace(self.share_state, findings=())

    async def remove_leftovers(self, paths: Sequence[str], reason: str, *, force: bool = False) -> None:
        self._do("remove_leftovers", tuple(paths), reason, force)
        left = tuple(each for each in self.share_state.leftovers if each.leftover.path not in paths)
        self.share_state = replace(self.share_state, leftovers=left)

    def _do(self, *act: object) -> None:
        if self.refuse is not None:
            error, self.refuse = self.refuse, None
            raise error
        self.acts.append(act)
