"""Commands for the share and for everything else outside the program."""

import argparse
import asyncio
from time import monotonic
from typing import Any

from app import bootstrap
from app.cli.show import Output, absolute
from app.domain.transfer import TransferProgress, TransferWatch
from app.services.doctor import Check, examine
from app.services.moving import move_plans


async def transfer(options: argparse.Namespace, output: Output) -> int:
    """Copy files, sets and folders with verification; nothing at the destination is overwritten."""
    sources = [absolute(source) for source in options.sources]
    sets = await asyncio.to_thread(bootstrap.sets_of, sources)
    plans = await asyncio.to_thread(move_plans, sources, sets)
    target = await asyncio.to_thread(bootstrap.destination_for, options.destination, output.say)
    began = monotonic()
    files: list[dict[str, Any]] = []
    for plan in plans:
        start = monotonic()
        watch = TransferWatch(_progress_line(output, plan.members[0].source.name), lambda: False)
        done = await asyncio.to_thread(target.copy, plan, watch)
        await asyncio.to_thread(target.publish, plan, done)
        seconds = monotonic() - start
        files += [
            {
                "source": file.source,
                "destination": target.absolute(file.destination),
                "bytes": file.size_bytes,
                "sha256": file.sha256,
                "seconds": round(seconds, 3),
                "check": file.check,
            }
            for file in done
        ]
    total = sum(int(file["bytes"]) for file in files)
    document = {"files": files, "seconds": round(monotonic() - began, 3), "bytes": total}
    lines = [f"{file['sha256']}  {file['destination']}  ({file['check']})" for file in files]
    output.document(document, "\n".join((*lines, f"{total:,} bytes verified in {document['seconds']} s")))
    return 0


def _progress_line(output: Output, name: str) -> Any:
    said = [0]

    def progress(now: TransferProgress) -> None:
        tenth = 10 * now.verified_bytes // max(1, now.total_bytes)
        if tenth > said[0] and now.total_bytes > 1_000_000_000:
            said[0] = tenth
            output.say(f"{name}: {tenth * 10} % verified")

    return progress


async def verify(options: argparse.Namespace, output: Output) -> int:
    """Re-read a destination against its manifests; exit code 1 when anything is missing or differs."""
    target = bootstrap.open_folder(options.destination)
    await asyncio.to_thread(target.check)
    result = await asyncio.to_thread(target.scrub, TransferWatch(_progress_line(output, "read"), lambda: False))
    leftovers = await asyncio.to_thread(target.leftovers)
    document = {
        "files": result.files,
        "bytes": result.bytes,
        "findings": [{"path": each.path, "problem": each.problem} for each in result.findings],
        "leftovers": list(leftovers),
    }
    lines = [f"{each.problem}: {each.path}" for each in result.findings]
    lines += [f"part of an unfinished transfer: {each}" for each in leftovers]
    output.document(document, "\n".join((*lines, f"{result.files} files, {result.bytes:,} bytes re-read")))
    return 1 if any(each.problem != "not listed" for each in result.findings) else 0


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
