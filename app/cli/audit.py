"""Commands for the audit log: is its chain whole, and all of it as a file."""

import argparse
import asyncio
from dataclasses import dataclass
from typing import Any

from app import bootstrap
from app.cli.show import Output, absolute
from app.domain.audit import AuditHead
from app.domain.audit_chain import AuditBreak, AuditRecord, break_with, first_break
from app.domain.errors import SlideferryError, UseError
from app.services.run_report import find_run


async def audit(options: argparse.Namespace, output: Output) -> int:
    """Verify or export the audit log, from the journal alone."""
    place = bootstrap.find_place(options.config, options.data_dir)
    if options.what == "export":
        return await _export(place, options, output)
    for name, value in (("RUN", options.run), ("--out", options.out), ("--format", options.format)):
        if value is not None:
            raise UseError("The whole log is verified", f"{name} was {value}", "Leave it out; it belongs to `export`")
    return await _verify(place, output)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What the share says about the log: its head, or why there is none to compare with."""

    head: AuditHead | None
    words: str


async def _verify(place: bootstrap.Place, output: Output) -> int:
    async with bootstrap.open_journal(place) as store:
        # The share's memory first: the log may grow while the share is asked.
        journal_id = await store.work(lambda journal: journal.id())
        remembered = await asyncio.to_thread(_remembered, place, journal_id)
        records, tip = await store.work(lambda journal: (journal.audit_records(), journal.audit_tip()))
    broken = first_break(records, tip)
    if broken is None and remembered.head is not None:
        broken = break_with(records, remembered.head)
    document = {
        "entries": len(records),
        "head": records[-1].hash if records else None,
        "whole": broken is None,
        "broken": None if broken is None else {"number": broken.number, "problem": broken.kind.value},
        "destination": _destination_part(remembered),
    }
    lines = (_verdict(records, broken), remembered.words, "Who acted was not authenticated: nobody signs in yet.")
    output.document(document, "\n".join(lines))
    return 0 if broken is None else 1


def _remembered(place: bootstrap.Place, journal_id: str) -> _Remembered:
    """Ask the share; that it cannot be asked is told, and no fault of the log."""
    try:
        settings = bootstrap.load_settings(place)
        bootstrap.require(settings, "destination.url")
        head = bootstrap.open_destination(settings).audit_head(journal_id)
    except SlideferryError as error:
        return _Remembered(None, f"Not compared with the share: {error}")
    if head is None:
        return _Remembered(None, "Not compared with the share: it remembers nothing of this log yet.")
    told = f"entry {head.tip.number}, told by {head.station} at {head.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return _Remembered(head, f"Compared with what the share remembers: {told}.")


def _destination_part(remembered: _Remembered) -> dict[str, Any]:
    head = remembered.head
    number, its_hash = (head.tip.number, head.tip.hash) if head else (None, None)
    return {"compared": head is not None, "number": number, "hash": its_hash, "message": remembered.words}


def _verdict(records: tuple[AuditRecord, ...], broken: AuditBreak | None) -> str:
    if broken is not None:
        return f"The audit log is broken: entry {broken.number} is the first that does not fit ({broken.kind.value})."
    entries = "1 entry" if len(records) == 1 else f"{len(records)} entries"
    return f"The audit log is whole: {entries}" + (f", head {records[-1].hash}" if records else "")


async def _export(place: bootstrap.Place, options: argparse.Namespace, output: Output) -> int:
    form = options.format or "csv"
    async with bootstrap.open_journal(place) as store:
        runs = await store.work(lambda journal: journal.runs())
        records = await store.work(lambda journal: journal.audit_records())
    if options.run is not None:
        run = find_run(runs, options.run).id
        records = tuple(record for record in records if record.run == run)
    out = absolute(options.out or f"Slideferry audit.{form}")
    await asyncio.to_thread(bootstrap.write_audit, records, out, form)
    output.document({"audit": str(out), "entries": len(records)}, f"{len(records)} entries: {out}")
    return 0
