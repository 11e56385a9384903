"""The order of scans in a view, without Qt: rows by id, sorted and filtered by plain lists."""

from collections.abc import Callable, Iterable
from typing import Any

from app.domain.scan import ScanId
from app.domain.step import StepState
from app.services.views import ScanView

SortKey = Callable[[ScanView], Any]
Wanted = Callable[[ScanView], bool]

_RANK = {
    StepState.NEEDS_ATTENTION: 0,
    StepState.FAILED: 1,
    StepState.BLOCKED: 2,
    StepState.WAITING_TO_RETRY: 3,
    StepState.PAUSED: 4,
    StepState.RUNNING: 5,
    StepState.PENDING: 6,
    StepState.SUCCEEDED: 8,
    StepState.CANCELLED: 9,
}


def needs_you_first(view: ScanView) -> tuple[int, float]:
    """Return the key of the home page's order: who needs a person, what moves, what is safe (newest first)."""
    rank = _RANK.get(view.state, 6)
    if rank >= 8 and view.verified_at is not None:
        return rank, -view.verified_at.timestamp()
    return rank, view.found_at.timestamp()


def everyone(view: ScanView) -> bool:
    """Let every scan pass."""
    return view is not None


def of_this_run(view: ScanView) -> bool:
    """Let every scan pass but those that lay there before the first start."""
    return not view.earlier


class Rows:
    """Holds the views that pass the filter, in the order of the key; ids tell the row."""

    def __init__(self, key: SortKey, *, reverse: bool = False, wanted: Wanted = everyone) -> None:
        self.key = key
        self.reverse = reverse
        self.wanted = wanted
        self.views: list[ScanView] = []
        self._rows: dict[ScanId, int] = {}

    def __len__(self) -> int:
        return len(self.views)

    def row(self, scan: ScanId) -> int | None:
        """Return the row of a scan, None where it is not shown."""
        return self._rows.get(scan)

    def fill(self, views: Iterable[ScanView]) -> None:
        """Take these instead of all there was."""
        self.views = [view for view in views if self.wanted(view)]
        self.sort()

    def sort(self) -> None:
        """Sort the list itself and number the rows anew."""
        self.views.sort(key=self.key, reverse=self.reverse)
        self._number()

    def replace(self, row: int, view: ScanView) -> bool:
        """Put the newer view into its row; return whether the order is now wrong."""
        old = self.views[row]
        self.views[row] = view
        return bool(self.key(old) != self.key(view))

    def append(self, views: Iterable[ScanView]) -> None:
        """Add rows at the end; they find their place at the next sort."""
        self.views.extend(views)
        self._number()

    def _number(self) -> None:
        self._rows = {view.id: row for row, view in enumerate(self.views)}


def ranges(rows: Iterable[int], most: int = 24) -> list[tuple[int, int]]:
    """Join rows into (first, last) ranges; more than `most` become one that spans all: cheaper than many signals."""
    ordered = sorted(set(rows))
    if not ordered:
        return []
    joined: list[tuple[int, int]] = [(ordered[0], ordered[0])]
    for row in ordered[1:]:
        if row == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], row)
        else:
            joined.append((row, row))
    return joined if len(joined) <= most else [(ordered[0], ordered[-1])]
