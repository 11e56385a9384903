"""What a person decides about several scans of one slide: which is kept, what becomes of a lost one, whose it is."""

from collections.abc import Callable
from dataclasses import replace

from app.domain.audit import AuditEntry
from app.domain.dossier import Change, Dossier, StepChange
from app.domain.errors import UseError
from app.domain.scan import ScanId
from app.domain.sheet import CellWrite
from app.domain.step import StepId, StepRecord, StepState
from app.pipeline.blocking import unblocking_moves
from app.pipeline.case import Kit
from app.pipeline.journey import MATCH, NAME, RECORD, REGISTER, RELEASE, STEPS, SUPERSEDE, VERIFY
from app.pipeline.rescans import (
    BOTH,
    FIND,
    NEW,
    OLD,
    WITHOUT,
    answer,
    earlier_scans,
    heads,
    kept_choice,
    later_scan,
    scans_of_slide,
    stands,
)
from app.pipeline.runner import Runner
from app.pipeline.steps.making_way import OLDER_MISSING, free_orphans, to_do_again
from app.pipeline.steps.publish import QUESTIONS
from app.pipeline.steps.record import cleared, next_generation

HOLD = "hold"
CHOICES = (OLD, NEW, BOTH)
MISSING_ANSWERS = (FIND, WITHOUT, HOLD)
_BEHIND = (SUPERSEDE, RECORD, RELEASE)
_CORRECTION = (MATCH, NAME, VERIFY, REGISTER, *_BEHIND)
"""The steps that file a verified scan anew; its bytes stay as they are."""

Entry = Callable[[Dossier, str, str, str, str], AuditEntry]


class RescanActs:
    """The acts; each writes what is wanted into the journal, and the steps of the journey carry it out."""

    def __init__(self, kit: Kit, runner: Runner, entry: Entry) -> None:
        self._kit = kit
        self._runner = runner
        self._entry = entry

    async def keep(self, scan: ScanId, which: str, reason: str = "") -> None:
        """Say which scan of a slide is kept, old, new or both: as the answer to a question, or decided anew."""
        if which not in CHOICES:
            raise UseError("Which scan is kept?", f"It was “{which}”", "It may be old, new or both")

        def change(now: Dossier) -> Change:
            question = _question(now, *QUESTIONS)
            if question is None:
                return self._change_kept(now, which, reason)
            return self._answer_kept(now, question, which, reason)

        await self._apply(scan, change)

    def _answer_kept(self, now: Dossier, question: StepRecord, which: str, reason: str) -> Change:
        missing = question.title == OLDER_MISSING
        if missing and which == OLD:
            raise UseError(
                "The old scan is not there",
                f"{slide_name(now)}: {question.message}",
                "Find it, go on without it, or hold",
            )
        keep = answer(NEW, WITHOUT) if missing and which == NEW else which
        moves = (StepChange(question.step, StepState.PENDING, "a person decided"),)
        entry = self._entry(now, "keep", "", which, reason)
        return Change(steps=moves, scan=replace(now.scan, keep=keep), audit=entry)

    def _change_kept(self, now: Dossier, which: str, reason: str) -> Change:
        """Return the change that decides anew, once names were given."""
        if not stands(now):
            raise UseError("There is no such question", f"{slide_name(now)} is {now.state.title}")
        self._check_choice(now, which)
        for step in _BEHIND:
            require_idle(now, step)
        old = kept_choice(now.scan) or (OLD if now.scan.superseded_by else NEW)
        entry = self._entry(now, "keep", old, which, reason)
        return Change(steps=to_do_again(now, *_BEHIND), scan=replace(now.scan, keep=which), audit=entry)

    def _check_choice(self, now: Dossier, which: str) -> None:
        """Refuse what would change nothing, and what the scan named cannot mean."""
        ledger = self._kit.ledger
        others = [other for other in scans_of_slide(ledger, now) if stands(other)]
        if not others:
            raise UseError("There is only one scan of this slide", f"{slide_name(now)}, {now.scan.files.name}")
        gave_way = now.scan.superseded_by is not None
        if which == OLD and not gave_way and not earlier_scans(ledger, now):
            raise _name_another(now, "is the oldest scan of this slide", others)
        if which == BOTH and not earlier_scans(ledger, now) and not (gave_way and heads(ledger, now)):
            raise _name_another(now, "is the oldest scan of this slide", others)
        beside = kept_choice(now.scan) == BOTH and not gave_way
        as_it_is = {OLD: gave_way, NEW: not gave_way and not beside, BOTH: beside}[which]
        if as_it_is:
            words = {OLD: "gave way already", NEW: "has the name already", BOTH: "lies beside already"}[which]
            raise _name_another(now, words, others)

    async def missing(self, scan: ScanId, how: str, reason: str = "") -> None:
        """Say what becomes of an older image that is not there: find it, go on without it, or hold."""
        if how not in MISSING_ANSWERS:
            raise UseError("What becomes of it?", f"It was “{how}”", "It may be find, without or hold")

        def change(now: Dossier) -> Change:
            question = _question(now, OLDER_MISSING)
            if question is None:
                raise UseError("There is no such question", f"{slide_name(now)} is {now.state.title}")
            entry = self._entry(now, "missing image", "", how, reason)
            if how == HOLD:
                return _hold(now, question, entry)
            choice = kept_choice(now.scan)
            # Where the older one was to get the name back, going on without it means that this one keeps it.
            keep = answer(NEW, WITHOUT) if how == WITHOUT else answer(choice, FIND)
            moves = (StepChange(question.step, StepState.PENDING, "a person decided"),)
            return Change(steps=moves, scan=replace(now.scan, keep=keep), audit=entry)

        await self._apply(scan, change)

    async def correct(self, scan: ScanId, barcode: str, reason: str) -> None:
        """Say that a verified scan is another slide: it moves to that slide's name, and the sheet follows."""
        old = self._kit.ledger.get(scan).scan.barcode or ""
        generation = await next_generation(self._kit, old)

        def change(now: Dossier) -> Change:
            if now.scan.barcode == barcode and stands(now):
                raise UseError("It is this slide already", f"{now.scan.files.name} is {barcode}")
            moves = filed_anew(now)
            if now.scan.barcode != old:
                raise UseError("Somebody else assigned it meanwhile", f"{now.scan.files.name} is {now.scan.barcode}")
            writes = self._cleared_row(now, barcode, generation)
            entry = replace(self._entry(now, "assign", old, barcode, reason), barcode=barcode)
            corrected = replace(now.scan, barcode=barcode, assigned=barcode, keep=None, superseded_by=None)
            return Change(steps=moves, scan=corrected, row={}, writes=writes, audit=entry)

        await self._apply(scan, change)
        self._kit.sheet.wake()

    def _cleared_row(self, now: Dossier, barcode: str, generation: int) -> tuple[CellWrite, ...]:
        """Return the cells that take back what the sheet says of this scan, if it is the one the sheet speaks of."""
        speaks = now.scan.superseded_by is None and later_scan(self._kit.ledger, now) is None
        if not speaks or not stands(now) or not now.scan.barcode:
            return ()
        return cleared(now.scan.barcode, f"{now.scan.file_name} turned out to be slide {barcode}", generation)

    async def free(self, scan: ScanId) -> None:
        """Let older scans have their name back that made way for this one in vain."""
        await free_orphans(self._kit, scan)

    async def _apply(self, scan: ScanId, change: Callable[[Dossier], Change]) -> None:
        await self._kit.ledger.apply(scan, change)
        self._runner.go_on(scan)


def slide_name(dossier: Dossier) -> str:
    """Return what people call a scan: its barcode, or the scanner's file name."""
    return dossier.scan.barcode or dossier.scan.files.name


def require_idle(now: Dossier, step: StepId) -> None:
    """Raise UseError while a step runs."""
    if now.steps[step].state is StepState.RUNNING:
        raise UseError("Still at work", f"{slide_name(now)}: {STEPS[step].title}", "Pause the scan first, or wait")


def filed_anew(now: Dossier) -> tuple[StepChange, ...]:
    """Return the moves that match, name and file a verified scan anew; raises UseError while one of the steps runs."""
    for step in _CORRECTION:
        require_idle(now, step)
    return (*to_do_again(now, *_CORRECTION), *unblocking_moves(now.steps, but=set(_CORRECTION)))


def _question(now: Dossier, *titles: str) -> StepRecord | None:
    """Return the step that asks one of these questions."""
    asking = (r for r in now.steps.values() if r.state is StepState.NEEDS_ATTENTION and r.title in titles)
    return next(asking, None)


def _hold(now: Dossier, question: StepRecord, entry: AuditEntry) -> Change:
    """Return the change that pauses the scan with its question, until somebody resumes it."""
    said = f"Held: {question.message}"
    moves = (
        StepChange(question.step, StepState.PENDING, "a person decided"),
        StepChange(question.step, StepState.PAUSED, "a person holds it", said, question.title, "Resume asks again"),
    )
    return Change(steps=moves, scan=replace(now.scan, paused=True), audit=entry)


def _name_another(now: Dossier, words: str, others: list[Dossier]) -> UseError:
    listed = ", ".join(f"{other.id} ({other.scan.files.name})" for other in others)
    return UseError(
        "Which scan is kept stays as it is", f"Scan {now.id} {words}", f"Other scans of {slide_name(now)}: {listed}"
    )
