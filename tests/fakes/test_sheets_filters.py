"""Columns and rows that are found by what hangs on them, wherever people move them."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import gspread
import pytest

from tests.fakes.conftest import HEADER, RULES, SLIDES
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.area import Axis
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.developer_metadata import Location

API = "https://sheets.googleapis.com/v4/spreadsheets"
OURS = "slideferry.status"
Message = dict[str, Any]


class Station:
    """What the program asks of a spreadsheet, over HTTP."""

    def __init__(self, client: gspread.http_client.HTTPClient, book: Book) -> None:
        self.client, self.book = client, book

    def post(self, method: str, **body: Any) -> Any:
        return self.client.request("post", f"{API}/{self.book.id}{method}", json=body).json()

    def get(self, path: str = "", **params: str) -> Any:
        return self.client.request("get", f"{API}/{self.book.id}{path}", params=params or None).json()

    def batch(self, name: str, **words: Any) -> Any:
        return self.post(":batchUpdate", requests=[{name: words}])["replies"][0][name]

    def hangs(self, location: Message, key: str = OURS, **more: Any) -> Message:
        """Hang a key on something; return its metadata."""
        new = {"location": location, "metadataKey": key, "visibility": "DOCUMENT", **more}
        made: Message = self.batch("createDeveloperMetadata", developerMetadata=new)["developerMetadata"]
        return made

    def ranges(self, *filters: Message, **more: Any) -> list[tuple[str, Any]]:
        """Return range and values of each match."""
        answer = self.post("/values:batchGetByDataFilter", dataFilters=filters, **more)
        matches = [each["valueRange"] for each in answer.get("valueRanges", ())]
        return [(each["range"], each.get("values")) for each in matches]

    def writes(self, *data: Message, option: str = "RAW", **more: Any) -> Any:
        return self.post("/values:batchUpdateByDataFilter", valueInputOption=option, data=data, **more)

    def found(self, *filters: Message) -> list[int]:
        """Return the ids of the metadata that filters find."""
        answer = self.post("/developerMetadata:search", dataFilters=filters)
        return [each["developerMetadata"]["metadataId"] for each in answer.get("matchedDeveloperMetadata", ())]


@pytest.fixture
def station(gc: gspread.Client, book: Book) -> Station:
    return Station(gc.http_client, book)


def column(index: int, sheet_id: int = 0) -> Message:
    lines = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": index, "endIndex": index + 1}
    return {"dimensionRange": lines}


def row(index: int) -> Message:
    return {"dimensionRange": {"dimension": "ROWS", "startIndex": index, "endIndex": index + 1}}


def lookup(**words: Any) -> Message:
    return {"developerMetadataLookup": words}


OUR_COLUMN = lookup(metadataKey=OURS)


def test_our_column_is_found_wherever_people_move_it(station: Station, scientist: Collaborator) -> None:
    station.writes({"dataFilter": {"a1Range": "F2:F5"}, "values": [["Status"], ["a"], ["b"], ["c"]]})
    station.hangs(column(5))
    scientist.inserts_columns(1, 2)
    scientist.moves_column(8, before=2)
    values = ["", "Status", "a", "b", "c"]
    assert station.ranges(OUR_COLUMN, majorDimension="COLUMNS") == [("Sheet1!B1:B1000", [values])]
    scientist.sorts(scientist.column_of("Barcode"))
    scientist.inserts_rows(1)
    assert station.ranges(OUR_COLUMN) == [("Sheet1!B1:B1001", [[], [], ["Status"], ["c"], ["a"], ["b"]])]
    written = station.writes(
        {"dataFilter": OUR_COLUMN, "majorDimension": "COLUMNS", "values": [[None, None, None, "done"]]}
    )
    assert written["responses"][0]["updatedRange"] == "Sheet1!B1:B4"
    assert scientist.sees()[3][1] == "done"
    scientist.deletes_columns(2)
    assert station.ranges(OUR_COLUMN) == []
    assert station.found(OUR_COLUMN) == []


def test_what_hangs_on_a_row_goes_with_the_row_and_not_with_its_values(
    station: Station, scientist: Collaborator
) -> None:
    made = station.hangs(row(2), metadataValue="620995")
    own = lookup(metadataId=made["metadataId"])
    scientist.inserts_rows(1)
    scientist.moves_rows(4, before=6)
    assert station.ranges(own)[0] == ("Sheet1!A5:Z5", [SLIDES[0]])
    scientist.sorts(1, first_row=4)
    assert station.ranges(own)[0] == ("Sheet1!A5:Z5", [SLIDES[0]])
    scientist.sorts(1, first_row=4, descending=True)
    assert station.ranges(own)[0] == ("Sheet1!A5:Z5", [SLIDES[0]])
    scientist.types(4, 1, "1")
    scientist.sorts(1, first_row=4)
    assert station.ranges(own)[0][1] == [SLIDES[2]]
    scientist.deletes_rows(5)
    assert station.found(own) == []


def test_a_shorter_tab_and_a_deleted_tab_take_theirs_with_them(station: Station, scientist: Collaborator) -> None:
    station.hangs(row(900))
    station.hangs({"sheetId": 0})
    grid = {"sheetId": 0, "gridProperties": {"rowCount": 500}}
    station.post(
        ":batchUpdate",
        requests=[{"updateSheetProperties": {"properties": grid, "fields": "gridProperties.rowCount"}}],
    )
    assert len(station.found(OUR_COLUMN)) == 1
    scientist.adds_tab("Other")
    scientist.deletes_tab()
    assert station.found(OUR_COLUMN) == []


def test_a_copied_tab_and_a_copied_spreadsheet_have_copies(
    station: Station, gc: gspread.Client, server: SheetsServer, book: Book
) -> None:
    made = station.hangs(column(5))
    copied = station.batch("duplicateSheet", newSheetName="Copy")["properties"]["sheetId"]
    there = lookup(metadataKey=OURS, metadataLocation={"sheetId": copied})
    (copy_id,) = station.found(there)
    assert copy_id != made["metadataId"]
    assert station.ranges(OUR_COLUMN) == [("Copy!F1:F1000", None), ("Sheet1!F1:F1000", None)]
    twin = Station(gc.http_client, server.store.books[gc.copy(book.id, "Twin").id])
    assert twin.found(there) == [copy_id]
    twin.post(":batchUpdate", requests=[{"deleteSheet": {"sheetId": 0}}])
    assert station.found(OUR_COLUMN) == [copy_id, made["metadataId"]]
    gc.http_client.spreadsheets_sheets_copy_to(book.id, 0, twin.book.id)
    assert len(twin.found(OUR_COLUMN)) == 2


def test_a_match_is_answered_once_with_all_that_found_it(station: Station) -> None:
    made = station.hangs(row(2))
    by_id, by_key = lookup(metadataId=made["metadataId"]), lookup(metadataKey=OURS, locationType="ROW")
    whole_row = {"gridRange": {"startRowIndex": 2, "endRowIndex": 3}}
    filters = [{"a1Range": "Sheet1!D3:E4"}, by_id, lookup(metadataKey="other"), by_key, whole_row]
    answer = station.post("/values:batchGetByDataFilter", dataFilters=filters, valueRenderOption="UNFORMATTED_VALUE")
    rows = {"range": "Sheet1!A3:Z3", "majorDimension": "ROWS", "values": [SLIDES[0]]}
    part = {"range": "Sheet1!D3:E4", "majorDimension": "ROWS", "values": [SLIDES[0][3:], SLIDES[1][3:]]}
    assert answer == {
        "spreadsheetId": station.book.id,
        "valueRanges": [
            {"valueRange": part, "dataFilters": [filters[0]]},
            {"valueRange": rows, "dataFilters": [by_id, by_key, whole_row]},
        ],
    }


def test_values_are_written_where_a_filter_finds(station: Station, scientist: Collaborator) -> None:
    """The example of https://developers.google.com/workspace/sheets/api/guides/metadata, and what is left as it is."""
    own = lookup(metadataId=station.hangs(row(2))["metadataId"])
    answer = station.writes(
        {"dataFilter": own, "majorDimension": "ROWS", "values": [[None, "", "7"]]},
        {"dataFilter": lookup(metadataKey="nothing"), "values": [["x"]]},
        option="USER_ENTERED",
        includeValuesInResponse=True,
        responseValueRenderOption="UNFORMATTED_VALUE",
    )
    after = ["620995", "", 7, *SLIDES[0][3:]]
    assert answer == {
        "spreadsheetId": station.book.id,
        "totalUpdatedRows": 1,
        "totalUpdatedColumns": 2,
        "totalUpdatedCells": 2,
        "totalUpdatedSheets": 1,
        "responses": [
            {
                "updatedRange": "Sheet1!A3:C3",
                "updatedRows": 1,
                "updatedColumns": 2,
                "updatedCells": 2,
                "dataFilter": own,
                "updatedData": {"range": "Sheet1!A3:Z3", "majorDimension": "ROWS", "values": [after]},
            }
        ],
    }
    assert scientist.sees()[2] == [str(each) for each in after]
    assert station.writes({"dataFilter": lookup(metadataKey="nothing"), "values": [["x"]]}) == {
        "spreadsheetId": station.book.id
    }


def test_values_that_do_not_fit_are_refused_and_nothing_is_written(station: Station, scientist: Collaborator) -> None:
    station.hangs(column(5))
    fits = {"dataFilter": {"a1Range": "A3"}, "values": [["changed"]]}
    for values, where in (([["x", "y"]], r"column \[G\]"), ([["x"]] * 1001, r"row \[1001\]")):
        with pytest.raises(
            gspread.exceptions.APIError,
            match=rf"Invalid data\[1\]: Requested writing within range \[Sheet1!F1:F1000\], but tried .* {where}",
        ):
            station.writes(fits, {"dataFilter": OUR_COLUMN, "values": values})
    scientist.protects(6, 6)
    with pytest.raises(gspread.exceptions.APIError, match="protected cell or object"):
        station.writes(fits, {"dataFilter": OUR_COLUMN, "values": [["x"]]})
    assert scientist.sees() == [RULES, HEADER, *SLIDES]


def test_values_are_emptied_where_a_filter_finds(station: Station, scientist: Collaborator) -> None:
    station.hangs(column(1))
    answer = station.post("/values:batchClearByDataFilter", dataFilters=[OUR_COLUMN, {"a1Range": "B:B"}])
    assert answer == {"spreadsheetId": station.book.id, "clearedRanges": ["Sheet1!B1:B1000"]}
    assert [line[1] for line in scientist.sees()] == [""] * 5


def test_metadata_is_read_changed_and_taken_away(station: Station) -> None:
    """The examples of https://developers.google.com/workspace/sheets/api/guides/metadata."""
    made = station.hangs(row(6), "Sales", metadataValue="2022")
    location = {"locationType": "ROW", "dimensionRange": {"dimension": "ROWS", "startIndex": 6, "endIndex": 7}}
    fixed = {"metadataId": made["metadataId"], "metadataValue": "2022", "visibility": "DOCUMENT"}
    assert made == {**fixed, "metadataKey": "Sales", "location": location}
    assert made["metadataId"] > 0
    path = f"/developerMetadata/{made['metadataId']}"
    assert station.get(path) == made
    own = lookup(metadataId=made["metadataId"])
    change = {"location": {"sheetId": 0}, "metadataKey": "SalesUpdated"}
    changed = station.batch(
        "updateDeveloperMetadata", dataFilters=[own], developerMetadata=change, fields="location,metadataKey"
    )
    after = {**fixed, "metadataKey": "SalesUpdated", "location": {"locationType": "SHEET", "sheetId": 0}}
    assert changed == {"developerMetadata": [after]}
    found = station.post("/developerMetadata:search", dataFilters=[own, lookup(metadataValue="2022")])
    filters = [own, lookup(metadataValue="2022")]
    assert found == {"matchedDeveloperMetadata": [{"developerMetadata": after, "dataFilters": filters}]}
    gone = {"deletedDeveloperMetadata": [after]}
    assert station.batch("deleteDeveloperMetadata", dataFilter=own) == gone
    assert station.batch("deleteDeveloperMetadata", dataFilter=own) == {}
    with pytest.raises(gspread.exceptions.APIError, match="No developer metadata with ID") as refused:
        station.get(path)
    assert refused.value.code == 404


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (lookup(metadataKey=OURS), [1, 2, 3, 4, 5]),
        (lookup(metadataKey=OURS, locationType="COLUMN"), [4, 5]),
        (lookup(metadataValue="five", visibility="PROJECT"), [5]),
        (lookup(visibility="DOCUMENT", locationType="SPREADSHEET"), [1]),
        (lookup(metadataLocation={"spreadsheet": True}), [1]),
        (lookup(metadataLocation={"sheetId": 0}), [2, 3, 4, 5]),
        (lookup(metadataLocation={"sheetId": 0}, locationMatchingStrategy="EXACT_LOCATION"), [2]),
        (lookup(metadataLocation=row(2)), [2, 3, 4, 5]),
        (lookup(metadataLocation=row(9), locationMatchingStrategy="INTERSECTING_LOCATION"), [2, 4, 5]),
        (lookup(metadataLocation=column(5), locationMatchingStrategy="EXACT_LOCATION"), [4]),
        (lookup(metadataLocation=column(5), locationType="ROW"), [3]),
        ({"a1Range": "A3:F3"}, [2, 3, 4]),
        ({"gridRange": {"startRowIndex": 3, "startColumnIndex": 6, "endColumnIndex": 7}}, [2, 5]),
    ],
)
def test_filters_find_metadata_by_what_they_name(station: Station, wanted: Message, found: list[int]) -> None:
    places = ({"spreadsheet": True}, {"sheetId": 0}, row(2), column(5), column(6))
    for number, place in enumerate(places, 1):
        more = {"visibility": "PROJECT", "metadataValue": "five"} if number == 5 else {}
        station.hangs(place, metadataId=number, **more)
    assert station.found(wanted) == found


def test_metadata_of_a_project_is_not_seen_by_another(station: Station, server: SheetsServer, book: Book) -> None:
    other = "station@other-lab.iam.gserviceaccount.com"
    server.store.share(book, "writer", email=other)
    station.hangs({"spreadsheet": True}, visibility="PROJECT")
    station.hangs(column(5))
    with gspread_client(server, other) as client:
        stranger = Station(client.http_client, book)
        assert len(stranger.found(OUR_COLUMN)) == 1
        assert "developerMetadata" not in stranger.get()
    assert len(station.found(OUR_COLUMN)) == 2
    assert len(station.get()["developerMetadata"]) == 1


def test_a_spreadsheet_tells_what_hangs_on_it(station: Station) -> None:
    plain = station.get(includeGridData="true")
    assert "developerMetadata" not in plain
    assert "developerMetadata" not in plain["sheets"][0]
    on_all, on_tab = station.hangs({"spreadsheet": True}), station.hangs({"sheetId": 0})
    on_row, on_column = station.hangs(row(2)), station.hangs(column(1))
    whole = station.get(ranges="B3:C4", includeGridData="true")
    assert whole["developerMetadata"] == [on_all]
    assert whole["sheets"][0]["developerMetadata"] == [on_tab]
    (grid,) = whole["sheets"][0]["data"]
    assert [each.get("developerMetadata") for each in grid["rowMetadata"]] == [[on_row], None]
    assert [each.get("developerMetadata") for each in grid["columnMetadata"]] == [[on_column], None]
    assert on_tab["location"] == {"locationType": "SHEET", "sheetId": 0}
    assert on_all["location"] == {"locationType": "SPREADSHEET", "spreadsheet": True}


def test_a_part_of_a_spreadsheet_is_had_by_filters(station: Station, scientist: Collaborator) -> None:
    scientist.adds_tab("Other")
    station.hangs(column(1))
    part = station.post(":getByDataFilter", dataFilters=[OUR_COLUMN], includeGridData=True)
    assert [each["properties"]["title"] for each in part["sheets"]] == ["Sheet1"]
    (grid,) = part["sheets"][0]["data"]
    assert grid["startColumn"] == 1
    assert grid["rowData"][2]["values"][0]["formattedValue"] == "Prec01"
    assert grid["columnMetadata"][0]["developerMetadata"][0]["metadataKey"] == OURS
    assert "data" not in station.post(":getByDataFilter", dataFilters=[OUR_COLUMN])["sheets"][0]
    fields = "?fields=sheets.data.startColumn"
    assert station.post(f":getByDataFilter{fields}", dataFilters=[OUR_COLUMN]) == {
        "sheets": [{"data": [{"startColumn": 1}]}]
    }
    assert "sheets" not in station.post(":getByDataFilter", dataFilters=[lookup(metadataKey="nothing")])
    assert len(station.post(":getByDataFilter")["sheets"]) == 2


Ask = Callable[[Station], Any]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda one: one.ranges({"gridRange": {"sheetId": 7}}), "Invalid dataFilter[0]: No grid with id: 7"),
        (
            lambda one: one.ranges(OUR_COLUMN, lookup(metadataLocation={"sheetId": 7})),
            "Invalid dataFilter[1]: No grid with id: 7",
        ),
        (lambda one: one.found({"a1Range": "No!A1"}), "Invalid dataFilter[0]: Unable to parse range: No!A1"),
        (lambda one: one.ranges({}), "Invalid dataFilter[0]: No filter set."),
        (
            lambda one: one.ranges({"a1Range": "A1", "gridRange": {}}),
            "Invalid value at 'data_filter' (oneof), oneof field 'filter' is already set. Cannot set 'gridRange'",
        ),
        (lambda one: one.ranges(), "Must specify at least one data filter."),
        (
            lambda one: one.writes({"dataFilter": {"gridRange": {"sheetId": 7}}, "values": [["x"]]}),
            "Invalid data[0]: No grid with id: 7",
        ),
        (lambda one: one.writes(option=""), "'valueInputOption' is required but not specified"),
        (
            lambda one: one.found(lookup(locationMatchingStrategy="EXACT_LOCATION")),
            "Invalid dataFilter[0]: A metadataLocation must be specified with a locationMatchingStrategy.",
        ),
        (
            lambda one: one.found(lookup(locationType="SPREADSHEET", metadataLocation={"sheetId": 0})),
            "Invalid dataFilter[0]: Spreadsheet metadata cannot intersect any other developer metadata location.",
        ),
        (
            lambda one: one.found(lookup(visibility="SECRET")),
            "Invalid value at 'visibility' (type.googleapis.com/google.apps.sheets.v4.DeveloperMetadataVisibility), "
            '"SECRET"',
        ),
    ],
)
def test_filters_that_make_no_sense_are_refused(station: Station, ask: Ask, message: str) -> None:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        ask(station)
    assert refused.value.code == 400
    assert refused.value.error["message"] == message


TAKEN = "Cannot add developer metadata with ID [7] because developer metadata with that ID already exists."


@pytest.mark.parametrize(
    ("location", "more", "message"),
    [
        ({"sheetId": 0}, {"metadataId": 7}, TAKEN),
        ({"sheetId": 0}, {"metadataId": -1}, "Developer metadata ID [-1] must be positive."),
        ({"sheetId": 0}, {"metadataKey": ""}, "Developer metadata must have a metadataKey specified."),
        ({"sheetId": 0}, {"visibility": None}, "Developer metadata must have a visibility specified."),
        ({"sheetId": 7}, {}, "No grid with id: 7"),
        (column(5, sheet_id=7), {}, "No grid with id: 7"),
        ({}, {}, "Exactly one of spreadsheet, sheetId and dimensionRange must be specified as the location."),
        ({"dimensionRange": {"startIndex": 1, "endIndex": 2}}, {}, "No dimension specified."),
        ({"dimensionRange": {"dimension": "ROWS"}}, {}, "The dimensionRange must represent a single row or column."),
        (row(1000), {}, "dimensionRange.startIndex[1000] is too large for the sheet"),
        (
            {"sheetId": 0},
            {"metadataValue": "x" * 30_000},
            "This action would increase the developer metadata above the limit of 30000 characters.",
        ),
    ],
)
def test_metadata_that_makes_no_sense_is_refused(
    station: Station, location: Message, more: Message, message: str
) -> None:
    station.hangs(column(5), metadataId=7)
    with pytest.raises(gspread.exceptions.APIError) as refused:
        station.hangs(location, **more)
    assert refused.value.error["message"] == f"Invalid requests[0].createDeveloperMetadata: {message}"
    assert station.found(OUR_COLUMN) == [7]


def test_a_batch_that_is_refused_leaves_all_that_hangs(station: Station, book: Book) -> None:
    station.hangs(column(5))
    taken = {"deleteDimension": {"range": column(5)["dimensionRange"]}}
    with pytest.raises(gspread.exceptions.APIError, match="No sheet with id: 99"):
        station.post(":batchUpdate", requests=[taken, {"deleteSheet": {"sheetId": 99}}])
    (left,) = book.tabs[0].metadata
    assert left.location == Location(0, Axis.COLUMNS, 5)


def test_a_copy_shares_nothing_that_changes_with_what_it_was_made_of(station: Station, book: Book) -> None:
    station.hangs(column(5))
    station.batch("addProtectedRange", protectedRange={"range": {"sheetId": 0}})
    station.batch("addNamedRange", namedRange={"name": "All", "range": {"sheetId": 0}})
    twin = book.copy()
    assert twin == book
    for mine, its in ((book, twin), (book.tabs[0], twin.tabs[0])):
        for each in fields(mine):
            value = getattr(mine, each.name)
            assert value is not getattr(its, each.name) or not isinstance(value, list | dict), each.name
    pairs = zip(book.tabs[0].protections + book.named, twin.tabs[0].protections + twin.named, strict=True)
    assert all(mine is not its for mine, its in pairs)
