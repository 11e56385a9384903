"""The journey without a window, its status, its report, and the sheet's outbox."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

from app import bootstrap
from app.cli.people import ONE_ACT, ask
from app.cli.show import Output, absolute
from app.domain.barcode import clean, matches
from app.domain.dossier import Dossier
from app.domain.errors import UseError
from app.domain.run import ExpectedFrom, Operator
from app.domain.scan import RunId
from app.domain.step import StepState
from app.pipeline.journey import JOURNEY
from app.services.differences import changes_in_words, open_differences
from app.services.reconciliation import missing, unexpected
from app.services.run_report import ReportFrame, find_run, make_report
from app.services.station import Station
from app.services.status_json import RunStatus, run_document

INTERRUPTED = 130
_WELL = (StepState.SUCCEEDED, StepState.CANCELLED)


async def run(options: argparse.Namespace, output: Output) -> int:
    """Run the journey once over what lies there, or until interrupted; or begin or end a run."""
    place = bootstrap.find_place(options.config, options.data_dir)
    if options.which:
        return await _begin_or_end(place, options, output)
    if not (options.once or options.watch):
        raise UseError("Say how to run", "Neither --once nor --watch was given", "`run --once` or `run --watch`")
    settings = bootstrap.load_settings(place)
    expected = _expected(options.expect, settings.scanner.barcode_pattern)
    lock = bootstrap.hold(place)
    try:
        needed = bootstrap.Needed(options.once, options.watch, options.once or options.include_existing)
        operator = bootstrap.default_operator(settings, options.operator)
        if options.operator is not None:
            await _check_operator(place, operator)
        async with bootstrap.open_station(place, settings, operator, needed) as station:
            await station.expect(expected, ExpectedFrom.COMMAND)
            if options.once:
                await station.runner.look()
                _require_a_look(station)
                await station.until_at_rest()
            else:
                await until_interrupted()
            out = absolute(options.report) if options.report else None
            if out is not None:
                await station.report(out)
            code = await show_status(station, out, output)
            return code if options.once else INTERRUPTED
    finally:
        lock.release()


def _expected(given: Sequence[str], pattern: str) -> list[str]:
    """Return barcodes cleaned; raise UseError for one that is empty or not of the lab's pattern."""
    cleaned = [clean(each) for each in given]
    for text, barcode in zip(given, cleaned, strict=True):
        if not matches(pattern, barcode):
            asked = f" or does not match [scanner] barcode_pattern {pattern}" if pattern else ""
            raise UseError("Not a barcode of this lab", f"--expect “{text}” is empty, too long{asked}", "Leave it out")
    return cleaned


async def _check_operator(place: bootstrap.Place, operator: Operator) -> None:
    """Raise UseError while a run of somebody else is open."""
    if not place.journal.exists():
        return
    async with bootstrap.open_journal(place) as store:
        runs = await store.work(lambda journal: journal.runs())
    last = runs[-1] if runs else None
    if last is not None and last.ended_at is None and last.operator.name != operator.name:
        raise UseError(
            "A run of another operator is open",
            f"{last.id} of {last.operator.name}; --operator was {operator.name}",
            "End it first with `run end`, or leave --operator out to go on with it",
        )


def _require_a_look(station: Station) -> None:
    """Raise what kept the watch folder from being looked at; what only part of it hides is told at the end."""
    if station.runner.scanner_trouble is not None and not station.runner.looks:
        raise station.runner.scanner_trouble


async def until_interrupted() -> None:
    """Wait for Ctrl+C or the system's request to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, ended.set)
        except NotImplementedError:
            # Windows has no such handlers; there Ctrl+C raises KeyboardInterrupt in the loop.
            break
    await ended.wait()


async def show_status(station: Station, report: Path | None, output: Output) -> int:
    """Print how the run stands; return the exit code that says it."""
    status = await station.status(report)
    document = run_document(status, station.kit.destination.absolute)
    output.document(document, status_text(status))
    trouble = station.kit.gate.trouble or station.kit.sheet.trouble or station.runner.scanner_trouble
    if trouble is not None:
        output.say(f"{trouble}")
        return 3
    return exit_code(status.dossiers)


def exit_code(dossiers: Sequence[Dossier]) -> int:
    """Return 1 while any scan needs a person or is unfinished, else 0."""
    return 0 if all(dossier.state in _WELL or dossier.scan.earlier for dossier in dossiers) else 1


def status_text(status: RunStatus) -> str:
    """Return the run as lines for people."""
    run = status.run
    head = f"Run {run.id} at {run.scanner}, {run.operator.name}" if run else "No run is open"
    lines = [head]
    for dossier in status.dossiers:
        name = dossier.scan.barcode or dossier.scan.files.name
        at = next((s.title for s in JOURNEY if not dossier.steps[s.id].state.done), "")
        place = dossier.files[0].destination if dossier.published else ""
        message = next((r.message for r in dossier.steps.values() if r.title and not r.state.done), place)
        lines.append(f"{dossier.id}  {name:<20} {dossier.state.title:<17} {at:<24} {message}")
        changed = open_differences(dossier, status.sheet)
        if changed:
            lines.append(f"{'':<12}the sheet changed since it was named: {changes_in_words(changed)}")
    for barcode in status.missing:
        lines.append(f"{'':<12}{barcode:<20} expected, no verified image")
    if status.pending_writes:
        lines.append(f"{status.pending_writes} cells wait for the sheet")
    if status.report:
        lines.append(f"Report: {status.report}")
    return "\n".join(lines)


async def status(options: argparse.Namespace, output: Output) -> int:
    """Print how a run stands, from the journal alone."""
    place = bootstrap.find_place(options.config, options.data_dir)
    settings = bootstrap.load_settings(place)
    async with bootstrap.open_journal(place) as store:
        runs = await store.work(lambda journal: journal.runs())
        wanted = find_run(runs, options.run)
        dossiers = await store.work(lambda journal: journal.dossiers(wanted.id))
        expected = await store.work(lambda journal: journal.expected(wanted.id))
        pending = await store.work(lambda journal: journal.count_writes())
        sheet = await store.work(lambda journal: journal.sheet())
    lacking, more = missing(expected, dossiers), unexpected(expected, dossiers)
    found = RunStatus(wanted, dossiers, lacking, more, None, pending, sheet)
    output.document(run_document(found, bootstrap.open_destination(settings).absolute), status_text(found))
    return exit_code(dossiers)


async def report(options: argparse.Namespace, output: Output) -> int:
    """Write the report of a run from the journal alone."""
    place = bootstrap.find_place(options.config, options.data_dir)
    settings = bootstrap.load_settings(place)
    frame = ReportFrame(settings, bootstrap.version(), bootstrap.SystemClock().now())
    async with bootstrap.open_journal(place) as store:
        runs = await store.work(lambda journal: journal.runs())
        wanted = find_run(runs, options.run).id
        contents = await store.work(lambda journal: make_report(journal, RunId(wanted), frame))
    out = absolute(options.out or f"Slideferry {wanted}.{options.format}")
    await asyncio.to_thread(bootstrap.write_report, contents, out, options.format)
    output.document({"run": wanted, "report": str(out)}, str(out))
    return 0


async def sync(options: argparse.Namespace, output: Output) -> int:
    """Push the outbox now; with --rebuild write every slide's cells anew from the journal."""
    place = bootstrap.find_place(options.config, options.data_dir)
    settings = bootstrap.load_settings(place)
    lock = bootstrap.try_hold(place)
    if lock is None:
        answer = await ask(place, "sync", {"rebuild": str(options.rebuild)})
        words = "\n".join(part for part in ("The program at work writes the sheet now", answer.message) if part)
        output.document({"asked": True, "pending_sheet_writes": None}, words)
        return 0
    try:
        operator = bootstrap.default_operator(settings, None)
        async with bootstrap.open_station(place, settings, operator, ONE_ACT) as station:
            rebuilt = await station.sync(rebuild=options.rebuild)
            await station.until_written(rebuilt)
            waiting = (await station.status()).pending_writes
            if station.kit.sheet.trouble is not None:
                raise station.kit.sheet.trouble
            refused = sum(station.refused_by_sheet(scan) for scan in rebuilt)
        words = f"{waiting} cells wait" if waiting else f"Slides that the sheet refused: {refused}; see `status`"
        output.document({"pending_sheet_writes": waiting}, words if waiting or refused else "All written")
        return 1 if refused else 0
    finally:
        lock.release()


async def _begin_or_end(place: bootstrap.Place, options: argparse.Namespace, output: Output) -> int:
    settings = bootstrap.load_settings(place)
    operator = bootstrap.default_operator(settings, options.operator)
    action = f"{options.which}_run"
    body = _reasons(options.reason) if options.which == "end" else {"operator": operator.name}
    lock = bootstrap.try_hold(place)
    if lock is None:
        await ask(place, action, body)
    else:
        try:
            async with bootstrap.open_station(place, settings, operator, ONE_ACT) as station:
                await station.act(action, body, bootstrap.account())
                await station.until_written()
        finally:
            lock.release()
    output.document({"action": action, "ok": True}, f"run {options.which}: done")
    return 0


def _reasons(given: list[str]) -> dict[str, str]:
    reasons = {}
    for each in given:
        key, found, text = each.partition("=")
        if not found:
            raise UseError("A reason is SLIDE=TEXT", f"It was “{each}”", "For example 620995=broken")
        reasons[key] = text
    return reasons
