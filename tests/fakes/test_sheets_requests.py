"""The requests of batchUpdate, one by one, and that a batch is done whole or not at all."""

import copy
import inspect
import re
from typing import Any

import gspread
import pytest
from gspread import spreadsheet, worksheet

from tests.fakes.conftest import HEADER, RULES, SLIDES
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.batch import REQUESTS
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.collaborator import Collaborator

SLIDE_ROWS = {"startRowIndex": 2, "endRowIndex": 5, "startColumnIndex": 0, "endColumnIndex": 5}


class Batches:
    """Sends requests through gspread and looks at what came of them."""

    def __init__(self, client: gspread.http_client.HTTPClient, book: Book, scientist: Collaborator) -> None:
        self.client, self.book, self.scientist = client, book, scientist

    def __call__(self, name: str, **words: Any) -> Any:
        return self.client.batch_update(self.book.id, {"requests": [{name: words}]})["replies"][0]

    def column(self, index: int = 0) -> list[str]:
        return [row[index] if index < len(row) else "" for row in self.scientist.sees()[2:]]

    def sheet(self, **params: str) -> Any:
        return self.client.fetch_sheet_metadata(self.book.id, params or None)["sheets"][0]


@pytest.fixture
def batch(gc: gspread.Client, book: Book, scientist: Collaborator) -> Batches:
    return Batches(gc.http_client, book, scientist)


def rows(start: int, end: int) -> dict[str, Any]:
    return {"dimension": "ROWS", "startIndex": start, "endIndex": end}


def test_a_batch_is_done_whole_or_not_at_all(batch: Batches, server: SheetsServer) -> None:
    requests = [{"deleteDimension": {"range": rows(2, 3)}}, {"deleteSheet": {"sheetId": 99}}]
    with pytest.raises(gspread.exceptions.APIError, match=r"Invalid requests\[1\].deleteSheet: No sheet with id: 99"):
        batch.client.batch_update(batch.book.id, {"requests": requests})
    assert batch.scientist.sees() == [RULES, HEADER, *SLIDES]
    with pytest.raises(gspread.exceptions.APIError, match="Must specify at least one request"):
        batch.client.batch_update(batch.book.id, {"requests": []})
    with pytest.raises(gspread.exceptions.APIError, match='Unknown name "addChartOfMine"'):
        batch("addChartOfMine")


def test_a_batch_that_is_refused_takes_every_kind_of_change_back(batch: Batches) -> None:
    before = copy.deepcopy(batch.book)
    first_rows = {"startRowIndex": 0, "endRowIndex": 2}
    look = {"title": "New", "gridProperties": {"frozenRowCount": 2}, "tabColor": {"red": 1}}
    note = {"note": "n", "userEnteredFormat": {"textFormat": {"bold": True}}}
    requests: list[dict[str, Any]] = [
        {"updateSpreadsheetProperties": {"properties": {"title": "New"}, "fields": "title"}},
        {"updateSheetProperties": {"properties": look, "fields": "title,gridProperties.frozenRowCount,tabColor"}},
        {"updateDimensionProperties": {"range": rows(2, 3), "properties": {"hiddenByUser": True}, "fields": "*"}},
        {"addDimensionGroup": {"range": rows(2, 4)}},
        {"mergeCells": {"range": {**first_rows, "endColumnIndex": 2}}},
        {"addProtectedRange": {"protectedRange": {"range": first_rows}}},
        {"addNamedRange": {"namedRange": {"name": "Rules", "range": first_rows}}},
        {"setBasicFilter": {"filter": {"range": SLIDE_ROWS}}},
        {"repeatCell": {"range": SLIDE_ROWS, "cell": note, "fields": "note,userEnteredFormat"}},
        {"sortRange": {"range": SLIDE_ROWS, "sortSpecs": [{"dimensionIndex": 0}]}},
        {"insertDimension": {"range": rows(0, 1)}},
        {"duplicateSheet": {}},
    ]
    assert batch.client.batch_update(batch.book.id, {"requests": requests})["replies"]
    changed = copy.deepcopy(batch.book)
    assert changed != before
    further: list[dict[str, Any]] = [
        *requests[:4],
        {"deleteProtectedRange": {"protectedRangeId": changed.tabs[1].protections[0].id}},
        {"deleteDimensionGroup": {"range": rows(3, 4)}},
        {"deleteDimension": {"range": rows(0, 2)}},
        {"repeatCell": {"range": SLIDE_ROWS, "cell": {}, "fields": "*"}},
        {"clearBasicFilter": {}},
        {"deleteSheet": {"sheetId": 99}},
    ]
    with pytest.raises(gspread.exceptions.APIError, match=r"Invalid requests\[9\].deleteSheet: No sheet with id: 99"):
        batch.client.batch_update(batch.book.id, {"requests": further})
    assert batch.book == changed


def test_the_spreadsheet_comes_with_the_replies_when_asked_for(batch: Batches) -> None:
    body = {
        "requests": [{"updateSpreadsheetProperties": {"properties": {"title": "New"}, "fields": "title"}}],
        "includeSpreadsheetInResponse": True,
        "responseIncludeGridData": True,
        "responseRanges": ["A3:B3"],
    }
    answer = batch.client.batch_update(batch.book.id, body)
    assert answer["updatedSpreadsheet"]["properties"]["title"] == "New"
    (grid,) = answer["updatedSpreadsheet"]["sheets"][0]["data"]
    assert grid["startRow"] == 2
    assert [each["formattedValue"] for each in grid["rowData"][0]["values"]] == ["620995", "Prec01"]


def test_rows_and_columns(batch: Batches) -> None:
    batch("appendDimension", sheetId=0, dimension="COLUMNS", length=4)
    assert batch.sheet()["properties"]["gridProperties"]["columnCount"] == 30
    batch("moveDimension", source=rows(2, 3), destinationIndex=5)
    assert batch.column() == ["620996", "000123", "620995"]
    batch("updateDimensionProperties", range=rows(2, 3), properties={"hiddenByUser": True}, fields="hiddenByUser")
    (grid,) = batch.sheet(fields="sheets.data.rowMetadata", ranges="A3:A4")["data"]
    assert grid["rowMetadata"] == [{"pixelSize": 21, "hiddenByUser": True}, {"pixelSize": 21}]
    columns = {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    batch("autoResizeDimensions", dimensions=columns)
    (grid,) = batch.sheet(fields="sheets.data.columnMetadata")["data"]
    assert grid["columnMetadata"][0]["pixelSize"] > grid["columnMetadata"][1]["pixelSize"]
    with pytest.raises(gspread.exceptions.APIError, match="You can't delete all the rows on the sheet"):
        batch("deleteDimension", range=rows(0, 1000))
    with pytest.raises(gspread.exceptions.APIError, match="above the limit of 10000000 cells"):
        batch("appendDimension", sheetId=0, dimension="ROWS", length=10**7)


def test_groups_lie_in_one_another(batch: Batches) -> None:
    batch("addDimensionGroup", range=rows(2, 6))
    reply = batch("addDimensionGroup", range=rows(3, 4))
    groups = reply["addDimensionGroup"]["dimensionGroups"]
    assert [(each["range"]["startIndex"], each["range"]["endIndex"], each["depth"]) for each in groups] == [
        (2, 6, 1),
        (3, 4, 2),
    ]
    batch(
        "updateDimensionGroup", dimensionGroup={"range": rows(3, 4), "depth": 2, "collapsed": True}, fields="collapsed"
    )
    assert batch("deleteDimensionGroup", range=rows(2, 6))["deleteDimensionGroup"]["dimensionGroups"][0]["depth"] == 1
    batch("deleteDimensionGroup", range=rows(3, 4))
    assert "rowGroups" not in batch.sheet()
    with pytest.raises(gspread.exceptions.APIError, match="There is no group"):
        batch("deleteDimensionGroup", range=rows(3, 4))


def test_areas_push_others_aside(batch: Batches) -> None:
    cell = {"startRowIndex": 2, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    batch("insertRange", range=cell, shiftDimension="ROWS")
    assert batch.column() == ["", "620995", "620996", "000123"]
    assert batch.column(1) == ["Prec01", "Prec01", "Prec02", ""]
    batch("deleteRange", range=cell, shiftDimension="ROWS")
    assert batch.scientist.sees() == [RULES, HEADER, *SLIDES]
    batch("insertRange", range=cell, shiftDimension="COLUMNS")
    assert batch.scientist.sees()[2] == ["", *SLIDES[0]]


def test_cells_are_written_in_parts(batch: Batches) -> None:
    value = {"userEnteredValue": {"stringValue": "x"}, "note": "n"}
    batch("updateCells", start={"rowIndex": 8, "columnIndex": 1}, rows=[{"values": [value, value]}], fields="*")
    batch("updateCells", range={"startRowIndex": 8, "endRowIndex": 9, "endColumnIndex": 2}, fields="note")
    (grid,) = batch.sheet(fields="sheets.data.rowData.values(note,userEnteredValue)", ranges="A9:C9")["data"]
    assert grid["rowData"] == [
        {
            "values": [
                {},
                {"userEnteredValue": {"stringValue": "x"}},
                {"userEnteredValue": {"stringValue": "x"}, "note": "n"},
            ]
        }
    ]
    batch(
        "appendCells",
        sheetId=0,
        rows=[{"values": [{"userEnteredValue": {"numberValue": 5}}]}],
        fields="userEnteredValue",
    )
    assert batch.scientist.sees()[9][0] == "5"
    formula = {"userEnteredValue": {"formulaValue": "=1+1"}}
    batch("repeatCell", range={"startRowIndex": 10, "endRowIndex": 12, "endColumnIndex": 1}, cell=formula, fields="*")
    assert [row[0] for row in batch.scientist.sees()[10:]] == ["2", "2"]
    with pytest.raises(gspread.exceptions.APIError, match="At least one field must be listed"):
        batch("repeatCell", range={"endRowIndex": 1}, cell=formula)
    outside = {"startRowIndex": 1000, "endRowIndex": 1001, "startColumnIndex": 0, "endColumnIndex": 2}
    with pytest.raises(gspread.exceptions.APIError, match=r"Range \(Sheet1!A1001:B1001\) exceeds grid limits"):
        batch("repeatCell", range=outside, cell=formula, fields="*")


def test_borders_and_rules(batch: Batches) -> None:
    line = {"style": "SOLID", "width": 1}
    batch("updateBorders", range=SLIDE_ROWS, top=line, innerVertical=line)
    tab = batch.book.tabs[0]
    assert [set(tab[place].format["borders"]) for place in ((2, 0), (2, 1), (4, 4))] == [
        {"top", "right"},
        {"top", "left", "right"},
        {"left"},
    ]
    rule = {"condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "5"}]}, "strict": True}
    batch("setDataValidation", range={"startRowIndex": 2, "endRowIndex": 3, "endColumnIndex": 1}, rule=rule)
    with pytest.raises(gspread.exceptions.APIError, match="The data you entered in cell A3 violates"):
        batch.client.values_update(batch.book.id, "A3", {"valueInputOption": "RAW"}, {"values": [[5]]})
    batch.client.values_update(batch.book.id, "A3", {"valueInputOption": "RAW"}, {"values": [[6]]})


def test_blocks_are_pasted(batch: Batches) -> None:
    source = {"startRowIndex": 2, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 2}
    target = {"startRowIndex": 5, "endRowIndex": 7, "startColumnIndex": 0, "endColumnIndex": 2}
    batch("copyPaste", source=source, destination=target, pasteType="PASTE_VALUES")
    assert batch.column() == ["620995", "620996", "000123", "620995", "620995"]
    batch("pasteData", coordinate={"rowIndex": 7}, data="1;two\n3;four", type="PASTE_NORMAL", delimiter=";")
    assert batch.column(1)[-2:] == ["two", "four"]


def test_rows_are_shuffled_and_rid_of_doubles(batch: Batches) -> None:
    batch("randomizeRange", range=SLIDE_ROWS)
    assert sorted(batch.column()) == ["000123", "620995", "620996"]
    batch(
        "sortRange",
        range=SLIDE_ROWS,
        sortSpecs=[{"dimensionIndex": 1}, {"dimensionIndex": 0, "sortOrder": "DESCENDING"}],
    )
    assert batch.column() == ["620996", "620995", "000123"]
    columns = [{"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}]
    reply = batch("deleteDuplicates", range=SLIDE_ROWS, comparisonColumns=columns)
    assert reply == {"deleteDuplicates": {"duplicatesRemovedCount": 1}}
    assert batch.column() == ["620996", "000123"]


def test_texts_are_found_replaced_and_trimmed(batch: Batches) -> None:
    reply = batch("findReplace", find="prec01", replacement="Prec09", allSheets=True)
    assert reply["findReplace"] == {"valuesChanged": 2, "rowsChanged": 2, "sheetsChanged": 1, "occurrencesChanged": 2}
    assert batch("findReplace", find="P[12]", replacement="Q", sheetId=0, searchByRegex=True, matchEntireCell=True) == {
        "findReplace": {"valuesChanged": 3, "rowsChanged": 3, "sheetsChanged": 1, "occurrencesChanged": 3}
    }
    assert batch("findReplace", find="nowhere", replacement="", allSheets=True) == {"findReplace": {}}
    batch.scientist.puts([["  a   b "]], top=9)
    area = {"startRowIndex": 8, "endRowIndex": 9, "endColumnIndex": 1}
    assert batch("trimWhitespace", range=area) == {"trimWhitespace": {"cellsChangedCount": 1}}
    assert batch.scientist.sees()[8][0] == "a b"


def test_named_ranges_and_protections_are_changed(batch: Batches) -> None:
    named = batch("addNamedRange", namedRange={"name": "Keys", "range": SLIDE_ROWS})["addNamedRange"]["namedRange"]
    batch("updateNamedRange", namedRange={**named, "name": "Barcodes"}, fields="name")
    assert batch.client.values_get(batch.book.id, "Barcodes")["range"] == "Sheet1!A3:E5"
    with pytest.raises(gspread.exceptions.APIError, match="already exists"):
        batch("addNamedRange", namedRange={"name": "barcodes", "range": SLIDE_ROWS})
    batch("deleteNamedRange", namedRangeId=named["namedRangeId"])
    made = batch("addProtectedRange", protectedRange={"range": {"sheetId": 0}, "warningOnly": True})
    protection = made["addProtectedRange"]["protectedRange"]
    assert protection["range"] == {}
    change = {"protectedRangeId": protection["protectedRangeId"], "description": "ask first"}
    batch("updateProtectedRange", protectedRange=change, fields="description")
    assert batch.sheet()["protectedRanges"][0]["description"] == "ask first"


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("addSheet", {"properties": {"title": "sheet1"}}, 'A sheet with the name "sheet1" already exists.'),
        ("addSheet", {"properties": {"sheetId": 0}}, "Sheet with id: 0 already exists."),
        ("deleteSheet", {}, "You can't remove all the visible sheets in a document."),
        (
            "updateSheetProperties",
            {"properties": {"gridProperties": {"frozenRowCount": 1000}}, "fields": "gridProperties.frozenRowCount"},
            "You can't freeze all visible rows on the sheet.",
        ),
        (
            "updateSheetProperties",
            {"properties": {"gridProperties": {"rowCount": 0}}, "fields": "gridProperties.rowCount"},
            "You can't delete all the rows on the sheet.",
        ),
        ("updateSpreadsheetProperties", {"properties": {"locale": "xx"}, "fields": "locale"}, "Unsupported locale: xx"),
        ("insertDimension", {"range": rows(0, 1), "inheritFromBefore": True}, "inheritFromBefore cannot be true"),
        (
            "insertDimension",
            {"range": rows(1000, 1001)},
            "range.startIndex must be less than the grid size (1000) if inheritFromBefore is false.",
        ),
        ("insertDimension", {"range": rows(1001, 1002)}, "range.startIndex is larger than current grid size (1000)"),
        ("repeatCell", {"range": {"sheetId": 7}, "fields": "*"}, "No grid with id: 7"),
        ("deleteNamedRange", {"namedRangeId": "7"}, "Cannot find a named range with ID: 7"),
        ("deleteProtectedRange", {"protectedRangeId": 7}, "No protected range with id: 7"),
        ("findReplace", {"find": "(", "searchByRegex": True, "allSheets": True}, "Invalid regular expression."),
    ],
)
def test_what_makes_no_sense_is_refused(batch: Batches, name: str, words: dict[str, Any], message: str) -> None:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        batch(name, **words)
    assert refused.value.error["message"].startswith(f"Invalid requests[0].{name}: {message}")


def test_every_request_that_gspread_sends_is_known(gc: gspread.Client) -> None:
    sent = set(re.findall(r'"([a-z][A-Za-z]+)": \{\n', inspect.getsource(worksheet) + inspect.getsource(spreadsheet)))
    verbs = ("add", "append", "auto", "clear", "copy", "cut", "delete", "duplicate", "insert", "merge", "repeat")
    verbs += ("set", "sort", "unmerge", "update")
    assert {each for each in sent if each.startswith(verbs)} <= REQUESTS.keys()
