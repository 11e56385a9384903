"""Reads the slide sheet from time to time, so that people see what others changed in it while nothing else reads it."""

from app.domain.errors import RetryableError
from app.pipeline.case import Kit
from app.pipeline.sheet_healing import SheetHealing
from app.services.chores import Chore

_EVERY_SECONDS = 60.0


class SheetReading:
    """A reading a minute; none is made where another part of the program has just made one."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._healing = SheetHealing(kit)

    def chore(self) -> Chore:
        """Return what the station repeats."""
        return Chore("reading the slide sheet", _EVERY_SECONDS, self.act)

    async def act(self) -> None:
        """Read the sheet, and write again what is gone from it; one that is away says so in the status bar already."""
        try:
            sheet = await self._kit.sheet.fresh()
        except RetryableError:
            return
        await self._healing.look(sheet)
