"""A slide sheet held in memory, which can be away, slow to answer, or changed by other people."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.domain.errors import SlideferryError, SurroundingsError
from app.domain.sheet import OUR_HEADERS, CellWrite, RefusedWrite, SlideSheet, WriteResult
from app.domain.sheet_reading import read_grid

RULES = ["Include in Name?, REQUIRED", "Include in Name?, REQUIRED", "REQUIRED", "Include in Name?", "REQUIRED"]
HEADER = ["Barcode", "Study", "Experiment", "Panel", "Scanner"]


def row(barcode: str, study: str = "Prec01", experiment: str = "Run 2", panel: str = "P1", scanner: str = "Raven"):
    return [barcode, study, experiment, panel, scanner]


class FakeSheet:
    """Meets the port SheetGateway over a grid; written cells stand in `cells`, by barcode and header."""

    def __init__(self, rows: Sequence[list[str]]) -> None:
        self.rows = [list(each) for each in rows]
        self.header = list(HEADER)
        self.rules = list(RULES)
        self.away: SlideferryError | None = None
        self.reads = 0
        self.batches: list[tuple[CellWrite, ...]] = []
        self.cells: dict[tuple[str, str], str] = {}
        self.read_at: datetime | None = None
        self.lacks: frozenset[str] = frozenset()
        """Columns of ours that the sheet does without."""
        self.shown: tuple[str, ...] = ()
        """Columns of ours that a reading shows."""
        self.headers: Mapping[str, str] = OUR_HEADERS

    def be_away(self) -> None:
        self.away = SurroundingsError("The slide sheet is away", "no route", "wait")

    def read(self) -> SlideSheet:
        self.reads += 1
        if self.away is not None:
            raise self.away
        filled = [[*each, *(self.cells.get((each[0], header), "") for header in self.shown)] for each in self.rows]
        grid = [self.rules, [*self.header, *(self.headers[each] for each in self.shown)], *filled]
        read_at = self.read_at or datetime.now(UTC)
        return read_grid(grid, title="slides.xlsx", barcode_header="Barcode", read_at=read_at, headers=self.headers)

    def write(self, writes: Sequence[CellWrite]) -> WriteResult:
        if self.away is not None:
            raise self.away
        self.batches.append(tuple(writes))
        known = {each[0] for each in self.rows}
        refused = tuple(
            RefusedWrite(each, "no such column", no_column=True)
            if each.barcode in known
            else RefusedWrite(each, "no row has this barcode")
            for each in writes
            if each.barcode not in known or each.column in self.lacks
        )
        written = tuple(each for each in writes if each.barcode in known and each.column not in self.lacks)
        for each in written:
            self.cells[each.barcode, each.column] = each.value
        return WriteResult(written, refused)
