"""The whole table: rows of a folder's scans, rows of made files, and which formats were read from a real file."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.formats import page
from tests.formats.cells import Row, row_of
from tests.formats.known import format_of
from tests.formats.made import make_files
from tests.formats.measured import MADE, REAL, Measured, measure_folder


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of scans and of made files; `real_formats` names the formats that a real file of the folder was read as."""

    rows: tuple[Row, ...]
    made: tuple[Row, ...]
    real_formats: frozenset[str]

    def markdown(self) -> str:
        """Return the page."""
        return page.markdown(self.rows, self.made, self.real_formats)

    def json(self) -> str:
        """Return the rows as JSON."""
        return page.as_json(self.rows, self.made)


async def measure_table(folder: Path, scratch: Path) -> Table:
    """Read all scans below `folder`; files of formats without a sample are made in `scratch`, which must be empty."""
    scans = await measure_folder(folder)
    make_files(scratch)
    made = await measure_folder(scratch)
    rows = tuple(row_of(each) for each in scans)
    return Table(rows, tuple(row_of(replace(each, origin=MADE)) for each in made), _real_formats(scans))


def _real_formats(scans: tuple[Measured, ...]) -> frozenset[str]:
    known = (
        format_of(each.scan.main, each.facts.format) for each in scans if each.origin == REAL and each.facts.complete
    )
    return frozenset(each.name for each in known if each is not None)
