"""What a station does from time to time beside its scans: backups, tidying, re-reading the share."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.domain.errors import SlideferryError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is looked at again every so many seconds; `act` itself knows whether there is anything to do."""

    name: str
    every_seconds: float
    act: Callable[[], Awaitable[None]]
    at_end: Callable[[], Awaitable[None]] | None = None
    """What is done once more when the station closes, also one that was opened for a single act."""

    async def repeat(self) -> None:
        """Do it now and again until cancelled; trouble is logged, and the next time may be luckier."""
        while True:
            await self._do(self.act)
            await asyncio.sleep(self.every_seconds)

    async def end(self) -> None:
        """Do what is left to do when the station closes; trouble is logged."""
        if self.at_end is not None:
            await self._do(self.at_end)

    async def _do(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except SlideferryError as error:
            log.warning("%s: %s", self.name, error)
        except Exception:
            log.exception("%s", self.name)
