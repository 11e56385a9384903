"""What the window shows of the slide sheet, and what it can ask for there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.domain.expected_list import ExpectedList
from app.domain.scan import ScanId
from app.domain.sheet_differences import Difference
from app.domain.sheet_findings import SheetFinding


@dataclass(frozen=True, slots=True)
class SheetState:
    """The last reading of the sheet. `title` is empty and `read_at` None before the first one."""

    title: str
    read_at: datetime | None
    slides: int
    findings: tuple[SheetFinding, ...]


@dataclass(frozen=True, slots=True)
class ListPlan:
    """What becomes of a list of slides when a person says yes.

    `name` is the file's, `new` what the run does not expect yet, `not_in_sheet` those of the list without a row; it is
    None, and `sheet` says why, when the sheet could not be looked at. Else `sheet` is the sheet's title.
    """

    name: str
    found: ExpectedList
    new: tuple[str, ...]
    not_in_sheet: tuple[str, ...] | None
    sheet: str


class OperatorsSheet(Protocol):
    """All the window needs of the slide sheet. Reads answer at once from memory; acts are coroutines.

    What is not possible raises SlideferryError (title, message, hint).
    """

    def state(self) -> SheetState:
        """Return what the last reading said."""

    def address(self, cell: str = "") -> str:
        """Return what opens the sheet: a path, or an https address that leads to this cell."""

    def cell_of(self, scan: ScanId) -> str:
        """Return the first cell of a scan's row in the last reading, empty where it has none."""

    def new_path(self, scan: ScanId) -> str:
        """Return the path that taking over the changed row would give a scan, empty where it keeps its own."""

    async def take_over(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        """Take the changed row of a scan over, if it still is as the person saw it."""

    async def leave(self, scan: ScanId, seen: tuple[Difference, ...]) -> None:
        """Leave a scan as it is though its row changed; the same values are not asked about again."""

    @property
    def list_kinds(self) -> Sequence[str]:
        """The endings of files that may be a list of slides, such as `.csv`; none where no lists are taken."""

    async def read_list(self, path: Path) -> ListPlan:
        """Read a list of slides to expect; nothing is expected yet."""

    async def expect(self, plan: ListPlan) -> int:
        """Expect the slides of a list; return how many were new."""
