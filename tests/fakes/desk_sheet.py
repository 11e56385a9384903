"""The slide sheet of the desk for the window's tests: what was asked stands in the desk's `acts`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from app.domain.expected_list import ExpectedList
from app.domain.scan import ScanId
from app.domain.sheet_differences import Difference
from app.domain.sheet_findings import FindingKind, SheetFinding
from app.services.sheet_views import ListPlan, SheetState

FINDINGS = (
    SheetFinding(FindingKind.EMPTY, 17, ("D17",), "row 17: Panel is empty, REQUIRED"),
    SheetFinding(FindingKind.TWICE, 21, ("A21", "A30"), "rows 21 and 30: 545902 stands twice"),
    SheetFinding(FindingKind.NO_BARCODE, 44, ("A44",), "row 44: filled in, but without a barcode"),
)


class FakeOperatorsSheet:
    """Implements OperatorsSheet. `plan` is what any list holds; `path` is the name that taking over would give."""

    def __init__(self, do: Callable[..., None], now: datetime) -> None:
        self._do = do
        self.now = now
        self.findings = FINDINGS
        self.root = "https://docs.google.com/spreadsheets/d/1AbC/edit"
        self.path = ""
        found = ExpectedList("Barcode", ("620995", "407871"), ("407871",), ((5, "none"),))
        self.plan = ListPlan("rack.csv", found, ("407871",), ("407871",), "Summary of Slides")

    def state(self) -> SheetState:
        return SheetState("Summary of Slides, 2026", self.now, 412, self.findings)

    def address(self, cell: str = "") -> str:
        return f"{self.root}#range={cell}" if cell else self.root

    def cell_of(self, scan: ScanId) -> str:
        return "A23"

    def new_path(self, scan: ScanId) -> str:
        return self.path

    async def take_over(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        self._do("take_over", scan, seen)

    async def leave(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        self._do("leave", scan, seen)

    @property
    def list_kinds(self) -> Sequence[str]:
        return (".csv", ".txt", ".xlsx")

    async def read_list(self, path: Path) -> ListPlan:
        self._do("read_list", path)
        return self.plan

    async def expect(self, plan: ListPlan) -> int:
        self._do("expect", plan.new)
        return len(plan.new)
