"""Who holds the journal: one program at a time."""

import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Protocol

from app.adapters.files.single_instance import HolderLock
from app.adapters.files.watch_folder_lock import WatchFolderLock
from app.bootstrap.journal_disk import require_local_disk, warn_of_doubt
from app.bootstrap.place import Place, about_folder
from app.domain.errors import SlideferryError, SurroundingsError

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_BYTES = 5_000_000
BEAT_SECONDS = 15.0

log = logging.getLogger(__name__)


class Held(Protocol):
    """What is held: a journal or a watch folder."""

    def beat(self) -> None:
        """Say that the holder still lives."""

    def release(self) -> None:
        """Give it back."""


class Hold:
    """Something held by this process until `release`; a thread says every 15 s that the holder still lives."""

    def __init__(self, lock: Held) -> None:
        self._lock = lock
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="holder", daemon=True)
        self._beating.start()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._lock.beat()
            except SlideferryError as error:
                # The lock itself is the system's and stays; only the note about its holder grows old.
                log.warning("%s", error)

    def release(self) -> None:
        """Give it back."""
        self._ended.set()
        self._beating.join()
        self._lock.release()


def hold(place: Place) -> Hold:
    """Take the journal for this process; raise SurroundingsError telling who holds it."""
    held = try_hold(place)
    if held is None:
        raise held_by_another(place)
    return held


def try_hold(place: Place) -> Hold | None:
    """Take the journal for this process and log to its folder; return None while another program holds it.

    Raises SurroundingsError where the folder lies on a network file system.
    """
    require_local_disk(place)
    with about_folder(place.data):
        place.data.mkdir(parents=True, exist_ok=True)
    lock = HolderLock(place.data)
    if not lock.try_acquire():
        return None
    with about_folder(place.logs):
        place.logs.mkdir(exist_ok=True)
    handler = RotatingFileHandler(
        place.logs / "slideferry.log", maxBytes=LOG_BYTES, backupCount=5, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.getLogger("app").addHandler(handler)
    warn_of_doubt(place)
    return Hold(lock)


@contextmanager
def watch_folder_held(watch: Path) -> Iterator[None]:
    """Keep every other program away from a watch folder; raise SurroundingsError telling who has it."""
    lock = WatchFolderLock(watch, Path(tempfile.gettempdir()))
    lock.acquire()
    held = Hold(lock)
    try:
        yield
    finally:
        held.release()


def held_by_another(place: Place) -> SurroundingsError:
    """Return the error that says who holds the journal."""
    who = HolderLock(place.data).holder()
    told = f"process {who.pid} of {who.account} on {who.host} since {who.since}" if who else "another program"
    return SurroundingsError(
        "Slideferry is at work already", f"{place.data} is held by {told}", "Use that one, or close it first"
    )
