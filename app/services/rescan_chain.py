"""All scans of one slide, oldest first: what became of each, which one is kept, and who decided that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.domain.audit import AuditEntry
from app.domain.dossier import Dossier, RescanLink
from app.domain.journal import Journal
from app.domain.quality import Verdict
from app.domain.scan import ScanId
from app.domain.step import StepState
from app.pipeline.rescans import BOTH, is_lost, kept_choice, stands
from app.pipeline.steps.making_way import RESCANNED

_DECISIONS = ("keep", "missing image", "assign")


class Place(Enum):
    """Where a scan of a slide lies; the value is the word people and scripts read."""

    NAME = "has the name"
    BESIDE = "beside"
    RESCANS = "in the rescans"
    ON_ITS_WAY = "on its way"
    LOST = "not on the share"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class ChainScan:
    """One scan of the slide. `reason` says why the slide was scanned again after it, empty for the newest.

    `destination` is empty where no image of it is on the share. `decided_by` is empty where the program decided by
    the verdicts alone.
    """

    id: ScanId
    source_name: str
    found_at: datetime
    state: StepState
    verdict: Verdict
    verdict_reason: str
    reason: str
    place: Place
    destination: str
    kept: bool
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RescanChain:
    """The scans of one slide, oldest first; `kept` is the one the sheet speaks of, None before any is verified."""

    barcode: str
    scans: tuple[ChainScan, ...]
    kept: ScanId | None


def read_chain(journal: Journal, barcode: str, dossiers: Sequence[Dossier]) -> RescanChain:
    """Make the chain of a slide from the ledger's scans (any will do) and the journal's notes and audit log."""
    scans = [each for each in dossiers if each.scan.barcode == barcode]
    return make_chain(barcode, scans, journal.links(), journal.audits() if len(scans) > 1 else ())


def make_chain(
    barcode: str, dossiers: Sequence[Dossier], links: Sequence[RescanLink], audits: Sequence[AuditEntry]
) -> RescanChain:
    """Make the chain from all scans of the slide."""
    scans = sorted(dossiers, key=lambda each: (each.scan.found_at, each.id))
    kept = next((each.id for each in reversed(scans) if stands(each) and each.scan.superseded_by is None), None)
    return RescanChain(barcode, tuple(_scan(each, kept, links, audits) for each in scans), kept)


def _scan(
    dossier: Dossier, kept: ScanId | None, links: Sequence[RescanLink], audits: Sequence[AuditEntry]
) -> ChainScan:
    mine = [link for link in links if link.older == dossier.id]
    decided = next((e for e in reversed(audits) if e.scan == dossier.id and e.action in _DECISIONS), None)
    settled = next((link.at for link in reversed(links) if dossier.id in (link.older, link.newer)), None)
    verdict, reason = _verdict(dossier)
    return ChainScan(
        id=dossier.id,
        source_name=dossier.scan.files.name,
        found_at=dossier.scan.found_at,
        state=dossier.state,
        verdict=verdict,
        verdict_reason=reason,
        reason=mine[-1].reason if mine else "",
        place=_place(dossier),
        destination=dossier.files[0].destination if dossier.published else "",
        kept=dossier.id == kept,
        decided_by=decided.who or decided.account if decided else "",
        decided_at=decided.at if decided else settled,
    )


def _verdict(dossier: Dossier) -> tuple[Verdict, str]:
    reason = dossier.quality.reason if dossier.quality else ""
    if dossier.scan.verdict_by_person is not None:
        return Verdict(dossier.scan.verdict_by_person), reason
    return (dossier.quality.verdict if dossier.quality else Verdict.NOT_CHECKED), reason


def _place(dossier: Dossier) -> Place:
    if dossier.scan.cancelled and not dossier.published:
        return Place.GIVEN_UP
    if not dossier.published:
        return Place.LOST if is_lost(dossier) else Place.ON_ITS_WAY
    if dossier.scan.superseded_by is not None:
        return Place.RESCANS
    return Place.BESIDE if kept_choice(dossier.scan) == BOTH else Place.NAME


def chain_lines(chain: RescanChain) -> list[tuple[str, str]]:
    """Return each scan in words: its number and mark, and what there is to say of it."""
    return [(f"{number}{' ✓' if each.kept else ''}", _words(each)) for number, each in enumerate(chain.scans, 1)]


def _words(each: ChainScan) -> str:
    parts = [f"{each.source_name} ({each.id}), {each.found_at.astimezone():%Y-%m-%d %H:%M}"]
    verdict = each.verdict.value.replace("_", " ")
    parts.append(f"{verdict}: {each.verdict_reason}" if each.verdict_reason else verdict)
    parts.append(f"{each.place.value}: {each.destination}" if each.destination else each.place.value)
    if each.reason and each.reason != RESCANNED:
        parts.append(f"scanned again because: {each.reason}")
    if each.decided_by and each.decided_at:
        parts.append(f"decided by {each.decided_by}, {each.decided_at.astimezone():%Y-%m-%d %H:%M}")
    return "\n".join(parts)
