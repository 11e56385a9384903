"""A verified transfer: what is to be carried, how far it is, and how sure we are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from app.domain.scan import VerifiedFile


class CheckGrade(Enum):
    """How a file was checked, the surest first; the value is the text people and scripts read."""

    READ_BACK = "read back"
    SERVER_CHECKSUM = "server's checksum"
    CACHE_NOT_BYPASSED = "read back, cache could not be bypassed"


def weakest(grades: Iterable[CheckGrade]) -> CheckGrade:
    """Return the least sure of some grades, at least one: what can be said of all files together."""
    return max(grades, key=list(CheckGrade).index)


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """One file to carry. `final` is POSIX-style and relative to the destination's root."""

    source: Path
    final: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """All members of one scan; the first is the one a viewer opens. `fingerprint` names the parts.

    `own_folder` is the folder of a set that is a folder as a whole, where no other scan may lie; empty for other sets.
    """

    fingerprint: str
    members: tuple[MemberPlan, ...]
    own_folder: str = ""

    @property
    def size_bytes(self) -> int:
        """The size of all members together, in bytes."""
        return sum(member.size_bytes for member in self.members)


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is, in bytes of the whole scan; `files` only where a whole destination is read."""

    copied_bytes: int
    verified_bytes: int
    total_bytes: int
    files: int = 0


@dataclass(frozen=True, slots=True)
class TransferWatch:
    """How the engine follows a transfer; all are called from worker threads.

    `progress` is told how far it is, `stopped` asked whether to stop. `pace` is told the bytes of every chunk before it
    is read, and may sleep to keep a bandwidth, but not for long once the transfer is to stop. While `braked` says so,
    no large chunk is under way when `pace` is called, so that its sleep is a rest for the disks.
    """

    progress: Callable[[TransferProgress], None]
    stopped: Callable[[], bool]
    pace: Callable[[int], None] = lambda _bytes: None
    braked: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Relocation:
    """Verified members of an older scan that move inside the destination; `new` holds where to, in order.

    `own_folder` is the folder that holds nothing but this set, empty where there is none: it goes with the last member.
    """

    files: tuple[VerifiedFile, ...]
    new: tuple[str, ...]
    own_folder: str = ""


@dataclass(frozen=True, slots=True)
class Occupant:
    """What already lies under a final name. `sha256` comes from the folder's manifest, None where it is not listed."""

    final: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that a manifest of the destination lists. `path` is POSIX-style and relative to its root.

    `size_bytes` is what lies there now. A manifest with lines that nobody can read is told itself, without SHA-256; so
    is a folder, or what lies in one, that cannot be looked at: `failed` then says why.
    """

    path: str
    sha256: str
    size_bytes: int = 0
    failed: str = ""


MISSING = "missing"
DIFFERS = "differs"
UNREADABLE = "unreadable"
BAD_MANIFEST = "bad manifest"
LINK = "link"
NOT_LISTED = "not listed"


@dataclass(frozen=True, slots=True)
class ScrubFinding:
    """One thing that is not as its manifest says; `problem` is one of the words above.

    `listed` and `found` are the SHA-256 of the manifest and of the bytes that lie there, where they are known; `detail`
    says more: the system's reason, or the faulty lines.
    """

    path: str
    problem: str
    listed: str = ""
    found: str = ""
    detail: str = ""

    @property
    def is_damage(self) -> bool:
        """Whether something that was published is in danger; a file or link that nobody lists is only a stranger."""
        return self.problem != NOT_LISTED and (self.problem != LINK or bool(self.listed))


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """What re-reading found. With `stopped` it is what was found until then; `files` were read, in order.

    `unlisted` are those of named files that no manifest lists any more, or whose manifest cannot be read.
    """

    files: int
    bytes: int
    findings: tuple[ScrubFinding, ...]
    stopped: bool = False
    unlisted: tuple[str, ...] = ()
