"""A verified transfer: what is to be carried, how far it is, and how sure we are."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from app.domain.scan import VerifiedFile


class CheckGrade(Enum):
    """How the destination was checked; the value is the text people and scripts read."""

    READ_BACK = "read back"
    SERVER_CHECKSUM = "server's checksum"
    CACHE_NOT_BYPASSED = "read back, cache could not be bypassed"


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """One file to carry. `final` is POSIX-style and relative to the destination's root."""

    source: Path
    final: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """All members of one scan; the first is the one a viewer opens. `fingerprint` names the parts."""

    fingerprint: str
    members: tuple[MemberPlan, ...]

    @property
    def size_bytes(self) -> int:
        """The size of all members together, in bytes."""
        return sum(member.size_bytes for member in self.members)


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is, in bytes of the whole scan."""

    copied_bytes: int
    verified_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class TransferWatch:
    """How the engine follows a transfer; all are called from worker threads.

    `progress` is told how far it is, `stopped` asked whether to stop. `pace` is told the bytes of every chunk before it
    is read, and may sleep to keep a bandwidth, but not for long once the transfer is to stop.
    """

    progress: Callable[[TransferProgress], None]
    stopped: Callable[[], bool]
    pace: Callable[[int], None] = lambda _bytes: None


@dataclass(frozen=True, slots=True)
class Relocation:
    """Verified members of an older scan that move inside the destination; `new` holds where to, in order."""

    files: tuple[VerifiedFile, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Occupant:
    """What already lies under a final name. `sha256` comes from the folder's manifest, None where it is not listed."""

    final: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that a manifest of the destination lists. `path` is POSIX-style and relative to its root."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ScrubFinding:
    """One file that differs from its manifest: `problem` is `missing`, `differs` or `not listed`."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """What re-reading a destination found."""

    files: int
    bytes: int
    findings: tuple[ScrubFinding, ...]
