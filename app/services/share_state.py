"""How the share stands, as plain values: what was checked when, what was found, what was left, who is at work."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.share import Scrubbed, ShareStation
from app.services.leftovers import JudgedLeftover
from app.services.share_words import finding_words


@dataclass(frozen=True, slots=True)
class ShareFinding:
    """A file that is not as it was verified, and what to do about it; `slide` is its barcode where it is known."""

    checked: Scrubbed
    slide: str
    hint: str

    @property
    def words(self) -> str:
        """What is wrong with it."""
        return finding_words(self.checked.finding) if self.checked.finding else ""


@dataclass(frozen=True, slots=True)
class ShareState:
    """What is known of the share. `recent_bytes` were checked in the last 30 days, `never_bytes` by nobody known."""

    place: str
    files: int
    size_bytes: int
    recent_bytes: int
    never_bytes: int
    oldest_check: datetime | None
    percent_per_day: float
    hours: tuple[int, int]
    findings: tuple[ShareFinding, ...]
    leftovers: tuple[JudgedLeftover, ...]
    stations: tuple[ShareStation, ...]
