"""Verify Not Missing: exactly one sheet row has the barcode, its REQUIRED cells are filled, its scanner is this one."""

from app.domain.dossier import Change
from app.domain.sheet import SheetRow, SlideSheet
from app.pipeline.case import Ask, Case, Done, Outcome

_NO_ROW = Change(row={})
"""The scan may have had another slide's row before it was assigned another barcode."""


async def match(case: Case) -> Outcome:
    """Find the slide's row."""
    barcode = case.dossier.scan.barcode or ""
    sheet = await case.kit.sheet.fresh()
    rows = sheet.rows_for(barcode)
    if len(rows) != 1 or sheet.missing_cells(rows[0]):
        sheet = await case.kit.sheet.fresh(doubted=True)  # somebody may just have put it right
        rows = sheet.rows_for(barcode)
    if not rows:
        return Ask(
            "Missing Task",
            f"{barcode} is not in {sheet.title}",
            "Add the slide's row to the sheet, then restart; or assign another barcode if this one was misread",
            _NO_ROW,
        )
    if len(rows) > 1:
        where = ", ".join(str(row.number) for row in rows)
        return Ask(
            "Two rows, one barcode",
            f"{barcode} stands in rows {where} of {sheet.title}",
            "Leave one row with this barcode, then restart",
            _NO_ROW,
        )
    return _judge(case, sheet, rows[0])


def _judge(case: Case, sheet: SlideSheet, row: SheetRow) -> Outcome:
    missing = sheet.missing_cells(row)
    if missing:
        return Ask(
            "Metadata missing",
            f"REQUIRED and empty in {sheet.title}: {', '.join(missing)}",
            "Fill these cells, then restart",
            Change(row=dict(row.cells)),
        )
    header = case.kit.settings.sheet.scanner_column
    theirs, ours = row.cells.get(header, "").strip(), case.kit.settings.scanner.name
    if header and theirs and theirs.casefold() != ours.casefold():
        return Ask(
            "Wrong scanner",
            f"Row {row.number} of {sheet.title} says {header} {theirs}, this is {ours}",
            "Correct the sheet, then restart; or mark this step as succeeded with the reason",
            Change(row=dict(row.cells)),
        )
    return Done(f"row {row.number}", Change(row=dict(row.cells)))
