"""The slide sheet as read: rule row, header, one row a slide; and what is written back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

WRITTEN_COLUMNS = (
    "Status",
    "Scan File",
    "Image Path",
    "SHA-256",
    "Size",
    "Scanned At",
    "Transferred At",
    "Quality",
    "Blurry %",
    "Rescans",
    "Operator",
    "Message",
)


OUR_HEADERS: Mapping[str, str] = {header: header for header in WRITTEN_COLUMNS}
"""How a sheet calls our columns where the lab has not named them otherwise."""


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column found by its header. `index` counts from 0; `letter` is how the sheet names it.

    `written_as` is the name of ours (`WRITTEN_COLUMNS`) that the column serves as; empty for a column of the lab's.
    """

    header: str
    index: int
    letter: str
    in_name: bool = False
    required: bool = False
    written_as: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One slide's row. `number` counts from 1 as people see it; `cells` maps header to the text a person sees."""

    number: int
    barcode: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SlideSheet:
    """One reading of the slide sheet. `title` names it for people (file name and worksheet).

    `tab` is the id of its tab in a Google spreadsheet, None where that is not known or it is a workbook.
    """

    title: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[SheetRow, ...]
    barcode_header: str
    read_at: datetime
    tab: int | None = None
    _by_barcode: Mapping[str, tuple[SheetRow, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look every row up once: each slide of a run is asked for each second, among tens of thousands of rows."""
        found: dict[str, list[SheetRow]] = {}
        for row in self.rows:
            found.setdefault(row.barcode, []).append(row)
        object.__setattr__(self, "_by_barcode", {barcode: tuple(rows) for barcode, rows in found.items()})

    def rows_for(self, barcode: str) -> tuple[SheetRow, ...]:
        """Return every row that holds this barcode: one is right, none or two are a question."""
        return self._by_barcode.get(barcode, ())

    def missing_cells(self, row: SheetRow) -> tuple[str, ...]:
        """Return the addresses of REQUIRED cells of this row that are empty, as `D17 (Panel)`."""
        return tuple(
            f"{column.letter}{row.number} ({column.header})"
            for column in self.columns
            if column.required and not row.cells.get(column.header, "").strip()
        )

    def name_columns(self) -> tuple[SheetColumn, ...]:
        """Return the columns whose rule says `Include in Name?`, in sheet order."""
        return tuple(column for column in self.columns if column.in_name)


@dataclass(frozen=True, slots=True)
class CellWrite:
    """One value for one slide's row; `generation` tells a newer value of the same cell from an older one."""

    barcode: str
    column: str
    value: str
    generation: int


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A write that could not be done although the sheet was reached (no row, two rows), and why.

    `no_column`: the lab does without this column of ours, and none may be added; its slide is recorded in the others.
    """

    write: CellWrite
    reason: str
    no_column: bool = False


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What one batch did: `written` was read back and is equal. `sheet` is that reading, where it was of the whole."""

    written: tuple[CellWrite, ...]
    refused: tuple[RefusedWrite, ...]
    sheet: SlideSheet | None = None


@dataclass(frozen=True, slots=True)
class RowWrite:
    """What one write puts into one slide's row: header to text, as stored. `barcode` is empty for a row without one."""

    barcode: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetIntent:
    """Said before a shared sheet is written to, and kept until what became of it was read.

    `before` is the last reading in which every value stood where it belongs: of the scientists' tab, or of the
    program's own with `own_tab`.
    """

    before: SlideSheet
    rows: tuple[RowWrite, ...]
    own_tab: bool = False


class SheetMemory(Protocol):
    """Remembers what is under way in a shared sheet, also when the program ends in between. Blocking calls."""

    def intent(self) -> SheetIntent | None:
        """Return what was begun and not yet seen through, None where nothing was."""

    def begin(self, intent: SheetIntent) -> None:
        """Keep an intent in the place of an older one; it is on disk when this returns."""

    def done(self) -> None:
        """Forget the intent: all of it was read back, each value where it belongs."""
