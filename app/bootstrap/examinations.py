"""What the doctor examines."""

import asyncio
from pathlib import Path

from app.adapters.files.single_instance import HolderLock
from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.storage.backups import backups_of
from app.bootstrap.journal_disk import KEEP_LOCAL, is_surely_local, require_local_disk
from app.bootstrap.place import Place, about_folder, account, load_settings, require
from app.bootstrap.sheet import read_sheet, require_sheet
from app.bootstrap.station import open_destination, open_journal
from app.domain.dossier import Dossier
from app.domain.errors import DestinationError, SurroundingsError, UseError
from app.domain.naming import template_columns
from app.domain.settings import Settings
from app.domain.sheet_findings import sheet_findings
from app.services.doctor import Examination
from app.services.leftovers import judge_leftovers, left_over
from app.services.room import slides_that_fit
from app.services.secret_acts import secrets_are_well

_FINDINGS_TOLD = 3


def doctors_list(place: Place) -> tuple[Examination, ...]:
    """Return what there is to examine; without readable settings only those."""

    def settings_are_well() -> str:
        settings = load_settings(place)
        require(settings, "scanner.watch", "destination.url")
        require_sheet(settings)
        return str(place.settings_file)

    try:
        settings = load_settings(place)
    except UseError:
        return (("settings", settings_are_well),)
    return (
        ("settings", settings_are_well),
        ("scanner", lambda: _scanner_is_well(settings)),
        ("share", lambda: _share_is_well(settings)),
        ("leftovers", lambda: _leftovers_of(place, settings)),
        ("stations", lambda: _stations_of(settings)),
        ("sheet", lambda: _sheet_is_well(place, settings)),
        ("secrets", lambda: _secrets_are_well(google_needed=settings.sheet.kind == "google")),
        ("data", lambda: _data_is_well(place)),
        ("journal", lambda: _journal_is_well(place)),
        ("backups", lambda: _backups_are_well(place)),
    )


def _scanner_is_well(settings: Settings) -> str:
    folder = Path(settings.scanner.watch)
    scans = FolderFinder().find(folder)
    free = ScannerDisk().free_bytes(folder)
    oldest_first = sorted(scans, key=lambda scan: max(member.mtime_ns for member in scan.members))
    slides = slides_that_fit(free, (scan.size_bytes for scan in oldest_first))
    return f"{folder}: {len(scans)} scans, {free / 1e9:,.0f} GB free, room for {slides} more slides"


def _share_is_well(settings: Settings) -> str:
    share = open_destination(settings)
    share.check()
    free = share.free_bytes()
    return settings.destination.url + (f": {free / 1e9:,.0f} GB free" if free is not None else "")


def _leftovers_of(place: Place, settings: Settings) -> str:
    """Count what ended programs left on the share; nothing of it is trouble by itself."""
    try:
        found = open_destination(settings).leftovers()
        dossiers = asyncio.run(_dossiers(place))
    except (DestinationError, SurroundingsError) as error:
        return f"not looked at: {error.title}"  # the line of the share, or of the journal, says what to do
    left = left_over(judge_leftovers(found, dossiers))
    size = sum(each.leftover.size_bytes for each in left)
    more = f"; `leftovers {settings.destination.url}` lists them" if left else ""
    return f"{len(left)} files, {size:,} bytes{more}"


async def _dossiers(place: Place) -> tuple[Dossier, ...]:
    if not place.journal.exists():
        return ()
    async with open_journal(place) as store:
        return await store.work(lambda journal: journal.dossiers())


def _stations_of(settings: Settings) -> str:
    try:
        stations = open_destination(settings).stations()
    except DestinationError as error:
        return f"not looked at: {error.title}"
    told = [
        f"{each.station} ({each.scanner}), last heard {each.heard_at.astimezone():%Y-%m-%d %H:%M}" for each in stations
    ]
    return "; ".join(told) or "none has said so yet"


def _sheet_is_well(place: Place, settings: Settings) -> str:
    sheet = read_sheet(place, settings)
    template_columns(settings.destination.folder, sheet)
    found = sheet_findings(sheet, scanner_column=settings.sheet.scanner_column, scanner=settings.scanner.name)
    told = "; ".join(each.words for each in found[:_FINDINGS_TOLD]) + (" …" if len(found) > _FINDINGS_TOLD else "")
    return f"{sheet.title}: {len(sheet.rows)} slides" + (f", {len(found)} to put right ({told})" if found else "")


def _secrets_are_well(*, google_needed: bool) -> str:
    return secrets_are_well(SystemKeyring(), account(), google_needed=google_needed)


def _data_is_well(place: Place) -> str:
    require_local_disk(place)
    with about_folder(place.data):
        place.data.mkdir(parents=True, exist_ok=True)
    lock = HolderLock(place.data)
    who = None if lock.try_acquire() else lock.holder()
    lock.release()
    doubt = "" if is_surely_local(place) else f"; {KEEP_LOCAL}"
    return f"{place.data}" + (f", held by process {who.pid} of {who.account}" if who else "") + doubt


def _journal_is_well(place: Place) -> str:
    if not place.journal.exists():
        return f"{place.journal}: not made yet"

    async def count_runs() -> int:
        async with open_journal(place) as store:
            return await store.work(lambda journal: len(journal.runs()))

    # The examinations run in threads of their own: there is no loop here yet.
    return f"{place.journal}: {asyncio.run(count_runs())} runs"


def _backups_are_well(place: Place) -> str:
    newest = backups_of(place.journal).newest_path()
    if newest is None:
        return "none yet: the first is made when the program runs"
    return f"{newest}: {newest.stat().st_size / 1e6:,.1f} MB"
