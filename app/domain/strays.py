"""Values that a write put into another slide's row, because rows moved between the reading and the write.

A shared sheet names cells by their place. What is judged here is two readings: of the sheet before, and of the sheet
with what was written since. Only columns that are written to are looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.sheet import WRITTEN_COLUMNS, RowWrite, SheetRow, SlideSheet

TELLING = frozenset(("Scan File", "Image Path", "SHA-256"))
"""Columns whose values belong to one slide alone: found in another row, they can only have strayed there."""
_TOLD_TOGETHER = 3
"""So many values of one write tell it as well where nobody else would have written them: in a row without a barcode. A
person may have removed the telling columns since."""
_OWN_AND_ANOTHER = 2
_OURS = frozenset(header.casefold() for header in WRITTEN_COLUMNS)

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stray:
    """A row, by its number in the later reading, with what belongs into its cells."""

    row: int
    barcode: str
    cells: Cells


def find_strays(before: SlideSheet, now: SlideSheet, writes: Sequence[RowWrite]) -> tuple[Stray, ...]:
    """Return the rows of `now` that hold what was written for others, with what they held before.

    `writes` may name a slide several times, and each holds all that is written to of its row: so a later one leaves
    nothing of an earlier one that struck the same row. A row is known again by its barcode, one without a barcode of
    its own by what other people wrote into it; a row that was not there before held nothing of ours.
    """
    held = {key: row.cells for key, row in _known_rows(before)}
    suspects = _Suspects(writes)
    own = _own_cells(writes)
    found = []
    for key, row in _known_rows(now):
        was = held.get(key, {})
        strayed = {
            header
            for write in suspects.of(row)
            if write.barcode != row.barcode or not row.barcode
            for header in _struck(row.cells, was, write.cells)
        }
        if not row.barcode:
            strayed |= _struck_without_barcode(row.cells, was, writes)
        strayed -= own.get(row.barcode, frozenset())
        if strayed:
            found.append(Stray(row.number, row.barcode, {header: was.get(header, "") for header in sorted(strayed)}))
    return tuple(found)


def _struck(cells: Cells, was: Cells, written: Cells) -> Iterable[str]:
    """Return the headers of a write where a row shows it and did not before; nothing where it shows something else."""
    same = [header for header, value in written.items() if cells.get(header, "") == value]
    changed = [header for header in same if was.get(header, "") != written[header]]
    told = any(header in TELLING and written[header] for header in changed)
    return written if told or (changed and len(same) == len(written)) else ()


def _struck_without_barcode(cells: Cells, was: Cells, writes: Iterable[RowWrite]) -> frozenset[str]:
    """Return the headers of our columns that a row shows and did not before, where one write has all that it shows."""
    shown = frozenset(header for header in WRITTEN_COLUMNS if cells.get(header))
    changed = frozenset(header for header in shown if was.get(header, "") != cells[header])
    if len(changed) < _TOLD_TOGETHER:
        return frozenset()
    if any(all(write.cells.get(header) == cells[header] for header in shown) for write in writes):
        return changed
    return frozenset()


class _Suspects:
    """Finds the writes that may have struck a row without comparing each with each.

    A write without a telling column says what any station could have written for that row, and is none.
    """

    def __init__(self, writes: Iterable[RowWrite]) -> None:
        self._by_value: dict[tuple[str, str], list[RowWrite]] = defaultdict(list)
        self._emptying: dict[tuple[str, ...], dict[tuple[str, ...], dict[str, RowWrite]]] = {}
        for write in writes:
            telling = [(header, value) for header, value in write.cells.items() if header in TELLING]
            for each in telling:
                if each[1]:
                    self._by_value[each].append(write)
            if telling and not any(value for _, value in telling):
                self._keep_emptying(write)

    def _keep_emptying(self, write: RowWrite) -> None:
        """Keep a write by all of its cells, which a row that it struck shows; of those alike two slides' will do."""
        headers = tuple(sorted(write.cells))
        alike = self._emptying.setdefault(headers, {}).setdefault(tuple(write.cells[each] for each in headers), {})
        if len(alike) < _OWN_AND_ANOTHER:
            alike[write.barcode] = write

    def of(self, row: SheetRow) -> Iterator[RowWrite]:
        for header in TELLING:
            yield from self._by_value.get((header, row.cells.get(header, "")), ())
        for headers, by_values in self._emptying.items():
            yield from by_values.get(tuple(row.cells.get(each, "") for each in headers), {}).values()


def _own_cells(writes: Iterable[RowWrite]) -> dict[str, frozenset[str]]:
    """Return the headers written for each slide itself: those cells are written anew, whatever they hold."""
    own: dict[str, frozenset[str]] = {}
    for write in writes:
        if write.barcode:
            own[write.barcode] = own.get(write.barcode, frozenset()) | write.cells.keys()
    return own


def _known_rows(sheet: SlideSheet) -> Iterator[tuple[tuple[str, ...], SheetRow]]:
    """Yield each row with what it is known by."""
    count = Counter(row.barcode for row in sheet.rows)
    for row in sheet.rows:
        if row.barcode and count[row.barcode] == 1:
            yield ("barcode", row.barcode), row
        else:
            others = (f"{header}={text}" for header, text in sorted(row.cells.items()) if not _is_ours(header))
            yield ("cells", *others), row


def _is_ours(header: str) -> bool:
    return " ".join(header.split()).casefold() in _OURS
