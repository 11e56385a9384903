"""Where the journal may lie: on a disk of this computer, for SQLite's locks and shared memory end at a network."""

import logging

from app.adapters.files import platform
from app.adapters.storage.store import SqliteStore
from app.bootstrap.place import Place
from app.domain.errors import SurroundingsError

log = logging.getLogger(__name__)

KEEP_LOCAL = "it has to lie on a disk of this computer, and the system does not say whether it does"


def open_store(place: Place) -> SqliteStore:
    """Open or make the journal; raises SurroundingsError where it would lie on a network file system."""
    require_local_disk(place)
    return SqliteStore(place.journal)


def require_local_disk(place: Place) -> None:
    """Raise SurroundingsError where the journal lies, or would lie, on a network file system."""
    if platform.is_remote(place.journal):
        raise SurroundingsError(
            "The journal cannot be on a network file system",
            f"{place.data} lies on another computer: the journal may be damaged there, and two stations could write it",
            "Name a folder on a disk of this computer with --data-dir or SLIDEFERRY_DATA_DIR (demo: --dir); a data"
            " folder that is there already is moved as it is, with the program closed",
        )


def is_surely_local(place: Place) -> bool:
    """Whether the system says that the journal lies on a disk of this computer."""
    return platform.is_remote(place.journal) is False


def warn_of_doubt(place: Place) -> None:
    """Log where the system cannot say, as for FUSE."""
    if not is_surely_local(place):
        log.warning("The data folder %s: %s", place.data, KEEP_LOCAL)
