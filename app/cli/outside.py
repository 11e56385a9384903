"""Commands for the share and for everything else outside the program."""

import argparse
import asyncio
from time import monotonic
from typing import Any

from app import bootstrap
from app.cli.show import Output, absolute
from app.domain.transfer import TransferPlan, TransferProgress, TransferWatch
from app.pipeline.pacing import make_pacing
from app.services.doctor import Check, examine
from app.services.moving import carry_plans, move_plans

_COPIES = 2
"""Scans that are carried side by side."""


async def transfer(options: argparse.Namespace, output: Output) -> int:
    """Copy files, sets and folders with verification; nothing at the destination is overwritten."""
    sources = [absolute(source) for source in options.sources]
    sets = await asyncio.to_thread(bootstrap.sets_of, sources)
    plans = await asyncio.to_thread(move_plans, sources, sets)
    target = await asyncio.to_thread(bootstrap.destination_for, options.destination, output.say)
    began, pacing = monotonic(), make_pacing(options.bandwidth)

    def watch(plan: TransferPlan) -> TransferWatch:
        return TransferWatch(_progress_line(output, plan.members[0].source.name), _never, pacing.of(_never))

    files = [
        {
            "source": file.source,
            "destination": target.absolute(file.destination),
            "bytes": file.size_bytes,
            "sha256": file.sha256,
            "seconds": round(carried.seconds, 3),
            "check": file.check,
        }
        for carried in await carry_plans(target, plans, _COPIES, watch)
        for file in carried.files
    ]
    total = sum(plan.size_bytes for plan in plans)
    document = {"files": files, "seconds": round(monotonic() - began, 3), "bytes": total}
    lines = [f"{file['sha256']}  {file['destination']}  ({file['check']})" for file in files]
    output.document(document, "\n".join((*lines, f"{total:,} bytes verified in {document['seconds']} s")))
    return 0


def _never() -> bool:
    return False


def _progress_line(output: Output, name: str) -> Any:
    said = [0]

    def progress(now: TransferProgress) -> None:
        tenth = 10 * now.verified_bytes // max(1, now.total_bytes)
        if tenth > said[0] and now.total_bytes > 1_000_000_000:
            said[0] = tenth
            output.say(f"{name}: {tenth * 10} % verified")

    return progress


async def destination(options: argparse.Namespace, output: Output) -> int:
    """Make the marker of a destination, or take the one that is there."""
    target = bootstrap.open_folder(options.url)
    act = target.initialise if options.what == "init" else target.adopt
    marker = await asyncio.to_thread(act)
    output.document({"url": options.url, "id": marker}, f"{options.url}: {marker}")
    return 0


async def doctor(options: argparse.Namespace, output: Output) -> int:
    """Look at every outside thing and say what to do."""
    place = bootstrap.find_place(options.config, options.data_dir)
    checks = await examine(bootstrap.doctors_list(place))
    document = {"checks": [_check_part(each) for each in checks]}
    output.document(document, "\n".join(_check_line(each) for each in checks))
    if any(each.is_use for each in checks):
        return 2
    return 3 if any(not each.ok for each in checks) else 0


def _check_part(check: Check) -> dict[str, Any]:
    return {"name": check.name, "ok": check.ok, "message": check.message, "hint": check.hint}


def _check_line(check: Check) -> str:
    state = "ok" if check.ok else "problem"
    return f"{state:<8} {check.name:<12} {check.message}" + (f"  → {check.hint}" if check.hint else "")
