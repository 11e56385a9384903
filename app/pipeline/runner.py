"""The embedded runner: finds scans, walks them through the journey side by side, writes the sheet."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import SlideferryError
from app.domain.journal import PendingWrite
from app.domain.scan import RunId, ScanId
from app.domain.sheet import WriteResult
from app.domain.step import StepState
from app.pipeline.acts import ACTS, blocking_moves, is_ready, settle_pass
from app.pipeline.case import Case, Kit
from app.pipeline.intake import Intake
from app.pipeline.journey import RECORD, RELEASE, Resource
from app.pipeline.limits import Places
from app.pipeline.recovery import recover
from app.pipeline.walk import Walk

log = logging.getLogger(__name__)

_GATE_LOOK_SECONDS = 3.0
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
            Resource.TRANSFER: Places(kit.settings.pipeline.copies),
            Resource.SHEET: Places(4),
        }
        self.intake = intake
        self.scanner_trouble: SlideferryError | None = None
        self.looks = 0
        self._closing = False

    async def start(self, *, watch: bool) -> None:
        """Recover what was interrupted, then go on; with `watch` also look for new scans until closed."""
        await recover(self._kit)
        for dossier in self._kit.ledger.all():
            self.go_on(dossier.id)
        self._kit.ledger.listen(self._changed)
        self._own(self._kit.sheet.serve(self._sheet_settled), "sheet")
        self._own(self._mind_the_gate(), "gate")
        if watch:
            self._own(self._watch(), "watch")

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
        self.scanner_trouble = None
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
            await self._fail(scan, error)
        finally:
            del self._walks[scan]
        self.go_on(scan)

    async def _fail(self, scan: ScanId, error: Exception) -> None:
        def moves(now: Dossier) -> Change:
            running = [step for step, record in now.steps.items() if record.state is StepState.RUNNING]
            title, hint = "Something unforeseen happened", "Restart the step; send the log if it happens again"
            failed = (StepChange(step, StepState.FAILED, title, repr(error), title, hint) for step in running[-1:])
            others = (m for m in settle_pass(now.steps, title) if m.step not in running[-1:])
            return Change(steps=(*failed, *others))

        await self._kit.ledger.apply(scan, moves)

    def _changed(self, scan: ScanId) -> None:
        if scan in self._walks:
            self._walks[scan].wake()

    async def _mind_the_gate(self) -> None:
        while True:
            if not self._kit.gate.is_open:
                await self._kit.gate.look(self._kit.destination, self._kit.threads.disk)
            await asyncio.sleep(_GATE_LOOK_SECONDS)

    async def _sheet_settled(self, waiting: tuple[PendingWrite, ...], result: WriteResult) -> None:
        refused = {each.write: each.reason for each in result.refused}
        written = set(result.written)
        by_scan: dict[ScanId, list[PendingWrite]] = {}
        for each in waiting:
            by_scan.setdefault(each.scan, []).append(each)
        for scan, writes in by_scan.items():
            reasons = [refused[each.write] for each in writes if each.write in refused]
            if reasons:
                await self._record_refused(scan, reasons[0])
            elif all(each.write in written for each in writes):
                await self._recorded(scan)

    async def _recorded(self, scan: ScanId) -> None:
        def moves(now: Dossier) -> Change:
            if now.steps[RECORD].state is not StepState.WAITING_TO_RETRY:
                return Change()
            return Change(steps=(StepChange(RECORD, StepState.SUCCEEDED, "the sheet was read back", "written"),))

        await self._kit.ledger.apply(scan, moves)
        self.go_on(scan)

    async def _record_refused(self, scan: ScanId, reason: str) -> None:
        def moves(now: Dossier) -> Change:
            if now.steps[RECORD].state is not StepState.WAITING_TO_RETRY:
                return Change()
            title, hint = "Not written to the sheet", "Put the sheet right, then restart this step"
            return Change(
                steps=(
                    StepChange(RECORD, StepState.RUNNING, "the sheet was reached"),
                    StepChange(RECORD, StepState.NEEDS_ATTENTION, title, reason, title, hint),
                )
            )

        await self._kit.ledger.apply(scan, moves)

    def at_rest(self) -> bool:
        """Whether nothing goes on by itself any more, but for freeing the disk later."""
        return self._kit.sheet.pending == 0 and all(_rests(dossier) for dossier in self._kit.ledger.all())

    async def close(self) -> None:
        """End all work at its next safe moment and wait for it."""
        self._closing = True
        for walk in self._walks.values():
            walk.stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wants_walk(dossier: Dossier) -> bool:
    scan = dossier.scan
    if scan.earlier:
        return False
    states = {record.state for record in dossier.steps.values()}
    if scan.paused or scan.cancelled:
        return bool(states & {StepState.PENDING, StepState.WAITING_TO_RETRY})
    timed = any(r.state is StepState.WAITING_TO_RETRY and r.retry_at for r in dossier.steps.values())
    return timed or bool(blocking_moves(dossier.steps)) or any(is_ready(act, dossier.steps) for act in ACTS)


def _rests(dossier: Dossier) -> bool:
    """Whether a scan waits for nobody but a person, or only for the day on which its disk is freed."""
    waits_for_release = dossier.steps[RELEASE].state is StepState.WAITING_TO_RETRY
    others = {record.state for step, record in dossier.steps.items() if step != RELEASE or not waits_for_release}
    if others & {StepState.RUNNING, StepState.WAITING_TO_RETRY}:
        return False
    return waits_for_release or not _wants_walk(dossier)
