"""Create File Name: name and folder from the sheet's rule row; two slides never get one name."""

import unicodedata
from dataclasses import replace
from pathlib import PurePosixPath

from app.domain.dossier import Change, Dossier
from app.domain.naming import member_finals, slide_path
from app.domain.sheet import SheetRow
from app.pipeline.case import Ask, Case, Done, Outcome


async def name(case: Case) -> Outcome:
    """Make the names every member will have on the share."""
    sheet = case.kit.sheet.last or await case.kit.sheet.fresh()
    scan = case.dossier.scan
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
    named = replace(scan, stem=stem, folder=folder, file_name=PurePosixPath(final).name)
    return Done(final, Change(scan=named))


def _paths(dossier: Dossier) -> list[str]:
    return [member.path for member in dossier.scan.files.members]


def _holder(case: Case, final: str) -> Dossier | None:
    """Return another slide's scan that has this name, as file systems compare names: without case, in one form."""
    for other in case.kit.ledger.all():
        scan = other.scan
        if other.id == case.id or scan.cancelled or scan.stem is None or scan.barcode == case.dossier.scan.barcode:
            continue
        finals = member_finals(scan.files.layout, scan.files.main, _paths(other), scan.folder or "", scan.stem)
        if _same(finals[scan.files.main]) == _same(final):
            return other
    return None


def _same(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
