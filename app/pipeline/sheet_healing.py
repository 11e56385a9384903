"""Slides that were recorded in the sheet and are not there any more: written again.

Two stations that share a sheet can take away each other's cells: a write that lands on a row which somebody just moved
is put back to what its station had read there, and another may have recorded a slide in it meanwhile. Each knows what
it recorded itself, and sees in the readings that come anyway whether it still stands.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.dossier import Change, Dossier
from app.domain.own_tab import OWN_TAB_MODE
from app.domain.scan import ScanId
from app.domain.sheet import SheetRow, SlideSheet
from app.domain.sheet_differences import the_row
from app.domain.spreadsheet_text import plain_cell
from app.domain.step import StepState
from app.pipeline.case import Case, Kit, Wait
from app.pipeline.journey import RECORD
from app.pipeline.steps.record import record

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 600.0
"""So long a slide is left alone after it was written again: two programs that disagree must not chase each other."""
_MOST_AT_ONCE = 100
"""Of a whole column that somebody emptied each reading fills in a part."""
_TELLING = ("Scan File", "SHA-256")

Shown = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Scans whose cells are gone or another slide's, and scans whose row tells of an image that is not ours."""

    damaged: tuple[ScanId, ...] = ()
    foreign: Mapping[ScanId, Shown] = field(default_factory=dict)


class SheetHealing:
    """Compares readings with what this station recorded."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._judged: datetime | None = None
        self._healed_at: dict[ScanId, float] = {}
        self._foreign: Mapping[ScanId, Shown] = {}
        self._theirs: set[ScanId] = set()

    async def look(self, sheet: SlideSheet) -> None:
        """Look at a reading, and put into the outbox again what it lacks; it does not hold a tab of our own."""
        kit = self._kit
        if sheet.read_at == self._judged or kit.settings.sheet.mode == OWN_TAB_MODE:
            return
        self._judged = sheet.read_at
        found = await kit.threads.disk(judge, sheet, kit.ledger.all())
        # In one reading it may be a value astray; what stands there longer is another station's later scan.
        self._theirs.update(scan for scan, shown in found.foreign.items() if self._foreign.get(scan) == shown)
        self._foreign = found.foreign
        wanted = [scan for scan in found.damaged if scan not in self._theirs and self._may_heal(scan)]
        if wanted:
            await self._heal(wanted[:_MOST_AT_ONCE])

    def _may_heal(self, scan: ScanId) -> bool:
        return self._kit.clock.monotonic() - self._healed_at.get(scan, float("-inf")) >= _AGAIN_SECONDS

    async def _heal(self, scans: Sequence[ScanId]) -> None:
        waiting = {each.scan for each in await self._kit.store.work(lambda journal: journal.pending_writes())}
        for scan in scans:
            if scan in waiting:
                continue
            self._healed_at[scan] = self._kit.clock.monotonic()
            outcome = await record(Case(self._kit, scan))
            if not isinstance(outcome, Wait):
                continue  # another scan of this station speaks for the slide
            await self._kit.ledger.apply(scan, _if_it_still_speaks(outcome.change))
            log.warning("Scan %s: its cells were gone from the slide sheet, or another slide's; written again", scan)
        self._kit.sheet.wake()


def judge(sheet: SlideSheet, dossiers: Sequence[Dossier]) -> Judgement:
    """Compare a reading with what these scans recorded before it; a slide with no row or several is left out.

    Only the cells that tell an image are looked at: what people change beside them is theirs.
    """
    headers = {each.written_as: each.header for each in sheet.columns if each.written_as in _TELLING}
    if not headers:
        return Judgement()
    ours = {each.id: _told(each, headers) for each in dossiers if each.files}
    known = {value for told in ours.values() for value in told}
    damaged: list[ScanId] = []
    foreign: dict[ScanId, Shown] = {}
    for dossier in dossiers:
        row = the_row(sheet, dossier.scan.barcode or "") if _was_recorded(dossier, sheet.read_at) else None
        if row is None:
            continue
        shown, told = _shown(row, headers), ours[dossier.id]
        if any(text and text not in known for text in shown):
            foreign[dossier.id] = shown
        elif not any(shown) or any(text and text not in told for text in shown):
            damaged.append(dossier.id)
    return Judgement(tuple(damaged), foreign)


def _told(dossier: Dossier, headers: Mapping[str, str]) -> Shown:
    main = dossier.files[0]
    cells = {"Scan File": plain_cell(main.destination.rpartition("/")[2]), "SHA-256": main.sha256}
    return tuple(cells[each] for each in headers)


def _shown(row: SheetRow, headers: Mapping[str, str]) -> Shown:
    return tuple(row.cells[header].strip() for header in headers.values())


def _was_recorded(dossier: Dossier, before: datetime) -> bool:
    """Whether the sheet was read back with this scan's cells before that time; a person's mark is no reading."""
    done = dossier.steps[RECORD]
    return _speaks(dossier) and not done.title and done.ended_at is not None and done.ended_at < before


def _speaks(dossier: Dossier) -> bool:
    scan = dossier.scan
    recorded = dossier.published and bool(dossier.files) and dossier.steps[RECORD].state is StepState.SUCCEEDED
    return recorded and bool(scan.barcode) and scan.superseded_by is None and not scan.cancelled


def _if_it_still_speaks(change: Change) -> Callable[[Dossier], Change]:
    return lambda now: change if _speaks(now) else Change()
