"""Makes a new Google spreadsheet, for the demo lab."""

from collections.abc import Sequence

import google.auth.credentials

from app.adapters.sheets.google_link import GoogleLink

TIMEOUT_SECONDS = 20.0


def make_spreadsheet(
    credentials: google.auth.credentials.Credentials, api_root: str, title: str, grid: Sequence[Sequence[str]]
) -> str:
    """Put the rows into a new spreadsheet as texts; return its id. Raises as every call does."""
    link = GoogleLink(credentials, "", api_root=api_root, timeout_seconds=TIMEOUT_SECONDS, calls_per_minute=60)
    try:
        made = link.write("", {"properties": {"title": title}, "sheets": [{"properties": {"title": title}}]})
        spreadsheet = str(made["spreadsheetId"])
        rows = {"range": f"'{title}'!A1", "values": [list(row) for row in grid]}
        link.write(f"/{spreadsheet}/values:batchUpdate", {"valueInputOption": "RAW", "data": [rows]})
    finally:
        link.close()
    return spreadsheet
