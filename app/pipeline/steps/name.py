"""Create File Name: name and folder from the sheet's rule row; two slides never get one name."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from app.domain.dossier import Change, Dossier
from app.domain.naming import member_finals, slide_path
from app.domain.sheet import SheetRow, SlideSheet
from app.pipeline.case import Ask, Case, Done, Outcome
from app.pipeline.journey import NAME
from app.pipeline.steps.making_way import free_orphans
from app.pipeline.steps.placing import own_finals, place, plan_for


async def name(case: Case) -> Outcome:
    """Make the names every member will have on the share."""
    sheet = case.kit.sheet.last or await case.kit.sheet.fresh()
    scan = case.dossier.scan
    gone = _columns_gone(sheet, case.dossier.row)
    if gone:
        return Ask(
            "The sheet changed",
            f"{sheet.title} has a new name column since the slide's row was read: {gone}",
            "Restart Verify Not Missing, so that the row is read again",
        )
    row = SheetRow(0, scan.barcode or "", case.dossier.row)
    template = case.kit.settings.destination.folder
    folder, stem = slide_path(template, sheet, row, extension=PurePosixPath(scan.files.main).suffix)
    finals = member_finals(scan.files.layout, scan.files.main, _paths(case.dossier), folder, stem)
    final = finals[scan.files.main]
    other = _holder(case, final)
    if other is not None:
        return Ask(
            "Two slides, one name",
            f"{scan.barcode} and {other.scan.barcode} would both be {final}",
            "Make the rows differ in a column with Include in Name?, then restart",
        )
    await _leave_old_name(case, finals)
    await free_orphans(case.kit, case.id)
    named = replace(scan, stem=stem, folder=folder, file_name=PurePosixPath(final).name)
    return Done(final, Change(scan=named))


def _columns_gone(sheet: SlideSheet, row: Mapping[str, str]) -> str:
    """Return the name columns that a row, read a moment earlier, does not have: somebody renamed a header."""
    missing = [column.header for column in sheet.name_columns() if row and column.header not in row]
    return ", ".join(missing)


def _paths(dossier: Dossier) -> list[str]:
    return [member.path for member in dossier.scan.files.members]


async def _leave_old_name(case: Case, finals: Mapping[str, str]) -> None:
    """Remove what an earlier pass left under a name the scan had before it was assigned another barcode."""
    if case.dossier.scan.stem and own_finals(case.dossier) != finals:
        old = plan_for(case.dossier, place(case))
        await case.kit.threads.disk(case.kit.destination.discard, old)


def _holder(case: Case, final: str) -> Dossier | None:
    """Return another slide's scan that has this name, as file systems compare names: without case, in one form."""
    wanted = _same(final)
    for other in case.kit.ledger.all():
        scan = other.scan
        if other.id == case.id or scan.cancelled or scan.stem is None or scan.barcode == case.dossier.scan.barcode:
            continue
        # The stem is part of the name: of ten thousand scans hardly one is looked at more closely.
        if _same(scan.stem) not in wanted:
            continue
        if other.steps[NAME].state.done and _same(own_finals(other)[scan.files.main]) == wanted:
            return other
    return None


def _same(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
