"""A barcode to be shown or printed: its modules, and the text it says."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol; `rows` from top to bottom, True where a module is dark. A linear one has a single row.

    `symbology` as zxing-cpp names it. The quiet zone is not part of it.
    """

    text: str
    symbology: str
    rows: tuple[tuple[bool, ...], ...]

    @property
    def columns(self) -> int:
        """How many modules it is wide."""
        return len(self.rows[0])

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield (row, first dark module, the module behind the last dark one) of every dark run."""
        for number, row in enumerate(self.rows):
            sides = zip((False, *row), (*row, False), strict=True)
            edges = [place for place, (left, right) in enumerate(sides) if left != right]
            for first, end in zip(edges[::2], edges[1::2], strict=True):
                yield number, first, end
