"""The slide sheet that the settings name."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.sheets.workbook import WorkbookSheet
from app.bootstrap.place import Place, require
from app.domain.errors import SurroundingsError, UseError
from app.domain.journal import Store
from app.domain.ports import SheetGateway
from app.domain.settings import Settings
from app.domain.sheet import SheetIntent, SheetMemory, SlideSheet
from app.domain.sheet_address import spreadsheet_id
from app.pipeline.sheet_memory import JournalSheetMemory


def require_sheet(settings: Settings) -> None:
    """Raise UseError naming the setting without which there is no sheet."""
    require(settings, "sheet.spreadsheet" if settings.sheet.kind == "google" else "sheet.path")


@contextmanager
def open_sheet(place: Place, settings: Settings, store: Store) -> Iterator[SheetGateway]:
    """Open the sheet for a station, inside its loop: what is being written is noted in the journal."""
    with _opened(place, settings, JournalSheetMemory(store, asyncio.get_running_loop())) as gateway:
        yield gateway


def read_sheet(place: Place, settings: Settings) -> SlideSheet:
    """Read the sheet once, for people; nothing is written."""
    with _opened(place, settings, _NoMemory()) as gateway:
        return gateway.read()


@contextmanager
def _opened(place: Place, settings: Settings, memory: SheetMemory) -> Iterator[SheetGateway]:
    sheet = settings.sheet
    if sheet.kind == "workbook":
        yield WorkbookSheet(Path(sheet.path), sheet)
        return
    # Late: a lab with a workbook need not wait for them at the start.
    from app.adapters.sheets.google_account import google_credentials
    from app.adapters.sheets.google_link import GoogleLink
    from app.adapters.sheets.google_quota import AccountQuota
    from app.adapters.sheets.google_sheet import GoogleSheet

    spreadsheet = spreadsheet_id(sheet)
    quota = AccountQuota(sheet.calls_per_minute)

    def link() -> GoogleLink:
        try:
            credentials = google_credentials(place.secrets or SystemKeyring(), place.data, sheet.sign_in)
        except UseError as error:  # no reason to stop: the sheet waits until somebody has signed in
            raise SurroundingsError(error.title, error.message, error.hint) from error
        return GoogleLink(
            credentials,
            spreadsheet,
            api_root=sheet.api_root,
            timeout_seconds=sheet.timeout_seconds,
            quota=quota,
        )

    with closing(GoogleSheet(link, memory, sheet)) as gateway:
        yield gateway


class _NoMemory:
    """Where nothing is written nothing has to be remembered."""

    def intent(self) -> SheetIntent | None:
        return None

    def begin(self, intent: SheetIntent) -> None:
        """Nothing is begun."""

    def done(self) -> None:
        """Nothing was begun."""
