"""What people did and why: one entry an act, and how far the log of them goes."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.scan import RunId, ScanId

NOT_AUTHENTICATED = "not authenticated"
"""How far `who` and `account` can be trusted while nobody signs in: they were chosen, or are the system's account."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which scan, with the value before and after, and the reason given."""

    at: datetime
    who: str
    account: str
    station: str
    version: str
    action: str
    run: RunId | None
    scan: ScanId | None
    barcode: str | None
    old: str
    new: str
    reason: str
    authentication: str = NOT_AUTHENTICATED


@dataclass(frozen=True, slots=True)
class AuditTip:
    """How far the log goes: the newest entry's number and hash; 0 and empty while there is none."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The tip of one journal's log as its destination remembers it; `journal` is the journal's own id."""

    station: str
    journal: str
    tip: AuditTip
    at: datetime
