"""Writing what cells hold: values.update, batchUpdate, append, clear and batchClear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis, column_letters, quoted
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import Call, chosen
from tests.fakes.sheets_server.cell import Cell, Scalar
from tests.fakes.sheets_server.errors import InvalidError, bad_field, invalid_argument
from tests.fakes.sheets_server.store import Store
from tests.fakes.sheets_server.tab import Tab
from tests.fakes.sheets_server.validation import check_rule
from tests.fakes.sheets_server.values import (
    DATE_RENDERINGS,
    RENDERINGS,
    Rendering,
    axis_of,
    located,
    rendering_of,
    value_range,
)

LONGEST_CELL = 50_000
INPUTS = ("", "RAW", "USER_ENTERED", "INPUT_VALUE_OPTION_UNSPECIFIED")


@dataclass(frozen=True, slots=True)
class Write:
    """Values for a tab, by row from `top` and `left`; None leaves a cell. `asked` is the range that was named."""

    tab: Tab
    top: int
    left: int
    rows: list[list[Scalar | None]]
    asked: Area | None = None

    @property
    def area(self) -> Area:
        """The cells that values are there for, at least one."""
        width = max(map(len, self.rows), default=1)
        return Area(self.top, self.left, self.top + max(len(self.rows), 1), self.left + max(width, 1))

    def places(self) -> list[tuple[int, int]]:
        """Return the cells that get a value."""
        return [
            (self.top + down, self.left + aside)
            for down, row in enumerate(self.rows)
            for aside, value in enumerate(row)
            if value is not None
        ]


def rows_of(body: dict[str, Any], field: str) -> list[list[Scalar | None]]:
    """Return the values of a ValueRange, by row whatever its major dimension. Raises ApiError 400."""
    values = body.get("values")
    values = [] if values is None else values
    kind = "type.googleapis.com/google.protobuf.ListValue"
    if not isinstance(values, list):
        raise bad_field(f"{field}.values", f"Invalid value at '{field}.values' ({kind}), {_quoted(values)}")
    for index, row in enumerate(values):
        if not isinstance(row, list):
            name = f"{field}.values[{index}]"
            raise bad_field(name, f"Invalid value at '{name}' ({kind}), {_quoted(row)}")
        for column, value in enumerate(row):
            if isinstance(value, list | dict):
                what = "list_value" if isinstance(value, list) else "struct_value"
                raise invalid_argument(f"Invalid values[{index}][{column}]: {what} {{\n}}\n")
    if axis_of(body.get("majorDimension")) is Axis.COLUMNS:
        longest = max(map(len, values), default=0)
        return [[each[index] if index < len(each) else None for each in values] for index in range(longest)]
    return values


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def input_option(text: str | None) -> str:
    option = chosen(text or "", "valueInputOption", "ValueInputOption", INPUTS)
    if option in ("", INPUTS[-1]):
        raise invalid_argument("'valueInputOption' is required but not specified")
    return option


def planned(book: Book, text: str, rows: list[list[Scalar | None]]) -> Write:
    """Return where values go. Raises InvalidError when they do not fit the range or the tab."""
    tab, area = book.locate(text)
    write = Write(tab, area.top, area.left, rows, area.common(tab.whole))
    open_ended = area.bottom - area.top == 1 and area.right - area.left == 1
    if not open_ended:
        check_fits(write, area, text)
    if not tab.whole.holds(write.area):
        raise InvalidError(
            f"Range ({quoted(tab.title)}!{write.area.a1()}) exceeds grid limits. "
            f"Max rows: {tab.rows}, max columns: {tab.columns}"
        )
    return write


def check_fits(write: Write, area: Area, text: str) -> None:
    """Raise InvalidError when values reach over an area; `text` is how that was named."""
    for axis, last in ((Axis.ROWS, write.area.bottom), (Axis.COLUMNS, write.area.right)):
        if last > area.span(axis)[1] and write.rows:
            where = f"row [{last}]" if axis is Axis.ROWS else f"column [{column_letters(last - 1)}]"
            raise InvalidError(f"Requested writing within range [{text}], but tried writing to {where}")


def entered(book: Book, write: Write, option: str, account: str) -> list[tuple[Tab, tuple[int, int], Cell]]:
    """Return the cells as they will be.

    Raises InvalidError when one is protected, has a rule against its value or is too small for it.
    """
    tab = write.tab
    book.check_writable(tab, write.area, account)
    new = []
    for row, column in write.places():
        value = write.rows[row - write.top][column - write.left]
        assert value is not None
        if len(str(value)) > LONGEST_CELL:
            raise InvalidError(
                f"Your input contains more than the maximum of {LONGEST_CELL} characters in a single cell."
            )
        cell = tab[row, column].typed(value) if option == "USER_ENTERED" else tab[row, column].holding(value)
        check_rule(book, tab, (row, column), cell)
        new.append((tab, (row, column), cell))
    return new


def perform(book: Book, writes: Sequence[Write], option: str, account: str) -> None:
    """Write values, all or none."""
    new = [each for write in writes for each in entered(book, write, option, account)]
    for tab, place, cell in new:
        tab[place] = cell


def update_response(book: Book, write: Write, echo: Rendering | None) -> dict[str, Any]:
    """Return an UpdateValuesResponse; counts of nothing are left out, as in all of Google's messages.

    Values are echoed for the whole range that was asked for, where it is larger than what was written.
    """
    places = write.places()
    counts = {
        "updatedRows": len({row for row, _ in places}),
        "updatedColumns": len({column for _, column in places}),
        "updatedCells": len(places),
    }
    message: dict[str, Any] = {
        "spreadsheetId": book.id,
        "updatedRange": f"{quoted(write.tab.title)}!{write.area.a1()}",
        **{name: count for name, count in counts.items() if count},
    }
    if echo is not None:
        asked = write.asked
        area = asked if asked is not None and asked.holds(write.area) else write.area
        message["updatedData"] = value_range(book, write.tab, area, echo)
    return message


def _echo(call: Call) -> Rendering | None:
    return rendering_of(call, "response") if call.flag("includeValuesInResponse") else None


def update(store: Store, call: Call, book_id: str, text: str) -> dict[str, Any]:
    body = call.json()
    rows = rows_of(body, "data")
    option = input_option(call.parameter("valueInputOption"))
    book = store.writable(book_id, call.account)
    named = body.get("range")
    if named and located(book, named) != located(book, text):
        raise invalid_argument(f"Requested writing within range [{text}], but the body names range [{named}]")
    write = planned(book, text, rows)
    perform(book, [write], option, call.account)
    store.touch(book)
    return update_response(book, write, _echo(call))


def batch_update(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    body = call.json()
    data: Sequence[dict[str, Any]] = body.get("data") or ()
    grids = [rows_of(each, f"data[{index}]") for index, each in enumerate(data)]
    option = input_option(body.get("valueInputOption"))
    book = store.writable(book_id, call.account)
    writes = []
    for index, (each, rows) in enumerate(zip(data, grids, strict=True)):
        try:
            writes.append(planned(book, str(each.get("range") or ""), rows))
        except InvalidError as error:
            raise invalid_argument(f"Invalid data[{index}]: {error}") from error
    perform(book, writes, option, call.account)
    store.touch(book)
    echo = body_echo(body)
    responses = [update_response(book, write, echo) for write in writes]
    return {"spreadsheetId": book.id, **totals(writes)} | ({"responses": responses} if responses else {})


def body_echo(body: dict[str, Any]) -> Rendering | None:
    if not body.get("includeValuesInResponse"):
        return None
    return Rendering(
        values=chosen(body.get("responseValueRenderOption") or "", "x", "ValueRenderOption", RENDERINGS),
        dates=chosen(body.get("responseDateTimeRenderOption") or "", "x", "DateTimeRenderOption", DATE_RENDERINGS),
    )


def totals(writes: Sequence[Write]) -> dict[str, int]:
    """Return what a batch changed: a row or column that several writes touch counts once."""
    places = {(write.tab.id, *place) for write in writes for place in write.places()}
    totals = {
        "totalUpdatedRows": len({(tab, row) for tab, row, _ in places}),
        "totalUpdatedColumns": len({(tab, column) for tab, _, column in places}),
        "totalUpdatedCells": len(places),
        "totalUpdatedSheets": len({tab for tab, _, _ in places}),
    }
    return {name: count for name, count in totals.items() if count}


def append(store: Store, call: Call, book_id: str, text: str) -> dict[str, Any]:
    """Write behind the last table that the range meets, or where the range starts when it meets none."""
    rows = rows_of(call.json(), "data")
    option = input_option(call.parameter("valueInputOption"))
    insert = call.choice("insertDataOption", "InsertDataOption", ("OVERWRITE", "INSERT_ROWS")) == "INSERT_ROWS"
    book = store.writable(book_id, call.account)
    tab, area = located(book, text)
    table = next((each for each in reversed(tab.tables()) if each.meets(area)), None)
    write = Write(tab, *((table.bottom, table.left) if table else (area.top, area.left)), rows)
    if write.area.right > tab.columns:
        book.check_cells((write.area.right - tab.columns) * tab.rows)
        tab.set_length(Axis.COLUMNS, write.area.right)
    if insert and table is not None and write.top < tab.rows:
        book.check_cells(len(rows) * tab.columns)
        book.follow(tab, Axis.ROWS, tab.insert(Axis.ROWS, write.top, len(rows)))
    elif write.area.bottom > tab.rows:
        book.check_cells((write.area.bottom - tab.rows) * tab.columns)
        tab.set_length(Axis.ROWS, write.area.bottom)
    perform(book, [write], option, call.account)
    store.touch(book)
    message: dict[str, Any] = {"spreadsheetId": book.id}
    if table is not None:
        message["tableRange"] = f"{quoted(tab.title)}!{table.a1()}"
    return message | {"updates": update_response(book, write, _echo(call))}


def emptied(book: Book, places: Sequence[tuple[Tab, Area]], account: str) -> list[str]:
    """Empty areas, all or none, and return them in A1 notation. Raises InvalidError when one is protected."""
    for tab, area in places:
        book.check_writable(tab, area, account)
    for tab, area in places:
        for place in list(tab.places(area)):
            tab[place] = tab[place].holding(None)
    return [f"{quoted(tab.title)}!{area.a1()}" for tab, area in places]


def clear(store: Store, call: Call, book_id: str, text: str) -> dict[str, Any]:
    book = store.writable(book_id, call.account)
    (cleared,) = emptied(book, [located(book, text)], call.account)
    store.touch(book)
    return {"spreadsheetId": book.id, "clearedRange": cleared}


def batch_clear(store: Store, call: Call, book_id: str) -> dict[str, Any]:
    book = store.writable(book_id, call.account)
    places = []
    for index, text in enumerate(call.json().get("ranges") or ()):
        try:
            places.append(located(book, text))
        except InvalidError as error:
            raise invalid_argument(f"Invalid range[{index}]: {error}") from error
    cleared = emptied(book, places, call.account)
    store.touch(book)
    return {"spreadsheetId": book.id} | ({"clearedRanges": cleared} if cleared else {})
