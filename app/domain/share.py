"""What a share holds beside scans: findings of re-reading, what ended programs left, and the stations that use it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.domain.transfer import ScrubFinding


class LeftoverKind(Enum):
    """What a file of ours is that an ended program left behind; the value is what people read."""

    PART = "part of an unfinished transfer"
    NEW_MANIFEST = "manifest that was being written"
    BROKEN_LOCK = "lock of a program that had ended"
    PROBE = "probe of a check"
    NEW_MARKER = "marker that was being written"
    NEW_STATION = "station note that was being written"


@dataclass(frozen=True, slots=True)
class Leftover:
    """One such file. `path` is POSIX-style and relative to the root; `written_at` by the share's own clock.

    `fingerprint` is that of the scan a part belongs to, empty for the other kinds.
    """

    path: str
    kind: LeftoverKind
    size_bytes: int
    written_at: datetime
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ShareStation:
    """A program that uses the share. `key` is its journal's own; `heard_at` is told by the share's clock."""

    key: str
    station: str
    scanner: str
    version: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """When a published file was last read again, what was wrong with it, and since when that is known."""

    path: str
    at: datetime
    finding: ScrubFinding | None = None
    since: datetime | None = None
