"""Commands that look at a destination: re-reading it, and what ended programs left there."""

import argparse
import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from app import bootstrap
from app.cli.people import ONE_ACT, ask
from app.cli.runs import INTERRUPTED
from app.cli.show import Output
from app.domain.dossier import Dossier
from app.domain.errors import UseError
from app.domain.journal import Store
from app.domain.ports import Destination
from app.domain.transfer import ScrubFinding, ScrubResult, TransferProgress, TransferWatch
from app.pipeline.threads import ended
from app.services.leftovers import JudgedLeftover, LeftoverRemoval, judge_leftovers, left_over, leftovers_to_remove
from app.services.share_checks import ShareChecks
from app.services.share_words import finding_hint, finding_words

_SAY_SECONDS = 1.0
_MINUTE = 60.0


async def verify(options: argparse.Namespace, output: Output) -> int:
    """Re-read a destination against its manifests; exit code 1 when anything is missing or differs."""
    place = bootstrap.find_place(options.config, options.data_dir)
    target = bootstrap.open_folder(options.destination)
    async with bootstrap.journal_of_share(place, options.destination) as store:
        result = await _read(target, ShareChecks(store, partial(_dossiers, store)), options.share, output)
        dossiers = await _dossiers(store)
    leftovers = left_over(judge_leftovers(await asyncio.to_thread(target.leftovers), dossiers))
    document = {
        "files": result.files,
        "bytes": result.bytes,
        "findings": [{"path": each.path, "problem": each.problem} for each in result.findings],
        "details": [_finding_part(each) for each in result.findings],
        "leftovers": [each.leftover.path for each in leftovers],
        "stopped": result.stopped,
    }
    output.document(document, "\n".join(_lines(result, leftovers)))
    if result.stopped:
        return INTERRUPTED
    return 1 if any(each.is_damage for each in result.findings) else 0


async def _dossiers(store: Store | None) -> tuple[Dossier, ...]:
    return () if store is None else await store.work(lambda journal: journal.dossiers())


async def _read(target: Destination, checks: ShareChecks, share: float | None, output: Output) -> ScrubResult:
    """Read all of it, or a share of it; with the journal of its lab the checks are remembered."""
    stop = threading.Event()
    watch = TransferWatch(_teller(output), stop.is_set)
    began = datetime.now(UTC).astimezone()
    if share is None:
        result = await _stoppable(stop, lambda: target.scrub(watch))
        if not result.stopped:
            return _with_lost(result, await checks.note_all(target, asyncio.to_thread, result, began))
        return result
    survey = await checks.survey(target, asyncio.to_thread, now=began, since=began, stopped=stop.is_set)
    paths = [each.path for each in survey.portion(share)] if survey is not None else []
    result = await _stoppable(stop, lambda: target.scrub_files(paths, watch))
    await checks.note(paths, result, datetime.now(UTC).astimezone())
    return _with_lost(result, survey.lost if survey is not None else ())


def _with_lost(result: ScrubResult, lost: tuple[ScrubFinding, ...]) -> ScrubResult:
    """Return a result that tells what was lost, too; a file that is there without a line is not told twice."""
    paths = {each.path for each in lost}
    findings = (*lost, *(each for each in result.findings if each.path not in paths))
    return replace(result, findings=tuple(sorted(findings, key=lambda each: each.path)))


async def _stoppable(stop: threading.Event, read: Callable[[], ScrubResult]) -> ScrubResult:
    """Read in a thread; Ctrl+C, which cancels this task, ends the reading in order with what was found so far."""
    reading = asyncio.get_running_loop().run_in_executor(None, read)
    try:
        await asyncio.shield(reading)
    except asyncio.CancelledError:
        stop.set()
        await ended(reading)
    return reading.result()


def _teller(output: Output) -> Callable[[TransferProgress], None]:
    """Return what tells people once a second how far the reading is; scripts are told nothing meanwhile."""
    began = monotonic()
    said = [began]

    def tell(now: TransferProgress) -> None:
        moment = monotonic()
        if output.as_json or moment - said[0] < _SAY_SECONDS:
            return
        said[0] = moment
        rate = now.verified_bytes / (moment - began)
        left = _duration((now.total_bytes - now.verified_bytes) / rate) if rate else "?"
        percent = 100 * now.verified_bytes // max(1, now.total_bytes)
        output.say(
            f"{now.verified_bytes / 1e9:,.2f} of {now.total_bytes / 1e9:,.2f} GB ({percent} %), {now.files:,} files, "
            f"{rate / 1e6:,.0f} MB/s, {left} left"
        )

    return tell


def _duration(seconds: float) -> str:
    minutes = round(seconds / _MINUTE)
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{minutes // 60} h {minutes % 60:02} min"


def _finding_part(finding: ScrubFinding) -> dict[str, str]:
    return {
        "path": finding.path,
        "problem": finding.problem,
        "listed": finding.listed,
        "found": finding.found,
        "message": finding_words(finding),
        "hint": finding_hint(finding.problem, ""),
    }


def _lines(result: ScrubResult, leftovers: tuple[JudgedLeftover, ...]) -> list[str]:
    lines = []
    for each in result.findings:
        lines += [f"{each.problem}: {each.path} {finding_words(each)}", f"  → {finding_hint(each.problem, '')}"]
    lines += [_leftover_line(each) for each in leftovers]
    how = ", interrupted" if result.stopped else ""
    return [*lines, f"{result.files} files, {result.bytes:,} bytes re-read{how}"]


def _leftover_line(each: JudgedLeftover) -> str:
    found = each.leftover
    written = f"{found.written_at.astimezone():%Y-%m-%d %H:%M}"
    return f"{found.kind.value}: {found.path} ({found.size_bytes:,} bytes, written {written}, {each.whose.value})"


async def leftovers(options: argparse.Namespace, output: Output) -> int:
    """List what ended programs left on a destination; with --remove, remove what is named."""
    place = bootstrap.find_place(options.config, options.data_dir)
    target = bootstrap.open_folder(options.destination)
    await asyncio.to_thread(target.adopt)
    removed: tuple[str, ...] = ()
    if options.remove:
        paths = tuple(path.replace(os.sep, "/") for path in options.remove)
        wanted = LeftoverRemoval(paths, options.reason or "", options.force)
        await _remove(place, options.destination, wanted, output)
        removed = wanted.paths
    async with bootstrap.journal_of_share(place, options.destination) as store:
        dossiers = await _dossiers(store)
    found = left_over(judge_leftovers(await asyncio.to_thread(target.leftovers), dossiers))
    document = {"removed": list(removed), "leftovers": [_leftover_part(each) for each in found]}
    lines = [*(f"removed: {path}" for path in removed), *map(_leftover_line, found)]
    total = sum(each.leftover.size_bytes for each in found)
    output.document(document, "\n".join((*lines, f"{len(found)} leftovers, {total:,} bytes")))
    return 0


def _leftover_part(each: JudgedLeftover) -> dict[str, Any]:
    found = each.leftover
    return {
        "path": found.path,
        "kind": found.kind.value,
        "bytes": found.size_bytes,
        "written_at": found.written_at.isoformat(),
        "whose": each.whose.name.lower(),
    }


async def _remove(place: bootstrap.Place, url: str, wanted: LeftoverRemoval, output: Output) -> None:
    """Have them removed by whoever holds the journal of this share, which audits it; without one, do it here."""
    if not bootstrap.is_the_labs_share(place, url):
        if not wanted.reason.strip():
            raise UseError("A reason is needed", "--reason is empty", "Say why they may go")
        target = bootstrap.open_folder(url)
        judged = judge_leftovers(await asyncio.to_thread(target.leftovers), ())
        for each in leftovers_to_remove(judged, wanted, datetime.now(UTC)):
            await asyncio.to_thread(target.remove_leftover, each)
        output.say("No journal here belongs to this destination: the removal is in no audit log.")
        return
    lock = bootstrap.try_hold(place)
    if lock is None:
        await ask(place, "remove_leftovers", wanted.body())
        return
    try:
        settings = bootstrap.load_settings(place)
        operator = bootstrap.default_operator(settings, None)
        async with bootstrap.open_station(place, settings, operator, ONE_ACT) as station:
            await station.act("remove_leftovers", wanted.body(), bootstrap.account())
    finally:
        lock.release()
