"""Makes a new Google spreadsheet, for the demo lab."""

from collections.abc import Mapping, Sequence

import google.auth.credentials

from app.adapters.sheets.google_link import GoogleLink, Json
from app.adapters.sheets.google_quota import AccountQuota

TIMEOUT_SECONDS = 20.0


def make_spreadsheet(
    credentials: google.auth.credentials.Credentials,
    api_root: str,
    title: str,
    grid: Sequence[Sequence[str]],
    *,
    choices: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Put the rows into a new spreadsheet as texts; return its id. Raises as every call does.

    The first two rows are rule row and header. `choices` are the texts that a drop-down offers below a header; another
    text is warned of and may still be typed.
    """
    quota = AccountQuota(60)
    link = GoogleLink(credentials, "", api_root=api_root, timeout_seconds=TIMEOUT_SECONDS, quota=quota)
    try:
        made = link.write("", {"properties": {"title": title}, "sheets": [{"properties": {"title": title}}]})
        spreadsheet = str(made["spreadsheetId"])
        rows = {"range": f"'{title}'!A1", "values": [list(row) for row in grid]}
        link.write(f"/{spreadsheet}/values:batchUpdate", {"valueInputOption": "RAW", "data": [rows]})
        if choices:
            tab = int(made["sheets"][0]["properties"]["sheetId"])
            rules = [_drop_down(tab, list(grid[1]).index(header), texts) for header, texts in choices.items()]
            link.write(f"/{spreadsheet}:batchUpdate", {"requests": rules})
    finally:
        link.close()
    return spreadsheet


def _drop_down(tab: int, column: int, texts: Sequence[str]) -> Json:
    """Return the request for a drop-down in a column (from 0), from the third row down."""
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": text} for text in texts]}
    below = {"sheetId": tab, "startRowIndex": 2, "startColumnIndex": column, "endColumnIndex": column + 1}
    return {"setDataValidation": {"range": below, "rule": {"condition": condition, "showCustomUi": True}}}
