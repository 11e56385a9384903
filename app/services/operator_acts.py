"""What a person can do to a scan: each act is checked, journalled and audited in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.audit import AuditEntry
from app.domain.barcode import clean, matches
from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import UseError
from app.domain.quality import Verdict
from app.domain.run import Operator
from app.domain.scan import RunId, ScanId
from app.domain.step import StepId, StepState
from app.pipeline.blocking import unblocking_moves
from app.pipeline.case import Kit
from app.pipeline.journey import (
    IDENTIFY,
    JOURNEY,
    NAME,
    PASS,
    QUALITY,
    RECORD,
    RELEASE,
    SETTLE,
    STEPS,
    TRANSFER_STEPS,
    VERIFY,
    downstream,
)
from app.pipeline.rescans import is_being_corrected, stands
from app.pipeline.runner import Runner
from app.pipeline.steps.concluding import conclude
from app.services.difference_acts import DifferenceActs
from app.services.quality_words import judged_words
from app.services.rescan_acts import RescanActs

_RESTARTABLE = frozenset(StepState) - {StepState.PENDING, StepState.RUNNING, StepState.PAUSED}
_NEEDS_RESTART = (StepState.FAILED, StepState.NEEDS_ATTENTION, StepState.CANCELLED)
_MARKS = (StepState.SUCCEEDED, StepState.SKIPPED, StepState.FAILED)


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and where."""

    operator: Operator
    station: str


class OperatorActs:
    """The acts, for the window, for requests of other commands, and for commands that hold the journal themselves."""

    def __init__(self, kit: Kit, runner: Runner, person: Callable[[], Person], run: Callable[[], RunId]) -> None:
        self._kit = kit
        self._runner = runner
        self._person = person
        self._run = run
        self.rescans = RescanActs(kit, runner, self._entry)
        self.differences = DifferenceActs(kit, runner, self._entry, _restart_moves)

    async def restart(self, scan: ScanId, step: StepId | None = None) -> None:
        """Restart from the failed step, or from `step`, with the steps behind it; end an alarm that the scan raised."""
        if step is not None:
            _known(step)
        if step is not None and step not in TRANSFER_STEPS:
            await self._find_out(scan)
        ends_alarm = self._kit.gate.has_alarm_of(scan)

        def change(now: Dossier) -> Change:
            first = (step,) if step else _steps_to_restart(now, or_none=ends_alarm)
            moves = _restart_moves(now, *first)
            scan_now = now.scan
            if scan_now.earlier or scan_now.cancelled:
                scan_now = replace(scan_now, earlier=False, cancelled=False, run=self._run())
            entry = self._entry(now, "restart", "", ", ".join(first), "")
            return Change(steps=moves, scan=scan_now, audit=entry, ends_alarm=ends_alarm)

        await self._apply(scan, change)
        self._kit.gate.end_alarm(scan)

    async def mark(self, scan: ScanId, step: StepId, state: StepState, reason: str) -> None:
        """Mark a step as succeeded, skipped or failed. Steps that name or carry bytes can only be marked as failed."""
        _known(step)
        _need_reason(reason)
        if state not in _MARKS:
            raise UseError(
                "This mark is not possible", f"state was {state.value}", "It may be succeeded, skipped, failed"
            )

        def change(now: Dossier) -> Change:
            self._check_mark(now, step, state)
            old = now.steps[step].state
            moves = [StepChange(step, state, "a person marked it", reason, "Marked by a person")]
            if state.done:
                moves += unblocking_moves(now.steps, but={step})
            entry = self._entry(now, "mark", f"{step} {old.value}", f"{step} {state.value}", reason)
            return Change(steps=tuple(moves), audit=entry)

        await self._apply(scan, change)

    def _check_mark(self, now: Dossier, step: StepId, state: StepState) -> None:
        title = STEPS[step].title
        if now.steps[step].state is StepState.RUNNING:
            raise _still_at_work(now, title)
        if stands(now) and {step, *downstream(step)} & set(TRANSFER_STEPS):
            raise UseError(
                "This scan is verified on the share",
                f"{title} of {_name(now)} cannot be marked any more",
                "Order a rescan if the image is not good",
            )
        if not STEPS[step].by_hand and state.done:
            raise UseError(
                f"{title} cannot be marked as {state.value}",
                f"Nobody may say by hand that {now.scan.files.name} is named rightly, or that its bytes are safe",
                "Restart the step; or mark it as failed",
            )
        if step == IDENTIFY and state.done and now.scan.barcode is None:
            raise UseError(f"{title} cannot be marked", f"{now.scan.files.name} has no barcode", "Assign one instead")

    async def assign(self, scan: ScanId, barcode: str, reason: str) -> None:
        """Say which slide a scan is; it is then looked up in the sheet anew."""
        text = clean(barcode)
        pattern = self._kit.settings.scanner.barcode_pattern
        if not matches(pattern, text):
            raise UseError(
                "Not a barcode of this lab",
                f"“{barcode}” does not match [scanner] barcode_pattern {pattern}"
                if text and pattern
                else "The barcode is empty, or too long",
                "Scan the glass again",
            )
        _need_reason(reason)
        await self._find_out(scan)
        if self._kit.ledger.get(scan).published:
            await self.rescans.correct(scan, text, reason)
            return

        def change(now: Dossier) -> Change:
            moves = _restart_moves(now, IDENTIFY)
            entry = self._entry(now, "assign", now.scan.barcode or "", text, reason)
            assigned = replace(now.scan, barcode=text, assigned=text)
            return Change(steps=moves, scan=assigned, row={}, audit=replace(entry, barcode=text))

        await self._apply(scan, change)
        await self.rescans.free(scan)

    async def pause(self, scan: ScanId) -> None:
        """Stop at the next safe moment; what was copied stays."""

        def change(now: Dossier) -> Change:
            if now.scan.paused or not now.state.on_its_way:
                raise UseError("Nothing to pause", f"{_name(now)} is {now.state.title}")
            return Change(scan=replace(now.scan, paused=True), audit=self._entry(now, "pause", "", "paused", ""))

        await self._kit.ledger.apply(scan, change)
        self._runner.stop_scan(scan)

    async def resume(self, scan: ScanId) -> None:
        """Go on after a pause."""

        def change(now: Dossier) -> Change:
            if not now.scan.paused:
                raise UseError("Not paused", f"{_name(now)} is {now.state.title}")
            held = [step for step, record in now.steps.items() if record.state is StepState.PAUSED]
            moves = tuple(StepChange(step, StepState.PENDING, "a person resumed the scan") for step in held)
            entry = self._entry(now, "resume", "paused", "", "")
            return Change(steps=moves, scan=replace(now.scan, paused=False), audit=entry)

        await self._apply(scan, change)

    async def cancel(self, scan: ScanId) -> None:
        """Give a scan up. The scanner's file stays where it is; unverified parts on the share are removed."""
        await self._find_out(scan)

        def change(now: Dossier) -> Change:
            if now.scan.cancelled:
                raise UseError("Cancelled already", _name(now))
            if now.published:
                raise UseError(
                    "Too late to cancel", f"{_name(now)} is verified on the share", "Nothing needs to be done"
                )
            if now.steps[VERIFY].state is StepState.RUNNING or now.publishing:
                raise UseError(
                    "Too late to cancel", f"{_name(now)} is getting its name on the share", "Pause it first, or wait"
                )
            cancelled = replace(now.scan, cancelled=True, paused=False)
            return Change(scan=cancelled, audit=self._entry(now, "cancel", now.state.value, "cancelled", ""))

        await self._kit.ledger.apply(scan, change)
        self._runner.stop_scan(scan)
        self._runner.go_on(scan)

    async def first(self, scan: ScanId) -> None:
        """Put a scan before all others."""
        highest = max((dossier.scan.priority for dossier in self._kit.ledger.all()), default=0)

        def change(now: Dossier) -> Change:
            entry = self._entry(now, "first", str(now.scan.priority), str(highest + 1), "")
            return Change(scan=replace(now.scan, priority=highest + 1), audit=entry)

        await self._apply(scan, change)

    async def keep(self, scan: ScanId, which: str, reason: str = "") -> None:
        """Say which scan of a slide is kept: old, new or both."""
        await self.rescans.keep(scan, which, reason)

    async def missing(self, scan: ScanId, how: str, reason: str = "") -> None:
        """Say what becomes of an older image that is not there: find, without or hold."""
        await self.rescans.missing(scan, how, reason)

    async def verdict(self, scan: ScanId, verdict: str, reason: str) -> None:
        """Overrule (`pass`) or confirm (`rescan`) the verdict on a scan; the sheet follows."""
        if verdict not in (Verdict.PASS.value, Verdict.RESCAN.value):
            raise UseError("No such verdict", f"It was “{verdict}”", "It may be pass or rescan")
        _need_reason(reason)

        def change(now: Dossier) -> Change:
            if not now.steps[QUALITY].state.done:
                raise UseError("There is no verdict yet", f"{_name(now)}: {STEPS[QUALITY].title} is not done")
            if now.steps[RECORD].state is StepState.RUNNING:
                raise _still_at_work(now, STEPS[RECORD].title)
            written = (RECORD, RELEASE) if now.published else ()
            again = [step for step in written if now.steps[step].state.done or _waits(now, step)]
            moves = tuple(StepChange(step, StepState.PENDING, "the verdict changed") for step in again)
            entry = self._entry(now, "verdict", _judged(now), verdict, reason)
            return Change(steps=moves, scan=replace(now.scan, verdict_by_person=verdict), audit=entry)

        await self._apply(scan, change)

    async def _find_out(self, scan: ScanId) -> None:
        """Ask the share whether a scan has its name already, where the journal does not know; not while it gets it."""
        if self._kit.ledger.get(scan).steps[VERIFY].state is not StepState.RUNNING:
            await conclude(self._kit, scan)

    async def _apply(self, scan: ScanId, change: Callable[[Dossier], Change]) -> None:
        await self._kit.ledger.apply(scan, change)
        self._runner.go_on(scan)

    def _entry(self, dossier: Dossier, action: str, old: str, new: str, reason: str) -> AuditEntry:
        person, scan = self._person(), dossier.scan
        return AuditEntry(
            at=self._kit.clock.now(),
            who=person.operator.name,
            account=person.operator.account,
            station=person.station,
            version=self._kit.program_version,
            action=action,
            run=scan.run,
            scan=scan.id,
            barcode=scan.barcode,
            old=old,
            new=new,
            reason=reason,
        )


def _judged(now: Dossier) -> str:
    """Return what was said of a scan's quality before, with the numbers and limits that a verdict is about."""
    by_program = judged_words(now.quality) if now.quality else ""
    by_person = now.scan.verdict_by_person
    return f"{by_person} by a person; {by_program}" if by_person else by_program


def _waits(now: Dossier, step: StepId) -> bool:
    return now.steps[step].state is StepState.WAITING_TO_RETRY


def _still_at_work(now: Dossier, titles: str) -> UseError:
    return UseError("Still at work", f"{_name(now)}: {titles}", "Pause the scan first, or wait")


def _name(dossier: Dossier) -> str:
    return dossier.scan.barcode or dossier.scan.files.name


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise UseError(
            "A reason is needed", "The reason is empty", "Say why: it goes into the audit log and the report"
        )


def _known(step: StepId) -> None:
    if step not in STEPS:
        raise UseError("No such step", f"It was “{step}”", "Steps: " + ", ".join(each.id for each in JOURNEY))


def _steps_to_restart(now: Dossier, *, or_none: bool) -> tuple[StepId, ...]:
    stopped = [each.id for each in JOURNEY if now.steps[each.id].state in _NEEDS_RESTART]
    waiting = [each.id for each in JOURNEY if _waits(now, each.id)]
    found = stopped or waiting
    if not found and now.scan.earlier:
        return (JOURNEY[0].id,)
    if not found and not or_none:
        raise UseError("Nothing to restart", f"{_name(now)} is {now.state.title}", "Name the step with --from")
    return tuple(found)


def _restart_moves(now: Dossier, *first: StepId) -> tuple[StepChange, ...]:
    """Return the moves that put steps and all behind them back to pending; a pass over the bytes is one piece."""
    pass_done = all(now.steps[step].state.done for step in TRANSFER_STEPS if step != VERIFY)
    start = set(first)
    correcting = is_being_corrected(now)
    only_its_end = start & set(TRANSFER_STEPS) == {VERIFY} and pass_done
    if start & set(TRANSFER_STEPS) and not correcting and not only_its_end:
        start.update(TRANSFER_STEPS)
    if now.scan.cancelled:
        start.update(step for step, record in now.steps.items() if record.state is StepState.CANCELLED)
        if now.steps[NAME].state.done:
            start.add(NAME)  # another slide may have got its name meanwhile
    wanted = start | {step for each in start for step in downstream(each)}
    if correcting and not wanted & {SETTLE, IDENTIFY}:
        wanted -= {step for step in PASS if now.steps[step].state.done}
    elif now.published and wanted & set(TRANSFER_STEPS):
        raise UseError(
            "This scan is verified on the share",
            f"{_name(now)} cannot go back to {STEPS[first[0]].title}",
            "Scan the slide again; the new scan takes the name and this one moves to the rescans",
        )
    if now.publishing and not wanted <= {*TRANSFER_STEPS, *downstream(VERIFY)}:
        raise UseError(
            "First of all it must be known what lies on the share",
            f"{_name(now)} may have its name there already",
            f"Restart {STEPS[VERIFY].title}",
        )
    running = [step for step in wanted if now.steps[step].state is StepState.RUNNING]
    if running:
        titles = ", ".join(STEPS[step].title for step in running)
        raise _still_at_work(now, titles)
    moves = [
        StepChange(each.id, StepState.PENDING, "a person restarted it")
        for each in JOURNEY
        if each.id in wanted and now.steps[each.id].state in _RESTARTABLE
    ]
    seen = {move.step for move in moves}
    return (*moves, *(move for move in unblocking_moves(now.steps, but=wanted) if move.step not in seen))
