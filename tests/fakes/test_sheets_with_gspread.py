"""gspread, as it is released, at work on the server: what a program does with a lab's sheet."""

from urllib.parse import urlsplit

import gspread
import pytest
from google.auth.exceptions import RefreshError
from gspread import urls
from gspread.utils import ValidationConditionType, ValueInputOption, ValueRenderOption

from tests.fakes.conftest import HEADER, RULES, SLIDES
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.routes import route_for
from tests.fakes.sheets_server.server import STATION


def test_a_program_reads_a_sheet_and_writes_its_columns(
    gc: gspread.Client, book: Book, scientist: Collaborator, server: SheetsServer
) -> None:
    spreadsheet = gc.open_by_key(book.id)
    assert spreadsheet.title == "Summary of Slides"
    sheet = spreadsheet.sheet1
    assert sheet.get_all_values() == [RULES, HEADER, *SLIDES]
    keys, header = sheet.batch_get(["A1:A", "2:2"])
    assert [row[0] for row in keys][2:] == ["620995", "620996", "000123"]
    assert header == [HEADER]

    sheet.resize(cols=5)
    sheet.add_cols(2)
    sheet.batch_update(
        [
            {"range": "F2:G2", "values": [["Status", "Scan File"]]},
            {"range": "F4:G4", "values": [["Transferred", "=not a formula"]]},
        ],
        value_input_option=ValueInputOption.raw,
    )
    assert scientist.sees()[1] == [*HEADER, "Status", "Scan File"]
    assert scientist.sees()[3] == [*SLIDES[1], "Transferred", "=not a formula"]

    found = sheet.find("000123")
    assert found is not None
    assert (found.row, found.col) == (5, 1)
    own = spreadsheet.add_worksheet("Slideferry", rows=10, cols=12)
    own.update([["Barcode", "Status"]], "A1:B1")
    assert [each.title for each in spreadsheet.worksheets()] == ["Sheet1", "Slideferry"]
    assert {each.account for each in server.log if each.kind in ("read", "write")} == {STATION}


def test_raw_values_stay_what_they_are_and_typed_ones_are_read_as_by_a_person(sheet: gspread.Worksheet) -> None:
    row = [["000123", "=1+1", "2026-01-02", "TRUE", "12%", 7, 1.5, True]]
    sheet.update(row, "A7:H7", value_input_option=ValueInputOption.raw)
    sheet.update(row, "A8:H8", value_input_option=ValueInputOption.user_entered)
    shown = sheet.get("A7:H8")
    assert shown[0] == ["000123", "=1+1", "2026-01-02", "TRUE", "12%", "7", "1.5", "TRUE"]
    assert shown[1] == ["123", "2", "2026-01-02", "TRUE", "12%", "7", "1.5", "TRUE"]
    bare = sheet.get("A7:H8", value_render_option=ValueRenderOption.unformatted)
    assert bare[0] == ["000123", "=1+1", "2026-01-02", "TRUE", "12%", 7, 1.5, True]
    assert bare[1] == [123, 2, 46024, True, 0.12, 7, 1.5, True]
    assert sheet.get("B8", value_render_option=ValueRenderOption.formula) == [["=1+1"]]


def test_records_rows_and_columns(sheet: gspread.Worksheet) -> None:
    records = sheet.get_all_records(head=2)
    assert [each["Barcode"] for each in records] == [620995, 620996, 123]
    assert sheet.row_values(2) == HEADER
    assert sheet.col_values(1)[2:] == ["620995", "620996", "000123"]
    assert len(sheet.findall("Cardinal")) == 2
    assert sheet.get("Z99") == [[]]


def test_rows_are_appended_inserted_deleted_and_sorted(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    sheet.append_row(["620997", "Prec02", "Run 1", "P2", "Raven"])
    assert scientist.sees()[5] == ["620997", "Prec02", "Run 1", "P2", "Raven"]
    sheet.insert_row(["620000"], 3)
    sheet.delete_rows(4)
    assert [row[0] for row in scientist.sees()[2:]] == ["620000", "620996", "000123", "620997"]
    sheet.sort((1, "des"), range="A3:E6")
    assert [row[0] for row in scientist.sees()[2:]] == ["620997", "620996", "620000", "000123"]


def test_the_look_of_a_tab_is_kept(sheet: gspread.Worksheet) -> None:
    sheet.freeze(rows=2, cols=1)
    sheet.update_tab_color("#FF007F")
    sheet.hide_gridlines()
    sheet.merge_cells("A1:B1")
    sheet.add_dimension_group_rows(2, 4)
    sheet.set_basic_filter("A2:E5")
    sheet.format("A2:E2", {"textFormat": {"bold": True}, "backgroundColor": {"red": 1, "green": 0.5}})
    again = sheet.spreadsheet.fetch_sheet_metadata()["sheets"][0]
    grid = again["properties"]["gridProperties"]
    assert (grid["frozenRowCount"], grid["frozenColumnCount"], grid["hideGridlines"]) == (2, 1, True)
    assert again["properties"]["tabColor"] == {"red": 1, "blue": 0.49803922}
    assert again["merges"] == [{"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 2}]
    assert again["rowGroups"] == [{"range": {"dimension": "ROWS", "startIndex": 2, "endIndex": 4}, "depth": 1}]
    assert again["basicFilter"]["range"]["endRowIndex"] == 5
    sheet.freeze(0, 0)
    sheet.clear_basic_filter()
    sheet.unmerge_cells("A1:B1")
    cleared = sheet.spreadsheet.fetch_sheet_metadata()["sheets"][0]
    assert "frozenRowCount" not in cleared["properties"]["gridProperties"]
    assert not {"basicFilter", "merges"} & cleared.keys()


def test_notes_names_rules_and_copies(sheet: gspread.Worksheet, book: Book) -> None:
    sheet.insert_note("A3", "edge folded")
    assert sheet.get_note("A3") == "edge folded"
    sheet.define_named_range("A3:A5", "Barcodes")
    assert [cell.value for cell in sheet.spreadsheet.named_range("Barcodes")] == ["620995", "620996", "000123"]
    sheet.insert_rows([[]], 3)
    assert book.named[0].area.a1() == "A4:A6"
    sheet.add_validation("D4", ValidationConditionType.one_of_list, ["P1", "P2"], strict=True)
    with pytest.raises(gspread.exceptions.APIError, match="violates the data validation rules"):
        sheet.update([["P9"]], "D4")
    sheet.copy_range("A4:B6", "H1:I3")
    sheet.cut_range("A4:A6", "K1")
    assert sheet.get("H1:K3") == [
        ["620995", "Prec01", "", "620995"],
        ["620996", "Prec01", "", "620996"],
        ["000123", "Prec02", "", "000123"],
    ]


def test_tabs_are_duplicated_reordered_hidden_and_deleted(sheet: gspread.Worksheet) -> None:
    spreadsheet = sheet.spreadsheet
    twin = sheet.duplicate(new_sheet_name="Twin")
    assert twin.get_all_values() == [RULES, HEADER, *SLIDES]
    spreadsheet.reorder_worksheets([sheet, twin])
    assert [each.title for each in spreadsheet.worksheets()] == ["Sheet1", "Twin"]
    twin.hide()
    assert [each.title for each in spreadsheet.worksheets(exclude_hidden=True)] == ["Sheet1"]
    with pytest.raises(gspread.exceptions.APIError, match="You can't hide all the sheets in a document"):
        sheet.hide()
    spreadsheet.del_worksheet(twin)
    with pytest.raises(gspread.exceptions.WorksheetNotFound):
        spreadsheet.worksheet("Twin")


def test_files_are_created_found_copied_shared_exported_and_deleted(gc: gspread.Client, server: SheetsServer) -> None:
    made = gc.create("Plan")
    made.sheet1.update([["a1", "B2"], ["x, y", ""]], "A1:B2")
    assert gc.open("Plan").id == made.id
    assert made.export(gspread.utils.ExportFormat.CSV) == b'a1,B2\r\n"x, y",'
    assert made.export(gspread.utils.ExportFormat.PDF).startswith(b"%PDF")
    assert made.export(gspread.utils.ExportFormat.EXCEL).startswith(b"PK")
    made.share("colleague@lab.example", perm_type="user", role="reader", notify=False)
    assert [each["role"] for each in made.list_permissions()] == ["owner", "reader"]
    copy = gc.copy(made.id, title="Plan 2", copy_permissions=True)
    assert copy.sheet1.get_all_values() == [["a1", "B2"], ["x, y", ""]]
    assert [each["emailAddress"] for each in copy.list_permissions()] == [STATION, "colleague@lab.example"]
    made.remove_permissions("colleague@lab.example")
    gc.import_csv(copy.id, "Barcode,Study\n000124,Prec03\n")
    assert gc.open_by_key(copy.id).sheet1.get_all_values() == [["Barcode", "Study"], ["124", "Prec03"]]
    assert {each["name"] for each in gc.list_spreadsheet_files()} == {"Plan", "Plan 2"}
    gc.del_spreadsheet(made.id)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        gc.open("Plan")
    assert list(server.store.books) == [copy.id]


def test_what_is_not_there_or_not_shared_is_told_apart(gc: gspread.Client, server: SheetsServer) -> None:
    private = server.add_book("Private", shared_with="")
    with pytest.raises(PermissionError) as refused:
        gc.open_by_key(private.id)
    assert "The caller does not have permission" in str(refused.value.__cause__)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        gc.open_by_key("1" * 44)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        gc.open("no such file")


def test_who_may_only_read_cannot_write(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.shares(STATION, "reader")
    assert sheet.get("A2") == [["Barcode"]]
    with pytest.raises(gspread.exceptions.APIError) as refused:
        sheet.update([["x"]], "A9")
    assert refused.value.code == 403


def test_a_token_that_ran_out_is_renewed_unnoticed(sheet: gspread.Worksheet, server: SheetsServer) -> None:
    server.accounts.expire(STATION)
    assert sheet.get("A2") == [["Barcode"]]
    assert [each.status for each in server.log][-3:] == [401, 200, 200]


def test_a_key_that_the_server_does_not_know_gets_no_token(server: SheetsServer, book: Book) -> None:
    with gspread_client(server) as client:
        server.accounts.keys.clear()
        with pytest.raises(RefreshError, match="invalid_grant"):
            client.open_by_key(book.id)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", urls.SPREADSHEET_URL % "id"),
        ("POST", urls.SPREADSHEET_BATCH_UPDATE_URL % "id"),
        ("GET", urls.SPREADSHEET_VALUES_URL % ("id", "%27A%2FB%27%21A1%3AB2")),
        ("PUT", urls.SPREADSHEET_VALUES_URL % ("id", "A1")),
        ("GET", urls.SPREADSHEET_VALUES_BATCH_URL % "id"),
        ("POST", urls.SPREADSHEET_VALUES_BATCH_UPDATE_URL % "id"),
        ("POST", urls.SPREADSHEET_VALUES_BATCH_CLEAR_URL % "id"),
        ("POST", urls.SPREADSHEET_VALUES_APPEND_URL % ("id", "A1")),
        ("POST", urls.SPREADSHEET_VALUES_CLEAR_URL % ("id", "A1")),
        ("POST", urls.SPREADSHEET_SHEETS_COPY_TO_URL % ("id", 7)),
        ("GET", urls.DRIVE_FILES_API_V3_URL),
        ("POST", urls.DRIVE_FILES_API_V3_URL),
        ("PUT", f"{urls.DRIVE_FILES_UPLOAD_API_V2_URL}/id"),
        ("GET", urls.DRIVE_FILES_API_V3_COMMENTS_URL % "id"),
        ("POST", urls.DRIVE_FILES_API_V3_COMMENTS_URL % "id"),
    ],
)
def test_every_address_that_gspread_knows_leads_somewhere(method: str, url: str) -> None:
    assert route_for(method, urlsplit(url).path) is not None
