"""A Google spreadsheet whose lab keeps our columns on a tab of the program's own, and a person at work in that tab."""

from dataclasses import replace

from app.domain.own_tab import OWN_TAB_HEADER
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS
from tests.adapters.sheets.google_lab import GoogleLab, complete
from tests.fakes.sheets_server.collaborator import Collaborator

OWN_TAB = SheetSettings(kind="google", mode="own_tab")


def person_at(lab: GoogleLab, title: str = "Slideferry") -> Collaborator:
    """Return a scientist who has the tab of this title open."""
    tab = next(each for each in lab.book.tabs if each.title == title)
    return replace(lab.scientist, tab_id=tab.id)


def tabs_of(lab: GoogleLab) -> list[str]:
    return [tab.title for tab in lab.book.tabs]


def rows_of(lab: GoogleLab, title: str = "Slideferry") -> list[dict[str, str]]:
    """Return the rows of our tab by its headers, those that are empty there left out."""
    grid = person_at(lab, title).sees()
    at = {header: grid[0].index(header) for header in OWN_TAB_HEADER}
    rows = ({header: line[column] for header, column in at.items()} for line in grid[1:])
    return [row for row in rows if any(row.values())]


def shown(barcode: str) -> dict[str, str]:
    """Return the row of a slide that was carried."""
    return {"Barcode": barcode, **{cell.column: cell.value for cell in complete(barcode)}}


def require_right(lab: GoogleLab, *barcodes: str, title: str = "Slideferry") -> None:
    """Each of these slides has one row on our tab that shows all of it; nobody else has a value there."""
    rows = sorted(rows_of(lab, title), key=lambda row: row["Barcode"])
    assert rows == [shown(barcode) for barcode in sorted(barcodes)]


def require_harmless(lab: GoogleLab, known: frozenset[str]) -> None:
    """Whatever stands on our tab stands with its slide."""
    for row in rows_of(lab):
        right = shown(row["Barcode"]) if row["Barcode"] in known else {}
        assert all(not row[header] or row[header] == right.get(header) for header in WRITTEN_COLUMNS), row
