"""What the window shows: plain values, made from the journal and the runner's live progress."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from app.domain.hand_scan import HandReading, HandScan
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.quality import Quality
from app.domain.run import Operator, Run, SlideClass
from app.domain.scan import ScanId
from app.domain.sheet_differences import Difference
from app.domain.slide import BarcodeReading, PictureKind, SlideFacts
from app.domain.step import StepId, StepState
from app.services.rescan_chain import RescanChain
from app.services.share_state import ShareState
from app.services.sheet_views import OperatorsSheet


class Choice(Enum):
    """What a person can do about a scan that needs attention; the window draws one button each."""

    ASSIGN = "assign"
    RESTART = "restart"
    ORDER_RESCAN = "order_rescan"
    ACCEPT = "accept"
    KEEP_OLD = "keep_old"
    KEEP_NEW = "keep_new"
    KEEP_BOTH = "keep_both"
    FIND_OLDER = "find_older"
    GO_ON_WITHOUT = "go_on_without"
    HOLD = "hold"
    TAKE_OVER = "take_over"
    LEAVE = "leave"
    SHOW_LABEL = "show_label"
    LOOK_CLOSER = "look_closer"


@dataclass(frozen=True, slots=True)
class Attention:
    """Why a scan needs a person: what happened, which file, what to do, and a button each choice; the first is best."""

    step: StepId
    title: str
    message: str
    hint: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of one scan. `seconds` is the work so far or in the end; `hint` belongs to a failure."""

    id: StepId
    title: str
    state: StepState
    attempts: int
    seconds: float
    message: str
    error_title: str
    hint: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScanView:
    """One scan as a card or a row shows it.

    `copied_bytes` and `verified_bytes` are of `size_bytes`; `rate` in bytes a second and `seconds_left` only while its
    bytes move. `message` is one line that says how it stands. `row` holds the sheet's cells, header to text.
    """

    id: ScanId
    barcode: str | None
    source_name: str
    file_name: str | None
    folder: str | None
    state: StepState
    badge: str
    """Two or three words for the state as people say it: Safe, Copying 62 %, Which slide?, Need to rescan …"""
    message: str
    steps: tuple[StepView, ...]
    size_bytes: int
    copied_bytes: int
    verified_bytes: int
    rate: float | None
    seconds_left: float | None
    attempts: int
    attention: Attention | None
    quality: Quality | None
    row: Mapping[str, str]
    rescan_of: ScanId | None
    superseded_by: ScanId | None
    found_at: datetime
    verified_at: datetime | None
    paused: bool
    destination: str | None
    earlier: bool = False
    """It lay in the watch folder at the first start; restarting it takes it in."""
    verdict_by_person: str | None = None
    """pass or rescan, once a person overruled or confirmed the verdict."""
    differences: tuple[Difference, ...] = ()
    """What changed in its row of the sheet after it was named, and nobody decided about."""


@dataclass(frozen=True, slots=True)
class ScanDetail:
    """What the Slide panel shows beside the ScanView: witnesses, facts, files, and the log of moves."""

    barcodes: tuple[BarcodeReading, ...]
    facts: SlideFacts | None
    files: tuple[tuple[str, str, str], ...]
    """(source, destination, sha256), the last two empty until verified."""
    log: tuple[tuple[datetime, str], ...]
    chain: RescanChain | None = None
    """All scans of the slide; None before its barcode is known."""


@dataclass(frozen=True, slots=True)
class ZoomView:
    """How a slide can be looked at closely; without a pyramid `note` says why not, if there is something to say."""

    pyramid: Pyramid | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedView:
    """One expected barcode with its sheet row in short (`Run 2 · P1`) and its class."""

    barcode: str
    summary: str
    klass: SlideClass


@dataclass(frozen=True, slots=True)
class RunView:
    """The run card and the counts beside it.

    `safe_at` is when the last known byte will be verified; `safe_note` says why that is not known, and who is left out.
    """

    run: Run | None
    verified: int
    on_their_way: int
    need_you: int
    expected_not_scanned: int
    not_in_sheet: int
    rescans: int
    expected: tuple[ExpectedView, ...]
    safe_at: datetime | None
    safe_note: str = ""


@dataclass(frozen=True, slots=True)
class StationView:
    """The status bar. `trouble` texts are empty while all is well; `sheet_next_seconds` counts to the next try."""

    lab: str
    scanner: str
    writing: bool
    last_write_seconds: float | None
    room_for_slides: int | None
    rate: float | None
    copies: int
    sheet_pending: int
    sheet_next_seconds: float | None
    sheet_trouble: str
    share_trouble: str
    scanner_trouble: str
    makes_way: bool = False
    """Whether copies step back for the acquisition software at this moment."""
    room_warning: str = ""
    """One sentence while the scanner's disk is short of room: how many slides fit, and what may go when."""
    share_findings: int = 0
    """How many files of the share were not as they were verified when they were last read."""
    sheet_findings: int = 0
    """How many things the last reading of the sheet wants put right."""


class HandScanKind(Enum):
    """How a barcode from the hand scanner was taken; decides colour and sound."""

    EXPECTED = "expected"
    ADDED = "added"
    AGAIN = "again"
    NOT_IN_SHEET = "not_in_sheet"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HandScanAnswer:
    """The big verdict under the barcode field."""

    barcode: str
    kind: HandScanKind
    text: str
    scan: ScanId | None
    symbology: str = ""


class OperatorsDesk(Protocol):
    """All the window needs. Reads answer at once from memory, in the loop's thread; acts are coroutines.

    Acts raise SlideferryError (title, message, hint) when they are not possible; the window shows it.
    """

    def scans(self) -> tuple[ScanView, ...]:
        """Return all scans of the present run, oldest first."""

    def scan(self, scan: ScanId) -> ScanView | None:
        """Return one scan."""

    def run(self) -> RunView:
        """Return the run card."""

    def station(self) -> StationView:
        """Return the status bar."""

    def operators(self) -> tuple[Operator, ...]:
        """Return the operators the settings list."""

    def subscribe(self, listener: Callable[[frozenset[ScanId]], None]) -> Callable[[], None]:
        """Call `listener` with the ids that changed, at most ten times a second; return how to end it."""

    async def detail(self, scan: ScanId) -> ScanDetail:
        """Return what the Slide panel shows."""

    async def picture(self, scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG or JPEG with a long side of at most `size_px`, None where there is none (yet)."""

    async def zoom(self, scan: ScanId) -> ZoomView:
        """Return the geometry for deep zoom, or why there is none."""

    async def tile(self, scan: ScanId, address: TileAddress) -> bytes | None:
        """Return a tile of what `zoom` described, None where it is damaged."""

    def understand(self, scan: HandScan) -> HandReading:
        """Return which barcode of the lab the hand scanner read."""

    async def hand_scan(self, text: str) -> HandScanAnswer:
        """Take a barcode from the hand scanner, or typed."""

    async def restart(self, scan: ScanId, step: StepId | None = None) -> None:
        """Restart from the failed step, or from the one named."""

    async def mark(self, scan: ScanId, step: StepId, state: StepState, reason: str) -> None:
        """Mark a step as succeeded, skipped or failed."""

    async def assign(self, scan: ScanId, barcode: str, reason: str) -> None:
        """Say which slide a scan is."""

    async def pause(self, scan: ScanId) -> None:
        """Stop at the next safe moment; what was copied stays."""

    async def resume(self, scan: ScanId) -> None:
        """Go on after a pause."""

    async def cancel(self, scan: ScanId) -> None:
        """Give this scan up; the scanner's file stays where it is."""

    async def first(self, scan: ScanId) -> None:
        """Put this scan before all others."""

    async def keep(self, scan: ScanId, which: str, reason: str = "") -> None:
        """Say which scan of a slide is kept: old, new or both; also anew, once names were given."""

    async def missing(self, scan: ScanId, how: str, reason: str) -> None:
        """Say what becomes of an older image that is not there: find, without or hold."""

    async def verdict(self, scan: ScanId, verdict: str, reason: str) -> None:
        """Accept (`pass`) or confirm (`rescan`) a quality verdict."""

    async def start_run(self, operator: Operator) -> None:
        """Begin a run."""

    async def end_run(self, reasons: Mapping[str, str]) -> Path:
        """End the run; every open slide (barcode or scan id) needs a reason. Returns the report's path."""

    def open_slides(self) -> tuple[tuple[str, str], ...]:
        """Return (barcode or scan id, how it stands) of everything that `end_run` wants a reason for."""

    async def report(self, out: Path | None = None) -> Path:
        """Write the PDF of the present run; return where it is."""

    @property
    def sheet(self) -> OperatorsSheet:
        """What concerns the slide sheet."""

    async def share(self) -> ShareState:
        """Go through the share's manifests and return how it stands; takes a while on a large one."""

    async def read_findings_again(self) -> None:
        """Read the files with findings once more: somebody may have put them right."""

    async def remove_leftovers(self, paths: Sequence[str], reason: str, *, force: bool = False) -> None:
        """Remove leftovers; `force` also takes what another station wrote within the last day."""
