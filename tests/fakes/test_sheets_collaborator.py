"""What other people do with a sheet between two calls of ours."""

from collections.abc import Callable

import gspread
import pytest

from tests.fakes.conftest import HEADER
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.server import STATION

Act = Callable[[Collaborator], None]


def barcodes(scientist: Collaborator) -> list[str]:
    return [row[0] for row in scientist.sees()[2:]]


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        (lambda other: other.sorts(1), ["000123", "620995", "620996"]),
        (lambda other: other.sorts(4, descending=True), ["620996", "620995", "000123"]),
        (lambda other: other.inserts_rows(3, 2), ["", "", "620995", "620996", "000123"]),
        (lambda other: other.deletes_rows(3), ["620996", "000123"]),
        (lambda other: other.moves_rows(3, before=5), ["620996", "620995", "000123"]),
        (lambda other: other.moves_rows(4, before=3, count=2), ["620996", "000123", "620995"]),
        (lambda other: other.duplicates_row(3), ["620995", "620995", "620996", "000123"]),
        (lambda other: other.types(4, 1, "700001"), ["620995", "700001", "000123"]),
        (lambda other: other.clears(3, 1, rows=2), ["", "", "000123"]),
    ],
    ids=["sort", "sort down", "insert", "delete", "move down", "move up", "duplicate", "edit", "clear"],
)
def test_rows_move_between_two_reads(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator, act: Act, seen: list[str]
) -> None:
    assert [row[0] for row in sheet.get("A3:A9")] == ["620995", "620996", "000123"]
    server.script.meanwhile(lambda: act(scientist), before="read")
    assert [row[0] if row else "" for row in sheet.get("A3:A9")] == seen
    assert barcodes(scientist) == seen


def test_rows_move_between_the_read_and_the_write(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator
) -> None:
    place = sheet.find("620995")
    assert place is not None
    server.script.meanwhile(lambda: scientist.sorts(1), before="write")
    sheet.batch_update([{"range": f"F{place.row}", "values": [["Transferred"]]}])
    assert scientist.sees()[2] == ["000123", "Prec02", "Run 1", "P1", "Raven", "Transferred"]


def test_cells_of_ours_travel_with_their_row(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    sheet.update([["Transferred"]], "F3")
    scientist.sorts(1)
    assert scientist.sees()[3] == ["620995", "Prec01", "Run 2", "P1", "Cardinal", "Transferred"]


def test_columns_are_inserted_moved_and_deleted(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.inserts_columns(1)
    assert sheet.row_values(2) == ["", *HEADER]
    scientist.moves_column(6, before=2)
    assert sheet.row_values(2) == ["", "Scanner", *HEADER[:4]]
    scientist.deletes_columns(scientist.column_of("Study"))
    assert sheet.row_values(2) == ["", "Scanner", "Barcode", "Experiment", "Panel"]


def test_a_header_is_written_anew(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.renames_header("Barcode", "Slide")
    assert sheet.row_values(2) == ["Slide", *HEADER[1:]]


def test_a_row_is_duplicated_with_its_look_and_what_hangs_on_its_cells(
    sheet: gspread.Worksheet, scientist: Collaborator
) -> None:
    sheet.update_notes({"B3": "ask Kim"})
    scientist.duplicates_row(3)
    scientist.clears(4, 2)
    assert scientist.sees()[3] == ["620995", "", "Run 2", "P1", "Cardinal"]
    assert sheet.get_note("B4") == "ask Kim"


def test_a_tab_is_as_long_as_what_is_put_in(server: SheetsServer) -> None:
    book = server.add_book("Long", [[number] for number in range(1200)])
    assert len(server.collaborator(book).sees()) == 1200


def test_a_renamed_tab_is_not_found_by_its_old_name(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator
) -> None:
    server.script.meanwhile(lambda: scientist.renames_tab("Slides 2026"), before="write")
    with pytest.raises(gspread.exceptions.APIError, match="Unable to parse range: 'Sheet1'!F3"):
        sheet.update([["Transferred"]], "F3")
    assert sheet.spreadsheet.worksheet("Slides 2026").get("A3") == [["620995"]]


def test_a_deleted_tab_and_a_deleted_spreadsheet(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.adds_tab("Other")
    scientist.deletes_tab()
    with pytest.raises(gspread.exceptions.APIError, match="Unable to parse range"):
        sheet.get("A1")
    scientist.deletes_spreadsheet()
    with pytest.raises(gspread.exceptions.APIError, match="Requested entity was not found") as refused:
        sheet.get("A1")
    assert refused.value.code == 404


def test_a_sheet_that_is_shared_no_longer(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.unshares(STATION)
    with pytest.raises(gspread.exceptions.APIError, match="The caller does not have permission") as refused:
        sheet.get("A1")
    assert refused.value.code == 403


def test_protected_columns_refuse_the_whole_batch(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    scientist.protects(6, 6)
    with pytest.raises(gspread.exceptions.APIError, match="protected cell or object"):
        sheet.batch_update([{"range": "G3", "values": [["x"]]}, {"range": "F3", "values": [["y"]]}])
    assert len(scientist.sees()[2]) == 5
    sheet.update([["x"]], "G3")
    scientist.types(3, 6, "by the scientist")
    assert scientist.sees()[2][5:] == ["by the scientist", "x"]


def test_a_lookup_on_the_scientists_tab_follows_ours(sheet: gspread.Worksheet, scientist: Collaborator) -> None:
    ours = sheet.spreadsheet.add_worksheet("Slideferry", 10, 3)
    ours.update([["620996", "Transferred"]], "A2:B2")
    scientist.types(4, 6, "=VLOOKUP(A4, Slideferry!A:B, 2, FALSE)")
    scientist.types(3, 6, '=IFERROR(VLOOKUP(A3, Slideferry!A:B, 2, FALSE), "")')
    assert sheet.get("F3:F4") == [[], ["Transferred"]]
    scientist.inserts_rows(4)
    assert sheet.get("F5") == [["Transferred"]]
    assert sheet.get("F5", value_render_option="FORMULA") == [["=VLOOKUP(A5, Slideferry!A:B, 2, FALSE)"]]
