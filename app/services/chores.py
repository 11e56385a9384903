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

    async def repeat(self) -> None:
        """Do it now and again until cancelled; trouble is logged, and the next time may be luckier."""
        while True:
            try:
                await self.act()
            except SlideferryError as error:
                log.warning("%s: %s", self.name, error)
            except Exception:
                log.exception("%s", self.name)
            await asyncio.sleep(self.every_seconds)
