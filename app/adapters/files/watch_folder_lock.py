"""One program a watch folder, also where two have journals of their own; see docs/decisions/0006."""

import hashlib
import logging
import os
from pathlib import Path

from app.adapters.files.single_instance import Holder, HolderLock
from app.domain.errors import SurroundingsError

log = logging.getLogger(__name__)

_IN_FOLDER = ".slideferry-holder"


class WatchFolderLock:
    """Two locks: a hidden file in the folder, for every PC, and one in `machine`, for this PC.

    The second alone serves where the folder may not be written, or is not there yet.
    """

    def __init__(self, watch: Path, machine: Path) -> None:
        self._watch = watch
        self._locks = (
            HolderLock(machine, f".slideferry-watch-{_key(watch)}", in_foreign_folder=True),
            HolderLock(watch, _IN_FOLDER, in_foreign_folder=True),
        )
        self._held: list[HolderLock] = []

    def acquire(self) -> None:
        """Take the locks; raise SurroundingsError telling who has one of them."""
        for lock in self._locks:
            try:
                taken = lock.try_acquire()
            except SurroundingsError as error:
                log.info("%s; only the other lock keeps a second program away from %s", error, self._watch)
                continue
            if not taken:
                who = lock.holder()
                self.release()
                raise _held_by_another(self._watch, who)
            self._held.append(lock)
        if not self._held:
            log.warning("Nothing keeps a second program away from %s: no lock could be taken", self._watch)

    def beat(self) -> None:
        """Say that the holder still lives."""
        for lock in self._held:
            try:
                lock.beat()
            except SurroundingsError as error:
                # The watch folder may be away for hours, which is told elsewhere; the lock itself is the system's.
                log.info("%s", error)

    def release(self) -> None:
        """Give both back; nothing stays in the folder."""
        while self._held:
            self._held.pop().release()


def _key(watch: Path) -> str:
    """Return what is the same however the folder is reached; for one that is not there, its path."""
    try:
        status = watch.stat()
    except OSError:
        text = os.path.normcase(os.path.realpath(watch))
    else:
        text = f"{status.st_dev}:{status.st_ino}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _held_by_another(watch: Path, who: Holder | None) -> SurroundingsError:
    told = f"process {who.pid} of {who.account} on {who.host} since {who.since}" if who and who.pid else "it"
    return SurroundingsError(
        "Another Slideferry takes the scans of this folder",
        f"{watch} is watched by {told}, with a journal of its own",
        "Use that one, or close it first; each scanner's folder has one program",
    )
