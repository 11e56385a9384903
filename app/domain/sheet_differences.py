"""What scientists changed in a slide's row after the slide was named by it."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.sheet import SheetRow, SlideSheet


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell: what it held when the slide was named, and what it holds now."""

    column: str
    then: str
    now: str

    @property
    def words(self) -> str:
        """The change in short: `Panel: P1 → P2`."""
        return f"{self.column}: {self.then or '(empty)'} → {self.now or '(empty)'}"


def differences(
    then: Mapping[str, str], sheet: SlideSheet, barcode: str, left: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Return what differs between a row as it was and as it is now, in sheet order.

    `left` holds the values, by column, that a person has seen and left: they are not told again. Columns of ours,
    columns that came later and columns that are gone say nothing; nor does a slide with no row or several.
    """
    row = the_row(sheet, barcode)
    if row is None:
        return ()
    found = []
    for column in sheet.columns:
        header = column.header
        if header not in then or header == sheet.barcode_header:
            continue
        before, now = then[header].strip(), row.cells[header].strip()
        if before != now and left.get(header) != now and not column.written_as:
            found.append(Difference(header, before, now))
    return tuple(found)


def the_row(sheet: SlideSheet, barcode: str) -> SheetRow | None:
    """Return the one row of a slide, None where there is none or more than one."""
    rows = sheet.rows_for(barcode)
    return rows[0] if len(rows) == 1 else None
