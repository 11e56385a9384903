"""Commands that act on one scan: asked of the program that holds the journal, or done here where nobody does."""

import argparse
import asyncio
from dataclasses import replace

from app import bootstrap
from app.cli.show import Output
from app.domain.dossier import Dossier
from app.domain.errors import (
    CorruptionError,
    DestinationError,
    RetryableError,
    SlideError,
    SourceChangedError,
    StoppedError,
    SurroundingsError,
    UseError,
)
from app.domain.journal import Answer, Journal, Store
from app.domain.step import StepState
from app.pipeline.threads import ended
from app.services.finding import find_scan
from app.services.station import Station
from app.services.status_json import run_document

_ANSWER_SECONDS = 15.0
_ERRORS = {
    each.kind: each
    for each in (
        CorruptionError,
        DestinationError,
        RetryableError,
        SlideError,
        SourceChangedError,
        StoppedError,
        SurroundingsError,
        UseError,
    )
}
ONE_ACT = bootstrap.Needed(go_on=False)
"""What an act needs of a station: every scan that the act is not about stays where it is."""


async def act_on_scan(options: argparse.Namespace, output: Output) -> int:
    """Carry one act of a person to the journal's holder, or hold it for as long as the scan then goes on by itself."""
    place = bootstrap.find_place(options.config, options.data_dir)
    body = _body(options)
    lock = bootstrap.try_hold(place)
    if lock is None:
        return await _ask(place, options.action, body, output)
    try:
        return await _do(place, options, body, output)
    finally:
        lock.release()


def _body(options: argparse.Namespace) -> dict[str, str]:
    names = ("scan", "step", "state", "barcode", "which", "how", "verdict", "reason")
    return {name: str(value) for name in names if (value := getattr(options, name, None)) is not None}


async def _ask(place: bootstrap.Place, action: str, body: dict[str, str], output: Output) -> int:
    async with bootstrap.open_journal(place) as store:
        dossiers = await store.work(lambda journal: journal.dossiers())
        body["scan"] = find_scan(body["scan"], dossiers)
        answer = await ask(place, action, body)
        if answer.ok:
            dossier = next(d for d in await store.work(lambda j: j.dossiers()) if d.id == body["scan"])
            output.document({"scan": dossier.id, "action": action, "ok": True}, f"{dossier.id}: {action} done")
    return 0


async def ask(place: bootstrap.Place, action: str, body: dict[str, str]) -> Answer:
    """Put a request into the journal and wait for its answer; raise what the holder refused."""
    clock = bootstrap.SystemClock()

    def put(journal: Journal) -> int:
        return journal.ask(clock.now(), bootstrap.account(), action, body)

    async with bootstrap.open_journal(place) as store:
        asking = asyncio.ensure_future(store.work(put))
        try:
            # Who gives up with Ctrl+C in this moment must still learn the number: the request may be written already.
            await ended(asking)
            answer = await _answer_to(store, asking.result(), clock)
        except BaseException:
            if not asking.cancelled() and asking.exception() is None:
                await _withdraw(store, asking.result(), clock)
            raise
        if answer is None:
            answer = await _withdraw(store, asking.result(), clock)
    if not answer.ok:
        raise _ERRORS[answer.kind](answer.title, answer.message, answer.hint)
    return answer


async def _answer_to(store: Store, number: int, clock: bootstrap.SystemClock) -> Answer | None:
    """Wait for an answer, but not for ever."""
    until = clock.monotonic() + _ANSWER_SECONDS
    answer = None
    while answer is None and clock.monotonic() < until:
        await asyncio.sleep(0.1)
        answer = await store.work(lambda journal: journal.answer_to(number))
    return answer


async def _withdraw(store: Store, number: int, clock: bootstrap.SystemClock) -> Answer:
    """Give a request up, so that nobody carries it out later; return the answer if it came after all."""
    told = f"The program that holds the journal did not answer in {_ANSWER_SECONDS:.0f} s; the request was withdrawn"
    refusal = Answer(False, "No answer", told, "Is its PC asleep? Try again", SurroundingsError.kind)

    def withdraw(journal: Journal) -> Answer:
        answered = journal.answer_to(number)
        if answered is not None:
            return answered
        journal.answer(number, clock.now(), refusal)
        return refusal

    return await store.work(withdraw)


async def _until_others_rest(station: Station, before: tuple[Dossier, ...]) -> None:
    """Wait for what an act set going beside its scan: another scan of the slide gets its name, or its row, back."""
    changed = [each.id for each in before if station.kit.ledger.get(each.id) is not each]
    for scan in changed:
        await station.until_at_rest(scan)
    if changed:
        await station.until_written()


async def _do(place: bootstrap.Place, options: argparse.Namespace, body: dict[str, str], output: Output) -> int:
    settings = bootstrap.load_settings(place)
    operator = bootstrap.default_operator(settings, None)
    async with bootstrap.open_station(place, settings, operator, ONE_ACT) as station:
        scan = find_scan(body["scan"], station.kit.ledger.all())
        before = station.kit.ledger.all()
        await station.act(options.action, {**body, "scan": scan}, bootstrap.account())
        await station.until_at_rest(scan)
        await _until_others_rest(station, before)
        status = await station.status()
        dossier = station.kit.ledger.get(scan)
        if dossier not in status.dossiers:
            # It is of a run that has ended, and at rest.
            status = replace(status, dossiers=(*status.dossiers, dossier))
        document = run_document(status, station.kit.destination.absolute)
        output.document(document, f"{dossier.id} {dossier.scan.barcode or ''}: {dossier.state.title}")
    waits = (StepState.NEEDS_ATTENTION, StepState.FAILED)
    return 1 if dossier.state in waits else 0
