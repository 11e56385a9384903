"""Room on the scanner's disk: for how many slides it lasts, when verified scans may go, and who goes first."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from statistics import median

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.settings import ReleaseSettings
from app.domain.step import StepState
from app.pipeline.case import Kit
from app.pipeline.journey import RELEASE
from app.pipeline.steps.release import due_at, next_to_go, waits_for_need
from app.services.chores import Chore

LOOK_SECONDS = 30.0
_POLL_SECONDS = 0.1
RECENT = 50
"""From so many scans of late the usual size is taken."""
_SMALLEST_BYTES = 1_000_000
_TYPICAL_SCAN_BYTES = 1_500_000_000
_FEW_SLIDES = 3


def slides_that_fit(free_bytes: int, sizes: Iterable[int]) -> int:
    """Return how many more slides fit, from the sizes of scans, oldest first: the median of the recent ones counts.

    Scans below 1 MB are left out: they are broken, or no slides.
    """
    recent = [size for size in sizes if size > _SMALLEST_BYTES][-RECENT:]
    usual = median(recent) if recent else _TYPICAL_SCAN_BYTES
    return int(free_bytes / usual)


def room_warning(
    settings: ReleaseSettings, free_bytes: int, slides: int, dossiers: Iterable[Dossier], now: datetime
) -> str:
    """Return what to say where the scanner's disk is short of room, empty while it is not."""
    below = settings.policy == "verified" and free_bytes < settings.free_below_gb * 1e9
    if not below and slides > _FEW_SLIDES:
        return ""
    count = f"{slides} more slide" + ("" if slides == 1 else "s")
    return f"The scanner's disk has room for {count}; {_who_may_go(settings, dossiers, now)}"


def _who_may_go(settings: ReleaseSettings, dossiers: Iterable[Dossier], now: datetime) -> str:
    if settings.policy == "never":
        return "nothing is removed by itself"
    waiting = [each for each in dossiers if each.steps[RELEASE].state is StepState.WAITING_TO_RETRY]
    dues = [due_at(each, settings) for each in waiting if each.published and not each.undecided_rescan]
    if not dues:
        return "no verified scan waits to be removed"
    first = min(dues)
    if first <= now:
        return "the oldest verified scan goes now"
    here, today = first.astimezone(), now.astimezone()
    soon = (here.date() - today.date()).days < 7
    day = f"{here:%A}" if soon else f"{here:%Y-%m-%d}"
    when = f"today {here:%H:%M}" if here.date() == today.date() else f"on {day} {here:%H:%M}"
    return f"the oldest verified scan may go {when}"


class RoomKeeper:
    """Lets verified scans go from the scanner's disk while less than `[release] free_below_gb` is free."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def chore(self) -> Chore:
        """Return the looking as what a station does from time to time."""
        return Chore("room on the scanner's disk", LOOK_SECONDS, self.look)

    async def look(self) -> None:
        """Let the oldest verified scans go, one after the other, until there is room again or nothing may go."""
        settings = self._kit.settings.release
        if settings.policy != "verified" or not settings.free_below_gb:
            await self._settle_all()
            return
        tried: set[str] = set()
        while await self._is_short() and (first := next_to_go(self._kit.ledger, settings)) is not None:
            if first.id in tried:
                return
            tried.add(first.id)
            await self._let_go(first)

    async def _settle_all(self) -> None:
        """Let the step decide anew for scans that waited for need, under settings that know no such waiting."""
        for dossier in self._kit.ledger.unfinished():
            if waits_for_need(dossier):
                await self._let_go(dossier)

    async def _is_short(self) -> bool:
        watch = Path(self._kit.settings.scanner.watch)
        free = await self._kit.threads.disk(self._kit.source.free_bytes, watch)
        return free < self._kit.settings.release.free_below_gb * 1e9

    async def _let_go(self, dossier: Dossier) -> None:
        def change(now: Dossier) -> Change:
            if not waits_for_need(now):
                return Change()
            return Change(steps=(StepChange(RELEASE, StepState.PENDING, "the scanner's disk is short of room"),))

        await self._kit.ledger.apply(dossier.id, change)
        while self._is_going(self._kit.ledger.get(dossier.id)):
            await asyncio.sleep(_POLL_SECONDS)

    def _is_going(self, now: Dossier) -> bool:
        return now.steps[RELEASE].state in (StepState.PENDING, StepState.RUNNING) and not now.scan.paused
