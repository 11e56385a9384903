"""A tab of a spreadsheet: its grid of cells and what hangs on its rows, columns and areas."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.cell import Cell
from tests.fakes.sheets_server.developer_metadata import DeveloperMetadata
from tests.fakes.sheets_server.errors import InvalidError

ROW_PIXELS = 21
COLUMN_PIXELS = 100
EMPTY = Cell()


@dataclass(slots=True)
class Protection:
    """A protected area; the whole tab where `area` is None."""

    id: int
    area: Area | None
    description: str = ""
    warning_only: bool = False
    editors: tuple[str, ...] = ()


@dataclass(slots=True)
class Tab:
    """One tab. `look` holds the parts of Google's SheetProperties that only show (colour, hidden, frozen rows …)."""

    id: int
    title: str
    rows: int = 1000
    columns: int = 26
    look: dict[str, Any] = field(default_factory=dict)
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    merges: list[Area] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    filter: dict[str, Any] | None = None
    filter_area: Area | None = None
    depths: dict[Axis, dict[int, int]] = field(default_factory=lambda: {axis: {} for axis in Axis})
    lines: dict[Axis, dict[int, dict[str, Any]]] = field(default_factory=lambda: {axis: {} for axis in Axis})
    """What is special about a row or column: its pixelSize, hiddenByUser."""
    metadata: list[DeveloperMetadata] = field(default_factory=list)
    """What programs have hung on the tab, its rows and its columns."""

    def copy(self) -> "Tab":
        """Return a tab that is the same and stays so when this one is changed."""
        return replace(
            self,
            look=dict(self.look),
            cells=dict(self.cells),
            merges=list(self.merges),
            protections=[replace(each) for each in self.protections],
            depths={axis: dict(each) for axis, each in self.depths.items()},
            lines={axis: dict(each) for axis, each in self.lines.items()},
            metadata=list(self.metadata),
        )

    def __getitem__(self, place: tuple[int, int]) -> Cell:
        return self.cells.get(place, EMPTY)

    def __setitem__(self, place: tuple[int, int], cell: Cell) -> None:
        if cell.is_bare:
            self.cells.pop(place, None)
        else:
            self.cells[place] = cell

    @property
    def whole(self) -> Area:
        return Area(0, 0, self.rows, self.columns)

    def length(self, axis: Axis) -> int:
        return self.rows if axis is Axis.ROWS else self.columns

    def set_length(self, axis: Axis, length: int) -> None:
        """Make the tab longer or shorter; what stood behind its new end is gone. Raises InvalidError."""
        self._keep_some(axis, length)
        if length < self.length(axis):
            self._move(axis, lambda index: index if index < length else None, length)
        elif axis is Axis.ROWS:
            self.rows = length
        else:
            self.columns = length

    def _keep_some(self, axis: Axis, length: int) -> None:
        word = "row" if axis is Axis.ROWS else "column"
        if length <= 0:
            raise InvalidError(f"You can't delete all the {word}s on the sheet.")
        if length <= int(self.look.get("gridProperties", {}).get(f"frozen{word.capitalize()}Count", 0)):
            raise InvalidError(f"Sorry, it is not possible to delete all non-frozen {word}s.")

    def insert(self, axis: Axis, start: int, count: int) -> Callable[[int], int | None]:
        """Make room before `start`; return where each row or column went."""
        if not 0 <= start <= self.length(axis):
            raise InvalidError(f"range.startIndex is larger than current grid size ({self.length(axis)})")
        place = lambda index: index if index < start else index + count  # noqa: E731
        self._move(axis, place, self.length(axis) + count)
        return place

    def delete(self, axis: Axis, start: int, end: int) -> Callable[[int], int | None]:
        """Take rows or columns out; return where each of the others went."""
        end = min(end, self.length(axis))
        if start >= end:
            raise InvalidError("Cannot delete a row or column that doesn't exist.")
        self._keep_some(axis, self.length(axis) - (end - start))
        place = lambda index: index if index < start else None if index < end else index - (end - start)  # noqa: E731
        self._move(axis, place, self.length(axis) - (end - start))
        return place

    def move(self, axis: Axis, start: int, end: int, target: int) -> Callable[[int], int | None]:
        """Put rows or columns before `target`, counted before the move; return where each went."""
        order = list(range(self.length(axis)))
        block = order[start:end]
        rest = order[:start] + order[end:]
        at = target if target <= start else target - len(block)
        places = {old: new for new, old in enumerate([*rest[:at], *block, *rest[at:]])}
        self._move(axis, places.get, self.length(axis))
        return places.get

    def _move(self, axis: Axis, place: Callable[[int], int | None], length: int) -> None:
        """Let everything follow its row or column to where `place` says."""
        to = [place(index) for index in range(self.length(axis))]
        if axis is Axis.ROWS:
            spots = {(new, at[1]): cell for at, cell in self.cells.items() if (new := to[at[0]]) is not None}
            self.rows = length
        else:
            spots = {(at[0], new): cell for at, cell in self.cells.items() if (new := to[at[1]]) is not None}
            self.columns = length
        self.cells = spots
        self.merges = [area for each in self.merges if (area := each.moved(axis, place)) is not None]
        self._move_areas(axis, place)
        self.metadata = [new for each in self.metadata if (new := each.moved(axis, place)) is not None]
        self.depths[axis] = {new: deep for old, deep in self.depths[axis].items() if (new := place(old)) is not None}
        self.lines[axis] = {new: line for old, line in self.lines[axis].items() if (new := place(old)) is not None}

    def _move_areas(self, axis: Axis, place: Callable[[int], int | None]) -> None:
        for each in list(self.protections):
            if each.area is not None and (area := each.area.moved(axis, place)) is not None:
                each.area = area
            elif each.area is not None:
                self.protections.remove(each)
        if self.filter_area is not None:
            self.filter_area = self.filter_area.moved(axis, place)
            self.filter = self.filter if self.filter_area else None

    def last(self, area: Area, wanted: Callable[[Cell], bool]) -> tuple[int, int]:
        """Return one behind the last row and column of an area that hold such a cell; the area's start where none."""
        bottom, right = area.top, area.left
        for row, column in self.places(area):
            if (row >= bottom or column >= right) and wanted(self.cells[row, column]):
                bottom, right = max(bottom, row + 1), max(right, column + 1)
        return bottom, right

    def places(self, area: Area) -> Iterator[tuple[int, int]]:
        """Yield row and column of the cells of an area on which anything hangs, in no order."""
        if (area.bottom - area.top) * (area.right - area.left) < len(self.cells):
            return (each for each in area.cells() if each in self.cells)
        return (each for each in self.cells if area.has(*each))

    def tables(self) -> list[Area]:
        """Return the blocks of filled cells that touch, also at corners; the last one ends lowest, then rightmost."""
        left = {place for place, cell in self.cells.items() if cell.value is not None}
        found = []
        while left:
            block, edge = set(), [left.pop()]
            while edge:
                row, column = edge.pop()
                block.add((row, column))
                near = {(row + down, column + aside) for down in (-1, 0, 1) for aside in (-1, 0, 1)} & left
                left -= near
                edge.extend(near)
            rows, columns = [row for row, _ in block], [column for _, column in block]
            found.append(Area(min(rows), min(columns), max(rows) + 1, max(columns) + 1))
        return sorted(found, key=lambda area: (area.bottom, area.right))

    def merge(self, areas: Iterable[Area]) -> None:
        """Merge areas: the first cell of each keeps its value. Merges inside a new one go. Raises InvalidError."""
        for area in areas:
            for other in self.merges:
                if other.meets(area) and not area.holds(other):
                    raise InvalidError("You must select all cells in a merged range to merge or unmerge them.")
            self.merges = [each for each in self.merges if not each.meets(area)]
            self.merges.append(area)
            for place in list(area.cells())[1:]:
                self[place] = self[place].holding(None)

    def groups(self, axis: Axis) -> list[tuple[int, int, int]]:
        """Return start, end and depth of each group of rows or columns."""
        depths = self.depths[axis]
        found: list[tuple[int, int, int]] = []
        for depth in range(1, max(depths.values(), default=0) + 1):
            runs: dict[int, list[int]] = defaultdict(list)
            for rank, index in enumerate(sorted(index for index, deep in depths.items() if deep >= depth)):
                runs[index - rank].append(index)
            found.extend((run[0], run[-1] + 1, depth) for run in runs.values())
        return found

    def deepen(self, axis: Axis, start: int, end: int, by: int) -> None:
        """Put a group around rows or columns, or take one away. Raises InvalidError when there is none."""
        depths = self.depths[axis]
        if by < 0 and not any(depths.get(index, 0) for index in range(start, end)):
            raise InvalidError("There is no group over the specified range.")
        for index in range(start, end):
            depths[index] = max(depths.get(index, 0) + by, 0)
        self.depths[axis] = {index: deep for index, deep in depths.items() if deep}
