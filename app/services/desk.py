"""Meets the window's `OperatorsDesk`: reads from the ledger in memory, acts through the station."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from app.domain.barcode import clean, matches
from app.domain.dossier import Dossier
from app.domain.errors import RetryableError, SurroundingsError
from app.domain.hand_scan import HandReading, HandScan, read_hand_scan
from app.domain.ports import ListReader
from app.domain.pyramid import TileAddress
from app.domain.run import ExpectedFrom, Operator, SlideClass
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.domain.step import StepId, StepState
from app.pipeline.journey import STEPS
from app.services.board import scan_view
from app.services.leftovers import LeftoverRemoval
from app.services.operators import operators_of
from app.services.operators_sheet import StationSheet
from app.services.outlook import outlook
from app.services.reconciliation import Standing, open_slides, standings
from app.services.rescan_chain import RescanChain, read_chain
from app.services.room import RECENT, room_warning, slides_that_fit
from app.services.share_state import ShareState
from app.services.sheet_views import OperatorsSheet
from app.services.slide_pictures import SlidePictures
from app.services.station import Station
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

_TELL_SECONDS = 0.1
_TOLD_AT_ONCE = 60
"""A watch folder may bring hundreds of scans at once: shown all together they would hold the window up."""
_FINDINGS_SECONDS = 10.0
_WRITING_SECONDS = 10.0


class Desk:
    """What the window talks to. Changes are gathered and told at most ten times a second."""

    def __init__(self, station: Station, report_folder: Path, lists: ListReader | None = None) -> None:
        self._station = station
        self._sheet = StationSheet(station, lists, self._note)
        self._kit = station.kit
        self._pictures = SlidePictures(station.kit)
        self._report_folder = report_folder
        self._listeners: list[Callable[[frozenset[ScanId]], None]] = []
        self._changed: set[ScanId] = set()
        self._telling: asyncio.TimerHandle | None = None
        self._earlier: dict[ScanId, tuple[Dossier, ScanView]] = {}
        self._loop = asyncio.get_running_loop()
        self._free_bytes: int | None = None
        self._free_looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._findings = 0
        self._findings_looked_at = float("-inf")
        self._counting: asyncio.Task[None] | None = None
        self._last_hand_scan = ("", float("-inf"))
        self._kit.ledger.listen(self._note)
        self._kit.progress.changed = self._note_from_thread

    def scans(self) -> tuple[ScanView, ...]:
        """Return the scans of the present run, oldest first, and those that lay there before the first start.

        Hundreds of the latter may have been found a moment ago: they are among them once they were told of.
        """
        earlier = (dossier for dossier in self._kit.ledger.of_run(None) if dossier.scan.earlier)
        told = (each for each in earlier if each.id in self._earlier or each.id not in self._changed)
        return tuple(self._view(dossier) for dossier in (*self._station.dossiers(), *told))

    def scan(self, scan: ScanId) -> ScanView | None:
        """Return one scan."""
        found = self._kit.ledger.find(scan)
        return None if found is None else self._view(found)

    def _view(self, dossier: Dossier) -> ScanView:
        if not dossier.scan.earlier:
            differences = self._sheet.differences(dossier)
            return scan_view(dossier, self._kit.ledger, self._kit.progress, differences)
        known = self._earlier.get(dossier.id)
        if known is None or known[0] is not dossier:
            # Nothing goes on with it: its view changes with nothing but itself.
            known = self._earlier[dossier.id] = (dossier, scan_view(dossier, self._kit.ledger, self._kit.progress))
        return known[1]

    def run(self) -> RunView:
        """Return the run card."""
        dossiers, slides = self._station.dossiers(), self._standings()
        safe = {d.scan.barcode for d in dossiers if d.published}
        waiting = [each for each in self._station.expected if each.barcode not in safe]
        by_key = {each.key: each for each in slides}
        ahead = outlook(dossiers, self._kit.progress, self._kit.gate.trouble, self._kit.clock.now())
        return RunView(
            run=self._station.open_run,
            verified=sum(d.published for d in dossiers),
            on_their_way=sum(d.state.on_its_way and not d.published for d in dossiers),
            need_you=sum(d.state in (StepState.NEEDS_ATTENTION, StepState.FAILED) for d in dossiers),
            expected_not_scanned=sum(each.klass is SlideClass.EXPECTED for each in slides),
            not_in_sheet=sum(each.klass is SlideClass.NOT_IN_SHEET for each in slides),
            rescans=sum(d.scan.superseded_by is not None for d in dossiers),
            expected=tuple(self._expected_view(each.barcode, by_key.get(each.barcode)) for each in waiting),
            safe_at=ahead.safe_at,
            safe_note=ahead.note,
        )

    def _standings(self) -> tuple[Standing, ...]:
        return standings(self._station.expected, self._station.dossiers(), self._kit.sheet.last)

    def _expected_view(self, barcode: str, standing: Standing | None) -> ExpectedView:
        klass = standing.klass if standing else SlideClass.EXPECTED
        return ExpectedView(barcode, self._row_summary(barcode), klass)

    def _row_summary(self, barcode: str) -> str:
        sheet = self._kit.sheet.last
        rows = sheet.rows_for(barcode) if sheet else ()
        columns = self._kit.settings.report.columns
        return " · ".join(rows[0].cells[c] for c in columns if rows[0].cells.get(c)) if rows else ""

    def station(self) -> StationView:
        """Return the status bar."""
        self._sheet.keep_up()
        kit, runner = self._kit, self._station.runner
        written = self._station.intake.last_write
        since = None if written is None else kit.clock.monotonic() - written
        sheet, gate = kit.sheet.trouble, kit.gate.trouble
        room = self._room(self._recent())
        return StationView(
            lab=kit.settings.lab.name,
            scanner=kit.settings.scanner.name,
            writing=since is not None and since < _WRITING_SECONDS,
            last_write_seconds=since,
            room_for_slides=room,
            rate=kit.progress.total_rate(),
            copies=kit.progress.moving(),
            makes_way=runner.manners.stepping_back,
            sheet_pending=kit.sheet.pending,
            sheet_next_seconds=kit.sheet.seconds_to_next_try(),
            sheet_trouble=f"{sheet.title}: {sheet.message}" if sheet else "",
            share_trouble=f"{gate.title}: {gate.message}" if gate else "",
            scanner_trouble=str(runner.scanner_trouble or ""),
            share_findings=self._share_findings(),
            sheet_findings=self._sheet.findings,
            room_warning=self._room_warning(room),
        )

    def _share_findings(self) -> int:
        """Return how many findings there are, as of some seconds ago."""
        now = self._kit.clock.monotonic()
        if now - self._findings_looked_at > _FINDINGS_SECONDS:
            self._findings_looked_at = now
            self._counting = self._loop.create_task(self._count_findings())
        return self._findings

    async def _count_findings(self) -> None:
        try:
            self._findings = len(await self._kit.store.work(lambda journal: journal.scrub_findings()))
        except SurroundingsError:
            # Whatever cannot be read from the journal says so where it matters.
            self._findings_looked_at = self._kit.clock.monotonic()

    def _recent(self) -> tuple[Dossier, ...]:
        """Return the scans of the present run; between two runs those of the last one."""
        dossiers = self._station.dossiers()
        return dossiers or self._kit.ledger.all()[-RECENT:]

    def _room(self, dossiers: tuple[Dossier, ...]) -> int | None:
        """Return how many more slides of the usual size the scanner's disk takes."""
        now = self._kit.clock.monotonic()
        if now - self._free_looked_at > 10.0:
            self._free_looked_at = now
            self._looking = self._loop.create_task(self._look_at_disk())
        if self._free_bytes is None:
            return None
        return slides_that_fit(self._free_bytes, (each.scan.files.size_bytes for each in dossiers))

    def _room_warning(self, slides: int | None) -> str:
        if slides is None or self._free_bytes is None:
            return ""
        waiting, now = self._kit.ledger.unfinished(), self._kit.clock.now()
        return room_warning(self._kit.settings.release, self._free_bytes, slides, waiting, now)

    async def _look_at_disk(self) -> None:
        folder = Path(self._kit.settings.scanner.watch)
        try:
            self._free_bytes = await self._kit.threads.disk(self._kit.source.free_bytes, folder)
        except SurroundingsError:
            # The status bar already says that the watch folder cannot be read.
            self._free_bytes = None

    def operators(self) -> tuple[Operator, ...]:
        """Return the operators the settings list."""
        return operators_of(self._kit.settings.lab)

    def subscribe(self, listener: Callable[[frozenset[ScanId]], None]) -> Callable[[], None]:
        """Call `listener` with the ids that changed; return how to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _note_from_thread(self, scan: ScanId) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, scan)

    def _note(self, scan: ScanId) -> None:
        self._changed.add(scan)
        if self._telling is None:
            self._telling = self._loop.call_later(_TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        changed = frozenset(islice(self._changed, _TOLD_AT_ONCE))
        self._changed -= changed
        self._telling = self._loop.call_later(_TELL_SECONDS, self._tell) if self._changed else None
        for listener in tuple(self._listeners):
            listener(changed)

    async def detail(self, scan: ScanId) -> ScanDetail:
        """Return what the Slide panel shows."""
        dossier = self._kit.ledger.get(scan)
        moves = await self._kit.store.work(lambda journal: journal.moves(scan))
        chain = await self._chain(dossier.scan.barcode)
        log = tuple((m.at, f"{STEPS[m.step].title}: {m.new.title} ({m.cause})") for m in moves)
        done = {file.source: file for file in dossier.files} if dossier.published else {}
        files = []
        for member in dossier.scan.files.members:
            path = str(dossier.scan.files.root / member.path)
            file = done.get(path) or done.get(member.path)
            files.append((path, file.destination if file else "", file.sha256 if file else ""))
        return ScanDetail(dossier.facts.barcodes if dossier.facts else (), dossier.facts, tuple(files), log, chain)

    async def _chain(self, barcode: str | None) -> RescanChain | None:
        if barcode is None:
            return None
        dossiers = self._kit.ledger.of_barcode(barcode)
        return await self._kit.store.work(lambda journal: read_chain(journal, barcode, dossiers))

    async def picture(self, scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG or JPEG, None where there is none (yet)."""
        return await self._pictures.picture(scan, kind, size_px)

    async def zoom(self, scan: ScanId) -> ZoomView:
        """Return the geometry for deep zoom, or why there is none."""
        return await self._pictures.zoom(scan)

    async def tile(self, scan: ScanId, address: TileAddress) -> bytes | None:
        """Return a tile of what `zoom` described, None where it is damaged."""
        return await self._pictures.tile(scan, address)

    def understand(self, scan: HandScan) -> HandReading:
        """Return which barcode of the lab the hand scanner read, by the pattern, the run and the sheet as last read."""
        settings = self._kit.settings
        correct = settings.wedge.caps_lock == "correct"
        return read_hand_scan(scan, settings.scanner.barcode_pattern, self._knows, correct_case=correct)

    def _knows(self, barcode: str) -> bool:
        sheet = self._kit.sheet.last
        expected = any(each.barcode == barcode for each in self._station.expected)
        return expected or bool(sheet and sheet.rows_for(barcode)) or bool(self._kit.ledger.of_barcode(barcode))

    async def hand_scan(self, text: str) -> HandScanAnswer:
        """Take a barcode from the hand scanner, or typed."""
        barcode = clean(text)
        pattern = self._kit.settings.scanner.barcode_pattern
        if not barcode or not matches(pattern, barcode):
            words = "not a barcode of this lab" if barcode else "nothing was read"
            return HandScanAnswer(barcode or text, HandScanKind.REFUSED, words, None)
        now = self._kit.clock.monotonic()
        last, at = self._last_hand_scan
        self._last_hand_scan = (barcode, now)
        scan = next((d.id for d in reversed(self._station.dossiers()) if d.scan.barcode == barcode), None)
        if last == barcode and now - at < self._kit.settings.wedge.repeat_seconds:
            return HandScanAnswer(barcode, HandScanKind.AGAIN, "scanned a moment ago", scan)
        added = await self._station.expect([barcode], ExpectedFrom.HAND_SCAN)
        self._tell_all()
        kind = HandScanKind.ADDED if added else HandScanKind.EXPECTED
        try:
            sheet = await self._kit.sheet.fresh()
        except RetryableError as error:
            return HandScanAnswer(barcode, kind, f"expected, not looked up: {error.title}", scan)
        if not sheet.rows_for(barcode):
            return HandScanAnswer(barcode, HandScanKind.NOT_IN_SHEET, f"not in {sheet.title}", scan)
        words = self._row_summary(barcode) or "in the sheet"
        return HandScanAnswer(barcode, kind, f"{words} — {'expected now' if added else 'expected'}", scan)

    def _tell_all(self) -> None:
        for dossier in self._station.dossiers():
            self._note(dossier.id)
        self._note(ScanId(""))

    async def restart(self, scan: ScanId, step: StepId | None = None) -> None:
        """Restart from the failed step, or from the one named."""
        await self._station.acts.restart(scan, step)

    async def mark(self, scan: ScanId, step: StepId, state: StepState, reason: str) -> None:
        """Mark a step as succeeded, skipped or failed."""
        await self._station.acts.mark(scan, step, state, reason)

    async def assign(self, scan: ScanId, barcode: str, reason: str) -> None:
        """Say which slide a scan is."""
        await self._station.acts.assign(scan, clean(barcode), reason)

    async def pause(self, scan: ScanId) -> None:
        """Stop at the next safe moment; what was copied stays."""
        await self._station.acts.pause(scan)

    async def resume(self, scan: ScanId) -> None:
        """Go on after a pause."""
        await self._station.acts.resume(scan)

    async def cancel(self, scan: ScanId) -> None:
        """Give this scan up; the scanner's file stays where it is."""
        await self._station.acts.cancel(scan)

    async def first(self, scan: ScanId) -> None:
        """Put this scan before all others."""
        await self._station.acts.first(scan)

    async def keep(self, scan: ScanId, which: str, reason: str = "") -> None:
        """Say which scan of a slide is kept: old, new or both."""
        await self._station.acts.keep(scan, which, reason)

    async def missing(self, scan: ScanId, how: str, reason: str) -> None:
        """Say what becomes of an older image that is not there: find, without or hold."""
        await self._station.acts.missing(scan, how, reason)

    async def verdict(self, scan: ScanId, verdict: str, reason: str) -> None:
        """Accept (`pass`) or confirm (`rescan`) a quality verdict."""
        await self._station.acts.verdict(scan, verdict, reason)

    async def start_run(self, operator: Operator) -> None:
        """Begin a run."""
        await self._station.start_run(operator)
        self._tell_all()

    def open_slides(self) -> tuple[tuple[str, str], ...]:
        """Return (barcode or scan id, how it stands) of everything that `end_run` wants a reason for."""
        return tuple((each.key, each.words) for each in open_slides(self._standings()))

    async def end_run(self, reasons: Mapping[str, str]) -> Path:
        """End the run; every open slide needs a reason. Returns the report's path."""
        run = self._station.run.id
        await self._station.end_run(reasons)
        self._tell_all()
        return await self._station.report(self._report_folder / f"Slideferry {run}.pdf", run)

    async def report(self, out: Path | None = None) -> Path:
        """Write the PDF of the present run; return where it is."""
        run = self._station.run.id
        return await self._station.report(out or self._report_folder / f"Slideferry {run}.pdf")

    @property
    def sheet(self) -> OperatorsSheet:
        """What concerns the slide sheet."""
        return self._sheet

    async def share(self) -> ShareState:
        """Go through the share's manifests and return how it stands."""
        return await self._station.share.look()

    async def read_findings_again(self) -> None:
        """Read the files with findings once more."""
        await self._station.share.read_findings_again()
        self._findings_looked_at = float("-inf")

    async def remove_leftovers(self, paths: Sequence[str], reason: str, *, force: bool = False) -> None:
        """Remove leftovers; `force` also takes what another station wrote within the last day."""
        await self._station.share.remove(LeftoverRemoval(tuple(paths), reason, force))
