"""What `transfer` does: files and folders are planned under their own names and carried, several at a time."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from app.domain import long_path
from app.domain.errors import StoppedError, UseError
from app.domain.ports import Destination
from app.domain.scan import Layout, ScanSet, VerifiedFile
from app.domain.transfer import MemberPlan, TransferPlan, TransferWatch
from app.pipeline.threads import ended


@dataclass(frozen=True, slots=True)
class Carried:
    """A plan whose members lie verified under their final names, and how long that took."""

    files: tuple[VerifiedFile, ...]
    seconds: float


async def carry_plans(
    destination: Destination,
    plans: Sequence[TransferPlan],
    copies: int,
    watch: Callable[[TransferPlan], TransferWatch],
) -> list[Carried]:
    """Copy and publish every plan, `copies` of them side by side; return what came of each, in order.

    The first error, or being cancelled, stops the others at their next safe moment; it is raised when they have ended.
    """
    stop = threading.Event()

    def carry(plan: TransferPlan) -> Carried:
        began, told = monotonic(), watch(plan)
        try:
            files = destination.copy(plan, replace(told, stopped=lambda: stop.is_set() or told.stopped()))
            destination.publish(plan, files)
        except BaseException:
            stop.set()  # at once: before the loop hears of it, this thread would begin the next plan
            raise
        return Carried(files, monotonic() - began)

    with ThreadPoolExecutor(copies, thread_name_prefix="copy") as threads:
        works = [threads.submit(carry, plan) for plan in plans]
        tasks = [asyncio.wrap_future(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            stop.set()
            for work in works:
                work.cancel()  # takes only those that have not begun
            await ended(asyncio.gather(*tasks, return_exceptions=True))
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    for error in sorted(errors, key=lambda each: isinstance(each, StoppedError)):
        raise error
    return [task.result() for task in tasks]


def move_plans(sources: Sequence[Path], sets: Mapping[Path, ScanSet]) -> tuple[TransferPlan, ...]:
    """Return one plan for each source: a file, a folder below its own name, or the set whose main file is named.

    `sets` holds those sets by the source that names them; their members keep their places to each other, the main
    one first. A source that lies wholly in such a set is no plan of its own. Raises UseError for a source that is
    not there or no regular file, or two that share a name.
    """
    names: dict[str, Path] = {}
    for source in sources:
        other = names.setdefault(source.name.casefold(), source)
        if other is not source:
            raise UseError("Two sources, one name", f"{other} and {source}", "Copy them to different folders")
    carried = {scan.root / member.path for scan in sets.values() for member in scan.members}
    plans = []
    for source in sources:
        if source in sets:
            plans.append(_plan_of_set(sets[source]))
        elif not carried.issuperset(files := _files_of(source)):
            plans.append(_plan(files, source.parent))
    return tuple(plans)


def _plan_of_set(scan: ScanSet) -> TransferPlan:
    others = (scan.root / member.path for member in scan.members if member.path != scan.main)
    root = scan.root if scan.layout is Layout.FOLDER else scan.main_path.parent
    return _plan([scan.main_path, *others], root)


def _files_of(source: Path) -> list[Path]:
    place = long_path.reachable(source)
    if place.is_symlink() or not place.exists():
        raise UseError("No such file or folder", str(source), "Check the spelling; links are not followed")
    if not place.is_dir():
        return [_regular(source)]
    files = list(_files(source))
    if not files:
        raise UseError("Nothing to copy", f"{source} is empty", "Name a folder that holds files")
    return files


def _plan(files: Sequence[Path], root: Path) -> TransferPlan:
    members = []
    for file in files:
        found = long_path.reachable(file).stat()
        final = file.relative_to(root).as_posix()
        members.append(MemberPlan(file, final, found.st_size, found.st_mtime_ns))
    digest = hashlib.sha256()
    for member in members:
        digest.update(f"{member.final}\0{member.size_bytes}\0{member.mtime_ns}\0".encode())
    return TransferPlan(digest.hexdigest()[:16], tuple(members))


def _files(folder: Path) -> Iterator[Path]:
    top = Path(long_path.long_form(folder))
    for parent, folders, names in os.walk(top, onerror=_refuse, followlinks=False):
        folders.sort()
        place = folder / Path(parent).relative_to(top)
        for name in sorted(names):
            file = place / name
            if long_path.reachable(file).is_symlink():
                raise UseError("A link lies among the files", str(file), "Copy the file itself; links are not followed")
            yield _regular(file)


def _refuse(error: OSError) -> None:
    message = f"{long_path.plain_form(str(error.filename))}: {error.strerror or error}"
    raise UseError("A folder cannot be read", message, "Check the disk, and whether you may read it") from error


def _regular(file: Path) -> Path:
    if not long_path.reachable(file).is_file():
        raise UseError("This cannot be copied", f"{file} is no regular file", "Name files and folders of files")
    return file
