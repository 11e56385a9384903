"""Thresholds tried on past verdicts: what they would have said, and what people said of the same slides."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from app.domain.focus_calibration import Optics
from app.domain.quality import Quality, QualityLimits, Verdict, judge
from app.domain.scan import ScanId

LimitsOf = Callable[[Optics], QualityLimits]
"""The limits for scans with some optics."""
ALARMS = frozenset((Verdict.REVIEW, Verdict.RESCAN))
"""The verdicts that ask a person to do something."""


class Said(Enum):
    """What people made of a scan; the value is the word people and scripts read."""

    ACCEPTED = "accepted"
    RESCAN_ORDERED = "rescan ordered"
    SCANNED_AGAIN = "scanned again"
    """Nobody said anything, but a later scan of the slide took its place."""
    NOTHING = "nothing"

    @property
    def bad(self) -> bool | None:
        """Whether the scan was not good enough for the lab; None while nobody decided."""
        return None if self is Said.NOTHING else self is not Said.ACCEPTED


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """One scan as it was judged; `why` is the reason a person gave."""

    scan: ScanId
    barcode: str | None
    optics: Optics
    found_at: datetime
    quality: Quality
    said: Said
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a set of verdicts fared: alarms (review, rescan) against what people made of the same scans.

    `right`: the scan was not good enough; `false`: a person accepted it; `missed`: not good enough, and no alarm;
    `unanswered`: an alarm on a scan of which nobody said anything.
    """

    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    right: int = 0
    false: int = 0
    missed: int = 0
    unanswered: int = 0

    @property
    def alarms(self) -> int:
        """All alarms."""
        return self.right + self.false + self.unanswered


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """A scan that would have been judged otherwise."""

    past: PastVerdict
    now: Verdict


@dataclass(frozen=True, slots=True)
class TriedValue:
    """One value of one threshold, the others left as they are; None: the focus limit that was learned.

    `in_force`: this is what the settings say now.
    """

    value: float | None
    in_force: bool
    tally: Tally


def said_of(by_person: str | None, *, taken_over: bool) -> Said:
    """Return what people made of a scan: their verdict, else that a later scan took its place (`taken_over`)."""
    if by_person is not None:
        return Said.ACCEPTED if by_person == Verdict.PASS.value else Said.RESCAN_ORDERED
    return Said.SCANNED_AGAIN if taken_over else Said.NOTHING


def rejudge(past: PastVerdict, limits_of: LimitsOf) -> Verdict:
    """Return the verdict that other limits give on the same numbers."""
    return judge(past.quality.numbers, limits_of(past.optics)).verdict


def tally_then(pasts: Iterable[PastVerdict]) -> Tally:
    """Count the verdicts as they were."""
    return _tally((past, past.quality.verdict) for past in pasts)


def tally_now(pasts: Iterable[PastVerdict], limits_of: LimitsOf) -> Tally:
    """Count the verdicts that other limits give."""
    return _tally((past, rejudge(past, limits_of)) for past in pasts)


def changed_verdicts(pasts: Iterable[PastVerdict], limits_of: LimitsOf) -> tuple[ChangedVerdict, ...]:
    """Return the scans whose verdict other limits would change, in the order given."""
    tried = (ChangedVerdict(past, rejudge(past, limits_of)) for past in pasts)
    return tuple(each for each in tried if each.now is not each.past.quality.verdict)


def _tally(judged: Iterable[tuple[PastVerdict, Verdict]]) -> Tally:
    verdicts = dict.fromkeys(Verdict, 0)
    alarms = {True: 0, False: 0, None: 0}
    missed = 0
    for past, verdict in judged:
        verdicts[verdict] += 1
        bad = past.said.bad
        if verdict in ALARMS:
            alarms[bad] += 1
        elif bad:
            missed += 1
    return Tally(verdicts, alarms[True], alarms[False], missed, alarms[None])
