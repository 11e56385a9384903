"""Moving scans of one slide between the slide's name, the rescans and a place beside: by renames, never over anything.

Each move is one `relocate` of the destination, then one change of the journal. The intent is there before: the answer
of a person, or a step that is to come. Repeating a move changes nothing, so a program that stopped goes on.
"""

import posixpath
from collections.abc import Callable
from dataclasses import replace

from app.domain.dossier import Change, Dossier, RescanLink, StepChange
from app.domain.errors import NameTakenError, SlideError
from app.domain.scan import Layout, Scan, ScanId, VerifiedFile
from app.domain.step import StepId, StepState
from app.domain.transfer import Relocation
from app.pipeline.case import Ask, Case, Kit
from app.pipeline.journey import RECORD, RELEASE, SUPERSEDE, VERIFY
from app.pipeline.rescans import (
    NEW,
    WITHOUT,
    advises_rescan,
    came_before,
    kept_choice,
    missing_answer,
    orphans_of,
    stands,
)
from app.pipeline.steps.placing import apart, in_order

RESCANNED = "scanned again"
OLDER_MISSING = "The older image is not there"
MISSING_HINT = "Find it: the share is searched by checksum. Go on without it. Or hold, and look for it yourself"
_AGAIN = (StepState.SUCCEEDED, StepState.SKIPPED, StepState.WAITING_TO_RETRY, StepState.NEEDS_ATTENTION)
_MORE_AGAIN = (*_AGAIN, StepState.FAILED)

Edit = Callable[[Scan], Scan]


async def all_make_way(case: Case, others: tuple[Dossier, ...]) -> Ask | None:
    """Move the earlier scans; one that is not there is a question, and a person may go on without it."""
    for other in others:
        try:
            await make_way(case, other)
        except NameTakenError as error:
            return Ask(error.title, error.message, error.hint)
        except SlideError as error:
            if missing_answer(case.dossier.scan) != WITHOUT:
                return is_missing(case, other, error.message)
            await _go_on_without(case, other)
    return None


async def make_way(case: Case, older: Dossier) -> None:
    """Move another scan of the slide to the rescans and link the two. Repeating it changes nothing."""
    if older.scan.superseded_by == case.id or not stands(older):
        return
    where = in_order(older, apart(older, case.kit.settings.destination.rescans))
    link = link_of(case.kit, older, where[0], case.dossier, kept=case.id)
    await put(case.kit, older, where, lambda scan: replace(scan, superseded_by=case.id, keep=None), link=link)


async def put(
    kit: Kit,
    dossier: Dossier,
    where: tuple[str, ...],
    edit: Edit = lambda scan: scan,
    *,
    link: RescanLink | None = None,
    again: tuple[StepId, ...] = (),
) -> tuple[VerifiedFile, ...]:
    """Move a verified scan inside the destination, then write it down; steps of `again` are to be done anew."""
    if tuple(file.destination for file in dossier.files) != where:
        await kit.threads.copy(kit.destination.relocate, Relocation(dossier.files, where, _own_folder(dossier)))
    files = tuple(replace(file, destination=path) for file, path in zip(dossier.files, where, strict=True))

    def change(now: Dossier) -> Change:
        return Change(scan=edit(now.scan), files=files, link=link, steps=to_do_again(now, *again))

    await kit.ledger.apply(dossier.id, change)
    return files


def _own_folder(dossier: Dossier) -> str:
    """Return the folder that a set alone fills, empty where it lies among others."""
    if dossier.scan.files.layout is not Layout.FOLDER:
        return ""
    return posixpath.commonpath([posixpath.dirname(file.destination) for file in dossier.files])


def to_do_again(now: Dossier, *steps: StepId) -> tuple[StepChange, ...]:
    """Return the moves that let these steps be done anew, where they were done or wait."""
    wanted = [step for step in steps if now.steps[step].state in _MORE_AGAIN]
    return tuple(StepChange(step, StepState.PENDING, "the slide's scans changed places") for step in wanted)


def link_of(kit: Kit, moved: Dossier, where: str, other: Dossier, *, kept: ScanId, reason: str = "") -> RescanLink:
    """Return the note on two scans of a slide, one of which moves to `where`.

    Without a `reason` the older one's verdict says why the slide was scanned again.
    """
    older, newer = (moved, other) if came_before(moved, other) else (other, moved)
    place = where if older is moved else other.files[0].destination if other.files else ""
    if not reason:
        reason = older.quality.reason if advises_rescan(older) and older.quality else RESCANNED
    return RescanLink(older.scan.barcode or "", older.id, newer.id, kept, place, reason, kit.clock.now())


def is_missing(case: Case, older: Dossier, message: str) -> Ask:
    """Return the question about an older image that is not where it was verified."""
    return Ask(OLDER_MISSING, f"Scan {older.id} of {older.scan.barcode}: {message}", MISSING_HINT)


async def _go_on_without(case: Case, older: Dossier) -> None:
    """Write down that an older image is lost: it is no longer on the share, and no copy of it may be freed."""
    link = link_of(case.kit, older, "", case.dossier, kept=case.id)

    def change(now: Dossier) -> Change:
        return Change(scan=replace(now.scan, superseded_by=case.id), published=False, link=link)

    await case.kit.ledger.apply(older.id, change)


async def free_orphans(kit: Kit, scan: ScanId) -> None:
    """Set scans going that made way for this one in vain: it was given up, or is another slide. Can be repeated."""
    if kit.ledger.get(scan).steps[VERIFY].attempts == 0:
        return  # it never came so far that another made way; of ten thousand scans nearly all end here

    def change(now: Dossier) -> Change:
        return Change(steps=to_do_again(now, SUPERSEDE, RECORD, RELEASE))

    for orphan in orphans_of(kit.ledger, scan):
        await kit.ledger.apply(orphan.id, change)


async def answered(case: Case) -> None:
    """Drop what a person said about a missing image, once it was carried out; which scan is kept stays said."""

    def change(now: Dossier) -> Change:
        if missing_answer(now.scan) is None:
            return Change()
        return Change(scan=replace(now.scan, keep=kept_choice(now.scan) or NEW))

    await case.kit.ledger.apply(case.id, change)
