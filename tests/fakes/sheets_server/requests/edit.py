"""What every request of a batch is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.fields import Mask, parse_mask
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """One batch of changes: the spreadsheet, and who changes it."""

    store: Store
    book: Book
    account: str

    def writable_area(self, message: Message | None) -> tuple[Tab, Area]:
        """Return tab and area of a GridRange that this account may change. Raises InvalidError."""
        tab, area = self.book.area_of(message or {})
        self.book.check_writable(tab, area, self.account)
        return tab, area

    def lines(self, message: Message | None) -> tuple[Tab, Axis, int, int]:
        """Return tab, axis, start and end of a DimensionRange; open ends are the tab's. Raises InvalidError."""
        message = message or {}
        tab = self.book.grid_by_id(int(message.get("sheetId") or 0))
        if message.get("dimension") not in ("ROWS", "COLUMNS"):
            raise InvalidError("No dimension specified.")
        axis = Axis(message["dimension"])
        start, end = message.get("startIndex"), message.get("endIndex")
        return tab, axis, int(start or 0), tab.length(axis) if end is None else int(end)


def mask_of(request: Message) -> Mask:
    """Return which fields a request writes. Raises InvalidError when it names none."""
    mask = parse_mask(str(request.get("fields") or ""))
    if not mask:
        raise InvalidError("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    return mask


Handler = Callable[[Edit, Message], Message]
