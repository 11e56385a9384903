"""Makes a new workbook, for the demo lab."""

from collections.abc import Sequence
from pathlib import Path


def make_workbook(path: Path, grid: Sequence[Sequence[str]]) -> None:
    """Write the rows as text cells, with the first two as rule row and header; replaces nothing that exists."""
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    workbook = Workbook()
    sheet = workbook.active
    if sheet is None:
        raise ValueError("a new workbook has a worksheet")
    sheet.title = "Summary of Slides"
    for row in grid:
        sheet.append([str(text) for text in row])
    fills = (PatternFill("solid", fgColor="FFF3D6"), PatternFill("solid", fgColor="DCE6F5"))
    for number, fill in enumerate(fills, start=1):
        for cell in sheet[number]:
            cell.font = Font(bold=True)
            cell.fill = fill
    for column in range(1, len(grid[1]) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 22
    sheet.freeze_panes = "A3"
    with path.open("xb") as out:
        workbook.save(out)
