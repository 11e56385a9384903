"""A good guest on the scanner's PC: steps back while the scanner writes, and copies as many slides at once as pays."""

import asyncio
from collections.abc import Callable, Iterable

from app.domain.dossier import Dossier
from app.domain.step import StepState
from app.pipeline.breadth import Breadth, Sample
from app.pipeline.case import Kit
from app.pipeline.journey import SETTLE

WRITING_SECONDS = 30.0
"""A scanner that wrote within so many seconds is taken to go on."""
LOOK_SECONDS = 1.0
_REMIND_SECONDS = 5.0
"""Threads and workers begun since are told by then, too."""


class Manners:
    """Decides every second how much of the PC the station uses. `last_write` is in the clock's monotonic seconds."""

    def __init__(self, kit: Kit, last_write: Callable[[], float | None]) -> None:
        self._kit = kit
        self._last_write = last_write
        self._breadth = Breadth(kit.settings.pipeline.copies)
        self._told_at = float("-inf")
        self.stepping_back = False

    async def keep(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Step back or come forward, and set how many copies run."""
        now = self._kit.clock.monotonic()
        was, self.stepping_back = self.stepping_back, self._makes_way(now)
        self._kit.pacing.brake.on = self.stepping_back
        self._share_out(now)
        if self.stepping_back and now - self._told_at >= _REMIND_SECONDS:
            self._told_at = now
            await self._kit.threads.disk(self._kit.guest.step_back)
        elif was and not self.stepping_back:
            self._told_at = float("-inf")
            await self._kit.threads.disk(self._kit.guest.come_forward)

    def _makes_way(self, now: float) -> bool:
        gentle, written = self._kit.settings.pipeline.gentle, self._last_write()
        if gentle != "while_scanning":
            return gentle == "always"
        return (written is not None and now - written < WRITING_SECONDS) or is_being_scanned(
            self._kit.ledger.unfinished()
        )

    def _share_out(self, now: float) -> None:
        """Give copies one place while the station steps back, else as many as were learned to pay."""
        places, board = self._kit.copying, self._kit.progress
        if self.stepping_back:
            self._breadth.pause()
            wanted = 1
        else:
            sample = Sample(now, board.verified_bytes(), board.moving(), waiting=places.waiting > 0)
            wanted = self._breadth.see(sample)
        if places.number != wanted:
            places.resize(wanted)


def is_being_scanned(dossiers: Iterable[Dossier]) -> bool:
    """Whether the scanner has not finished one of these scans, as far as its files tell."""
    return any(each.steps[SETTLE].state is StepState.RUNNING for each in dossiers)
