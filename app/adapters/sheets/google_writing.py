"""One batch on its way into a Google sheet: written, read back, and written again where rows moved meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.adapters.sheets.google_failures import CellRefusedError, PlaceGoneError
from app.adapters.sheets.google_place import Seen, WritingPlace
from app.adapters.sheets.google_plan import RowPlan, Wanted, in_our_spelling
from app.adapters.sheets.google_tab import GoogleTab
from app.domain.errors import AwayError
from app.domain.sheet import CellWrite, RefusedWrite, RowWrite, SheetIntent, SheetMemory, SlideSheet, WriteResult
from app.domain.spreadsheet_text import plain_cell
from app.domain.strays import Stray, find_strays

_ROUNDS = 8
"""Readings in one call before the rest is left for the next: others change the sheet faster than we can write."""
_MOST_REFUSALS = 12
"""Refusals in one call that are followed up: enough to find one row of two thousand, and each costs calls, of which an
account has few."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Google's words about a slide's row, which had this number when its value was refused."""

    row: int
    reason: str


class Writing:
    """A batch for one place; `outdated` are those of its writes that were refused before.

    A write is read → say what is to be written → write → read. Where the second reading shows a value in another
    slide's row, what stood there before is put back, and it begins again. A slide that Google refuses, or that others
    keep changing, does not keep the others from being confirmed.
    """

    def __init__(
        self,
        place: WritingPlace,
        memory: SheetMemory,
        newest: Sequence[CellWrite],
        outdated: Sequence[RefusedWrite],
    ) -> None:
        self._place = place
        self._memory = memory
        self._newest = newest
        self._outdated = outdated
        self._begun = memory.intent()
        self._wanted = _wanted(self._begun, newest)
        self._refused: dict[str, _Refusal] = {}
        self._refusals_left = _MOST_REFUSALS

    def run(self) -> WriteResult:
        """Write until all is shown that can be; return what is, and what is refused. What is in neither waits.

        Raises AwayError where nothing is shown at the end, and as `in_words` says.
        """
        for left in reversed(range(_ROUNDS)):
            try:
                result = self._round(last=not left)
            except PlaceGoneError:
                continue  # rows, columns or the tab went away under a call: look again
            if result is not None:
                return result
        raise _restless()

    def _round(self, *, last: bool) -> WriteResult | None:
        """Read, and write what is not shown yet; return the result once it is, or nothing more will be done."""
        seen = self._place.look()
        sheet = in_our_spelling(seen.sheet)
        strays = find_strays(self._begun.before, sheet, self._begun.rows) if self._begun else ()
        _want_back(self._wanted, strays)
        strays = (*strays, *self._place.misplaced(seen, sheet))
        self._forget_doubtful_refusals(sheet)
        wanted = {barcode: cells for barcode, cells in self._wanted.items() if barcode not in self._refused}
        plan = self._place.plan(seen, sheet, wanted)
        if not (plan.work or plan.missing or plan.rows or strays):
            return None if not last and self._place.tidy(seen) else self._whole(plan, seen)
        if last or not self._refusals_left:
            return self._part(plan, seen, sheet, strays)
        if not self._place.prepare(plan, seen):
            self._begin(SheetIntent(sheet, (*plan.rows, *_rows_of(strays)), own_tab=self._place.own_tab), strays)
            self._put(plan.columns(strays), sheet)
        return None

    def _put(self, columns: Mapping[str, Mapping[int, str]], sheet: SlideSheet) -> None:
        """Write what Google takes: where it refuses a cell, the other rows of that write in halves."""
        barcodes = {row.number: row.barcode for row in sheet.rows}
        numbers = sorted({number for cells in columns.values() for number in cells})
        waiting = [numbers] if numbers else []
        while waiting:
            rows = waiting.pop()
            try:
                _put_rows(self._place.tab, columns, rows)
            except CellRefusedError as error:
                if self._refusals_left:
                    self._refusals_left -= 1
                    waiting += self._around_the_refused(error, rows, barcodes)

    def _around_the_refused(
        self, error: CellRefusedError, rows: Sequence[int], barcodes: Mapping[int, str]
    ) -> list[list[int]]:
        """Return the rows of a refused write that are to be tried again, in halves; the first comes last."""
        refused = error.row if error.row in rows else rows[0] if len(rows) == 1 else None
        if refused is not None and (barcode := barcodes.get(refused)):
            self._refused[barcode] = _Refusal(refused, f"{error.title}: {error.message}")
        others = [each for each in rows if each != refused]
        middle = len(others) // 2
        return [part for part in (others[middle:], others[:middle]) if part]

    def _forget_doubtful_refusals(self, sheet: SlideSheet) -> None:
        """What was refused may have been meant for another row than the one that was hit."""
        for barcode, refusal in tuple(self._refused.items()):
            if all(row.number != refusal.row for row in sheet.rows_for(barcode)):
                del self._refused[barcode]

    def _whole(self, plan: RowPlan, seen: Seen) -> WriteResult:
        """Return the result where nothing is left to do, and forget what was under way."""
        if self._begun is not None:
            self._memory.done()
        return self._result(plan, seen, ())

    def _part(self, plan: RowPlan, seen: Seen, sheet: SlideSheet, strays: Sequence[Stray]) -> WriteResult:
        """Return what is shown by now; the rest stays under way, so that the next call looks after its strays."""
        if plan.work or plan.missing:
            raise _restless()  # columns or rows are missing: nothing says which slides are shown whole
        result = self._result(plan, seen, {row.barcode for row in plan.rows})
        if not result.written and len(result.refused) == len(self._outdated):
            raise _restless()
        if not strays:
            self._begin(SheetIntent(sheet, plan.rows, own_tab=self._place.own_tab), strays)
        return result

    def _result(self, plan: RowPlan, seen: Seen, pending: Collection[str]) -> WriteResult:
        refused = [each for each in self._newest if each.barcode in self._refused]
        told = (RefusedWrite(each, self._refused[each.barcode].reason) for each in refused)
        settled = [each for each in self._newest if each.barcode not in pending and each.barcode not in self._refused]
        return replace(plan.result(settled, (*self._outdated, *told)), sheet=seen.sheet)

    def _begin(self, new: SheetIntent, strays: Sequence[Stray]) -> None:
        """Keep what is about to be written, beside what was before while something is still astray."""
        begun = self._begun
        intent = new if begun is None or not strays else replace(begun, rows=(*begun.rows, *new.rows))
        self._memory.begin(intent)
        self._begun = intent


def _put_rows(tab: GoogleTab, columns: Mapping[str, Mapping[int, str]], rows: Sequence[int]) -> None:
    """Write the cells of some rows."""
    wanted = frozenset(rows)
    part = {header: {row: text for row, text in cells.items() if row in wanted} for header, cells in columns.items()}
    tab.put({header: cells for header, cells in part.items() if cells})


def _wanted(begun: SheetIntent | None, newest: Sequence[CellWrite]) -> Wanted:
    """Return what each slide's row is to show: what was begun, and over it what is asked for now."""
    wanted: Wanted = {}
    for row in begun.rows if begun else ():
        if row.barcode:
            wanted.setdefault(row.barcode, {}).update(row.cells)
    for write in newest:
        wanted.setdefault(write.barcode, {})[write.column] = plain_cell(write.value)
    return wanted


def _want_back(wanted: Wanted, strays: Sequence[Stray]) -> None:
    """Want back what stood in the rows of other slides."""
    for stray in strays:
        if stray.barcode:
            wanted[stray.barcode] = {**stray.cells, **wanted.get(stray.barcode, {})}


def _rows_of(strays: Sequence[Stray]) -> tuple[RowWrite, ...]:
    """Return the rows without a barcode that get back what they held; the others are wanted like any slide's."""
    return tuple(RowWrite("", stray.cells) for stray in strays if not stray.barcode)


def _restless() -> AwayError:
    return AwayError(
        "The slide sheet does not hold still",
        f"It was changed by others each of {_ROUNDS} times it was read",
        "It is tried again by itself; what is to be written waits",
    )
