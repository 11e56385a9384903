"""What a person decides about a row that changed after its scan was named: it is taken over, or left."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Protocol

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import UseError
from app.domain.naming import slide_path
from app.domain.scan import ScanId
from app.domain.sheet import SheetRow, SlideSheet
from app.domain.sheet_differences import Difference, the_row
from app.domain.step import StepId
from app.pipeline.case import Kit
from app.pipeline.journey import MATCH, NAME
from app.pipeline.rescans import stands
from app.pipeline.runner import Runner
from app.services.differences import changes_in_words, open_differences
from app.services.rescan_acts import Entry, filed_anew, require_idle, slide_name

Seen = tuple[Difference, ...]


class RestartMoves(Protocol):
    """How steps and all behind them are put back to pending."""

    def __call__(self, now: Dossier, *first: StepId) -> tuple[StepChange, ...]:
        """Return the moves; raises UseError where that is not possible."""


class DifferenceActs:
    """The acts; each is checked, journalled and audited in one transaction."""

    def __init__(self, kit: Kit, runner: Runner, entry: Entry, restart_moves: RestartMoves) -> None:
        self._kit = kit
        self._runner = runner
        self._entry = entry
        self._restart_moves = restart_moves

    def new_path(self, scan: ScanId) -> str:
        """Return the path below the share's root that taking over would give the scan; empty where it keeps its own.

        Raises UseError where nothing differs or a REQUIRED cell is empty, and as naming does where no name can be made.
        """
        now = self._kit.ledger.get(scan)
        sheet, row, _ = self._changed(now)
        _require_whole(sheet, row)
        return self._renamed(now, sheet, row)

    async def take_over(self, scan: ScanId, seen: Seen) -> None:
        """Take the row as it is now. Where that changes name or folder the scan is matched, named and filed anew.

        Raises UseError where the row is no longer as the person saw it.
        """

        def change(now: Dossier) -> Change:
            sheet, row, found = self._changed(now)
            _require_seen(found, seen)
            _require_whole(sheet, row)
            entry = self._entry(now, "take over", _texts(found, lambda d: d.then), _texts(found, lambda d: d.now), "")
            if not self._renamed(now, sheet, row):
                for step in (MATCH, NAME):
                    require_idle(now, step)
                return Change(row=dict(row.cells), left={}, audit=entry)
            moves = filed_anew(now) if stands(now) else self._restart_moves(now, MATCH)
            return Change(steps=moves, left={}, audit=entry)

        await self._kit.ledger.apply(scan, change)
        self._runner.go_on(scan)

    async def leave(self, scan: ScanId, seen: Seen) -> None:
        """Leave the scan as it is; the same values are not asked about again."""

        def change(now: Dossier) -> Change:
            found = self._changed(now)[2]
            _require_seen(found, seen)
            entry = self._entry(now, "leave", _texts(found, lambda d: d.then), _texts(found, lambda d: d.now), "")
            return Change(left={**now.left, **{each.column: each.now for each in found}}, audit=entry)

        await self._kit.ledger.apply(scan, change)

    def _changed(self, now: Dossier) -> tuple[SlideSheet, SheetRow, Seen]:
        sheet = self._kit.sheet.last
        found = open_differences(now, sheet)
        row = the_row(sheet, now.scan.barcode or "") if sheet is not None else None
        if sheet is None or row is None or not found:
            raise UseError(
                "Nothing differs any more", f"The row of {slide_name(now)} is as it was, or was decided about already"
            )
        return sheet, row, found

    def _renamed(self, now: Dossier, sheet: SlideSheet, row: SheetRow) -> str:
        extension = PurePosixPath(now.scan.files.main).suffix
        folder, stem = slide_path(self._kit.settings.destination.folder, sheet, row, extension=extension)
        if (folder, stem) == (now.scan.folder, now.scan.stem):
            return ""
        return "/".join(part for part in (folder, stem + extension) if part)


def _require_seen(found: Seen, seen: Seen) -> None:
    """Raise UseError where a person decided about something else: the row changed once more meanwhile."""
    if found != seen:
        raise UseError("The row changed once more", f"It now says {changes_in_words(found)}", "Look at it again")


def _require_whole(sheet: SlideSheet, row: SheetRow) -> None:
    """Raise UseError for a row that would stop the scan: a safe image must not come to stand among the open ones."""
    missing = sheet.missing_cells(row)
    if missing:
        raise UseError(
            "The changed row lacks cells",
            f"REQUIRED and empty in {sheet.title}: {', '.join(missing)}",
            "Fill these cells first; or leave the scan as it is",
        )


def _texts(found: Seen, value: Callable[[Difference], str]) -> str:
    return "; ".join(f"{each.column}: {value(each)}" for each in found)
