"""Reading what cells hold: values.get and values.batchGet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis, quoted
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import Call, chosen
from tests.fakes.sheets_server.cell import Scalar
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab

AXES = ("ROWS", "COLUMNS", "DIMENSION_UNSPECIFIED")
RENDERINGS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
DATE_RENDERINGS = ("SERIAL_NUMBER", "FORMATTED_STRING")


@dataclass(frozen=True, slots=True)
class Rendering:
    """How values are to be answered."""

    axis: Axis = Axis.ROWS
    values: str = "FORMATTED_VALUE"
    dates: str = "SERIAL_NUMBER"


def rendering_of(call: Call, prefix: str = "") -> Rendering:
    """Return how a request wants its values; the parameters for those of a write begin with `response`."""
    if prefix:
        return Rendering(
            values=call.choice(f"{prefix}ValueRenderOption", "ValueRenderOption", RENDERINGS),
            dates=call.choice(f"{prefix}DateTimeRenderOption", "DateTimeRenderOption", DATE_RENDERINGS),
        )
    return Rendering(
        axis_of(call.parameter("majorDimension")),
        call.choice("valueRenderOption", "ValueRenderOption", RENDERINGS),
        call.choice("dateTimeRenderOption", "DateTimeRenderOption", DATE_RENDERINGS),
    )


def body_rendering(body: Mapping[str, Any]) -> Rendering:
    """Return how a request wants its values that says so in its body."""
    return Rendering(
        axis_of(body.get("majorDimension")),
        chosen(body.get("valueRenderOption") or "", "valueRenderOption", "ValueRenderOption", RENDERINGS),
        chosen(body.get("dateTimeRenderOption") or "", "dateTimeRenderOption", "DateTimeRenderOption", DATE_RENDERINGS),
    )


def axis_of(text: str | None) -> Axis:
    word = chosen(text or "", "majorDimension", "Dimension", AXES)
    return Axis.COLUMNS if word == "COLUMNS" else Axis.ROWS


def located(book: Book, text: str) -> tuple[Tab, Area]:
    """Return tab and area of a range; what reaches over the edge is cut off. Raises InvalidError."""
    tab, area = book.locate(text)
    return tab, book.clipped(tab, area)


def render(book: Book, tab: Tab, place: tuple[int, int], how: Rendering) -> Scalar:
    """Return one value as asked for; an empty text for an empty cell."""
    cell = tab[place]
    if how.values == "FORMATTED_VALUE":
        return book.shown(tab, place)
    value = str(cell.value) if cell.is_formula and how.values == "FORMULA" else book.value(tab, place)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if cell.is_date and is_number and how.dates == "FORMATTED_STRING":
        return book.shown(tab, place)
    return "" if value is None else value


def value_range(book: Book, tab: Tab, area: Area, how: Rendering) -> dict[str, Any]:
    """Return a ValueRange; empty ends of its rows, and empty rows at its end, are left out."""
    message: dict[str, Any] = {"range": f"{quoted(tab.title)}!{area.a1()}", "majorDimension": how.axis.value}
    bottom, right = tab.last(area, lambda cell: cell.value is not None)
    rows = [
        [render(book, tab, (row, column), how) for column in range(area.left, right)] for row in range(area.top, bottom)
    ]
    if how.axis is Axis.COLUMNS:
        rows = [list(each) for each in zip(*rows, strict=True)]
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return message | ({"values": rows} if rows else {})


def get(store: Store, call: Call, book_id: str, text: str) -> dict[str, Any]:
    book = store.readable(book_id, call.account)
    return value_range(book, *located(book, text), rendering_of(call))


def batch_get(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    book = store.readable(book_id, call.account)
    how = rendering_of(call)
    ranges = [value_range(book, *located(book, text), how) for text in call.query.get("ranges", ())]
    return {"spreadsheetId": book.id} | ({"valueRanges": ranges} if ranges else {})
