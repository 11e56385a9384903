"""The soak: scans, faults, acts of people and sudden deaths by one seed; then calm, and the model judges the end."""

import asyncio
import hashlib
import os
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.dossier import Dossier
from app.domain.errors import SurroundingsError, UseError
from app.domain.step import StepState
from app.pipeline import pauses, runner, sheet_desk
from app.pipeline.journey import IDENTIFY, JOURNEY, VERIFY
from app.pipeline.steps.publish import WHICH_ONE
from app.services.station import Station
from tests.faults.engine_lab import rows_of
from tests.faults.invariants import Invariants
from tests.faults.soak_lab import SoakLab
from tests.faults.soak_model import Expected, Known, expect, head
from tests.faults.soak_ports import failing_calls

ACTS = ("pause", "resume", "cancel", "restart", "restart", "first", "verdict", "keep", "assign")
STOPPED = (StepState.FAILED, StepState.BLOCKED)
ROUNDS = 400


class Soak:
    """One soak in one lab."""

    def __init__(self, folder: Path, seed: int, scans: int, *, release: bool = False, rate: float = 0.05) -> None:
        self.lab = SoakLab(folder, seed, release=release, rate=rate)
        self.lab.add_rows(max(8, scans * 6 // 10))
        self.chance = self.lab.chance
        self.release = release
        self.left = scans
        self.acts: Counter[str] = Counter()
        self.deaths = 0
        self.invariants = Invariants(folder / "journal.sqlite", self.lab.share_root, self.lab.written)

    async def run(self) -> None:
        """Live from death to death until everything is written; then calm, rest, and compare."""
        with pytest.MonkeyPatch.context() as patch, failing_calls(self.lab.weather, self.lab.share_root):
            patch.setattr(pauses, "_FIRST_SECONDS", 0.05)
            patch.setitem(sheet_desk.PACES, "workbook", replace(sheet_desk.PACES["workbook"], patience=0.4))
            patch.setattr(runner, "_AFTER_ERROR_SECONDS", 0.05)
            while self.left:
                killed = self.chance.random() < 0.8
                self.deaths += killed
                async with self.lab.living(killed=killed) as station:
                    for _ in range(self.chance.randint(3, 14)):
                        await self.step(station)
                self.check()
            self.calm_down()
            async with self.lab.living(killed=False) as station:
                await self.to_the_end(station)
            # Freeing the disk looks again after a minute whether somebody decided about a rescan.
            self.lab.clock.skip(120.0)
            async with self.lab.living(killed=False) as station:
                await self.to_the_end(station)
        self.check(at_rest=True)

    async def step(self, station: Station) -> None:
        """A moment of the afternoon."""
        for _ in range(self.chance.randint(0, 5)):
            self.write_a_scan()
        self.change_weather()
        await station.runner.look()
        for _ in range(self.chance.randint(0, 2)):
            await self.act(station)
        await asyncio.sleep(self.chance.uniform(0.01, 0.12))
        self.check()

    def check(self, *, at_rest: bool = False) -> None:
        self.invariants.check(self.lab.sheet.cells, at_rest=at_rest)

    def write_a_scan(self) -> None:
        """Write a new slide, a rescan, an unlisted or unreadable one, or one under a name that was used before."""
        if not self.left:
            return
        self.left -= 1
        lab, chance = self.lab, self.chance
        truth = chance.choice(list(lab.slides))
        kind = chance.random()
        label, truth = {0: ("", truth), 1: ("", ""), 2: (f"{900_000 + self.left}", "")}.get(
            int(kind * 25), (truth, truth)
        )
        suffix = ".mrxs" if chance.random() < 0.15 else ".svs"
        main = self.used_name() if chance.random() < 0.06 else ""
        lab.write(main or f"scan{self.left:05d}{suffix}", label, truth, blurred=chance.random() < 0.15)

    def used_name(self) -> str:
        """Return a file name that the scanner may use again: its scan is on the share, and gone here if it will go."""
        mains = [m for m in self.lab.history if m.endswith(".svs")]
        main = self.chance.choice(mains) if mains else ""
        known = [d for d in self.lab.station.kit.ledger.all() if d.scan.files.main == main] if main else []
        if len(known) != len(self.lab.history.get(main, ())) or not known or not known[-1].published:
            return ""
        gone = not (self.lab.watch / main).exists()
        return main if gone or not self.release else ""

    def change_weather(self) -> None:
        """The sheet and the share come and go, the share fills up and is cleared."""
        lab, roll = self.lab, self.chance.random()
        marker = lab.share_root / ".slideferry" / "destination.json"
        away = marker.with_suffix(".away")
        if roll < 0.04:
            lab.sheet.be_away()
            lab.weather.struck["sheet", "away for a while"] += 1
        elif roll < 0.07 and marker.exists():
            self.move(marker, away)
            lab.weather.struck["share", "not mounted for a while"] += 1
        elif roll < 0.10:
            lab.weather.full = True
        elif roll < 0.35:
            self.clear_up()

    def clear_up(self) -> None:
        self.lab.sheet.away, self.lab.weather.full = None, False
        away = self.lab.share_root / ".slideferry" / "destination.away"
        if away.exists():
            self.move(away, away.with_suffix(".json"))

    def move(self, old: Path, new: Path) -> None:
        """Rename a file; this is the weather itself, and no call of the program that could fail."""
        calm, self.lab.weather.calm = self.lab.weather.calm, True
        old.rename(new)
        self.lab.weather.calm = calm

    def calm_down(self) -> None:
        self.lab.weather.calm = True
        self.clear_up()

    async def act(self, station: Station) -> None:
        """A person does something to some scan; what cannot be done is refused and changes nothing."""
        scans = station.kit.ledger.all()
        if not scans:
            return
        act, dossier = self.chance.choice(ACTS), self.chance.choice(scans)
        if act == "cancel" and (self.chance.random() < 0.6 or self.may_be_named(dossier)):
            return
        try:
            await self.do(station, act, dossier)
        except (UseError, SurroundingsError):
            self.acts[f"{act} refused"] += 1
        else:
            self.acts[act] += 1

    def may_be_named(self, dossier: Dossier) -> bool:
        """Whether a scan is on the share, though the program died before it could write that down."""
        name = f"{dossier.scan.stem}*"
        return dossier.scan.stem is not None and any(self.lab.share_root.rglob(name))

    async def do(self, station: Station, act: str, dossier: Dossier) -> None:
        """Do one act, and tell the model what was said."""
        scan, acts, said = dossier.id, station.acts, self.lab.said[dossier.id]
        if act == "restart":
            await acts.restart(scan)
            said.cancelled = False
        elif act == "cancel":
            with self.lab.resting():
                # What was written on is a scan of its own, once the scan of the bytes before was cancelled.
                if not self.lab.is_as_known(dossier):
                    raise UseError("Not now", "it was written on, and the program has not seen it yet")
                await acts.cancel(scan)
            said.cancelled = True
        elif act == "verdict":
            if not dossier.published:
                raise UseError("Not yet", "only what is on the share is judged here")
            verdict = self.chance.choice(("pass", "rescan"))
            said.ever_judged = True
            await acts.verdict(scan, verdict, "looked at it")
            said.verdict = verdict
        elif act == "keep":
            which = self.chance.choice(("old", "new", "both"))
            if dossier.steps[VERIFY].title != WHICH_ONE:
                raise UseError("No question", "")
            await acts.keep(scan, which)
            said.keep, said.ever_kept = which, True
        elif act == "assign":
            truth = self.written_of(dossier).truth
            if dossier.steps[IDENTIFY].state is not StepState.NEEDS_ATTENTION or not truth:
                raise UseError("No question", "")
            await acts.assign(scan, truth, "read from the glass")
            said.assigned = truth
        else:
            await getattr(acts, act)(scan)

    def written_of(self, dossier: Dossier) -> Any:
        main = dossier.scan.files.main
        same = [d.id for d in self.lab.station.kit.ledger.all() if d.scan.files.main == main]
        return self.lab.history[main][same.index(dossier.id)]

    async def to_the_end(self, station: Station) -> None:
        """Answer whatever is asked until nothing but the expected questions is left."""
        for _ in range(ROUNDS):
            await station.runner.look()
            until = time.monotonic() + 1.0
            while not self.at_rest(station) and time.monotonic() < until:
                await asyncio.sleep(0.02)
            helped = [await self.help(station, each) for each in station.kit.ledger.all()]
            if not any(helped) and self.at_rest(station):
                return
        raise AssertionError(f"never at rest: {self.standing(station)}")

    def standing(self, station: Station) -> str:
        """Return where everything stands that is not done."""
        gate = station.kit.gate
        open_steps = [
            (each.scan.files.main, record.step, record.state.value, record.title, record.message, record.retry_at)
            for each in station.kit.ledger.all()
            for record in each.steps.values()
            if not record.state.done and not each.scan.cancelled
        ]
        return f"gate {gate.is_open} {gate.trouble}, sheet {station.kit.sheet.pending}; " + "\n".join(
            map(str, open_steps)
        )

    def at_rest(self, station: Station) -> bool:
        """Whether nothing goes on by itself, and no removal from the scanner is due in the next seconds either."""
        soon = self.lab.clock.now() + timedelta(seconds=10)
        steps = [record for dossier in station.kit.ledger.all() for record in dossier.steps.values()]
        return station.runner.at_rest() and not any(each.retry_at and each.retry_at < soon for each in steps)

    async def help(self, station: Station, dossier: Dossier) -> bool:
        """Do what the person at the desk would do for one scan; return whether there was anything."""
        states = {record.state for record in dossier.steps.values()}
        asked = dossier.steps[VERIFY]
        alarm = station.kit.gate.has_alarm_of(dossier.id)
        if dossier.scan.cancelled and not alarm:
            return False
        if alarm:
            act = "restart"
        elif dossier.scan.paused:
            act = "resume"
        elif asked.state is StepState.NEEDS_ATTENTION and asked.title == WHICH_ONE:
            act = "keep"
        elif dossier.steps[IDENTIFY].state is StepState.NEEDS_ATTENTION and self.written_of(dossier).truth:
            act = "assign"
        elif states & set(STOPPED) or asked.state is StepState.NEEDS_ATTENTION or _question_of_faults(dossier):
            act = "restart"
        else:
            return False
        try:
            await self.do(station, act, dossier)
        except UseError:
            return True  # it went on meanwhile: look again
        return True

    def expected(self) -> Expected:
        """Ask the model."""
        folder = self.lab.folder
        counted: Counter[str] = Counter()
        found = []
        for scan, main in rows_of(folder, "SELECT id, main FROM scan ORDER BY found_at, id"):
            found.append(Known(scan, self.lab.history[main][counted[main]], self.lab.said[scan]))
            counted[main] += 1
        assert counted == {main: len(each) for main, each in self.lab.history.items()}, "a scan was lost or seen twice"
        arrived = rows_of(folder, "SELECT scan FROM move WHERE step = 'verify' AND new = 'succeeded' ORDER BY number")
        return expect(found, [scan for (scan,) in arrived], self.lab.slides, released=self.release)


def _question_of_faults(dossier: Dossier) -> bool:
    """Whether a question comes from a fault that has passed, not from the slide."""
    titles = {r.title for r in dossier.steps.values() if r.state is StepState.NEEDS_ATTENTION}
    return bool(titles & {"The older image is not there", "The scan is gone", "Not released"})


def end_of(soak: Soak) -> Expected:
    """Return the end as it is, in the model's form."""
    lab, folder = soak.lab, soak.lab.folder
    end = Expected()
    end.share = {name: _digest(content) for name, content in lab.published().items()}
    steps: dict[str, list[str]] = {}
    for scan, state in rows_of(folder, "SELECT scan, state FROM step"):
        steps.setdefault(scan, []).append(state)
    made_way = {each.id: each.scan.superseded_by or "" for each in lab.station.kit.ledger.all()}
    for dossier in lab.station.kit.ledger.all():
        end.states[dossier.id] = dossier.state.value
        if dossier.published:
            end.superseded[dossier.id] = head(dossier.id, made_way)
        assert len(steps[dossier.id]) == len(JOURNEY)
    wanted = ("SHA-256", "Status", "Scan File")
    end.cells = {key: value for key, value in lab.sheet.cells.items() if key[1] in wanted}
    end.scanner = {p.relative_to(lab.watch).as_posix() for p in lab.watch.rglob("*") if p.is_file()}
    return end


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def seed_of(default: int) -> int:
    """Return the seed: SLIDEFERRY_SEED, where somebody wants to see a run again."""
    return int(os.environ.get("SLIDEFERRY_SEED", str(default)))
