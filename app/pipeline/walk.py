"""One scan's walk through the journey: starts what is ready, takes what came of it, until nothing goes on by itself."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import (
    CorruptionError,
    DestinationError,
    ErrorKind,
    HeldError,
    SlideferryError,
    SourceChangedError,
    StoppedError,
)
from app.domain.scan import Scan
from app.domain.step import StepId, StepState
from app.pipeline.acts import ACTS, Act, current_step, is_ready, settle_pass
from app.pipeline.blocking import blocking_moves
from app.pipeline.case import Ask, Case, Done, Kit, Moved, Outcome, Skip, Wait
from app.pipeline.journey import JOURNEY, STEPS, Resource
from app.pipeline.limits import Order, Places
from app.pipeline.rescans import still_coming
from app.pipeline.steps.making_way import free_orphans
from app.pipeline.steps.placing import place, plan_for

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2


class Walk:
    """Takes one scan as far as it goes without a person. Ends when nothing of it runs, waits or is ready."""

    def __init__(self, kit: Kit, case: Case, places: dict[Resource, Places]) -> None:
        self._kit = kit
        self._case = case
        self._places = places
        self._running: dict[asyncio.Task[None], Act] = {}
        self._wake = asyncio.Event()
        self._tries: dict[StepId, int] = {}
        self._held_since: dict[StepId, float] = {}
        self._queued: set[asyncio.Task[None]] = set()
        self.struck: Act | None = None
        """The act whose work ended with an error nobody foresaw."""

    def wake(self) -> None:
        """Look again: something about this scan was changed from outside."""
        self._wake.set()

    def stop(self) -> None:
        """Ask whatever runs to end at its next safe moment; what only waits for a place ends at once."""
        self._case.stop()
        for task in self._queued:
            task.cancel()
        self._wake.set()

    async def run(self) -> None:
        """Walk; when cancelled, end the steps and wait for them."""
        try:
            while True:
                self._wake.clear()
                await self._settle_states()
                self._start_ready()
                pause = self._seconds_to_retry()
                if not self._running and (pause is None or self._case.stopping):
                    return
                await self._wait(pause)
        finally:
            self._case.stop()
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _wait(self, pause: float | None) -> None:
        waking = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait({waking, *self._running}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
        for task in [task for task in self._running if task.done()]:
            act = self._running.pop(task)
            if not task.cancelled() and task.exception() is not None:
                self.struck = act
                task.result()

    async def _settle_states(self) -> None:
        """Block what stands behind a failure; pause or cancel what is to come once nothing runs any more."""
        dossier = self._case.dossier
        held = dossier.scan.paused or dossier.scan.cancelled
        if held and self._running:
            return
        if dossier.scan.cancelled and dossier.scan.stem and not dossier.published:
            await self._discard(dossier)
            await free_orphans(self._kit, self._case.id)

        def settled(now: Dossier) -> Change:
            """Decide under the ledger's lock: a person may resume, or give up, the scan at this moment."""
            if now.scan.cancelled and not dossier.scan.cancelled:
                return Change()  # what is left of it is tidied away first, at the next look
            return Change(steps=to_hold(now) or blocking_moves(now.steps))

        await self._kit.ledger.apply(self._case.id, settled)

    async def _discard(self, dossier: Dossier) -> None:
        """Remove the parts of a scan given up; a share that is away does not keep it from being given up."""
        try:
            plan = plan_for(dossier, place(self._case))
            await self._kit.threads.disk(self._kit.destination.discard, plan)
        except SlideferryError as error:
            log.warning("%s: its parts stay on the share: %s", self._case.id, error)

    def _start_ready(self) -> None:
        dossier = self._case.dossier
        if dossier.scan.paused or dossier.scan.cancelled or self._case.stopping:
            return
        busy = set(self._running.values())
        for act in ACTS:
            if act not in busy and is_ready(act, dossier.steps) and self._due(act):
                task = asyncio.create_task(self._take(act), name=f"{self._case.id} {act.steps[0]}")
                self._running[task] = act

    def _due(self, act: Act) -> bool:
        now = self._kit.clock.now()
        times = [self._case.dossier.steps[step].retry_at for step in act.steps]
        return all(at is None or at <= now for at in times)

    def _seconds_to_retry(self) -> float | None:
        """Return how long until an act that does not run yet is due, None where none waits for its time."""
        now, busy, steps = self._kit.clock.now(), set(self._running.values()), self._case.dossier.steps
        times = [
            retry_at
            for act in ACTS
            if act not in busy and is_ready(act, steps)
            for step in act.steps
            if (retry_at := steps[step].retry_at) is not None
        ]
        return max(0.01, (min(times) - now).total_seconds()) if times else None

    def _order(self) -> Order:
        scan = self._case.dossier.scan
        return (-scan.priority, scan.found_at, scan.id)

    async def _take(self, act: Act) -> None:
        """Wait for a place, do the work, write what came of it."""
        async with AsyncExitStack() as held:
            await self._queue(act, held)
            if self._case.stopping or not (act.moves_itself or await self._begin(act)):
                return
            try:
                outcome = await act.work(self._case)
            except SlideferryError as error:
                await self._failed(act, error)
            else:
                await self._ended(act, outcome)

    async def _queue(self, act: Act, held: AsyncExitStack) -> None:
        """Wait for a place; the task that does can be cancelled without harm, so `stop` does."""
        resource, task = STEPS[act.steps[0]].resource, asyncio.current_task()
        if task is None or self._case.stopping:
            return
        self._queued.add(task)
        try:
            if resource is Resource.TRANSFER:
                await self._turn_of_slide()
            await held.enter_async_context(self._places[resource].place(self._order))
        finally:
            self._queued.discard(task)

    async def _turn_of_slide(self) -> None:
        """Wait for the gate, and for earlier scans of the same slide, before taking a place they may need."""
        while not self._kit.gate.is_open or still_coming(self._kit.ledger, self._case.dossier):
            await asyncio.sleep(_LOOK_SECONDS)

    async def _begin(self, act: Act) -> bool:
        """Move an act to Running, unless a person changed the scan meanwhile; return whether it runs."""
        step = act.steps[0]

        def change(now: Dossier) -> Change:
            if now.scan.paused or now.scan.cancelled or not is_ready(act, now.steps):
                return Change()
            return Change(steps=(StepChange(step, StepState.RUNNING, "its turn has come"),))

        begun = await self._kit.ledger.apply(self._case.id, change)
        return begun.steps[step].state is StepState.RUNNING

    async def _ended(self, act: Act, outcome: Outcome) -> None:
        if isinstance(outcome, Moved):
            return
        step = current_step(act, self._case.dossier.steps)
        self._tries.pop(step, None)
        self._held_since.pop(step, None)
        change = Change() if isinstance(outcome, Skip) else outcome.change

        def moved(now: Dossier) -> Change:
            scan = None if change.scan is None else _with_findings(now.scan, change.scan)
            return replace(change, scan=scan, steps=(*change.steps, _outcome_move(step, outcome)))

        await self._kit.ledger.apply(self._case.id, moved)
        self._kit.progress.forget(self._case.id)
        if change.writes:
            self._kit.sheet.wake()

    async def _failed(self, act: Act, error: SlideferryError) -> None:
        """Answer an error by its kind; see guarantees G4 and G12."""
        self._kit.progress.forget(self._case.id)
        if isinstance(error, StoppedError):
            await self._put_back(act, "stopped in the middle")
            return
        log.warning("%s: %s", self._case.id, error)
        if isinstance(error, SourceChangedError) and not _has_its_name(self._case.dossier):
            await self._back_to_start()
            return
        alarm = _alarm_of(self._case.dossier, error) if isinstance(error, CorruptionError) else None
        if alarm is not None:
            self._kit.gate.raise_alarm(self._case.id, alarm)
        elif isinstance(error, DestinationError):
            self._kit.gate.close(error)
        step = current_step(act, self._case.dossier.steps)
        change = self._answer(step, error)

        def moves(now: Dossier) -> Change:
            running = now.steps[step].state is StepState.RUNNING
            if not running and not is_ready(act, now.steps):
                return Change(alarm=alarm)
            first = () if running else (StepChange(step, StepState.RUNNING, "its turn has come"),)
            # After any error the bytes are carried or compared anew: what was verified before it is not trusted.
            cut = (StepState.RUNNING, StepState.SUCCEEDED)
            # Not where they lie verified on the share and only move there.
            others = [s for s in act.steps if s != step and now.steps[s].state in cut and not now.published]
            return Change(
                steps=(*first, change, *(StepChange(s, StepState.PENDING, "the pass was cut") for s in others)),
                alarm=alarm,
            )

        await self._kit.ledger.apply(self._case.id, moves)

    def _answer(self, step: StepId, error: SlideferryError) -> StepChange:
        tries = self._tries.get(step, 0) + 1
        self._tries[step] = tries
        policy, settings = STEPS[step].retry, self._kit.settings.pipeline
        attempts = settings.retries if policy.attempts is None else policy.attempts
        waits, held = error.kind is ErrorKind.DESTINATION, self._still_held(step, error)
        if waits or held or (error.kind in policy.kinds and tries <= attempts):
            longest = policy.held_pause_seconds if held else policy.longest_seconds
            pause = min(longest, settings.retry_seconds * 2 ** (min(tries, 30) - 1))
            pause *= 1 + self._kit.chance.uniform(-policy.jitter, policy.jitter)
            at = self._kit.clock.now() + timedelta(seconds=settings.retry_seconds if waits else pause)
            return StepChange(
                step, StepState.WAITING_TO_RETRY, error.title, error.message, error.title, error.hint, retry_at=at
            )
        return StepChange(step, StepState.FAILED, error.title, error.message, error.title, error.hint)

    def _still_held(self, step: StepId, error: SlideferryError) -> bool:
        """Whether another program holds a file, and has not done so for longer than it is waited for."""
        if not isinstance(error, HeldError):
            self._held_since.pop(step, None)
            return False
        now = self._kit.clock.monotonic()
        return now - self._held_since.setdefault(step, now) < STEPS[step].retry.held_seconds

    async def _put_back(self, act: Act, cause: str) -> None:
        def moves(now: Dossier) -> Change:
            return Change(steps=tuple(move for move in settle_pass(now.steps, cause) if move.step in act.steps))

        await self._kit.ledger.apply(self._case.id, moves)

    async def _back_to_start(self) -> None:
        """The source changed under us: the scanner is still at work, so everything known of the scan is old."""

        def moves(now: Dossier) -> Change:
            if _has_its_name(now):
                return Change(steps=settle_pass(now.steps, "the source changed after its bytes were verified"))
            done = (StepState.RUNNING, StepState.SUCCEEDED, StepState.SKIPPED, StepState.WAITING_TO_RETRY)
            back = [step.id for step in JOURNEY if now.steps[step.id].state in done]
            cause = "the source changed while it was read"
            # What people said of the scan they said of other bytes: perhaps of another slide under the same name.
            scan = replace(now.scan, barcode=None, assigned=None, verdict_by_person=None, keep=None)
            return Change(
                scan=scan, steps=tuple(StepChange(step, StepState.PENDING, cause) for step in back), row={}, files=()
            )

        others = [task for task in self._running if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if not _has_its_name(self._case.dossier):
            await self._discard(self._case.dossier)
        await self._kit.ledger.apply(self._case.id, moves)


def _alarm_of(dossier: Dossier, error: CorruptionError) -> CorruptionError:
    """Return what is shown while nothing is carried any more, with what sets it going again."""
    name = dossier.scan.barcode or dossier.scan.files.name
    return CorruptionError(error.title, f"{error.message}; nothing is copied until {name} is restarted", error.hint)


def _has_its_name(dossier: Dossier) -> bool:
    """Whether a scan's verified bytes lie under their final names, or may lie there."""
    return dossier.published or dossier.publishing


def to_hold(dossier: Dossier) -> tuple[StepChange, ...]:
    """Return the moves that a paused or cancelled scan still needs, none for others or before what runs has ended."""
    running = any(record.state is StepState.RUNNING for record in dossier.steps.values())
    if running or not (dossier.scan.paused or dossier.scan.cancelled):
        return ()
    target = StepState.CANCELLED if dossier.scan.cancelled else StepState.PAUSED
    cancelled = (StepState.FAILED, StepState.BLOCKED, StepState.NEEDS_ATTENTION, StepState.PAUSED)
    movable = {StepState.PENDING, StepState.WAITING_TO_RETRY, *(cancelled if target is StepState.CANCELLED else ())}
    cause = "a person cancelled the scan" if target is StepState.CANCELLED else "a person paused the scan"
    return tuple(StepChange(s, target, cause) for s, record in dossier.steps.items() if record.state in movable)


def _with_findings(now: Scan, found: Scan) -> Scan:
    """Return the scan with what a step found; what people said of it meanwhile stays."""
    return replace(
        now,
        barcode=found.barcode,
        stem=found.stem,
        file_name=found.file_name,
        folder=found.folder,
        superseded_by=found.superseded_by,
    )


def _outcome_move(step: StepId, outcome: Done | Skip | Ask | Wait) -> StepChange:
    match outcome:
        case Done(message):
            return StepChange(step, StepState.SUCCEEDED, "the work is done", message)
        case Skip(reason):
            return StepChange(step, StepState.SKIPPED, "nothing to do here", reason)
        case Ask(title, message, hint):
            return StepChange(step, StepState.NEEDS_ATTENTION, title, message, title, hint)
        case Wait(message, retry_at):
            return StepChange(step, StepState.WAITING_TO_RETRY, message, message, retry_at=retry_at)
