"""Move Rescanned Images: brings the scans of a slide to the places that were decided, also when it is decided anew."""

from dataclasses import replace

from app.domain.dossier import Change, Dossier
from app.domain.errors import NameTakenError, SlideError
from app.domain.scan import Scan
from app.pipeline.case import Ask, Case, Done, Outcome, Skip
from app.pipeline.journey import RECORD, RELEASE, VERIFY
from app.pipeline.rescans import (
    BOTH,
    NEW,
    OLD,
    came_before,
    earlier_scans,
    gave_way_to,
    heads,
    is_orphan,
    kept_choice,
    older_to_keep,
    scans_of_slide,
    stands,
)
from app.pipeline.steps.concluding import conclude_others
from app.pipeline.steps.making_way import (
    all_make_way,
    answered,
    free_orphans,
    is_missing,
    link_of,
    put,
    to_do_again,
)
from app.pipeline.steps.missing_image import is_there, look_for_missing
from app.pipeline.steps.placing import apart, in_order, own_finals

NOT_MOVED = "Not moved"
_BOTH_KEPT = Skip("Both scans are kept")


async def supersede(case: Case) -> Outcome:
    """Move and link the slide's scans; a missing older image is a question with choices.

    What is wanted stands in the journal (`Scan.keep`) before the first rename, and what is left of it is seen from
    where the scans are: a program that stopped in the middle goes on from there.
    """
    if case.dossier.steps[VERIFY].attempts > 1:
        await free_orphans(case.kit, case.id)
    question = await look_for_missing(case, _to_be_moved(case))
    if question is not None:
        return question
    async with case.kit.publishing:
        try:
            outcome = await conclude_others(case) or await _arrange(case)
        except NameTakenError as error:
            return Ask(NOT_MOVED, error.message, error.hint)
        except SlideError as error:
            return Ask(NOT_MOVED, f"{error.title}: {error.message}", error.hint)
        if not isinstance(outcome, Ask):
            await answered(case)
        return outcome


async def _arrange(case: Case) -> Outcome:
    if is_orphan(case.kit.ledger, case.dossier):
        return await _take_back(case)
    choice, way = kept_choice(case.dossier.scan), gave_way_to(case.kit.ledger, case.dossier)
    if choice in (OLD, BOTH) and (older := _older_to_return(case)) is not None:
        return await _give_name_to(case, older)
    if choice == BOTH:
        return await _lie_beside(case)
    if choice == NEW and (way is not None or not _has_its_name(case.dossier)):
        return await _take_name(case)
    if way is not None:
        return _gave_way(way)
    if choice == OLD and _earlier_heads(case):
        return await _leave(case, _earlier_heads(case)[-1])
    return await _let_earlier_make_way(case)


def _gave_way(other: Dossier) -> Done:
    """Return how a step ends whose scan lies in the rescans; the same, however often it was cut before."""
    return Done(f"gave way to scan {other.id}")


def _to_be_moved(case: Case) -> tuple[Dossier, ...]:
    """Return the other scans whose images this step is about to move."""
    choice, scan = kept_choice(case.dossier.scan), case.dossier.scan
    if choice in (OLD, BOTH):
        older = _older_to_return(case)
        return () if older is None else (older,)
    if scan.superseded_by is not None and choice == NEW:
        return heads(case.kit.ledger, case.dossier)
    return tuple(o for o in earlier_scans(case.kit.ledger, case.dossier) if o.scan.superseded_by is None)


def _older_to_return(case: Case) -> Dossier | None:
    """Return the scan that is to get the name from this one, None where another has it and nothing is half done."""
    ledger, dossier = case.kit.ledger, case.dossier
    if dossier.scan.superseded_by is None and _has_its_name(dossier):
        return older_to_keep(ledger, dossier)
    if heads(ledger, dossier):
        return None
    # Nobody has the name: it was given up, and the program stopped before the older one got it.
    if dossier.scan.superseded_by is None:
        return older_to_keep(ledger, dossier)
    older = gave_way_to(ledger, dossier)
    return older if older is not None and stands(older) else None


def _has_its_name(dossier: Dossier) -> bool:
    return dossier.files[0].destination == in_order(dossier, own_finals(dossier))[0]


async def _give_name_to(case: Case, older: Dossier) -> Outcome:
    """Leave the name and give it back to the older scan, whose bytes are read again before."""
    kit, dossier = case.kit, case.dossier
    back = in_order(older, own_finals(older))
    choice = kept_choice(dossier.scan)
    where = in_order(dossier, apart(dossier, kit.settings.destination.rescans if choice == OLD else ""))
    if _has_its_name(dossier):
        if not await is_there(case, older.files):
            return is_missing(case, older, f"“{older.files[0].destination}” is not there, or not whole")
        for file in older.files:
            if await kit.threads.copy(kit.destination.check_file, file) is None:
                return is_missing(case, older, f"“{file.destination}” is not the file that was verified")
    link = link_of(kit, older, back[0], dossier, kept=older.id if choice == OLD else case.id)
    superseder = older.id if choice == OLD else None
    await put(kit, dossier, where, lambda scan: replace(scan, superseded_by=superseder), link=link)
    await _follow(case, older)
    await put(kit, older, back, _named_again, again=(RECORD, RELEASE))
    return _gave_way(older) if choice == OLD else _BOTH_KEPT


def _named_again(scan: Scan) -> Scan:
    """What was said of it before concerns other scans than those that lie there now."""
    return replace(scan, superseded_by=None, keep=None)


async def _follow(case: Case, kept: Dossier) -> None:
    """Let other scans that made way for this one point at the scan that is kept now."""
    for other in scans_of_slide(case.kit.ledger, case.dossier):
        if other.scan.superseded_by == case.id and other.id != kept.id:
            scan = replace(other.scan, superseded_by=kept.id)
            await case.kit.ledger.apply(other.id, Change(scan=scan))


async def _lie_beside(case: Case) -> Outcome:
    """Keep both: this scan lies beside the one that has the name, under a name with its own id."""
    if case.dossier.scan.superseded_by is None:
        return _BOTH_KEPT
    other = heads(case.kit.ledger, case.dossier)
    where = in_order(case.dossier, apart(case.dossier))
    link = link_of(case.kit, case.dossier, where[0], other[-1], kept=case.id) if other else None
    await put(case.kit, case.dossier, where, lambda scan: replace(scan, superseded_by=None), link=link)
    return _BOTH_KEPT


def _earlier_heads(case: Case) -> tuple[Dossier, ...]:
    """Return the earlier scans of the slide that no scan took the place of."""
    return tuple(other for other in heads(case.kit.ledger, case.dossier) if came_before(other, case.dossier))


async def _leave(case: Case, kept: Dossier) -> Outcome:
    """Move this scan, which lay beside the one that is kept, to the rescans."""
    where = in_order(case.dossier, apart(case.dossier, case.kit.settings.destination.rescans))
    link = link_of(case.kit, case.dossier, where[0], kept, kept=kept.id)
    await put(case.kit, case.dossier, where, lambda scan: replace(scan, superseded_by=kept.id), link=link)
    await case.kit.ledger.apply(kept.id, lambda now: Change(steps=to_do_again(now, RECORD, RELEASE)))
    return _gave_way(kept)


async def _take_name(case: Case) -> Outcome:
    """Take the name back from whichever scan has it."""
    others = heads(case.kit.ledger, case.dossier)
    question = await all_make_way(case, others)
    if question is not None:
        return question
    where = in_order(case.dossier, own_finals(case.dossier))
    await put(case.kit, case.dossier, where, lambda scan: replace(scan, superseded_by=None))
    return await _let_earlier_make_way(case)


async def _take_back(case: Case) -> Outcome:
    """Get the name back that was given up for a scan which does not need it; unless another scan is kept by now."""
    kit, dossier = case.kit, case.dossier
    waiting = [o for o in scans_of_slide(kit.ledger, dossier) if is_orphan(kit.ledger, o)]
    newer = [other for other in waiting if came_before(dossier, other)]
    heir = next(reversed((*newer, *heads(kit.ledger, dossier))), None)
    if heir is not None:
        await _give_way(case, heir)
        return _gave_way(heir)
    where = in_order(dossier, own_finals(dossier))
    gone = dossier.scan.superseded_by
    link = link_of(kit, dossier, where[0], kit.ledger.get(gone), kept=case.id) if gone else None
    await put(kit, dossier, where, _named_again, link=link)
    return await _let_earlier_make_way(case)


async def _give_way(case: Case, heir: Dossier) -> None:
    """Point at the scan that is kept; this one lies in the rescans already."""
    where = case.dossier.files[0].destination
    link = link_of(case.kit, case.dossier, where, heir, kept=heir.id)

    def change(now: Dossier) -> Change:
        return Change(scan=replace(now.scan, superseded_by=heir.id), link=link)

    await case.kit.ledger.apply(case.id, change)


async def _let_earlier_make_way(case: Case) -> Outcome:
    # One that a person keeps beside this one, though it is older, is not moved.
    earlier = [o for o in earlier_scans(case.kit.ledger, case.dossier) if kept_choice(o.scan) != BOTH]
    if not earlier:
        return Skip("No earlier scan of this slide")
    question = await all_make_way(case, tuple(other for other in earlier if other.scan.superseded_by is None))
    if question is not None:
        return question
    moved = [older.id for older in earlier]
    return Done(f"older scan {', '.join(moved)} is in {case.kit.settings.destination.rescans}")
