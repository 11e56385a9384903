"""What the doctor examines."""

import asyncio
from pathlib import Path

from app.adapters.files.single_instance import HolderLock
from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.sheets.workbook import WorkbookSheet
from app.bootstrap.place import Place, about_folder, load_settings, require
from app.bootstrap.station import open_destination, open_journal
from app.domain.errors import UseError
from app.domain.naming import template_columns
from app.domain.settings import Settings
from app.services.doctor import Examination


def doctors_list(place: Place) -> tuple[Examination, ...]:
    """Return what there is to examine; without readable settings only those."""

    def settings_are_well() -> str:
        settings = load_settings(place)
        require(settings, "scanner.watch", "destination.url", "sheet.path")
        return str(place.settings_file)

    try:
        settings = load_settings(place)
    except UseError:
        return (("settings", settings_are_well),)
    return (
        ("settings", settings_are_well),
        ("scanner", lambda: _scanner_is_well(settings)),
        ("share", lambda: _share_is_well(settings)),
        ("sheet", lambda: _sheet_is_well(settings)),
        ("data", lambda: _data_is_well(place)),
        ("journal", lambda: _journal_is_well(place)),
    )


def _scanner_is_well(settings: Settings) -> str:
    folder = Path(settings.scanner.watch)
    scans = FolderFinder().find(folder)
    free = ScannerDisk().free_bytes(folder)
    return f"{folder}: {len(scans)} scans, {free / 1e9:,.0f} GB free"


def _share_is_well(settings: Settings) -> str:
    share = open_destination(settings)
    share.check()
    free = share.free_bytes()
    return settings.destination.url + (f": {free / 1e9:,.0f} GB free" if free is not None else "")


def _sheet_is_well(settings: Settings) -> str:
    sheet = WorkbookSheet(Path(settings.sheet.path), settings.sheet).read()
    template_columns(settings.destination.folder, sheet)
    return f"{sheet.title}: {len(sheet.rows)} slides"


def _data_is_well(place: Place) -> str:
    with about_folder(place.data):
        place.data.mkdir(parents=True, exist_ok=True)
    lock = HolderLock(place.data)
    who = None if lock.try_acquire() else lock.holder()
    lock.release()
    return f"{place.data}" + (f", held by process {who.pid} of {who.account}" if who else "")


def _journal_is_well(place: Place) -> str:
    if not place.journal.exists():
        return f"{place.journal}: not made yet"

    async def count_runs() -> int:
        async with open_journal(place) as store:
            return await store.work(lambda journal: len(journal.runs()))

    # The examinations run in threads of their own: there is no loop here yet.
    return f"{place.journal}: {asyncio.run(count_runs())} runs"
