"""The port to the journal: what was decided, done and found, kept on a local disk before each act."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from app.domain.audit import AuditEntry, AuditTip
from app.domain.audit_chain import AuditRecord
from app.domain.dossier import Dossier, RescanLink
from app.domain.errors import CorruptionError, ErrorKind
from app.domain.focus_calibration import Optics
from app.domain.run import Expected, Run
from app.domain.scan import RunId, ScanId
from app.domain.share import Scrubbed
from app.domain.sheet import CellWrite, SheetIntent, SlideSheet
from app.domain.slide import PictureKind
from app.domain.step import StepMove
from app.domain.tuning import PastVerdict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A cell that the sheet does not hold yet; `scan` is the one whose Mark Slide Complete waits for it."""

    write: CellWrite
    scan: ScanId


@dataclass(frozen=True, slots=True)
class Request:
    """What another command asks of the program that holds the journal. `body` maps argument names to texts.

    `unreadable` says why a row cannot be understood; it has no body then, and is only to be answered.
    """

    number: int
    at: datetime
    who: str
    action: str
    body: Mapping[str, str]
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: an error's title, message, hint and kind, or nothing but `ok`."""

    ok: bool
    title: str = ""
    message: str = ""
    hint: str = ""
    kind: ErrorKind = ErrorKind.THIS_SLIDE


class Journal(Protocol):
    """One transaction's view of the journal. Blocking; used on the store's own thread only."""

    def id(self) -> str:
        """Return the journal's own id."""

    def add_run(self, run: Run) -> None:
        """Add a run."""

    def end_run(self, run: RunId, at: datetime, reasons: Mapping[str, str]) -> None:
        """Close a run with the reason given for each open slide."""

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, oldest first."""

    def end_reasons(self, run: RunId) -> Mapping[str, str]:
        """Return the reasons given at the end of a run, by barcode or scan id."""

    def expect(self, run: RunId, expected: Expected) -> bool:
        """Add an expected barcode; False when it is expected already."""

    def expected(self, run: RunId) -> tuple[Expected, ...]:
        """Return what a run expects, in order of arrival."""

    def add(self, dossier: Dossier) -> None:
        """Add a scan with its steps."""

    def save(self, dossier: Dossier, moves: Sequence[StepMove], before: Dossier | None = None) -> None:
        """Write a scan as it is now, and the moves that made it so.

        `before` is the scan as the journal holds it, where that is known: what did not change is then not written.
        """

    def dossiers(self, run: RunId | None = None) -> tuple[Dossier, ...]:
        """Return the scans of a run, or all, oldest first."""

    def unfinished(self) -> frozenset[ScanId]:
        """Return the scans of which anything may still go on (`Dossier.finished` is false)."""

    def moves(self, scan: ScanId) -> tuple[StepMove, ...]:
        """Return every move of a scan's steps, oldest first."""

    def first_accepted_focus(self, optics: Optics, since: date | None, most: int) -> tuple[float, ...]:
        """Return the focus ratios of the first `most` accepted scans with these optics, oldest first.

        Accepted: published with the verdict `pass` that nobody disputed, or accepted by a person; and no other scan
        took its place. `since` leaves out what was found before that day.
        """

    def last_accepted_focus(self, optics: Optics, most: int) -> tuple[float, ...]:
        """Return the focus ratios of the last `most` accepted scans with these optics, newest first."""

    def past_verdicts(self) -> tuple[PastVerdict, ...]:
        """Return every scan that was judged, oldest first, with what people made of it."""

    def forget_details(self, ended_before: datetime, most: int) -> int:
        """Drop pictures and moves of finished scans whose run ended earlier, and requests answered earlier.

        Of at most so many scans and requests at a time; return of how many.
        """

    def put_picture(self, scan: ScanId, kind: PictureKind, png: bytes) -> None:
        """Keep a picture of a scan in the place of an older one; empty: there is none any more."""

    def picture(self, scan: ScanId, kind: PictureKind) -> bytes | None:
        """Return a kept picture."""

    def link(self, link: RescanLink) -> None:
        """Note that one scan took another's place; the newest note on a pair stands."""

    def links(self) -> tuple[RescanLink, ...]:
        """Return every note on rescans, oldest first."""

    def put_writes(self, scan: ScanId, writes: Sequence[CellWrite]) -> None:
        """Put cells into the outbox; a newer value of a cell replaces the one that waits."""

    def pending_writes(self) -> tuple[PendingWrite, ...]:
        """Return what waits for the sheet, oldest first."""

    def count_writes(self) -> int:
        """Return how many cells wait for the sheet."""

    def newest_generation(self, barcode: str) -> int:
        """Return the newest generation of a slide's cells that wait for the sheet, 0 where none does."""

    def settle_writes(self, done: Sequence[CellWrite]) -> None:
        """Take cells out of the outbox, unless a newer value came meanwhile."""

    def put_sheet(self, sheet: SlideSheet) -> None:
        """Keep the last good reading of the sheet."""

    def sheet(self) -> SlideSheet | None:
        """Return the last good reading of the sheet."""

    def put_sheet_intent(self, intent: SheetIntent) -> None:
        """Keep what is being written to a shared sheet, in the place of an older intent."""

    def sheet_intent(self) -> SheetIntent | None:
        """Return what was begun and not seen through."""

    def drop_sheet_intent(self) -> None:
        """Forget it: it was seen through."""

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log; nothing there is ever changed."""

    def audits(self, run: RunId | None = None) -> tuple[AuditEntry, ...]:
        """Return the audit log of a run, or all, oldest first."""

    def audit_records(self) -> tuple[AuditRecord, ...]:
        """Return every entry of the audit log as it stands in the file, by number."""

    def audit_tip(self) -> AuditTip:
        """Return how far the audit log goes, as was noted with its newest entry."""

    def audit_hash(self, number: int) -> str | None:
        """Return the hash of one audit entry in hex, None where there is no such entry."""

    def ask(self, at: datetime, who: str, action: str, body: Mapping[str, str]) -> int:
        """Put a request for the holder; return its number."""

    def requests(self) -> tuple[Request, ...]:
        """Return requests that nobody answered yet, oldest first."""

    def answer(self, number: int, at: datetime, answer: Answer) -> None:
        """Answer a request."""

    def answer_to(self, number: int) -> Answer | None:
        """Return the answer to a request, None while there is none."""

    def use_destination(self, destination: str, at: datetime) -> None:
        """Note the id of the destination that scans go to from then on; the first one that is noted was so always."""

    def destination_since(self, destination: str) -> datetime | None:
        """Return since when scans go to the destination with this id, None where they go to another, or none yet."""

    def put_scrubbed(self, checked: Sequence[Scrubbed]) -> None:
        """Keep when files of the share were last read again; a finding keeps the time at which it was first seen."""

    def scrubbed(self, paths: Sequence[str]) -> Mapping[str, Scrubbed]:
        """Return when these files were last read again, by path; at most a few thousand at a time."""

    def scrub_findings(self) -> tuple[Scrubbed, ...]:
        """Return the files that were not as their manifest says when they were last read, by path."""

    def forget_scrubbed(self, paths: Sequence[str]) -> None:
        """Drop what is known of files that are no longer there."""

    def raise_alarm(self, scan: ScanId, trouble: CorruptionError) -> None:
        """Note that a scan's bytes were found damaged: nothing is carried until a person restarts it."""

    def end_alarm(self, scan: ScanId) -> None:
        """Drop the alarm of a scan; it is fine when there is none."""

    def alarms(self) -> Mapping[ScanId, CorruptionError]:
        """Return the alarms that stand, by the scan that raised each, oldest first."""


class Backups(Protocol):
    """Copies of the journal in a folder of their own, one a day. Blocking; beside the journal's own thread."""

    def newest(self) -> date | None:
        """Return the day of the newest copy, None where there is none."""

    def make(self, day: date) -> None:
        """Copy the journal as it is now, and look at the copy before it gets its name.

        Raises SurroundingsError when there is no room, or the copy is not as the journal is.
        """

    def prune(self, keep: int) -> None:
        """Remove all but the newest copies; other files in the folder are not touched."""


class Store(Protocol):
    """Runs units of work against the journal, each a transaction of its own, on one thread."""

    async def work(self, act: Callable[[Journal], T]) -> T:
        """Run `act` in one transaction: all of it is on disk when this returns, or nothing."""

    async def close(self) -> None:
        """Finish what was begun and close the file."""
