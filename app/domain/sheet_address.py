"""Where people find the slide sheet: a workbook's path, or a Google spreadsheet's address in the browser."""

import re

from app.domain.errors import UseError
from app.domain.settings import SheetSettings

_ADDRESS = re.compile(r"https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)(?:[/?#].*)?")
_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_TAB = re.compile(r"[?#&]gid=(\d+)")


def spreadsheet_id(sheet: SheetSettings) -> str:
    """Return the id of a Google spreadsheet from its address or from itself; raises UseError for anything else."""
    text = sheet.spreadsheet.strip()
    address = _ADDRESS.fullmatch(text)
    if address is not None:
        return address[1]
    if _ID.fullmatch(text):
        return text
    raise UseError(
        "This is no Google spreadsheet",
        f"[sheet] spreadsheet is “{text}”",
        "Copy the spreadsheet's address from the browser: https://docs.google.com/spreadsheets/d/…",
    )


def sheet_address(sheet: SheetSettings, cell: str = "", *, tab: int | None = None) -> str:
    """Return what opens the sheet: a path, or an https address that leads to a cell such as `D17`.

    `tab` is the id of the one that was read; while that is not known it is the one that the settings' own address
    names, else the first. Raises UseError where the spreadsheet is not at Google: no browser shows it.
    """
    if sheet.kind == "workbook":
        return sheet.path
    if sheet.api_root != SheetSettings().api_root:
        raise UseError(
            "This sheet cannot be opened in the browser",
            f"[sheet] api_root is {sheet.api_root}, not Google's own",
            "Look at it where that service shows it",
        )
    named = _TAB.search(sheet.spreadsheet)
    gid = named[1] if tab is None and named else tab
    place = "&".join((*([f"gid={gid}"] if gid is not None else []), *([f"range={cell}"] if cell else [])))
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet_id(sheet)}/edit" + (f"#{place}" if place else "")
