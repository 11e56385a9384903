"""Makes a new workbook, for the demo lab."""

from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_ROW = 1_048_576


def make_workbook(
    path: Path, grid: Sequence[Sequence[str]], *, choices: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write the rows as text cells, with the first two as rule row and header; replaces nothing that exists.

    `choices` are the texts that a drop-down offers below a header; another text is warned of and may still be typed.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    workbook = Workbook()
    sheet = workbook.active
    if sheet is None:
        raise ValueError("a new workbook has a worksheet")
    sheet.title = "Summary of Slides"
    for number, row in enumerate(grid, start=1):
        for column, text in enumerate(row, start=1):
            sheet.cell(number, column, text).data_type = "s"
    fills = (PatternFill("solid", fgColor="FFF3D6"), PatternFill("solid", fgColor="DCE6F5"))
    for number, fill in enumerate(fills, start=1):
        for cell in sheet[number]:
            cell.font = Font(bold=True)
            cell.fill = fill
    for column in range(1, len(grid[1]) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 22
    for header, texts in (choices or {}).items():
        letter = get_column_letter(list(grid[1]).index(header) + 1)
        offered = ",".join(texts).replace('"', '""')
        rule = DataValidation("list", formula1=f'"{offered}"', allow_blank=True, errorStyle="warning")
        rule.showErrorMessage = True
        rule.add(f"{letter}3:{letter}{_LAST_ROW}")
        sheet.add_data_validation(rule)
    sheet.freeze_panes = "A3"
    with path.open("xb") as out:
        workbook.save(out)
