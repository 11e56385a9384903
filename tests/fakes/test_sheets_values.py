"""Ranges as people write them, values as they are answered, and refusals in Google's words."""

from collections.abc import Callable
from typing import Any

import gspread
import pytest

from tests.fakes.sheets_server.area import column_index, column_letters, parse_area, quoted
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.cell import Cell, shown

Client = gspread.http_client.HTTPClient


@pytest.fixture
def client(gc: gspread.Client) -> Client:
    return gc.http_client


@pytest.mark.parametrize(
    ("text", "a1"),
    [
        ("B2", "B2"),
        ("$B$2:c3", "B2:C3"),
        ("D4:A1", "A1:D4"),
        ("A:B", "A1:B1000"),
        ("2:3", "A2:Z3"),
        ("B5:C", "B5:C1000"),
        ("B5:7", "B5:Z7"),
        ("R2C3", "C2"),
        ("r1c1:R2C2", "A1:B2"),
    ],
)
def test_ranges_in_both_notations(text: str, a1: str) -> None:
    area = parse_area(text, 1000, 26)
    assert area is not None
    assert area.a1() == a1


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "A1:", ":A1", "ABCD1", "A1B", "A1:B2:C3", "1A"])
def test_what_is_no_range(text: str) -> None:
    assert parse_area(text, 1000, 26) is None


def test_columns_have_letters() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(column_index(column_letters(index)) == index for index in range(2000))


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Sheet1", "Sheet1"),
        ("D3", "'D3'"),
        ("R1C1", "'R1C1'"),
        ("a b", "'a b'"),
        ("it's", "'it''s'"),
        ("2026", "'2026'"),
    ],
)
def test_titles_are_quoted_where_they_could_be_taken_for_something_else(title: str, written: str) -> None:
    assert quoted(title) == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sheet1", "Sheet1!A1:Z1000"),
        ("'Sheet1'!A3", "Sheet1!A3"),
        ("sheet1!A3", "Sheet1!A3"),
        ("A3", "Sheet1!A3"),
        ("A999:B2000", "Sheet1!A999:B1000"),
        ("Sheet1!Barcodes", "Sheet1!A3:A5"),
        ("barcodes", "Sheet1!A3:A5"),
        ("It''s", None),
        ("'It''s'!A1", "'It''s'!A1"),
        ("It's!A1", "'It''s'!A1"),
    ],
)
def test_a_range_finds_its_tab(client: Client, book: Book, text: str, found: str | None) -> None:
    area = {"startRowIndex": 2, "endRowIndex": 5, "startColumnIndex": 0, "endColumnIndex": 1}
    named = {"namedRange": {"name": "Barcodes", "range": area}}
    batch = [{"addSheet": {"properties": {"title": "It's"}}}, {"addNamedRange": named}]
    client.batch_update(book.id, {"requests": batch})
    if found is None:
        with pytest.raises(gspread.exceptions.APIError, match="Unable to parse range: It''s"):
            client.values_get(book.id, text)
    else:
        assert client.values_get(book.id, text)["range"] == found


def update(client: Client, book: Book, text: str, values: Any, option: str = "RAW", **more: Any) -> Any:
    return client.values_update(book.id, text, {"valueInputOption": option}, {"values": values, **more})


def test_values_are_answered_without_their_empty_ends(client: Client, book: Book) -> None:
    update(client, book, "J1", [["a", "", "c", ""], [""], ["", "x"], ["", ""]])
    rows = client.values_get(book.id, "J1:N6")
    assert rows == {"range": "Sheet1!J1:N6", "majorDimension": "ROWS", "values": [["a", "", "c"], [], ["", "x"]]}
    columns = client.values_get(book.id, "J1:N6", {"majorDimension": "COLUMNS"})
    assert columns["values"] == [["a"], ["", "", "x"], ["c"]]
    assert client.values_get(book.id, "N1:N9") == {"range": "Sheet1!N1:N9", "majorDimension": "ROWS"}


def test_an_update_tells_what_it_wrote(client: Client, book: Book) -> None:
    body = {"values": [["a", None], ["b", "c"]], "majorDimension": "COLUMNS"}
    params = {"valueInputOption": "RAW", "includeValuesInResponse": True}
    answer = client.values_update(book.id, "Sheet1!J1:K9", params, body)
    assert answer == {
        "spreadsheetId": book.id,
        "updatedRange": "Sheet1!J1:K2",
        "updatedRows": 2,
        "updatedColumns": 2,
        "updatedCells": 3,
        "updatedData": {"range": "Sheet1!J1:K9", "majorDimension": "ROWS", "values": [["a", "b"], ["", "c"]]},
    }


def test_a_batch_tells_what_it_wrote(client: Client, book: Book) -> None:
    data = [{"range": "F3:G3", "values": [["a", "b"]]}, {"range": "F4", "values": [["c"]]}]
    answer = client.values_batch_update(book.id, {"valueInputOption": "RAW", "data": data})
    assert [each["updatedRange"] for each in answer["responses"]] == ["Sheet1!F3:G3", "Sheet1!F4"]
    totals = {name: value for name, value in answer.items() if name.startswith("total")}
    assert list(totals.values()) == [2, 2, 3, 1]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda client, book: client.values_get(book.id, "No!A1"), "Unable to parse range: No!A1"),
        (lambda client, book: client.values_get(book.id, "'Sheet1'!A1:[5"), "Unable to parse range: 'Sheet1'!A1:[5"),
        (
            lambda client, book: client.values_get(book.id, "A1001:B1002"),
            "Range (Sheet1!A1001:B1002) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            lambda client, book: update(client, book, "Sheet1!AA1", [["x"]]),
            "Range (Sheet1!AA1) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            lambda client, book: update(client, book, "Sheet1!A1:B1", [["x", "y", "z"]]),
            "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]",
        ),
        (
            lambda client, book: update(client, book, "Sheet1!A1:B1", [["x"], ["y"]]),
            "Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]",
        ),
        (
            lambda client, book: update(client, book, "A1", [["x"]], ""),
            "'valueInputOption' is required but not specified",
        ),
        (
            lambda client, book: client.values_batch_update(
                book.id, {"valueInputOption": "RAW", "data": [{"range": "A9"}, {"range": "No!A1", "values": [["x"]]}]}
            ),
            "Invalid data[1]: Unable to parse range: No!A1",
        ),
        (
            lambda client, book: client.values_batch_clear(book.id, body={"ranges": ["Sheet1!A1001:ZZ"]}),
            "Invalid range[0]: Range (Sheet1!A1001:ZZ1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            lambda client, book: client.values_get(book.id, "A1", {"valueRenderOption": "PLAIN"}),
            "Invalid value at 'value_render_option' (type.googleapis.com/google.apps.sheets.v4.ValueRenderOption), "
            '"PLAIN"',
        ),
        (
            lambda client, book: update(client, book, "A1", ["x"]),
            "Invalid value at 'data.values[0]' (type.googleapis.com/google.protobuf.ListValue), \"x\"",
        ),
    ],
)
def test_refusals_are_worded_as_google_words_them(
    client: Client, book: Book, ask: Callable[[Client, Book], Any], message: str
) -> None:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        ask(client, book)
    assert refused.value.code == 400
    assert refused.value.error["message"] == message
    assert refused.value.error["status"] == "INVALID_ARGUMENT"


def append(client: Client, book: Book, text: str, values: list[list[str]], **more: str) -> Any:
    return client.values_append(book.id, text, {"valueInputOption": "RAW", **more}, {"values": values})


def test_rows_are_appended_to_the_last_table_of_the_range(client: Client, gc: gspread.Client) -> None:
    """The example of https://developers.google.com/workspace/sheets/api/guides/values#append_values."""
    book = gc.create("Tables")
    update(client, book, "A1:C2", [["x", "y", "z"], ["x", "y", "z"]])
    update(client, book, "B4:D6", [["x", "y", "z"]] * 3)
    for text in ("Sheet1", "B4", "C5:D5", "B2:D4", "A3:G10"):
        answer = append(client, book, text, [["n"]])
        assert answer["updates"]["updatedRange"] == "Sheet1!B7", text
        client.values_clear(book.id, "B7")
    assert append(client, book, "A1", [["n"]])["tableRange"] == "Sheet1!A1:C2"
    client.values_clear(book.id, "A3")
    answer = append(client, book, "E4", [["n"]])
    assert "tableRange" not in answer
    assert answer["updates"]["updatedRange"] == "Sheet1!E4"


def test_appending_makes_room(client: Client, gc: gspread.Client) -> None:
    book = gc.create("Small")
    book.sheet1.resize(2, 2)
    update(client, book, "A1:B2", [["a", "b"], ["c", "d"]])
    append(client, book, "A1", [["e", "f", "g"]])
    assert book.sheet1.get_all_values() == [["a", "b", ""], ["c", "d", ""], ["e", "f", "g"]]
    update(client, book, "A3:C3", [["", "", ""]])
    append(client, book, "A1", [["i", "j"]], insertDataOption="INSERT_ROWS")
    assert book.sheet1.get_all_values() == [["a", "b"], ["c", "d"], ["i", "j"]]
    assert book.fetch_sheet_metadata()["sheets"][0]["properties"]["gridProperties"]["rowCount"] == 4


@pytest.mark.parametrize(
    ("typed", "value", "text"),
    [
        ("0042", 42, "42"),
        ("-1,234.5", -1234.5, "-1,234.50"),
        ("1e3", 1000, "1.00E+03"),
        ("12.5%", 0.125, "12.50%"),
        ("$3", 3, "$3"),
        ("1/2/2026", 46024, "1/2/2026"),
        ("2026-01-02 13:05:00", 46024.545138888891, "2026-01-02 13:05:00"),
        ("6:30", 0.2708333333333333, "6:30"),
        ("'0042", "0042", "0042"),
        ("false", False, "FALSE"),
        ("1.2.3", "1.2.3", "1.2.3"),
        (" text ", " text ", " text "),
        ("0.333333333333", 0.333333333333, "0.3333333333"),
        ("123456789.125", 123456789.125, "123456789.1"),
    ],
)
def test_typed_texts_are_read_as_a_person_means_them(typed: str, value: object, text: str) -> None:
    cell = Cell().typed(typed)
    assert cell.value == pytest.approx(value) if isinstance(value, float) else cell.value == value
    assert shown(cell.value, cell) == text
