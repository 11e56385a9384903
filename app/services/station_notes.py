"""Says on the share every minute that this station is at work, and in the journal which share that is."""

import hashlib

from app.domain.share import ShareStation
from app.pipeline.case import Kit
from app.services.chores import Chore

_EVERY_SECONDS = 60.0
_KEY_LETTERS = 16


class StationNote:
    """This station's note in the share's own folder, and the journal's note of that share."""

    def __init__(self, kit: Kit, station: str) -> None:
        self._kit = kit
        self._station = station
        self._since = kit.clock.now()

    def chore(self) -> Chore:
        """Return what the station repeats."""
        return Chore("saying on the share who is at work", _EVERY_SECONDS, self.act)

    async def act(self) -> None:
        """Write the notes anew; not while the share is away: the gate says so already."""
        kit = self._kit
        if not kit.gate.is_open:
            return
        journal = await kit.store.work(lambda journal: journal.id())
        key = hashlib.sha256(journal.encode()).hexdigest()[:_KEY_LETTERS]
        scanner = kit.settings.scanner.name
        note = ShareStation(key, self._station, scanner, kit.program_version, kit.clock.now())
        await kit.threads.disk(kit.destination.announce, note)
        destination = await kit.threads.disk(kit.destination.adopt)
        await kit.store.work(lambda journal: journal.use_destination(destination, self._since))
