"""Making the slide sheet of a lab that has none yet."""

from collections.abc import Iterable
from pathlib import Path

from app.adapters.sheets.new_workbook import make_workbook
from app.bootstrap.sheet import require_sheet
from app.domain.errors import UseError
from app.domain.new_sheet import new_sheet
from app.domain.settings import Settings

_KIND = ".xlsx"


def make_new_sheet(settings: Settings, scanners: Iterable[str]) -> Path:
    """Make the workbook that `[sheet] path` names, with rule row, header and a drop-down of the scanners; return it.

    Raises UseError where there is one, where it cannot be made, and for every other kind of sheet.
    """
    if settings.sheet.kind != "workbook":
        raise UseError(
            "Only a workbook can be made",
            f"[sheet] kind is {settings.sheet.kind}",
            "Make a spreadsheet in Google Sheets, share it with the program's account, and name it in the settings",
        )
    require_sheet(settings)
    path = Path(settings.sheet.path)
    if path.suffix.lower() != _KIND:
        raise UseError(
            "Only a workbook can be made", f"[sheet] path names {path.name}", f"Name a file ending in {_KIND}"
        )
    sheet = new_sheet(settings, scanners)
    try:
        make_workbook(path, [sheet.rules, sheet.headers], choices=sheet.choices)
    except FileExistsError as error:
        raise UseError("There is a slide sheet already", f"{path}", "It stays as it is") from error
    except OSError as error:
        raise UseError(
            "The slide sheet cannot be made",
            f"{path}: {error.strerror or error}",
            "Check [sheet] path, and that its folder is there and can be written to",
        ) from error
    return path
