"""What commands need that look at a destination: the journal of the lab whose share it is, if it is here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.adapters.files.folder_destination import folder_of
from app.adapters.storage.store import SqliteStore
from app.bootstrap.journal_disk import open_store
from app.bootstrap.place import Place, load_settings
from app.domain.errors import UseError


def is_the_labs_share(place: Place, url: str) -> bool:
    """Whether the settings of this place name this destination."""
    try:
        named = load_settings(place).destination.url
    except UseError:
        return False  # a destination can be looked at without settings
    return bool(named) and _same(folder_of(named), folder_of(url))


@asynccontextmanager
async def journal_of_share(place: Place, url: str) -> AsyncIterator[SqliteStore | None]:
    """Open the journal of the lab whose share this is; None where it is another's, or no journal was made yet."""
    if not place.journal.exists() or not is_the_labs_share(place, url):
        yield None
        return
    store = open_store(place)
    try:
        yield store
    finally:
        await store.close()


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
