"""Journeys that are cut at every boundary, and how one cut is made, gone on from, and judged."""

import asyncio
import json
import os
import shutil
import signal
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.step import StepState
from app.pipeline.journey import IDENTIFY
from app.services.station import Station
from tests.fakes.images import slide_bytes
from tests.faults.engine_lab import EngineLab, end_state, everything, in_child, require_ends

Act = Callable[[EngineLab, Station], Awaitable[None]]


async def to_rest(lab: EngineLab, station: Station) -> None:
    """Let everything go on by itself."""
    await lab.rest()


async def assigned(lab: EngineLab, station: Station) -> None:
    """Answer the question which slide it is, where it is asked."""
    await lab.rest()
    for dossier in station.kit.ledger.all():
        if dossier.steps[IDENTIFY].state is StepState.NEEDS_ATTENTION:
            await station.acts.assign(dossier.id, "407871", "read from the glass")
    await lab.rest()


def one_file(lab: EngineLab) -> None:
    lab.scan("a.svs", "620995")


def a_set(lab: EngineLab) -> None:
    lab.mrxs("a", "620995")


def a_rescan(lab: EngineLab) -> None:
    lab.scan("old.svs", "620995", mark="old")
    run_to_rest(lab, to_rest)
    lab.scan("new.svs", "620995", mark="new")


def a_release(lab: EngineLab) -> None:
    lab.release(0.0)
    lab.mrxs("a", "620995")


def a_changing_source(lab: EngineLab) -> None:
    path = lab.scan("a.svs", "620995", mark="first")
    later = slide_bytes("620995", mark="written on", size=6000)

    def write_on(*_: object) -> None:
        if path.read_bytes() != later:
            path.write_bytes(later)

    lab.share.script["copy"].append(write_on)


def a_nameless(lab: EngineLab) -> None:
    lab.scan("a.svs", "")


@dataclass(frozen=True)
class Journey:
    """What lies there at the start, and what is done until all rests."""

    name: str
    prepare: Callable[[EngineLab], None]
    act: Act = to_rest


JOURNEYS = (
    Journey("one file", one_file),
    Journey("an MRXS set", a_set),
    Journey("a rescan that supersedes", a_rescan),
    Journey("a release", a_release),
    Journey("a source that changes under us", a_changing_source),
    Journey("a slide that a person names", a_nameless, assigned),
)


def run_to_rest(lab: EngineLab, act: Act) -> None:
    """Open the station in a process of its own, act, wait for rest, close."""

    async def run() -> None:
        async with lab.open(once=True) as station:
            await act(lab, station)

    require_ends(lambda: asyncio.run(run()), lab.folder / "error.txt")


class Killer:
    """Kills its own process at the Nth tick, leaving a note of which that was."""

    def __init__(self, number: int, note: Path) -> None:
        self._number = number
        self._note = note
        self._seen = 0
        self._lock = threading.Lock()

    def __call__(self, what: str) -> None:
        with self._lock:
            self._seen += 1
            if self._seen == self._number:
                self._note.write_text(what, encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)


def ticks_of(journey: Journey, folder: Path) -> tuple[list[str], Any]:
    """Run a journey undisturbed; return its boundaries in order and its end state."""
    folder.mkdir()
    lab = EngineLab(folder)
    journey.prepare(lab)
    told = folder / "ticks.txt"

    def write_down(what: str) -> None:
        with told.open("a", encoding="utf-8") as file:
            file.write(what + "\n")

    lab.tick = write_down
    run_to_rest(lab, journey.act)
    lab.tick = lambda _: None
    state = end_state(lab)
    require_nothing_more_happens(lab, journey)
    return told.read_text(encoding="utf-8").splitlines(), state


def require_nothing_more_happens(lab: EngineLab, journey: Journey) -> None:
    """Another start finds nothing to do: no file, no cell, no row of the journal is written."""
    before = everything(lab)
    run_to_rest(lab, journey.act)
    after = everything(lab)
    assert after == before, "a start that had nothing to do changed something"


def killed_once(journey: Journey, folder: Path, number: int) -> dict[str, Any]:
    """Kill a journey at its Nth boundary, start again to rest, start once more; return what came of it."""
    folder.mkdir()
    lab = EngineLab(folder)
    journey.prepare(lab)
    note = folder / "killed-at.txt"
    lab.tick = Killer(number, note)

    async def run() -> None:
        async with lab.open(once=True) as station:
            await journey.act(lab, station)

    code = in_child(lambda: asyncio.run(run()), folder / "error.txt")
    assert code in (0, -signal.SIGKILL), (folder / "error.txt").read_text(encoding="utf-8")
    lab.tick = lambda _: None
    run_to_rest(lab, journey.act)
    state = end_state(lab)
    require_nothing_more_happens(lab, journey)
    return {"killed": code != 0, "at": note.read_text(encoding="utf-8") if code else "", "state": state}


def side_by_side(work: Callable[[int], dict[str, Any]], numbers: Iterable[int], folder: Path, places: int = 6) -> Any:
    """Do `work` for each number in a process of its own, some at once; yield (number, result) as they end."""
    waiting: Iterator[int] = iter(numbers)
    running: dict[int, int] = {}
    folder.mkdir(exist_ok=True)
    while True:
        while len(running) < places and (number := next(waiting, None)) is not None:
            child = os.fork()
            if child == 0:
                os._exit(_worked(work, number, folder))
            running[child] = number
        if not running:
            return
        child, status = os.wait()
        number = running.pop(child)
        error = folder / f"{number}.error"
        assert status == 0, f"number {number}: " + (error.read_text("utf-8") if error.exists() else str(status))
        yield number, json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))


def _worked(work: Callable[[int], dict[str, Any]], number: int, folder: Path) -> int:
    result: list[dict[str, Any]] = []
    try:
        result.append(work(number))
    except BaseException:  # noqa: BLE001 - told to the parent, which fails
        (folder / f"{number}.error").write_text(traceback.format_exc(), encoding="utf-8")
        return 1
    (folder / f"{number}.json").write_text(json.dumps(result[0]), encoding="utf-8")
    return 0


def cleared(folder: Path) -> None:
    """Remove what a case left, so that thousands of them do not fill the disk."""
    shutil.rmtree(folder, ignore_errors=True)
