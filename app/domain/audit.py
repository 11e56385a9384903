"""What people did and why: one entry an act."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.scan import RunId, ScanId


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
