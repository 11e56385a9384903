"""The chain of the audit log: what each entry's hash covers, and which entry is the first that does not fit.

Entry n's hash is SHA-256 over the hash of entry n - 1 (64 hex digits, nothing for the first) followed by the entry's
values as a JSON list without spaces. Rule 2 puts the number first and the authentication after the account; entries
of the first journals (rule 1) have neither.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from app.domain.audit import AuditHead, AuditTip

_NEIGHBOURS = (-1, 0, 1, 2)
_WIDEST_GAP = 20


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry as it stands in the log: every value is the text that was hashed, also where it means nothing."""

    number: int
    at: str
    who: str
    account: str
    authentication: str | None
    station: str
    version: str
    action: str
    run: str | None
    scan: str | None
    barcode: str | None
    old: str
    new: str
    reason: str
    hash: str

    @property
    def rule(self) -> int:
        """Which rule the hash follows: 1 without number and authentication, 2 with them."""
        return 1 if self.authentication is None else 2


class BreakKind(Enum):
    """What is wrong with the first entry that does not fit."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    OUT_OF_ORDER = "out of order"
    CUT_OFF = "cut off at the end"
    OTHER_THAN_REMEMBERED = "not the one that the share remembers"


@dataclass(frozen=True, slots=True)
class AuditBreak:
    """The first entry that does not fit, and what is wrong with it."""

    number: int
    kind: BreakKind


def entry_hash(previous: str, record: AuditRecord, number: int | None = None) -> str:
    """Return the hash an entry must have behind one of hash `previous`, or would have with another number."""
    each = record
    tail = (each.station, each.version, each.action, each.run, each.scan, each.barcode, each.old, each.new, each.reason)
    values: list[str | int | None] = [each.at, each.who, each.account, *tail]
    if each.rule == 2:
        number = each.number if number is None else number
        values = [number, each.at, each.who, each.account, each.authentication, *tail]
    text = previous + json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def first_break(records: Sequence[AuditRecord], tip: AuditTip | None) -> AuditBreak | None:
    """Return the first entry that does not fit, None for a whole chain.

    `records` are all entries by number. Only `tip`, kept beside them, tells entries that are missing at the end.
    """
    previous = ""
    for place, record in enumerate(records):
        number = place + 1
        if record.number < number or (tip is not None and number > tip.number):
            return AuditBreak(record.number, BreakKind.INSERTED)
        if record.number > number:
            return AuditBreak(number, BreakKind.MISSING)
        if not _fits(record, number, previous):
            return AuditBreak(number, _kind(records, place, previous, tip))
        previous = record.hash
    if tip is not None and len(records) < tip.number:
        return AuditBreak(len(records) + 1, BreakKind.CUT_OFF)
    if tip is not None and previous != tip.hash:
        return AuditBreak(len(records), BreakKind.CHANGED)
    return None


def break_with(records: Sequence[AuditRecord], head: AuditHead) -> AuditBreak | None:
    """Return where a chain, whole in itself, is not the one that its destination remembers."""
    number = head.tip.number
    if number > len(records):
        return AuditBreak(len(records) + 1, BreakKind.CUT_OFF)
    if number and records[number - 1].hash != head.tip.hash:
        return AuditBreak(number, BreakKind.OTHER_THAN_REMEMBERED)
    return None


def _fits(record: AuditRecord, number: int, previous: str) -> bool:
    return record.hash == entry_hash(previous, record, number)


def _kind(records: Sequence[AuditRecord], place: int, previous: str, tip: AuditTip | None) -> BreakKind:
    """Tell what is wrong at `place`, by looking for where its entry and the one that should be there are now."""
    record, number, later = records[place], place + 1, records[place + 1 :]
    if any(_fits(other, number, previous) for other in later):
        # The rightful entry stands further down: this one was put before it, from elsewhere in the log or from nowhere.
        is_of_the_log = any(
            _fits(record, place_of_its_own, other.hash)
            for other in records
            for place_of_its_own in (number + 1, *(other.number + shift for shift in _NEIGHBOURS))
        )
        return BreakKind.OUT_OF_ORDER if is_of_the_log else BreakKind.INSERTED
    absent = 0 if tip is None else tip.number - len(records)
    if not later or later[0].rule == 1:
        # Nothing here was hashed with its number: only the count tells.
        return BreakKind.MISSING if absent > 0 else BreakKind.CHANGED
    # Those behind a gap that was closed by numbering them anew were hashed with higher numbers.
    gaps = range(1, max(absent, _WIDEST_GAP) + 1)
    closed_up = any(_fits(later[0], later[0].number + gap, record.hash) for gap in gaps)
    return BreakKind.MISSING if closed_up else BreakKind.CHANGED
