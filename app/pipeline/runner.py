"""The embedded runner: finds scans, walks them through the journey side by side, writes the sheet."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import SlideferryError, SurroundingsError
from app.domain.journal import Journal, PendingWrite
from app.domain.scan import RunId, ScanId
from app.domain.sheet import RefusedWrite, WriteResult
from app.domain.step import StepId, StepState
from app.pipeline.acts import ACTS, Act, current_step, is_ready, settle_pass
from app.pipeline.blocking import blocking_moves
from app.pipeline.case import Case, Kit
from app.pipeline.intake import Intake
from app.pipeline.journey import ON_THIS_PC, RECORD, RELEASE, Resource, upstream_done
from app.pipeline.limits import Places
from app.pipeline.manners import Manners
from app.pipeline.recovery import recover
from app.pipeline.walk import Walk, to_hold

log = logging.getLogger(__name__)

_AFTER_ERROR_SECONDS = 5.0
_UNLIMITED = 1_000_000


class Runner:
    """Owns every task of the pipeline; `close` ends them all and waits."""

    def __init__(self, kit: Kit, intake: Intake, run: Callable[[], Awaitable[RunId]]) -> None:
        self._kit = kit
        self._run = run
        self._walks: dict[ScanId, Walk] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = {
            Resource.NOTHING: Places(_UNLIMITED),
            Resource.DECODER: Places(2),
            Resource.QUALITY: Places(1),
            Resource.TRANSFER: kit.copying,
            Resource.SHEET: Places(4),
        }
        self.intake = intake
        self.manners = Manners(kit, lambda: intake.last_write)
        self.scanner_trouble: SlideferryError | None = None
        self.looks = 0
        self._closing = False

    async def start(self, *, watch: bool, go_on: bool = True) -> None:
        """Recover what was interrupted, then go on; with `watch` also look for new scans until closed.

        Without `go_on` every scan stays where it is until an act of a person sets one going.
        """
        await recover(self._kit)
        for dossier in self._kit.ledger.unfinished() if go_on else ():
            self.go_on(dossier.id)
        self._kit.ledger.listen(self._changed)
        self._own(self._for_ever(partial(self._kit.sheet.serve, self._sheet_settled), "sheet"), "sheet")
        self._own(self._for_ever(self._mind_the_gate, "gate"), "gate")
        self._own(self._for_ever(self.manners.keep, "manners"), "manners")
        if watch:
            self._own(self._for_ever(self._watch, "watch"), "watch")

    async def _for_ever(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Supervise work that must not end: an error nobody foresaw is logged, then it begins again."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("The task %s stopped; it begins again in %.0f s", name, _AFTER_ERROR_SECONDS)
                await asyncio.sleep(_AFTER_ERROR_SECONDS)

    def _own(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("The task %s stopped: %r", task.get_name(), error, exc_info=error)

    async def _watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._kit.settings.pipeline.poll_seconds)

    async def look(self) -> int:
        """Look at the watch folder once; return how many scans were new."""
        try:
            new = await self.intake.look(self._run)
        except SlideferryError as error:
            self.scanner_trouble = error
            return 0
        self.scanner_trouble = self.intake.trouble
        self.looks += 1
        for dossier in new:
            self.go_on(dossier.id)
        return len(new)

    def go_on(self, scan: ScanId) -> None:
        """Walk a scan on, if something of it is ready or waits for its time."""
        if scan in self._walks:
            self._walks[scan].wake()
        elif not self._closing and _wants_walk(self._kit.ledger.get(scan)):
            walk = Walk(self._kit, Case(self._kit, scan), self._places)
            self._walks[scan] = walk
            self._own(self._supervise(scan, walk), f"walk {scan}")

    def stop_scan(self, scan: ScanId) -> None:
        """Ask what runs for a scan to end at its next safe moment: it was paused or cancelled."""
        if scan in self._walks:
            self._walks[scan].stop()
        else:
            self.go_on(scan)

    async def _supervise(self, scan: ScanId, walk: Walk) -> None:
        """Run a walk; an error nobody foresaw fails this scan's running steps, never the program."""
        try:
            await walk.run()
        except Exception as error:
            log.exception("Scan %s", scan)
            await self._fail(scan, error, walk.struck)
        finally:
            del self._walks[scan]
        self.go_on(scan)

    async def _fail(self, scan: ScanId, error: Exception, act: Act | None) -> None:
        """Fail the act that was struck; where the journal cannot be written, wait until it can, and go on."""
        title, hint = "Something unforeseen happened", "Restart the step; send the log if it happens again"
        journal_away = isinstance(error, SurroundingsError)

        def moves(now: Dossier) -> Change:
            struck = None if journal_away else _struck_step(now, act)
            failed = () if struck is None else (StepChange(struck, StepState.FAILED, title, repr(error), title, hint),)
            others = (m for m in settle_pass(now.steps, title) if m.step != struck)
            return Change(steps=(*failed, *others))

        while True:
            if journal_away:
                await asyncio.sleep(self._kit.settings.pipeline.retry_seconds)
            try:
                await self._kit.ledger.apply(scan, moves)
            except SurroundingsError:
                log.exception("Scan %s", scan)
                journal_away = True
            else:
                return

    def _changed(self, scan: ScanId) -> None:
        """Go on with a scan that was changed, by whomever."""
        self.go_on(scan)

    async def _mind_the_gate(self) -> None:
        while True:
            if not self._kit.gate.is_open:
                await self._kit.gate.look(self._kit.destination, self._kit.threads.disk)
            await asyncio.sleep(self._kit.settings.pipeline.poll_seconds)

    async def _sheet_settled(self, waiting: tuple[PendingWrite, ...], result: WriteResult) -> None:
        refused = {each.write: each for each in result.refused}
        done = {*result.written, *(each.write for each in result.refused if each.no_column)}
        hoping = [dossier.id for dossier in self._kit.ledger.unfinished() if _waits_for_sheet(dossier)]
        newer, speakers = await self._kit.store.work(partial(_newer_and_all, waiting))
        by_scan: dict[ScanId, list[PendingWrite]] = {}
        for each in waiting:
            by_scan.setdefault(each.scan, []).append(each)
        for scan, writes in by_scan.items():
            if scan in newer:
                continue
            reason = _refusal([refused[each.write] for each in writes if each.write in refused], len(writes))
            if reason:
                await self._record_refused(scan, reason)
            elif all(each.write in done for each in writes):
                await self._recorded(scan, "written")
        for scan in hoping:
            if scan not in speakers:
                await self._recorded(scan, "a later scan of this slide is the one in the sheet")

    async def _recorded(self, scan: ScanId, message: str) -> None:
        def moves(now: Dossier) -> Change:
            if not _waits_for_sheet(now):
                return Change()
            return Change(steps=(StepChange(RECORD, StepState.SUCCEEDED, "the sheet was read back", message),))

        await self._kit.ledger.apply(scan, moves)

    async def _record_refused(self, scan: ScanId, reason: str) -> None:
        def moves(now: Dossier) -> Change:
            rewritten = now.published and now.steps[RECORD].state is StepState.SUCCEEDED
            if not (rewritten or _waits_for_sheet(now)):
                return Change()
            title, hint = "Not written to the sheet", "Put the sheet right, then restart this step"
            again = (StepChange(RECORD, StepState.PENDING, "its cells were written anew"),) if rewritten else ()
            return Change(
                steps=(
                    *again,
                    StepChange(RECORD, StepState.RUNNING, "the sheet was reached"),
                    StepChange(RECORD, StepState.NEEDS_ATTENTION, title, reason, title, hint),
                )
            )

        await self._kit.ledger.apply(scan, moves)

    def at_rest(self, scan: ScanId | None = None) -> bool:
        """Whether nothing (of this scan) goes on by itself any more, but for freeing the disk later."""
        if scan is not None:
            return _rests(self._kit.ledger.get(scan))
        return self._kit.sheet.pending == 0 and all(_rests(dossier) for dossier in self._kit.ledger.unfinished())

    def works_here(self, scan: ScanId | None = None) -> bool:
        """Whether a step (of this scan) goes on, or comes next, that can be done while sheet and share are away."""
        dossiers = self._kit.ledger.unfinished() if scan is None else (self._kit.ledger.get(scan),)
        return any(_works_here(dossier) for dossier in dossiers)

    async def close(self) -> None:
        """End all work at its next safe moment and wait for it."""
        self._closing = True
        for walk in self._walks.values():
            walk.stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _newer_and_all(tried: tuple[PendingWrite, ...], journal: Journal) -> tuple[set[ScanId], set[ScanId]]:
    """Return the scans with cells in the outbox that were not tried, and all with any; in the journal's thread."""
    before, pending = frozenset(tried), journal.pending_writes()
    return {each.scan for each in pending if each not in before}, {each.scan for each in pending}


def _refusal(refused: Sequence[RefusedWrite], tried: int) -> str:
    """Say why a scan is not recorded; empty where all that its sheet has no column for is left out, and some is not."""
    if len(refused) == tried and all(each.no_column for each in refused):
        return "the sheet has none of our columns, and [sheet] add_columns is false"
    return next((each.reason for each in refused if not each.no_column), "")


def _wants_walk(dossier: Dossier) -> bool:
    scan = dossier.scan
    if scan.paused or scan.cancelled:
        return bool(to_hold(dossier))
    if scan.earlier:
        return False
    return bool(blocking_moves(dossier.steps)) or any(is_ready(act, dossier.steps) for act in ACTS)


def _struck_step(now: Dossier, act: Act | None) -> StepId | None:
    """Return the step that an unforeseen error fails: of the act that was struck, else what runs or would run next."""
    if act is not None:
        return current_step(act, now.steps)
    running = [step for step, record in now.steps.items() if record.state is StepState.RUNNING]
    ready = [current_step(each, now.steps) for each in ACTS if is_ready(each, now.steps)]
    return next(iter((*reversed(running), *ready)), None)


def _waits_for_sheet(dossier: Dossier) -> bool:
    record = dossier.steps[RECORD]
    return record.state is StepState.WAITING_TO_RETRY and record.retry_at is None


def _works_here(dossier: Dossier) -> bool:
    """Whether a step of a scan runs on this PC, or waits for its turn there."""
    steps, scan = dossier.steps, dossier.scan
    held = scan.paused or scan.cancelled or scan.earlier
    return any(
        steps[step].state is StepState.RUNNING
        or (steps[step].state is StepState.PENDING and not held and upstream_done(step, steps))
        for step in ON_THIS_PC
    )


def _rests(dossier: Dossier) -> bool:
    """Whether a scan waits for nobody but a person, or only for the day on which its disk is freed."""
    if _waits_for_sheet(dossier) or any(record.state is StepState.RUNNING for record in dossier.steps.values()):
        return False
    return dossier.steps[RELEASE].state is StepState.WAITING_TO_RETRY or not _wants_walk(dossier)
