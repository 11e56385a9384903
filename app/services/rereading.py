"""Reads a share of the store again each day, at the hours the settings name, behind everything else."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from app.domain.scan import ScanId
from app.domain.settings import VerifySettings
from app.domain.step import StepState
from app.domain.transfer import ScrubResult, TransferWatch
from app.pipeline.case import Kit
from app.pipeline.journey import TRANSFER_STEPS
from app.pipeline.threads import ended
from app.services.chores import Chore
from app.services.share_checks import CheckedFile, ShareChecks

log = logging.getLogger(__name__)

_LOOK_SECONDS = 60.0
_BATCH_FILES = 200
_BATCH_BYTES = 2_000_000_000

T = TypeVar("T")


def reading_hours(settings: VerifySettings, now: datetime) -> tuple[datetime, datetime]:
    """Return when the reading of the present day began, or begins last before now, and when it ends."""
    here = now.astimezone()
    start = here.replace(hour=settings.from_hour, minute=0, second=0, microsecond=0)
    if start > here:
        start -= timedelta(days=1)
    hours = (settings.until_hour - settings.from_hour) % 24 or 24
    return start, start + timedelta(hours=hours)


class Rereading:
    """The day's share, oldest check first. It ends within a chunk when a transfer begins, the hours end, or it closes.

    What was read is in the journal, so that a restart goes on where it was.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._stop = threading.Event()
        self._until = kit.clock.now()

    def chore(self) -> Chore:
        """Return what the station repeats."""
        return Chore("reading the share again", _LOOK_SECONDS, self.act)

    async def act(self) -> None:
        """Read what is left of today's share, if now is the time and nobody needs the share."""
        kit, settings = self._kit, self._kit.settings.verify
        start, self._until = reading_hours(settings, kit.clock.now())
        if settings.percent_per_day <= 0 or self._stopped() or not kit.gate.is_open or self._transfers():
            return
        self._stop.clear()
        end_listening = kit.ledger.listen(self._note)
        # A thread of its own: it works for hours, and the others' places are for what somebody waits for.
        with ThreadPoolExecutor(1, thread_name_prefix="rereading") as pool:
            try:
                await self._read(pool, start)
            finally:
                end_listening()

    def _note(self, _scan: ScanId) -> None:
        if self._transfers():
            self._stop.set()

    def _transfers(self) -> bool:
        running = StepState.RUNNING
        return any(d.steps[step].state is running for d in self._kit.ledger.unfinished() for step in TRANSFER_STEPS)

    def _stopped(self) -> bool:
        return self._stop.is_set() or self._kit.clock.now() >= self._until

    async def _read(self, pool: ThreadPoolExecutor, start: datetime) -> None:
        kit = self._kit
        checks = ShareChecks.at_station(kit)
        survey = await checks.survey(
            kit.destination,
            partial(self._in_thread, pool),
            now=kit.clock.now(),
            since=start,
            stopped=self._stopped,
        )
        portion = survey.portion(kit.settings.verify.percent_per_day) if survey is not None else ()
        while portion and not self._stopped():
            batch, portion = _first_batch(portion)
            paths = [file.path for file in batch]
            watch = TransferWatch(
                lambda _progress: None, self._stopped, kit.pacing.of(self._stopped), kit.pacing.is_braked
            )
            result = await self._in_thread(pool, partial(kit.destination.scrub_files, paths, watch))
            await checks.note(paths, result, kit.clock.now())
            _log(result)

    async def _in_thread(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        """Run a blocking call; who is cancelled meanwhile stops it and waits for its end."""
        work = asyncio.get_running_loop().run_in_executor(pool, call)
        try:
            await asyncio.shield(work)
        finally:
            if not work.done():
                self._stop.set()
            await ended(work)
        return work.result()


def _first_batch(portion: tuple[CheckedFile, ...]) -> tuple[tuple[CheckedFile, ...], tuple[CheckedFile, ...]]:
    """Split off what is read before its outcome is written down."""
    number, size_bytes = 0, 0
    while number < min(len(portion), _BATCH_FILES) and size_bytes < _BATCH_BYTES:
        size_bytes += portion[number].size_bytes
        number += 1
    return portion[:number], portion[number:]


def _log(result: ScrubResult) -> None:
    for finding in result.findings:
        if finding.is_damage:
            log.warning("%s on the share: %s", finding.problem, finding.path)
