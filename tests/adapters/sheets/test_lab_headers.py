"""Columns of ours under the lab's own headers, in every kind of sheet; one of the lab's with our name is the lab's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.adapters.sheets.google_sheet import GoogleSheet
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite
from app.domain.sheet_differences import differences
from app.domain.sheet_findings import sheet_findings
from tests.adapters.sheets.google_lab import GoogleLab, Memory, complete, link_to, row
from tests.fakes.sheets_server import SheetsServer

NAMED = ("Status = Scan status", "Message=Remarks", "size =  Bytes")
RULES = ["Include in Name?, REQUIRED", "REQUIRED", "", ""]
HEADER = ["Barcode", "Study", "Status", "SCAN  status"]
SLIDES = [["620995", "Prec01", "paid", ""], ["620996", "Prec01", "open", ""]]

Sheet = WorkbookSheet | GoogleSheet
Open = Callable[[SheetSettings], Sheet]


def in_workbook(path: Path) -> Open:
    book = Workbook()
    for line in (RULES, HEADER, *SLIDES):
        book.active.append(line)
    book.save(path)
    return lambda settings: WorkbookSheet(path, settings)


def in_text(path: Path) -> Open:
    path.write_text("\n".join(",".join(f'"{each}"' for each in line) for line in (RULES, HEADER, *SLIDES)))
    return lambda settings: WorkbookSheet(path, settings)


def in_google(server: SheetsServer, ends: ExitStack) -> Open:
    lab = GoogleLab(server, server.add_book("Summary of Slides", [RULES, HEADER, *SLIDES]), None)

    def opened(settings: SheetSettings) -> GoogleSheet:
        gateway = GoogleSheet(lambda: link_to(lab), Memory(), settings)
        ends.callback(gateway.close)
        return gateway

    return opened


@pytest.fixture(params=["xlsx", "csv", "google"])
def open_sheet(request: pytest.FixtureRequest, tmp_path: Path, server: SheetsServer) -> Iterator[Open]:
    with ExitStack() as ends:
        if request.param == "xlsx":
            yield in_workbook(tmp_path / "slides.xlsx")
        elif request.param == "csv":
            yield in_text(tmp_path / "slides.csv")
        else:
            yield in_google(server, ends)


def settings(**values: object) -> SheetSettings:
    return SheetSettings(headers=NAMED, **values)


def test_values_stand_below_the_labs_headers_and_its_own_status_is_left_alone(open_sheet: Open) -> None:
    wanted = complete("620995")
    sheet = open_sheet(settings())
    assert set(sheet.write(wanted).written) == set(wanted)
    read = sheet.read()
    theirs = ["Bytes" if each == "Size" else "Remarks" if each == "Message" else each for each in WRITTEN_COLUMNS[1:]]
    assert [column.header for column in read.columns] == ["Barcode", "Study", "Status", "SCAN status", *theirs]
    cells = read.rows_for("620995")[0].cells
    assert (cells["Status"], cells["SCAN status"], cells["Bytes"]) == ("paid", "Complete", "4096")
    assert read.rows_for("620996")[0].cells["Status"] == "open"
    assert set(sheet.write([CellWrite("620995", "Message", "see Anna", 2)]).written)
    assert len(sheet.read().columns) == len(read.columns)


def test_only_the_columns_that_the_lab_has_are_filled_in_where_none_may_be_added(open_sheet: Open) -> None:
    result = open_sheet(settings(add_columns=False)).write(complete("620996"))
    assert [each.column for each in result.written] == ["Status"]
    assert all(each.no_column for each in result.refused)


def test_what_we_fill_in_is_no_change_of_the_row_and_what_the_lab_does_is(open_sheet: Open) -> None:
    sheet = open_sheet(settings())
    then = dict(sheet.read().rows_for("620995")[0].cells) | {"Status": "ordered"}
    sheet.write(complete("620995"))
    assert [each.column for each in differences(then, sheet.read(), "620995", {})] == ["Status"]
    assert sheet_findings(sheet.read(), scanner_column="", scanner="Raven") == ()


def test_without_the_setting_the_column_with_our_name_is_ours(open_sheet: Open) -> None:
    sheet = open_sheet(SheetSettings())
    sheet.write(complete("620995"))
    assert sheet.read().rows_for("620995")[0].cells["Status"] == "Complete"


def test_rows_that_move_meanwhile_are_put_right_below_the_labs_headers(server: SheetsServer) -> None:
    slides = [row(each) for each in ("620995", "620996", "620997")]
    lab = GoogleLab(server, server.add_book("Summary", [RULES, ["Barcode", "Study", "Panel", "Status"], *slides]), None)
    with lab.gateway(settings(kind="google")) as gateway:
        gateway.write(complete("620997"))
        server.script.meanwhile(lambda: lab.scientist.deletes_rows(3), before="write")
        gateway.write(complete("620996"))
    assert lab.column("SHA-256") == {each: complete(each)[3].value for each in ("620996", "620997")}
    assert lab.column("Scan status") == dict.fromkeys(("620996", "620997"), "Complete")
    assert lab.column("Status") == {each: f"note on {each}" for each in ("620996", "620997")}
