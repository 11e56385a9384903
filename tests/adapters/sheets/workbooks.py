"""Workbooks as a lab has them, made anew for each test, and looks at their parts."""

import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

SHEET_PART = "xl/worksheets/sheet1.xml"


def lab_workbook(path: Path, *, status: bool = True) -> Path:
    """All that a careless save loses: formats, validation, merged cells, chart, comment, table, tabs."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Slides"
    sheet.append(["Include in Name?", "Include in Name?, REQUIRED", "REQUIRED", None, None])
    sheet.append(["Barcode", "Study", "Experiment", "Status" if status else "Count", "Date"])
    sheet.append([620995.0, "Prec01", "Run 2", None, datetime(2024, 3, 8)])
    sheet.append([123, "Prec01", "Run 2", 5, datetime(2024, 3, 8, 14, 30)])
    sheet.append(["S-1", True, "=1+1", "old", 0.25])
    sheet["A4"].number_format = "000000"
    sheet["D3"].fill = PatternFill("solid", start_color="FFFF00")
    sheet["E5"].number_format = "0%"
    sheet["E2"].font = Font(bold=True)
    sheet["B3"].comment = Comment("ask Zoë", "lab")
    sheet.merge_cells("A20:C20")
    sheet["A20"] = "merged note"
    choice = DataValidation(type="list", formula1='"Prec01,Prec02"')
    choice.add("B3:B100")
    sheet.add_data_validation(choice)
    sheet.conditional_formatting.add("D3:D9", CellIsRule(operator="equal", formula=['"x"'], font=Font(color="FF0000")))
    sheet.add_table(Table(displayName="Slides", ref="A2:E5"))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=3, max_row=5))
    sheet.add_chart(chart, "H12")
    book.create_sheet("Lookup").append(["=Slides!D3", "kept"])
    book.save(path)
    return path


def parts(path: Path) -> dict[str, bytes]:
    """Every part of a workbook by its name, in order."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def with_part(path: Path, part: str, data: bytes) -> None:
    """Replace a part, or add one."""
    all_parts = parts(path) | {part: data}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in all_parts.items():
            package.writestr(name, content)
