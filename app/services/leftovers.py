"""What ended programs left on the share: whose it is, and what a person may remove."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.domain.dossier import Dossier
from app.domain.errors import UseError
from app.domain.share import Leftover, LeftoverKind

_RECENT = timedelta(days=1)


class Whose(Enum):
    """Whose a leftover is, as far as this journal can tell; the value is what people read."""

    NEEDED = "needed: a scan of this station waits for it"
    OURS = "of this station, no longer needed"
    UNKNOWN = "of another station, or of a journal that is gone"


@dataclass(frozen=True, slots=True)
class JudgedLeftover:
    """A leftover and whose it is."""

    leftover: Leftover
    whose: Whose


@dataclass(frozen=True, slots=True)
class LeftoverRemoval:
    """Which leftovers a person wants removed, and why; `force` also takes what another station wrote within a day."""

    paths: tuple[str, ...]
    reason: str
    force: bool

    def body(self) -> dict[str, str]:
        """Return it as the body of a request."""
        return {"paths": json.dumps(self.paths), "reason": self.reason, "force": str(self.force)}


def leftover_removal_of(body: Mapping[str, str]) -> LeftoverRemoval:
    """Read a removal from the body of a request; raises KeyError or ValueError for one that is not complete."""
    return LeftoverRemoval(tuple(map(str, json.loads(body["paths"]))), body["reason"], body.get("force") == "True")


def judge_leftovers(found: Sequence[Leftover], dossiers: Sequence[Dossier]) -> tuple[JudgedLeftover, ...]:
    """Say whose each is; what a scan of this journal waits for is among them, as needed."""
    waits = {each.scan.files.fingerprint(): not (each.published or each.scan.cancelled) for each in dossiers}
    return tuple(JudgedLeftover(each, _whose(each, waits)) for each in found)


def _whose(leftover: Leftover, waits: Mapping[str, bool]) -> Whose:
    if leftover.kind is not LeftoverKind.PART or leftover.fingerprint not in waits:
        return Whose.UNKNOWN
    return Whose.NEEDED if waits[leftover.fingerprint] else Whose.OURS


def left_over(judged: Sequence[JudgedLeftover]) -> tuple[JudgedLeftover, ...]:
    """Return those that nobody here waits for."""
    return tuple(each for each in judged if each.whose is not Whose.NEEDED)


def leftovers_to_remove(
    judged: Sequence[JudgedLeftover], wanted: LeftoverRemoval, now: datetime
) -> tuple[Leftover, ...]:
    """Return what may be removed; raise UseError, so that nothing is, when one of them may not."""
    if not wanted.reason.strip():
        raise UseError("A reason is needed", "The reason is empty", "Say why: it goes into the audit log")
    by_path = {each.leftover.path: each for each in judged}
    chosen = []
    for path in dict.fromkeys(wanted.paths):
        each = by_path.get(path)
        if each is None:
            raise UseError("This is no leftover", path, "`leftovers` lists what may be removed, by these very names")
        if each.whose is Whose.NEEDED:
            message = f"A scan of this station waits for {path}"
            raise UseError("This part is needed", message, "Cancel the scan: that removes its parts")
        if each.whose is Whose.UNKNOWN and now - each.leftover.written_at < _RECENT and not wanted.force:
            message = f"{path} was written {each.leftover.written_at.astimezone():%Y-%m-%d %H:%M}, within the last day"
            hint = "Another station may be copying it. Wait a day, or say --force if you know that none is"
            raise UseError("This may be in use", message, hint)
        chosen.append(each.leftover)
    return tuple(chosen)
