"""One operator's session at one scanner, and the classes of its reconciliation."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.domain.scan import RunId


@dataclass(frozen=True, slots=True)
class Operator:
    """Who stands at the scanner. `account` is that of the operating system."""

    name: str
    email: str = ""
    initials: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run starts when an operator starts it and ends through the reconciliation."""

    id: RunId
    scanner: str
    operator: Operator
    started_at: datetime
    ended_at: datetime | None = None


class SlideClass(Enum):
    """How an expected or a found slide of a run stands."""

    COMPLETE = "complete"
    ON_ITS_WAY = "on_its_way"
    EXPECTED = "expected"
    MISSING = "missing"
    NOT_IN_SHEET = "not_in_sheet"
    DUPLICATE_BARCODE = "duplicate_barcode"
    WRONG_SCANNER = "wrong_scanner"
    METADATA_MISSING = "metadata_missing"
    RESCAN = "rescan"
    FAILED = "failed"


class ExpectedFrom(Enum):
    """Why a barcode is expected in a run."""

    HAND_SCAN = "hand_scan"
    COMMAND = "command"
    IMPORT = "import"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class Expected:
    """One barcode expected in a run, in the order of arrival."""

    barcode: str
    source: ExpectedFrom
    at: datetime
