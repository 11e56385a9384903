"""What the inner rooms need of the outer world; each Protocol is met by one adapter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.domain.audit import AuditHead
from app.domain.hand_scan import Sound
from app.domain.pyramid import Pyramid, TileAddress
from app.domain.quality import QualityNumbers
from app.domain.report import RunReport
from app.domain.scan import ScanSet, Survey, VerifiedFile
from app.domain.share import Leftover, ShareStation
from app.domain.sheet import CellWrite, SlideSheet, WriteResult
from app.domain.slide import BarcodeReading, PictureKind, SlideFacts
from app.domain.symbol import Symbol
from app.domain.transfer import (
    CheckGrade,
    ListedFile,
    Occupant,
    Relocation,
    ScrubResult,
    TransferPlan,
    TransferWatch,
)


class Clock(Protocol):
    """Time: the wall clock to show, a monotonic one for durations."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""

    def monotonic(self) -> float:
        """Return seconds from some fixed moment; never runs back."""


class SlideImages(Protocol):
    """Reads slides in worker processes: whatever a damaged file does, only its own answer suffers.

    Every method answers within bounded time and memory. What a file's contents cause is returned as a value
    (`SlideFacts.problem`, None, `QualityNumbers.reason`), never raised.
    """

    async def inspect(self, scan: ScanSet) -> SlideFacts:
        """Read facts, judge completeness, collect barcodes from metadata, label (or macro) picture."""

    async def picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a PNG whose long side is at most `size_px`; None where the scan has no such picture."""

    async def shown_picture(self, scan: ScanSet, kind: PictureKind, size_px: int) -> bytes | None:
        """Return a picture (JPEG) for a person to look at; nothing that moves a scan waits for it.

        None also where the files are not those of the set any more.
        """

    async def pyramid(self, scan: ScanSet) -> Pyramid | None:
        """Return the geometry for deep zoom, None where the scan cannot be shown in tiles or is gone."""

    async def tile(self, scan: ScanSet, pyramid: Pyramid, address: TileAddress) -> bytes | None:
        """Return a tile as JPEG, None where it is damaged or the files are not those of the pyramid any more."""

    async def quality(self, scan: ScanSet, *, with_map: bool) -> tuple[QualityNumbers, bytes | None]:
        """Measure blur, focus and tissue; with `with_map` also a PNG (≤ 512 px) of where the blur is."""

    async def label_barcodes(self, picture: Path) -> tuple[BarcodeReading, ...]:
        """Read all barcodes of a plain picture file."""

    async def close(self) -> None:
        """Stop the workers."""


class ScanFinder(Protocol):
    """Groups the files of a watch folder into scans; cheap enough to be asked every few seconds."""

    def survey(self, root: Path) -> Survey:
        """Return every scan below `root`, also damaged and unfinished ones, and what could not be looked at.

        Raises SurroundingsError when the folder itself cannot be listed. Ignores AppleDouble (`._x`), dot files,
        and partial names (`.part`, `.tmp`, `.crdownload`).
        """

    def look(self, scan: ScanSet) -> ScanSet | None:
        """Return the set as it is on disk now (sizes, times, members), None when it is gone."""

    def can_open_exclusively(self, scan: ScanSet) -> bool:
        """Return False while another program holds a member open for writing (Windows; always True elsewhere)."""


class Destination(Protocol):
    """Where scans go. Blocking calls; the engine runs them in threads of its own."""

    def check(self) -> None:
        """Raise DestinationError when the root marker is missing, the root is gone or read-only."""

    def initialise(self) -> str:
        """Make the root marker; return its id. Raises UseError when there is one already."""

    def adopt(self) -> str:
        """Return the id of the marker that is there. Raises UseError when there is none."""

    def copy(self, plan: TransferPlan, watch: TransferWatch) -> tuple[VerifiedFile, ...]:
        """Carry all members to part names in their final folders: hash, write, fsync, read back, compare in one pass.

        Resumes a part of the same fingerprint by re-hashing it. Nothing is visible under a final name afterwards.
        Raises SourceChangedError, CorruptionError (twice different), DestinationError, RetryableError, SlideError,
        StoppedError (`watch.stopped()` became true; the parts stay).
        """

    def publish(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> None:
        """Give all members their final names without overwriting, fsync folders, then add manifest lines.

        Idempotent: what an interrupted call did is found on disk and finished. Same bytes already there count as done.
        Raises NameTakenError naming the occupant, DestinationError, RetryableError.
        """

    def conclude(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> bool:
        """Find out what became of a `publish` whose end nobody heard: finish it where the main member has its name.

        Otherwise takes back what it did: nothing lies under a final name then, the bytes wait as parts. Returns whether
        the scan is published. Idempotent. Raises DestinationError, RetryableError, CorruptionError (a part is not what
        was verified), SlideError (something else is in the way).
        """

    def occupant(self, final: str) -> Occupant | None:
        """Return what lies under this final name, comparing as the file system does (case, Unicode form)."""

    def relocate(self, move: Relocation) -> None:
        """Move verified members inside the destination without overwriting; their manifest lines follow. Idempotent."""

    def locate(self, files: tuple[VerifiedFile, ...], watch: TransferWatch) -> tuple[str, ...] | None:
        """Search the whole destination for the bytes of a scan; return where each file lies, None where one is nowhere.

        Asks the manifests first, then hashes files of equal size.
        Raises StoppedError, DestinationError, RetryableError.
        """

    def discard(self, plan: TransferPlan) -> None:
        """Remove this plan's own part files."""

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return files of ours that ended programs may have left; parts of scans under way are among them."""

    def remove_leftover(self, leftover: Leftover) -> None:
        """Remove one of them, if it is still what was listed; raises UseError for anything else."""

    def announce(self, station: ShareStation) -> None:
        """Say that this station uses the destination; the share's own clock says when."""

    def stations(self) -> tuple[ShareStation, ...]:
        """Return the stations that ever said so, the one heard last first."""

    def check_file(self, file: VerifiedFile) -> CheckGrade | None:
        """Read a published member back from the medium and compare; return how it was read, None where it differs."""

    def scrub(self, watch: TransferWatch) -> ScrubResult:
        """Re-read everything and compare with the manifests; ends early, with what was found, when the watch says so.

        Raises DestinationError when the share goes away.
        """

    def scrub_files(self, paths: Sequence[str], watch: TransferWatch) -> ScrubResult:
        """Re-read listed files that are named, in this order; one that is listed no more is passed over, and told."""

    def listed(self) -> Iterator[ListedFile]:
        """Yield every line of every manifest, folder by folder, and what keeps lines from being read; takes no lock.

        A path may have moved by then.
        """

    def put_audit_head(self, head: AuditHead) -> None:
        """Remember how far a journal's audit log goes, in the place of what was remembered of it before."""

    def audit_head(self, journal: str) -> AuditHead | None:
        """Return how far the log of the journal with this id went when it was last told; None when it never was.

        Raises DestinationError when the destination is away, or what it holds cannot be read.
        """

    def absolute(self, relative: str) -> str:
        """Return the full path or URL of something below the root."""

    def free_bytes(self) -> int | None:
        """Return the space left, None where it cannot be known."""


class SourceDisk(Protocol):
    """The scanner's own disk, where only `release` may remove anything. Blocking calls."""

    def sha256(self, path: Path, watch: TransferWatch) -> str:
        """Read a file from its disk and return its SHA-256 in hex."""

    def remove(self, scan: ScanSet) -> None:
        """Remove the members of a scan, never through a link; raise SlideError when one is not what it was."""

    def free_bytes(self, folder: Path) -> int:
        """Return the space left on the disk of this folder."""


class GoodGuest(Protocol):
    """How much other programs on this PC feel of ours. Blocking calls, quick; what a system lacks is left out."""

    def be_modest(self) -> None:
        """Run below normal priority from now on, with all threads and workers begun later."""

    def step_back(self) -> None:
        """Let every other program's disk requests go first; repeated while it is to stay so."""

    def come_forward(self) -> None:
        """Ask the disks as every other program does."""


class SheetGateway(Protocol):
    """The shared slide sheet. Blocking calls; one thread talks to it.

    Raises SurroundingsError when it is away or locked, UseError when it lacks what a slide sheet needs.
    """

    def read(self) -> SlideSheet:
        """Read the whole sheet."""

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        """Write these cells and no others, adding missing columns at the right end; read back before reporting them."""


class ListReader(Protocol):
    """Reads files that list slides. Blocking."""

    @property
    def kinds(self) -> Sequence[str]:
        """The endings of files that can be read, in lower case, such as `.csv`."""

    def grid(self, path: Path) -> list[list[str]]:
        """Return a file's cells as a person sees them, row 1 first; raises UseError when that is not possible."""


class ReportMaker(Protocol):
    """Lays out a run report."""

    def write_pdf(self, report: RunReport, out: Path, progress: Callable[[int, int], None]) -> None:
        """Write the PDF atomically; `progress` is told (slides done, slides)."""


class SymbolMaker(Protocol):
    """Makes barcodes to be shown or printed."""

    def make(self, text: str, symbology: str) -> Symbol:
        """Return the symbol of a text; `symbology` as zxing-cpp names it."""


class SheetOfSymbols(Protocol):
    """Prints barcodes on paper. Blocking."""

    def write(self, symbols: Sequence[tuple[Symbol, ...]], out: Path) -> None:
        """Write a PDF page atomically, one numbered line of symbols of the same text each.

        Raises SurroundingsError when it cannot be written.
        """


class SettingsFile(Protocol):
    """The settings as a file that people write too. Blocking."""

    def change(self, section: str, values: Mapping[str, object]) -> None:
        """Give these keys of a section these values; everything else in the file keeps its bytes.

        Raises UseError where only a person can do that, SurroundingsError when it cannot be read or written.
        """


class SoundPlayer(Protocol):
    """Plays short sounds. Blocking."""

    def play(self, sound: Sound) -> bool:
        """Play one to its end, after those asked for before; return False where this PC has no way to."""
