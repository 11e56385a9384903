"""The tab of the program's own, for labs that keep our columns apart from the scientists': its title and its header."""

from collections.abc import Sequence
from datetime import datetime

from app.domain.errors import UseError
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, SlideSheet
from app.domain.sheet_reading import read_grid, same_header

OWN_TAB_MODE = "own_tab"
BARCODE_HEADER = "Barcode"
OWN_TAB_HEADER = (BARCODE_HEADER, *WRITTEN_COLUMNS)
"""The first row of a new tab: the barcode stands first, where a lookup wants it."""


def own_tab_title(settings: SheetSettings) -> str:
    """Return the title of the program's own tab; raises UseError where the settings do not leave it one."""
    title = settings.own_tab.strip()
    if not title:
        raise UseError(
            "The tab of the program's own has no name",
            "[sheet] own_tab is empty",
            "Name it, such as “Slideferry”, or set [sheet] mode to in_place",
        )
    if title.casefold() == settings.worksheet.strip().casefold():
        raise UseError(
            "The tab of the program's own is the scientists'",
            f"[sheet] own_tab and [sheet] worksheet both name “{title}”",
            "Give [sheet] own_tab another name, or set [sheet] mode to in_place",
        )
    return title


def read_own_tab(grid: Sequence[Sequence[str]], *, title: str, read_at: datetime) -> SlideSheet:
    """Read the program's own tab; one without any text has no columns yet, and may be taken for ours.

    People may move its columns and add some of their own. Raises UseError when it lacks one of ours: then it may be a
    tab of somebody else's that happens to have the name.
    """
    if not any(cell.strip() for row in grid for cell in row):
        return SlideSheet(title, (), (), BARCODE_HEADER, read_at)
    headers = next((row for row in grid[:2] if any(same_header(cell, BARCODE_HEADER) for cell in row)), grid[0])
    missing = [header for header in OWN_TAB_HEADER if not any(same_header(cell, header) for cell in headers)]
    if missing:
        raise UseError(
            "A tab has the name of ours",
            f"{title} has no column {', '.join(f'“{header}”' for header in missing)}; nothing is written there",
            "If it is the lab's, rename it or name another in [sheet] own_tab; "
            "if it is ours, write the missing headers back into its first row",
        )
    return read_grid(grid, title=title, barcode_header=BARCODE_HEADER, read_at=read_at)
