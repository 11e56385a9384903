"""Everything known of one scan: the record the runner changes, the window shows and the report prints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.errors import CorruptionError
from app.domain.quality import Quality, Verdict
from app.domain.scan import Scan, ScanId, VerifiedFile
from app.domain.sheet import CellWrite
from app.domain.slide import PictureKind, SlideFacts
from app.domain.step import StepId, StepRecord, StepState, scan_state


@dataclass(frozen=True, slots=True)
class Dossier:
    """One scan with its steps and what they found. `row` holds the matched sheet row, header to text."""

    scan: Scan
    steps: Mapping[StepId, StepRecord]
    facts: SlideFacts | None = None
    quality: Quality | None = None
    row: Mapping[str, str] = field(default_factory=dict)
    files: tuple[VerifiedFile, ...] = ()
    published: bool = False
    """True once `files` lie under their final names."""
    publishing: bool = False
    """True from just before they get these names until it is known what came of it."""
    left: Mapping[str, str] = field(default_factory=dict)
    """What the sheet's row held, by header, when a person saw that it had changed and left the scan as it was."""

    @property
    def id(self) -> ScanId:
        """The scan's id."""
        return self.scan.id

    @property
    def undecided_rescan(self) -> bool:
        """Whether the advice to rescan still waits for a person."""
        advice = self.quality is not None and self.quality.verdict is Verdict.RESCAN
        return advice and self.scan.verdict_by_person is None and self.scan.superseded_by is None

    @property
    def state(self) -> StepState:
        """The scan's state, derived from its steps."""
        states = (record.state for record in self.steps.values())
        return scan_state(states, undecided_rescan=self.undecided_rescan)

    @property
    def finished(self) -> bool:
        """Whether nothing of this scan goes on any more, neither by itself nor when a person answers."""
        ended = (StepState.SUCCEEDED, StepState.SKIPPED, StepState.CANCELLED)
        return all(record.state in ended for record in self.steps.values())


@dataclass(frozen=True, slots=True)
class StepChange:
    """A move to make for one step, with what people read about it. None for `seconds` keeps what was measured."""

    step: StepId
    new: StepState
    cause: str
    message: str = ""
    title: str = ""
    hint: str = ""
    seconds: float | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RescanLink:
    """An older and a newer scan of one slide, which is kept, and where the older one lies."""

    barcode: str
    older: ScanId
    newer: ScanId
    kept: ScanId
    older_destination: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one scan in one transaction of the journal; None and empty leave things as they are."""

    steps: tuple[StepChange, ...] = ()
    scan: Scan | None = None
    facts: SlideFacts | None = None
    quality: Quality | None = None
    row: Mapping[str, str] | None = None
    files: tuple[VerifiedFile, ...] | None = None
    published: bool | None = None
    publishing: bool | None = None
    pictures: Mapping[PictureKind, bytes] = field(default_factory=dict)
    writes: tuple[CellWrite, ...] = ()
    audit: AuditEntry | None = None
    link: RescanLink | None = None
    left: Mapping[str, str] | None = None
    alarm: CorruptionError | None = None
    ends_alarm: bool = False
