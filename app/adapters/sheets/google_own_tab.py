"""The program's own tab in a Google spreadsheet: made where it is missing, with rows that are appended."""

import secrets
from collections.abc import Sequence

from app.adapters.sheets.google_link import Json
from app.adapters.sheets.google_tab import GoogleTab, id_of
from app.domain.errors import AwayError, SurroundingsError
from app.domain.own_tab import OWN_TAB_HEADER
from app.domain.sheet import WRITTEN_COLUMNS

_LAST_ID = 2**31 - 1


class GoogleOwnTab(GoogleTab):
    """The tab of this title; reading it makes it."""

    def append(self, barcodes: Sequence[str], column: int) -> None:
        """Add a row for each barcode below the last row of the tab, wherever that is by then.

        Only the barcode is written by its place: values follow by the marks of their columns.
        """
        rows = [{"values": [*({} for _ in range(column)), _text(barcode)]} for barcode in barcodes]
        request = {"sheetId": self._id, "rows": rows, "fields": "userEnteredValue"}
        self._link.write(":batchUpdate", {"requests": [{"appendCells": request}]})

    def fold(self) -> None:
        """Take out rows that repeat another one of the tab in every cell; the upper one stays."""
        self._link.write(":batchUpdate", {"requests": [{"deleteDuplicates": {"range": {"sheetId": self._id}}}]})

    def _find(self) -> int:
        there = self._there()
        return self._made() if there is None else there

    def _there(self) -> int | None:
        wanted = self._worksheet.casefold()
        return next((id_of(tab) for title, tab in self._tabs().items() if title.casefold() == wanted), None)

    def _made(self) -> int:
        """Make the tab whole or not at all; where another station was quicker, take that station's."""
        self._id = tab = 1 + secrets.randbelow(_LAST_ID)
        start = {"sheetId": tab, "rowIndex": 0, "columnIndex": 0}
        cells = [_text(header) | {"userEnteredFormat": {"textFormat": {"bold": True}}} for header in OWN_TAB_HEADER]
        fields = "userEnteredValue,userEnteredFormat.textFormat.bold"
        grid = {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 1}
        requests = [
            {"addSheet": {"properties": {"sheetId": tab, "title": self._worksheet, "gridProperties": grid}}},
            {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": fields}},
            *(self._mark(header, OWN_TAB_HEADER.index(header)) for header in WRITTEN_COLUMNS),
        ]
        try:
            self._link.write(":batchUpdate", {"requests": requests})
        except AwayError:
            raise
        except SurroundingsError:
            there = self._there()
            if there is None:
                raise
            return there
        return tab


def _text(text: str) -> Json:
    return {"userEnteredValue": {"stringValue": text}}
